/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash by pieces.  A piece is ended when the byte after it comes, so that
 * one piece alone is known as such. */
#include <string.h>

#include "hpo/file.h"

static void end_piece(hpo_digest *d) {
  char line[HPO_DIGEST_LINE];

  hpo_sha256_end(&d->piece, line); /* its NUL becomes the line's end */
  line[HPO_DIGEST_LINE - 1] = '\n';
  hpo_sha256_add(&d->all, line, sizeof line);
  if (d->lines)
    memcpy(d->lines + d->n * HPO_DIGEST_LINE, line, sizeof line);
  d->n++;
}

void hpo_digest_start(hpo_digest *d, size_t size, char *lines) {
  HPO_ASSERT(size > 0);
  *d = (hpo_digest){.size = size, .lines = lines, .left = UINT64_MAX};
  hpo_sha256_start(&d->piece);
  hpo_sha256_start(&d->all);
}

void hpo_digest_limit(hpo_digest *d, uint64_t skip, uint64_t most) {
  d->skip = skip;
  d->left = most;
}

void hpo_digest_add(hpo_digest *d, const void *from, size_t n) {
  const uint8_t *p = from;
  const size_t out = d->skip < n ? (size_t)d->skip : n;

  d->skip -= out;
  p += out;
  n = n - out < d->left ? n - out : (size_t)d->left;
  d->left -= n;
  while (n > 0) {
    size_t room = d->size - (size_t)d->piece.bytes, take;

    if (room == 0) {
      end_piece(d);
      hpo_sha256_start(&d->piece);
      room = d->size;
    }
    take = n < room ? n : room;
    hpo_sha256_add(&d->piece, p, take);
    p += take;
    n -= take;
  }
}

void hpo_digest_end(hpo_digest *d, char hex[65]) {
  hpo_sha256 one = d->piece;

  end_piece(d);
  hpo_sha256_end(d->n == 1 ? &one : &d->all, hex);
}

void hpo_digest_join(const char *lines, size_t n, char hex[65]) {
  hpo_sha256 all;

  if (n == 1) {
    memcpy(hex, lines, 64);
    hex[64] = '\0';
    return;
  }
  hpo_sha256_start(&all);
  hpo_sha256_add(&all, lines, n * HPO_DIGEST_LINE);
  hpo_sha256_end(&all, hex);
}
