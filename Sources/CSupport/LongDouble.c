#include "CSupport.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The longest text that servers read as a number, and the most bytes that one needs as a result.
enum { limit = 5 * 1024 };

// Returns 0 if `text` is not a number in the form of C's `strtold`, as servers read the operands of INCRBYFLOAT.
static int parse(const char *text, size_t count, long double *value) {
  char buffer[limit];
  if (count == 0 || count >= limit) return 0;
  memcpy(buffer, text, count);
  buffer[count] = 0;
  char *end;
  errno = 0;
  *value = strtold(buffer, &end);
  if (isspace((unsigned char)buffer[0]) || (size_t)(end - buffer) != count || isnan(*value)) return 0;
  return !(errno == ERANGE && (isinf(*value) || *value == 0));
}

int rdb_long_double_sum(
  const char *first, size_t first_count, const char *second, size_t second_count, char *text
) {
  long double a, b;
  if (!parse(first, first_count, &a) || !parse(second, second_count, &b)) return 0;
  const long double sum = a + b;
  if (isnan(sum) || isinf(sum)) return -1;
  int count = snprintf(text, limit, "%.17Lf", sum);
  if (count <= 0 || count >= limit) return -1;
  while (text[count - 1] == '0') count--;
  if (text[count - 1] == '.') count--;
  if (count == 2 && memcmp(text, "-0", 2) == 0) {
    text[0] = '0';
    count = 1;
  }
  return count;
}
