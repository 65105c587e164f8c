#include "CSupport.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#if defined(__x86_64__)
#include <immintrin.h>

// Encodes 24 bytes per step. Returns the number of bytes read.
// Source: Muła, Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018.
__attribute__((target("avx2"))) static size_t encode_blocks(const uint8_t *bytes, size_t count, char *text) {
  // Spreads twelve bytes of each half over four groups of 32 bits: b1 b0 b2 b1.
  const __m256i spread = _mm256_setr_epi8(
    1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // The difference between a character and its six bits, by the range of the six bits.
  const __m256i shifts = _mm256_setr_epi8(
    71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0,
    71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  size_t read = 0;
  // Each step uses 24 bytes and loads 28.
  while (count - read >= 28) {
    const __m128i low = _mm_loadu_si128((const __m128i *)(bytes + read));
    const __m128i high = _mm_loadu_si128((const __m128i *)(bytes + read + 12));
    const __m256i groups = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
    // Moves six bits into each byte: two of four to the right, two to the left.
    const __m256i right = _mm256_mulhi_epu16(
      _mm256_and_si256(groups, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    const __m256i left = _mm256_mullo_epi16(
      _mm256_and_si256(groups, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    const __m256i sixes = _mm256_or_si256(right, left);
    // The range: 0 for 26 to 51, 1 to 12 from 52 on, 13 below 26.
    const __m256i range = _mm256_or_si256(
      _mm256_subs_epu8(sixes, _mm256_set1_epi8(51)),
      _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), sixes), _mm256_set1_epi8(13)));
    _mm256_storeu_si256(
      (__m256i *)text, _mm256_add_epi8(_mm256_shuffle_epi8(shifts, range), sixes));
    read += 24;
    text += 32;
  }
  return read;
}
#endif

size_t rdb_base64_encode(const void *source, size_t count, void *destination) {
  const uint8_t *bytes = source;
  char *text = destination;
  size_t read = 0;
#if defined(__x86_64__)
  if (count >= 32 && __builtin_cpu_supports("avx2")) {
    read = encode_blocks(bytes, count, text);
    text += read / 3 * 4;
  }
#endif
  for (; count - read >= 3; read += 3, text += 4) {
    const uint32_t bits = (uint32_t)bytes[read] << 16 | (uint32_t)bytes[read + 1] << 8 | bytes[read + 2];
    text[0] = alphabet[bits >> 18];
    text[1] = alphabet[bits >> 12 & 63];
    text[2] = alphabet[bits >> 6 & 63];
    text[3] = alphabet[bits & 63];
  }
  if (read < count) {
    const int has_two = count - read == 2;
    const uint32_t bits = (uint32_t)bytes[read] << 16 | (has_two ? (uint32_t)bytes[read + 1] << 8 : 0);
    text[0] = alphabet[bits >> 18];
    text[1] = alphabet[bits >> 12 & 63];
    text[2] = has_two ? alphabet[bits >> 6 & 63] : '=';
    text[3] = '=';
    text += 4;
  }
  return (size_t)(text - (char *)destination);
}
