// The C++ runtime of Debian 12 asks glibc 2.36 for `arc4random`. Older ones have none: this one takes its place.

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

__attribute__((visibility("hidden"))) uint32_t arc4random(void) {
  uint32_t value;
  ssize_t count;
  // The kernel gives so few bytes all at once, or none.
  do count = getrandom(&value, sizeof value, 0);
  while (count < 0 && errno == EINTR);
  if (count != sizeof value) abort();
  return value;
}
