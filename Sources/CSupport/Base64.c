#include "CSupport.h"

#include <stdint.h>

#if defined(__x86_64__)
#include <immintrin.h>

// Source: Muła, Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018.
__attribute__((target("avx2"))) static size_t encode(const uint8_t *bytes, size_t count, char *text) {
  // Twelve bytes of each half as four groups of 32 bits: b1 b0 b2 b1.
  const __m256i spread = _mm256_setr_epi8(
    1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  // What to add to six bits for their character, by the range they lie in.
  const __m256i shifts = _mm256_setr_epi8(
    71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0,
    71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  size_t read = 0;
  // 24 bytes are used, the last of 28 that are loaded.
  while (count - read >= 28) {
    const __m128i low = _mm_loadu_si128((const __m128i *)(bytes + read));
    const __m128i high = _mm_loadu_si128((const __m128i *)(bytes + read + 12));
    const __m256i groups = _mm256_shuffle_epi8(_mm256_set_m128i(high, low), spread);
    // Six bits a byte: two of each four are moved right, two left.
    const __m256i right = _mm256_mulhi_epu16(
      _mm256_and_si256(groups, _mm256_set1_epi32(0x0FC0FC00)), _mm256_set1_epi32(0x04000040));
    const __m256i left = _mm256_mullo_epi16(
      _mm256_and_si256(groups, _mm256_set1_epi32(0x003F03F0)), _mm256_set1_epi32(0x01000010));
    const __m256i sixes = _mm256_or_si256(right, left);
    // 0 from 26 to 51, 1–12 from 52 on, 13 below 26.
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

size_t rdb_base64_encode(const void *bytes, size_t count, void *text) {
  return __builtin_cpu_supports("avx2") ? encode(bytes, count, text) : 0;
}

#else

size_t rdb_base64_encode(const void *bytes, size_t count, void *text) {
  (void)bytes, (void)count, (void)text;
  return 0;
}

#endif
