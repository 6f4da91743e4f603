/* SPDX-License-Identifier: BSD-3-Clause */
/* SHA-256: FIPS 180-4, sections 4.2.2, 5.1.1, 5.3.3 and 6.2. */
#include <stdio.h>
#include <string.h>

#include "hpo/clones.h"
#include "hpo/file.h"
#include "sha256_private.h"

#define BLOCK 64

const uint32_t hpo_sha256_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define constant hpo_sha256_constant

static uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t word_at(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
         p[3];
}

/* One round.  The words a..h of the state are not moved but renamed by the
 * caller; "choose" and "majority" stand in forms of one operation less. */
HPO_INLINE void turn_state(uint32_t s[8], int i, uint32_t add) {
  uint32_t a = s[-i & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
  uint32_t e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
  uint32_t t = s[(7 - i) & 7] + add + (g ^ (e & (f ^ g))) +
               (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25));
  s[(3 - i) & 7] += t;
  s[(7 - i) & 7] =
      t + ((a & b) | (c & (a | b))) + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22));
}

static void add_block(uint32_t h[8], const uint8_t *p) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++)
    w[i] = word_at(p + 4 * i);
  for (int i = 16; i < 64; i++) {
    uint32_t x = w[i - 15], y = w[i - 2];
    w[i] = w[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + w[i - 7] +
           (turn(y, 17) ^ turn(y, 19) ^ y >> 10);
  }
  memcpy(s, h, sizeof s);
  for (int i = 0; i < 64;
       i += 8) { /* after 8 rounds the names are as before */
    turn_state(s, 0, constant[i] + w[i]);
    turn_state(s, 1, constant[i + 1] + w[i + 1]);
    turn_state(s, 2, constant[i + 2] + w[i + 2]);
    turn_state(s, 3, constant[i + 3] + w[i + 3]);
    turn_state(s, 4, constant[i + 4] + w[i + 4]);
    turn_state(s, 5, constant[i + 5] + w[i + 5]);
    turn_state(s, 6, constant[i + 6] + w[i + 6]);
    turn_state(s, 7, constant[i + 7] + w[i + 7]);
  }
  for (int i = 0; i < 8; i++)
    h[i] += s[i];
}

static void add_blocks(hpo_sha256 *s, const uint8_t *p, size_t n) {
  if (s->is_own) {
    hpo_sha256_own_blocks(s->h, p, n);
    return;
  }
  for (; n > 0; n--, p += BLOCK)
    add_block(s->h, p);
}

void hpo_sha256_start(hpo_sha256 *s) {
  static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                    0xa54ff53a, 0x510e527f, 0x9b05688c,
                                    0x1f83d9ab, 0x5be0cd19};
  memset(s, 0, sizeof *s);
  memcpy(s->h, first, sizeof first);
  s->is_own = hpo_sha256_has_own();
}

void hpo_sha256_add(hpo_sha256 *s, const void *from, size_t n) {
  const uint8_t *p = from;
  size_t held = s->bytes % BLOCK;
  s->bytes += n;
  if (n == 0)
    return;
  if (held > 0) {
    size_t room = BLOCK - held, take = n < room ? n : room;
    memcpy(s->block + held, p, take);
    p += take;
    n -= take;
    if (take < room)
      return;
    add_blocks(s, s->block, 1);
  }
  add_blocks(s, p, n / BLOCK);
  memcpy(s->block, p + n / BLOCK * BLOCK, n % BLOCK);
}

void hpo_sha256_end(hpo_sha256 *s, char hex[65]) {
  uint64_t bits = s->bytes * 8;
  size_t held = s->bytes % BLOCK;
  uint8_t pad[2 * BLOCK] = {0x80};
  size_t n = (held < 56 ? 56 : 120) - held;
  for (int i = 0; i < 8; i++)
    pad[n++] = (uint8_t)(bits >> (56 - 8 * i));
  hpo_sha256_add(s, pad, n);
  for (int i = 0; i < 8; i++)
    snprintf(hex + 8 * i, 9, "%08x", s->h[i]);
}
