/* SPDX-License-Identifier: BSD-3-Clause */
/* Mailboxes in one process, and the back-off of waiting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/clock.h"
#include "hpo/comm.h"
#include "hpo/rng.h"

static void must(hpo_status status, const hpo_error *err) {
  if (status != HPO_OK)
    fail_msg("%s", err->text);
}

static void test_mailboxes(void **state) {
  (void)state;
  hpo_error err = {0};
  hpo_comm *c = NULL;
  hpo_buffer bytes = {0};
  bool have = true;
  int from = -1, tag = -1;

  must(hpo_comm_local_create(3, &c, &err), &err);
  assert_int_equal(c[2].rank, 2);
  assert_int_equal(c[2].size, 3);
  must(c[0].receive(c[0].self, &have, &from, &tag, &bytes, &err), &err);
  assert_false(have);
  must(c[1].send(c[1].self, 0, 5, "one", 4, &err), &err);
  must(c[2].send(c[2].self, 0, 6, NULL, 0, &err), &err);
  must(c[1].send(c[1].self, 0, 7, "three", 6, &err), &err);
  must(c[0].send(c[0].self, 0, 8, "self", 5, &err), &err);
  assert_int_equal(c[1].pending(c[1].self), 2);
  assert_int_equal(c[1].bytes_sent(c[1].self), 10);
  must(c[0].receive(c[0].self, &have, &from, &tag, &bytes, &err), &err);
  assert_true(have && from == 1 && tag == 5 && bytes.n == 4);
  assert_string_equal((const char *)bytes.byte, "one");
  must(c[0].receive(c[0].self, &have, &from, &tag, &bytes, &err), &err);
  assert_true(have && from == 2 && tag == 6 && bytes.n == 0);
  must(c[0].receive(c[0].self, &have, &from, &tag, &bytes, &err), &err);
  assert_true(have && from == 1 && tag == 7 && bytes.n == 6);
  assert_int_equal(c[1].pending(c[1].self), 0);
  hpo_buffer_free(&bytes);
  hpo_comm_local_destroy(c); /* with a letter left in a box */
  hpo_comm_local_destroy(NULL);
}

/* Many messages among five, taken in random turns: each pair in order. */
static void test_order(void **state) {
  (void)state;
  enum { N = 5, ROUNDS = 20000 };
  hpo_error err = {0};
  hpo_comm *c = NULL;
  hpo_buffer bytes = {0};
  uint32_t sent[N][N] = {{0}}, got[N][N] = {{0}};
  const char *text = getenv("HPO_TEST_SEED");
  uint64_t seed = text ? strtoull(text, NULL, 10) : 5;
  hpo_rng rng = hpo_rng_make(seed, HPO_RNG_TEST, 1, 0);

  print_message("seed %llu\n", (unsigned long long)seed);
  must(hpo_comm_local_create(N, &c, &err), &err);
  for (size_t i = 0; i < ROUNDS; i++) {
    int a = (int)(hpo_rng_next32(&rng) % N),
        b = (int)(hpo_rng_next32(&rng) % N);
    bool have = false;
    int from = -1, tag = -1;
    uint32_t x;
    if (hpo_rng_next32(&rng) % 2) {
      x = sent[a][b]++;
      must(c[a].send(c[a].self, b, (int)(x % 7), &x, sizeof x, &err), &err);
      continue;
    }
    must(c[a].receive(c[a].self, &have, &from, &tag, &bytes, &err), &err);
    if (!have)
      continue;
    assert_int_equal(bytes.n, sizeof x);
    memcpy(&x, bytes.byte, sizeof x);
    assert_int_equal(x, got[from][a]++);
    assert_int_equal(tag, x % 7);
  }
  hpo_buffer_free(&bytes);
  hpo_comm_local_destroy(c);
}

/* Yields first, then sleeps that never get shorter; after a second of
 * nothing at most 200 turns a second are left, which at 50 us a turn are
 * one per cent of a core. */
static void test_backoff(void **state) {
  (void)state;
  hpo_backoff b = {0};
  long before = 0, slept = 0;
  int yields = 0, turns = 0;

  while (slept < 1000000000) {
    long ns = hpo_backoff_next(&b, false);
    yields += ns == 0;
    assert_true(ns >= before && (ns > 0 || slept == 0));
    before = ns;
    slept += ns;
    turns++;
  }
  assert_int_equal(yields, 50);
  assert_true(turns < 700);
  assert_int_equal(hpo_backoff_next(&b, false), 5000000);
  assert_int_equal(hpo_backoff_next(&b, true), 0);
  assert_int_equal(b.idle, 0);
  assert_int_equal(hpo_backoff_next(&b, false), 0);
}

/* A turn sleeps as long as it says, at least. */
static void test_backoff_sleeps(void **state) {
  (void)state;
  hpo_backoff b = {.idle = 1000};
  double began = hpo_clock_seconds();

  for (int i = 0; i < 4; i++)
    hpo_backoff_turn(&b, false);
  assert_true(hpo_clock_seconds() - began >= 0.02);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_mailboxes),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_backoff),
      cmocka_unit_test(test_backoff_sleeps),
  };
  return cmocka_run_group_tests_name("comm", tests, NULL, NULL);
}
