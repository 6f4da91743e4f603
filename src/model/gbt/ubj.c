/* SPDX-License-Identifier: BSD-3-Clause */
/* UBJSON (ubjson.org, draft 12) as XGBoost writes it. */
#include "ubj.h"

#include <stdio.h>
#include <string.h>

static void put(gbt_ubj *u, const void *bytes, size_t n) {
  if (u->status == HPO_OK)
    u->status = hpo_buffer_add(u->out, bytes, n, u->err);
}

/* The low n bytes of x, highest first. */
static void put_big(gbt_ubj *u, uint64_t x, size_t n) {
  uint8_t byte[8];

  for (size_t i = 0; i < n; i++)
    byte[i] = (uint8_t)(x >> 8 * (n - 1 - i));
  put(u, byte, n);
}

static void put_length(gbt_ubj *u, size_t n) {
  put(u, "L", 1);
  put_big(u, (uint64_t)n, 8);
}

void gbt_ubj_open(gbt_ubj *u) { put(u, "{", 1); }

void gbt_ubj_close(gbt_ubj *u) { put(u, "}", 1); }

void gbt_ubj_key(gbt_ubj *u, const char *key) {
  put_length(u, strlen(key));
  put(u, key, strlen(key));
}

void gbt_ubj_text(gbt_ubj *u, const char *text) {
  put(u, "S", 1);
  gbt_ubj_key(u, text);
}

void gbt_ubj_int(gbt_ubj *u, int64_t x) {
  put(u, "L", 1);
  put_big(u, (uint64_t)x, 8);
}

void gbt_ubj_key_text(gbt_ubj *u, const char *key, const char *text) {
  gbt_ubj_key(u, key);
  gbt_ubj_text(u, text);
}

void gbt_ubj_key_int(gbt_ubj *u, const char *key, int64_t x) {
  gbt_ubj_key(u, key);
  gbt_ubj_int(u, x);
}

void gbt_ubj_key_number(gbt_ubj *u, const char *key, size_t x) {
  char text[32];

  snprintf(text, sizeof text, "%zu", x);
  gbt_ubj_key_text(u, key, text);
}

void gbt_ubj_array(gbt_ubj *u, const char *key, size_t n) {
  gbt_ubj_key(u, key);
  put(u, "[#", 2);
  put_length(u, n);
}

static void typed(gbt_ubj *u, const char *key, const char *type, size_t n) {
  gbt_ubj_key(u, key);
  put(u, "[$", 2);
  put(u, type, 1);
  put(u, "#", 1);
  put_length(u, n);
}

void gbt_ubj_floats(gbt_ubj *u, const char *key, const float *x, size_t n) {
  typed(u, key, "d", n);
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = 0;
    memcpy(&bits, x + i, sizeof bits);
    put_big(u, bits, 4);
  }
}

void gbt_ubj_int32s(gbt_ubj *u, const char *key, const int32_t *x, size_t n) {
  typed(u, key, "l", n);
  for (size_t i = 0; i < n; i++)
    put_big(u, (uint32_t)x[i], 4);
}

void gbt_ubj_int64s(gbt_ubj *u, const char *key, const int64_t *x, size_t n) {
  typed(u, key, "L", n);
  for (size_t i = 0; i < n; i++)
    put_big(u, (uint64_t)x[i], 8);
}

void gbt_ubj_bytes(gbt_ubj *u, const char *key, const uint8_t *x, size_t n) {
  typed(u, key, "U", n);
  put(u, x, n);
}
