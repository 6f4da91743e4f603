/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256 by the SHA extensions of x86 (Intel, Intel SHA Extensions, 2013):
 * sha256rnds2 does two rounds on the state as (a, b, e, f) and (c, d, g, h),
 * sha256msg1 and sha256msg2 two parts of the message schedule. */
#include "sha256_private.h"

#include "hpo/clones.h"

#if defined(__GNUC__) && defined(__x86_64__) && !defined(HPO_NO_CLONES)

#include <cpuid.h>
#include <immintrin.h>

bool hpo_sha256_has_own(void) {
  unsigned a, b, c, d;
  const unsigned ssse3 = 1u << 9, sse41 = 1u << 19, sha = 1u << 29;

  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & ssse3) || !(c & sse41))
    return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & sha);
}

/* Words 4i .. 4i+3 of the schedule from the sixteen before them. */
#define NEXT(w0, w1, w2, w3)                                                  \
  _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(w0, w1),            \
                                     _mm_alignr_epi8(w3, w2, 4)),             \
                       w3)

__attribute__((target("sha,ssse3,sse4.1"))) void
hpo_sha256_own_blocks(uint32_t h[8], const uint8_t *p, size_t n) {
  const __m128i swap =
      _mm_set_epi64x(0x0c0d0e0f08090a0bll, 0x0405060700010203ll);
  __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)h);
  __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(h + 4));
  __m128i t = _mm_shuffle_epi32(dcba, 0xb1);
  __m128i abef = _mm_shuffle_epi32(hgfe, 0x1b), cdgh;

  cdgh = _mm_blend_epi16(abef, t, 0xf0);
  abef = _mm_alignr_epi8(t, abef, 8);
  for (; n > 0; n--, p += 64) {
    const __m128i abef0 = abef, cdgh0 = cdgh;
    __m128i w[4];

    for (int i = 0; i < 16; i++) {
      __m128i *v = &w[i & 3];

      if (i < 4)
        *v = _mm_shuffle_epi8(
            _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)),
            swap);
      else
        *v = NEXT(*v, w[(i + 1) & 3], w[(i + 2) & 3], w[(i + 3) & 3]);
      t = _mm_add_epi32(
          *v,
          _mm_loadu_si128((const __m128i *)(const void *)(hpo_sha256_constant +
                                                          4 * (size_t)i)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, t);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(t, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef0);
    cdgh = _mm_add_epi32(cdgh, cdgh0);
  }
  t = _mm_shuffle_epi32(abef, 0x1b);    /* f e b a, upwards: a b e f */
  hgfe = _mm_shuffle_epi32(cdgh, 0xb1); /* d c h g */
  dcba = _mm_blend_epi16(t, hgfe, 0xf0);
  hgfe = _mm_alignr_epi8(hgfe, t, 8);
  _mm_storeu_si128((__m128i *)(void *)h, dcba);
  _mm_storeu_si128((__m128i *)(void *)(h + 4), hgfe);
}

#else

bool hpo_sha256_has_own(void) { return false; }

void hpo_sha256_own_blocks(uint32_t h[8], const uint8_t *p, size_t n) {
  (void)h, (void)p, (void)n;
}

#endif
