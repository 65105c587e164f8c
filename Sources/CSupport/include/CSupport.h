#ifndef SWIFT_RDB_SUPPORT_H
#define SWIFT_RDB_SUPPORT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Returns blocks of `byte_count` bytes or more to the system as soon as they are freed.
///
/// By default glibc raises this limit to 32 MiB when such a block is freed, and keeps later blocks in the process.
/// Does nothing on systems without glibc.
void rdb_return_large_blocks(size_t byte_count);

/// Writes the Base64 text of `count` bytes at `text`, with padding (RFC 4648, section 4).
///
/// `text` has room for (`count` + 2) / 3 * 4 bytes. Uses AVX2 instructions where the processor has them. Returns the
/// byte count of the text.
size_t rdb_base64_encode(const void *bytes, size_t count, void *text);

/// Writes the shortest decimal that reads back as `value` at `text`, which has room for 32 bytes.
///
/// Uses C++17 `std::to_chars`: `0.1`, `1e+300`, `-0`, `inf`, `nan`. Allocates nothing. Returns the byte count.
size_t rdb_double_write(double value, char *text);

/// Writes `value` with 17 significant digits, as C's `%.17g`, at `text`, which has room for 32 bytes.
///
/// Uses C++17 `std::to_chars` with a precision. Allocates nothing. Returns the byte count.
size_t rdb_double_write_long(double value, char *text);

/// Reads all of `text` as a decimal double, with C++17 `std::from_chars`.
///
/// Returns 1; returns 0 if `text` is not a number, has bytes after the number, or is out of range.
int rdb_double_parse(const char *text, size_t count, double *value);

/// Adds two numbers in the form of C's `strtold` and writes the sum at `text`, which has room for 5120 bytes.
///
/// Computes with `long double` and writes as servers do: as `%.17Lf` without trailing zeros, and `0` for `-0`. Returns
/// the byte count; 0 if an operand is not a number, -1 if the sum is infinite.
int rdb_long_double_sum(
  const char *first, size_t first_count, const char *second, size_t second_count, char *text);

#ifdef __cplusplus
}
#endif

#endif
