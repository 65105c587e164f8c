#ifndef SWIFT_RDB_ALLOCATOR_H
#define SWIFT_RDB_ALLOCATOR_H

#include <stddef.h>

/// From now on, blocks of `byte_count` bytes and more are mapped by themselves, and go back to the system when they
/// are freed. glibc otherwise raises that size each time such a block is freed, up to 32 MiB, and what is freed later
/// stays in the process, in pieces. Elsewhere than with glibc: does nothing.
void rdb_return_large_blocks(size_t byte_count);

#endif
