#ifndef SWIFT_RDB_BASE64_H
#define SWIFT_RDB_BASE64_H

#include <stddef.h>

/// Writes the base64 text of as many whole groups of three bytes as can be taken many at a time, by AVX2.
///
/// Returns the bytes read, a multiple of 3 and at most `count`; 0 where the processor has no such
/// instructions. Writes exactly the four characters of each three bytes.
size_t rdb_base64_encode(const void *bytes, size_t count, void *text);

#endif
