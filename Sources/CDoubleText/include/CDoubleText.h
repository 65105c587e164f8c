#ifndef SWIFT_RDB_DOUBLE_TEXT_H
#define SWIFT_RDB_DOUBLE_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the shortest decimal that reads back to `value` at `text` (room for 32 bytes), without allocating.
///
/// By C++17's `std::to_chars`: `0.1`, `1e+300`, `-0`, `inf`, `nan`. Returns the byte count.
size_t rdb_double_write(double value, char *text);

/// Writes `value` with 17 significant digits, as C's `%.17g`, at `text` (room for 32 bytes), without allocating.
///
/// By C++17's `std::to_chars` with a precision. Returns the byte count.
size_t rdb_double_write_long(double value, char *text);

/// Reads the whole of `text` as a decimal double, by C++17's `std::from_chars`.
///
/// Returns 1, or 0 where the text is something else, has a rest, or is out of range.
int rdb_double_parse(const char *text, size_t count, double *value);

#ifdef __cplusplus
}
#endif

#endif
