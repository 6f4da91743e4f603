/* SPDX-License-Identifier: BSD-3-Clause */
/** \file ubj.h
 *  A writer for the part of UBJSON that XGBoost reads: big-endian numbers,
 *  keys and texts with an int64 length, containers with a count and no
 *  closing mark, plain objects in braces.
 *
 *  A call after a failed one does nothing, so a caller asks status once.
 */
#ifndef HPO_MODEL_GBT_UBJ_H
#define HPO_MODEL_GBT_UBJ_H

#include "hpo/mem.h"

typedef struct gbt_ubj {
  hpo_buffer *out; /* borrowed */
  hpo_status status;
  hpo_error *err; /* borrowed, may be NULL */
} gbt_ubj;

void gbt_ubj_open(gbt_ubj *u);  /* { */
void gbt_ubj_close(gbt_ubj *u); /* } */
void gbt_ubj_key(gbt_ubj *u, const char *key);
void gbt_ubj_text(gbt_ubj *u, const char *text);
void gbt_ubj_int(gbt_ubj *u, int64_t x);
/** A key with a text or a number as its value. */
void gbt_ubj_key_text(gbt_ubj *u, const char *key, const char *text);
void gbt_ubj_key_int(gbt_ubj *u, const char *key, int64_t x);
/** A key with a number as text: XGBoost's parameters are texts. */
void gbt_ubj_key_number(gbt_ubj *u, const char *key, size_t x);
/** An array of n values of any type, which follow. */
void gbt_ubj_array(gbt_ubj *u, const char *key, size_t n);
/** Typed arrays. */
void gbt_ubj_floats(gbt_ubj *u, const char *key, const float *x, size_t n);
void gbt_ubj_int32s(gbt_ubj *u, const char *key, const int32_t *x, size_t n);
void gbt_ubj_int64s(gbt_ubj *u, const char *key, const int64_t *x, size_t n);
void gbt_ubj_bytes(gbt_ubj *u, const char *key, const uint8_t *x, size_t n);

#endif
