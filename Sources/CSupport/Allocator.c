#include "CSupport.h"

#if defined(__linux__)
#include <malloc.h>
#endif

void rdb_return_large_blocks(size_t byte_count) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, (int)byte_count);
#else
  (void)byte_count;
#endif
}
