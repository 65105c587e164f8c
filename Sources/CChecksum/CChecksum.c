#include "CChecksum.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#define HAS_X86 1
#endif

// The polynomial 0xAD93D23594C935A9, its bits reflected: bit 63 stands for x^0.
#define POLYNOMIAL UINT64_C(0x95AC9329AC4BC9B5)

// table[k][b]: the CRC of the byte b followed by k zero bytes.
static uint64_t table[16][256];

// Distances in bits that a 128-bit register is carried forward, and the two factors for each:
// x^(distance + 63) for its first eight bytes, x^(distance - 1) for its last eight. One less than the
// distance says, because multiplying reflected numbers without carries shifts the product by one.
struct factors { uint64_t first, last; };
static struct factors by64, by128, by256, by384, by512, by1024, by2048;

// The polynomial with the lowest 64 of its 65 bits, and the number that times it gives 1 in the lowest 64 bits of the
// product without carries: the two multipliers of Barrett's reduction.
static struct { uint64_t polynomial, inverse; } reduction;

static uint64_t times_x(uint64_t value) { return value >> 1 ^ (value & 1 ? POLYNOMIAL : 0); }

static uint64_t power_of_x(unsigned exponent) {
  uint64_t value = UINT64_C(1) << 63;
  while (exponent--) value = times_x(value);
  return value;
}

static struct factors factors_for(unsigned distance) {
  struct factors result = {power_of_x(distance + 63), power_of_x(distance - 1)};
  return result;
}

static void prepare_reduction(void) {
  uint64_t product = 0;
  reduction.polynomial = POLYNOMIAL << 1 | 1;
  for (int bit = 0; bit < 64; bit++) {
    // The product must have its lowest bit only.
    if ((product >> bit & 1) == (bit == 0)) continue;
    reduction.inverse |= UINT64_C(1) << bit;
    product ^= reduction.polynomial << bit;
  }
}

__attribute__((constructor)) static void prepare(void) {
  for (unsigned byte = 0; byte < 256; byte++) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = times_x(crc);
    table[0][byte] = crc;
  }
  for (int row = 1; row < 16; row++)
    for (unsigned byte = 0; byte < 256; byte++)
      table[row][byte] = table[row - 1][byte] >> 8 ^ table[0][table[row - 1][byte] & 255];
  prepare_reduction();
  by64 = factors_for(64);
  by128 = factors_for(128);
  by256 = factors_for(256);
  by384 = factors_for(384);
  by512 = factors_for(512);
  by1024 = factors_for(1024);
  by2048 = factors_for(2048);
}

static uint64_t load(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

uint64_t rdb_crc64_table(uint64_t crc, const void *start, size_t count) {
  const uint8_t *bytes = start;
  while (count >= 16) {
    uint64_t a = crc ^ load(bytes), b = load(bytes + 8), sum = 0;
    for (int index = 0; index < 8; index++) {
      sum ^= table[15 - index][a >> 8 * index & 255] ^ table[7 - index][b >> 8 * index & 255];
    }
    crc = sum;
    bytes += 16;
    count -= 16;
  }
  while (count--) crc = crc >> 8 ^ table[0][(crc ^ *bytes++) & 255];
  return crc;
}

#if HAS_X86

int rdb_crc64_has_clmul(void) {
  return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
}

int rdb_crc64_has_vclmul256(void) {
  return rdb_crc64_has_clmul() && __builtin_cpu_supports("vpclmulqdq") && __builtin_cpu_supports("avx2");
}

int rdb_crc64_has_vclmul(void) {
  return rdb_crc64_has_vclmul256() && __builtin_cpu_supports("avx512f");
}

__attribute__((target("pclmul,sse4.1"))) static __m128i carry(__m128i value, __m128i factors) {
  return _mm_xor_si128(
    _mm_clmulepi64_si128(value, factors, 0x00), _mm_clmulepi64_si128(value, factors, 0x11));
}

__attribute__((target("pclmul,sse4.1"))) static __m128i pair(struct factors factors) {
  return _mm_set_epi64x((long long)factors.last, (long long)factors.first);
}

// Returns the checksum of 16 bytes that nothing follows.
__attribute__((target("pclmul,sse4.1"))) static uint64_t reduce(__m128i value) {
  // The first eight bytes are carried to the last ones; the checksum lies 64 bits after them.
  const __m128i multipliers = _mm_set_epi64x((long long)reduction.inverse, (long long)reduction.polynomial);
  __m128i sum = _mm_xor_si128(
    _mm_clmulepi64_si128(value, pair(by64), 0x00), _mm_srli_si128(value, 8));
  __m128i quotient = _mm_clmulepi64_si128(sum, multipliers, 0x10);
  __m128i product = _mm_clmulepi64_si128(quotient, multipliers, 0x00);
  sum = _mm_xor_si128(_mm_xor_si128(sum, product), _mm_slli_si128(quotient, 8));
  return (uint64_t)_mm_extract_epi64(sum, 1);
}

// The bytes 16 to 31 are the masks that move a register's bytes up by 0 to 16 places if they are loaded from 16 - n,
// and down if they are loaded from 16 + n.
static const uint8_t places[48] = {
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
  0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  15,
  128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128};

__attribute__((target("pclmul,sse4.1"))) static __m128i place(size_t index) {
  return _mm_loadu_si128((const __m128i *)(places + index));
}

// Carries 16 bytes forward over the rest, which other bytes precede, and returns the checksum.
__attribute__((target("pclmul,sse4.1"))) static uint64_t
finish(__m128i value, const uint8_t *bytes, size_t count) {
  const __m128i step = pair(by128);
  while (count >= 16) {
    value = _mm_xor_si128(carry(value, step), _mm_loadu_si128((const __m128i *)bytes));
    bytes += 16;
    count -= 16;
  }
  if (count > 0) {
    // The first `count` bytes of the register are carried over its other bytes and the rest.
    __m128i first = _mm_shuffle_epi8(value, place(count));
    __m128i last = _mm_blendv_epi8(
      _mm_shuffle_epi8(value, place(16 + count)), _mm_loadu_si128((const __m128i *)(bytes + count - 16)),
      place(16 + count));
    value = _mm_xor_si128(carry(first, step), last);
  }
  return reduce(value);
}

// The checksum of fewer than 16 bytes.
__attribute__((target("pclmul,sse4.1"))) static uint64_t few(uint64_t crc, const uint8_t *bytes, size_t count) {
  uint64_t first = 0, last, rest = 0;
  if (count >= 8) {
    last = load(bytes + count - 8) ^ crc >> 8 * (count - 8);
    if (count > 8) first = (load(bytes) ^ crc) << 8 * (16 - count);
  } else if (count > 0) {
    if (count >= 4) {
      uint32_t low, high;
      memcpy(&low, bytes, 4);
      memcpy(&high, bytes + count - 4, 4);
      last = low | (uint64_t)high << 8 * (count - 4);
    } else {
      last = bytes[0] | (uint64_t)bytes[count >> 1] << 8 * (count >> 1) | (uint64_t)bytes[count - 1] << 8 * (count - 1);
    }
    last = (last ^ crc) << 8 * (8 - count);
    rest = crc >> 8 * count;
  } else {
    return crc;
  }
  return reduce(_mm_set_epi64x((long long)last, (long long)first)) ^ rest;
}

__attribute__((target("pclmul,sse4.1"))) uint64_t
rdb_crc64_clmul(uint64_t crc, const void *start, size_t count) {
  const uint8_t *bytes = start;
  if (count < 16) return few(crc, bytes, count);
  if (count < 128) {
    __m128i value = _mm_xor_si128(_mm_loadu_si128(start), _mm_set_epi64x(0, (long long)crc));
    return finish(value, bytes + 16, count - 16);
  }
  __m128i lane[4];
  for (int index = 0; index < 4; index++)
    lane[index] = _mm_loadu_si128((const __m128i *)(bytes + 16 * index));
  lane[0] = _mm_xor_si128(lane[0], _mm_set_epi64x(0, (long long)crc));
  bytes += 64;
  count -= 64;
  const __m128i step = pair(by512);
  while (count >= 64) {
    for (int index = 0; index < 4; index++)
      lane[index] = _mm_xor_si128(
        carry(lane[index], step), _mm_loadu_si128((const __m128i *)(bytes + 16 * index)));
    bytes += 64;
    count -= 64;
  }
  __m128i value = _mm_xor_si128(
    _mm_xor_si128(carry(lane[0], pair(by384)), carry(lane[1], pair(by256))),
    _mm_xor_si128(carry(lane[2], pair(by128)), lane[3]));
  return finish(value, bytes, count);
}

__attribute__((target("avx2,vpclmulqdq,pclmul,sse4.1"))) static __m256i
carry256(__m256i value, __m256i factors, __m256i next) {
  __m256i first = _mm256_clmulepi64_epi128(value, factors, 0x00);
  __m256i last = _mm256_clmulepi64_epi128(value, factors, 0x11);
  return _mm256_xor_si256(_mm256_xor_si256(first, last), next);
}

__attribute__((target("avx2,vpclmulqdq,pclmul,sse4.1"))) uint64_t
rdb_crc64_vclmul256(uint64_t crc, const void *start, size_t count) {
  const uint8_t *bytes = start;
  if (count < 256) return rdb_crc64_clmul(crc, start, count);
  __m256i lane[4];
  for (int index = 0; index < 4; index++)
    lane[index] = _mm256_loadu_si256((const __m256i *)(bytes + 32 * index));
  lane[0] = _mm256_xor_si256(
    lane[0], _mm256_zextsi128_si256(_mm_set_epi64x(0, (long long)crc)));
  bytes += 128;
  count -= 128;
  const __m256i step = _mm256_broadcastsi128_si256(pair(by1024));
  while (count >= 128) {
    for (int index = 0; index < 4; index++)
      lane[index] = carry256(
        lane[index], step, _mm256_loadu_si256((const __m256i *)(bytes + 32 * index)));
    bytes += 128;
    count -= 128;
  }
  const __m256i next = _mm256_broadcastsi128_si256(pair(by256));
  for (int index = 1; index < 4; index++) lane[index] = carry256(lane[index - 1], next, lane[index]);
  __m128i value = _mm_xor_si128(
    carry(_mm256_castsi256_si128(lane[3]), pair(by128)), _mm256_extracti128_si256(lane[3], 1));
  return finish(value, bytes, count);
}

__attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.1"))) uint64_t
rdb_crc64_vclmul(uint64_t crc, const void *start, size_t count) {
  const uint8_t *bytes = start;
  if (count < 512) return rdb_crc64_clmul(crc, start, count);
  __m512i lane[4];
  for (int index = 0; index < 4; index++) lane[index] = _mm512_loadu_si512(bytes + 64 * index);
  lane[0] = _mm512_xor_si512(
    lane[0], _mm512_zextsi128_si512(_mm_set_epi64x(0, (long long)crc)));
  bytes += 256;
  count -= 256;
  const __m512i step = _mm512_broadcast_i32x4(pair(by2048));
  while (count >= 256) {
    for (int index = 0; index < 4; index++) {
      __m512i first = _mm512_clmulepi64_epi128(lane[index], step, 0x00);
      __m512i last = _mm512_clmulepi64_epi128(lane[index], step, 0x11);
      lane[index] = _mm512_ternarylogic_epi64(
        first, last, _mm512_loadu_si512(bytes + 64 * index), 0x96);
    }
    bytes += 256;
    count -= 256;
  }
  const __m512i next = _mm512_broadcast_i32x4(pair(by512));
  for (int index = 1; index < 4; index++) {
    __m512i first = _mm512_clmulepi64_epi128(lane[index - 1], next, 0x00);
    __m512i last = _mm512_clmulepi64_epi128(lane[index - 1], next, 0x11);
    lane[index] = _mm512_ternarylogic_epi64(first, last, lane[index], 0x96);
  }
  __m128i value = _mm_xor_si128(
    _mm_xor_si128(
      carry(_mm512_extracti32x4_epi32(lane[3], 0), pair(by384)),
      carry(_mm512_extracti32x4_epi32(lane[3], 1), pair(by256))),
    _mm_xor_si128(
      carry(_mm512_extracti32x4_epi32(lane[3], 2), pair(by128)),
      _mm512_extracti32x4_epi32(lane[3], 3)));
  return finish(value, bytes, count);
}

#else

int rdb_crc64_has_clmul(void) { return 0; }
int rdb_crc64_has_vclmul256(void) { return 0; }
int rdb_crc64_has_vclmul(void) { return 0; }
uint64_t rdb_crc64_clmul(uint64_t crc, const void *bytes, size_t count) {
  return rdb_crc64_table(crc, bytes, count);
}
uint64_t rdb_crc64_vclmul256(uint64_t crc, const void *bytes, size_t count) {
  return rdb_crc64_table(crc, bytes, count);
}
uint64_t rdb_crc64_vclmul(uint64_t crc, const void *bytes, size_t count) {
  return rdb_crc64_table(crc, bytes, count);
}

#endif

uint64_t rdb_crc64(uint64_t crc, const void *bytes, size_t count) {
  if (!rdb_crc64_has_clmul()) return rdb_crc64_table(crc, bytes, count);
  if (count >= 256) {
    if (rdb_crc64_has_vclmul()) return rdb_crc64_vclmul(crc, bytes, count);
    if (rdb_crc64_has_vclmul256()) return rdb_crc64_vclmul256(crc, bytes, count);
  }
  return rdb_crc64_clmul(crc, bytes, count);
}

// The product of two reflected polynomials, modulo the polynomial.
static uint64_t multiply(uint64_t a, uint64_t b) {
  uint64_t product = 0;
  for (int bit = 63; bit >= 0; bit--) {
    if (a >> bit & 1) product ^= b;
    b = times_x(b);
  }
  return product;
}

uint64_t rdb_crc64_combine(uint64_t first, uint64_t second, uint64_t second_count) {
  uint64_t factor = UINT64_C(1) << 63;
  uint64_t square = power_of_x(8);
  for (; second_count > 0; second_count >>= 1) {
    if (second_count & 1) factor = multiply(factor, square);
    square = multiply(square, square);
  }
  return multiply(first, factor) ^ second;
}
