#ifndef SWIFT_RDB_ALLOCATION_COUNTER_H
#define SWIFT_RDB_ALLOCATION_COUNTER_H

#include <stdint.h>

/// How often the calling thread has asked for memory: `malloc`, `calloc`, `realloc`, `posix_memalign`,
/// `aligned_alloc`, `memalign`. Counted in the whole process that this is linked into.
uint64_t rdb_allocation_count(void);

/// Whether anything is counted: the C library must let itself be stood in front of (glibc does).
int rdb_counts_allocations(void);

#endif
