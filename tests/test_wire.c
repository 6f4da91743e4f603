/* SPDX-License-Identifier: BSD-3-Clause */
/* Records as bytes: round trips of ugly samples, and bytes that are cut or
 * changed, which must give a record or HPO_EDATA and never a crash. */
#include "hpo/wire.h"

#include "hpo/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t first_seed(void) {
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 1;
  print_message("seed %llu\n", (unsigned long long)seed);
  return seed;
}

static hpo_buffer encoded(uint64_t seed) {
  hpo_record *r = NULL;
  hpo_buffer b = {0};
  assert_int_equal(hpo_record_sample(seed, &r, NULL), HPO_OK);
  assert_int_equal(hpo_wire_encode(r, &b, NULL), HPO_OK);
  hpo_record_destroy(r);
  return b;
}

/** Decodes a copy that has exactly n bytes, so that ASan sees overruns. */
static hpo_status try(const uint8_t *bytes, size_t n) {
  hpo_record *r = NULL;
  hpo_error err = {0};
  uint8_t *copy = malloc(n > 0 ? n : 1);
  hpo_status status;

  assert_non_null(copy);
  memcpy(copy, bytes, n);
  status = hpo_wire_decode(copy, n, &r, &err);
  if (status == HPO_OK) {
    hpo_buffer again = {0};
    assert_int_equal(hpo_wire_encode(r, &again, NULL), HPO_OK);
    hpo_buffer_free(&again);
  } else {
    assert_int_equal(status, HPO_EDATA);
    assert_null(r);
    assert_true(err.text[0] != '\0');
  }
  hpo_record_destroy(r);
  free(copy);
  return status;
}

static void test_round_trip(void **state) {
  uint64_t first = first_seed();

  (void)state;
  for (uint64_t seed = first; seed < first + 500; seed++) {
    hpo_record *a = NULL, *b = NULL;
    hpo_buffer bytes = encoded(seed), again = {0};
    assert_int_equal(hpo_record_sample(seed, &a, NULL), HPO_OK);
    assert_int_equal(hpo_wire_decode(bytes.byte, bytes.n, &b, NULL), HPO_OK);
    assert_true(hpo_record_equal(a, b));
    assert_int_equal(hpo_wire_encode(b, &again, NULL), HPO_OK);
    assert_int_equal(again.n, bytes.n);
    assert_memory_equal(again.byte, bytes.byte, bytes.n);
    hpo_record_destroy(a);
    hpo_record_destroy(b);
    hpo_buffer_free(&bytes);
    hpo_buffer_free(&again);
  }
}

/** The layout is fixed: these very bytes. */
static void test_known_bytes(void **state) {
  static const uint8_t want[] = {
      'H', 'P', 'O', 'R', 1,   0,   0,   0,  69, 0,
      0,   0,   0,   0,   0,   0,                     /* start */
      1,   0,   0,   0,   'r', 1,   0,   0,  0,       /* name, fields */
      1,   0,   0,   0,   'i', 1,   0,   0,  0,  's', /* name, unit */
      0,   0,   0,   0,   0,   1,              /* about, type, dimensions */
      8,   0,   0,   0,   0,   0,   0,   0,    /* width */
      1,   0,   0,   0,   0,   0,   0,   0,    /* shape */
      0,   0,   0,   0,                        /* choices */
      254, 255, 255, 255, 255, 255, 255, 255}; /* -2 */
  hpo_record *r = NULL;
  hpo_buffer b = {0};

  (void)state;
  assert_int_equal(hpo_record_create("r", &r, NULL), HPO_OK);
  assert_int_equal(hpo_record_add_int(r, "i", -2, "s", "", NULL), HPO_OK);
  assert_int_equal(hpo_buffer_add(&b, "before", 6, NULL), HPO_OK);
  assert_int_equal(hpo_wire_encode(r, &b, NULL), HPO_OK);
  assert_int_equal(b.n, 6 + sizeof want);
  assert_memory_equal(b.byte + 6, want, sizeof want);
  hpo_record_destroy(r);
  hpo_buffer_free(&b);
}

static void test_truncation(void **state) {
  uint64_t first = first_seed();

  (void)state;
  for (uint64_t seed = first; seed < first + 20; seed++) {
    hpo_buffer b = encoded(seed);
    for (size_t n = 0; n < b.n; n++) {
      assert_int_equal(try(b.byte, n), HPO_EDATA);
      if (n >= 16) { /* the same with a length that fits */
        uint8_t old[8];
        memcpy(old, b.byte + 8, 8);
        for (size_t i = 0; i < 8; i++)
          b.byte[8 + i] = (uint8_t)((uint64_t)n >> (8 * i));
        assert_int_equal(try(b.byte, n), HPO_EDATA);
        memcpy(b.byte + 8, old, 8);
      }
    }
    assert_int_equal(hpo_buffer_add(&b, "x", 1, NULL), HPO_OK);
    assert_int_equal(try(b.byte, b.n), HPO_EDATA);
    hpo_buffer_free(&b);
  }
}

static void test_bit_flips(void **state) {
  uint64_t first = first_seed();
  size_t refused = 0, taken = 0;

  (void)state;
  for (uint64_t seed = first; seed < first + 12; seed++) {
    hpo_buffer b = encoded(seed);
    for (size_t bit = 0; bit < 8 * b.n; bit++) {
      b.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
      if (try(b.byte, b.n) == HPO_OK)
        taken++;
      else
        refused++;
      b.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    hpo_buffer_free(&b);
  }
  assert_true(refused > 0 && taken > 0);
}

static void test_random_bytes(void **state) {
  hpo_rng rng = hpo_rng_make(first_seed(), HPO_RNG_TEST, 9, 0);

  (void)state;
  for (int k = 0; k < 3000; k++) {
    hpo_buffer b = encoded(hpo_rng_below(&rng, 100) + 1);
    for (uint64_t i = 1 + hpo_rng_below(&rng, 8); i > 0; i--)
      b.byte[hpo_rng_below(&rng, b.n)] = (uint8_t)hpo_rng_next32(&rng);
    for (size_t i = 0; i < 8; i++)
      b.byte[8 + i] = (uint8_t)((uint64_t)b.n >> (8 * i));
    (void)try(b.byte, b.n);
    hpo_buffer_free(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip), cmocka_unit_test(test_known_bytes),
      cmocka_unit_test(test_truncation), cmocka_unit_test(test_bit_flips),
      cmocka_unit_test(test_random_bytes)};

  return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
