#ifndef SWIFT_RDB_CHECKSUM_H
#define SWIFT_RDB_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/// CRC-64/Jones of Redis, reflected: continues `crc` over `count` bytes, by the fastest way this processor has.
uint64_t rdb_crc64(uint64_t crc, const void *bytes, size_t count);

/// The single ways, for tests. The last three may only be called if the function beside says so.
uint64_t rdb_crc64_table(uint64_t crc, const void *bytes, size_t count);
uint64_t rdb_crc64_clmul(uint64_t crc, const void *bytes, size_t count);
uint64_t rdb_crc64_vclmul256(uint64_t crc, const void *bytes, size_t count);
uint64_t rdb_crc64_vclmul(uint64_t crc, const void *bytes, size_t count);
int rdb_crc64_has_clmul(void);
int rdb_crc64_has_vclmul256(void);
int rdb_crc64_has_vclmul(void);

/// The CRC of two runs of bytes one behind the other, from the CRC of each (from 0) and the second's length.
uint64_t rdb_crc64_combine(uint64_t first, uint64_t second, uint64_t second_count);

#endif
