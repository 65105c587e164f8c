#include "CSupport.h"

#include <charconv>
#include <system_error>

size_t rdb_double_write(double value, char *text) {
  return static_cast<size_t>(std::to_chars(text, text + 32, value).ptr - text);
}

size_t rdb_double_write_long(double value, char *text) {
  return static_cast<size_t>(std::to_chars(text, text + 32, value, std::chars_format::general, 17).ptr - text);
}

int rdb_double_parse(const char *text, size_t count, double *value) {
  const char *end = text + count;
  const std::from_chars_result result = std::from_chars(text, end, *value);
  return result.ec == std::errc() && result.ptr == end;
}
