/* SPDX-License-Identifier: BSD-3-Clause */
/* Every parser on its seeds, on all their beginnings (cut short) and on
 * random mutations of them.
 *
 * HPO_TEST_MUTATIONS=N mutations of each seed (40); HPO_TEST_SEED repeats. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "fuzzing.h"
#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/rng.h"

static uint64_t number_of(const char *name, uint64_t otherwise) {
  const char *text = getenv(name);
  return text ? strtoull(text, NULL, 10) : otherwise;
}

/* Some bytes changed, removed, doubled or made odd. */
static void mutate(hpo_buffer *b, const hpo_buffer *seed, hpo_rng *dice) {
  static const char odd[] = "\0\xff\"<>&,\n\r\t-9eE.+()[]{}'`=;:%";
  hpo_error err = {0};
  uint64_t changes = 1 + hpo_rng_below(dice, 6);

  b->n = 0;
  assert_int_equal(hpo_buffer_add(b, seed->byte, seed->n, &err), HPO_OK);
  for (; changes > 0 && b->n > 0; changes--) {
    uint64_t r = hpo_rng_next64(dice);
    size_t i = (size_t)(r >> 8) % b->n, n = 1 + (size_t)(r >> 40) % 16;

    n = n < b->n - i ? n : b->n - i;
    switch (r % 4) {
    case 0:
      b->byte[i] = (uint8_t)(r >> 32);
      break;
    case 1:
      b->byte[i] = (uint8_t)odd[(r >> 32) % (sizeof odd - 1)];
      break;
    case 2:
      memmove(b->byte + i, b->byte + i + n, b->n - i - n);
      b->n -= n;
      break;
    default:
      assert_int_equal(hpo_buffer_add(b, seed->byte, n, &err), HPO_OK);
      memcpy(b->byte + b->n - n, b->byte + i, n);
    }
  }
}

static void run_seed(const fuzz_target *t, const char *path, hpo_rng *dice,
                     size_t *runs) {
  hpo_error err = {0};
  hpo_buffer seed = {0}, b = {0};
  uint64_t mutations = number_of("HPO_TEST_MUTATIONS", 40);

  assert_int_equal(hpo_file_read_all(path, 0, &seed, &err), HPO_OK);
  t->run(seed.byte, seed.n);
  for (size_t n = 0; n < seed.n; n += 1 + seed.n / 40, ++*runs)
    t->run(seed.byte, n);
  for (uint64_t m = 0; m < mutations; m++, ++*runs) {
    mutate(&b, &seed, dice);
    t->run(b.byte, b.n);
  }
  hpo_buffer_free(&seed);
  hpo_buffer_free(&b);
}

static void test_all(void **state) {
  size_t n = 0;
  const fuzz_target *t = fuzz_targets(&n);
  uint64_t seed = number_of("HPO_TEST_SEED", (uint64_t)time(NULL));
  hpo_rng dice = hpo_rng_make(seed, HPO_RNG_TEST, 0, 0);

  (void)state;
  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)seed);
  for (size_t i = 0; i < n; i++) {
    char path[1024];
    size_t seeds = 0, runs = 0;
    struct dirent *entry;

    snprintf(path, sizeof path, HPO_SOURCE "/tests/fuzz/%s", t[i].name);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
      if (entry->d_name[0] == '.')
        continue;
      snprintf(path, sizeof path, HPO_SOURCE "/tests/fuzz/%s/%s", t[i].name,
               entry->d_name);
      run_seed(&t[i], path, &dice, &runs);
      seeds++;
    }
    closedir(folder);
    print_message("%s: %zu seeds, %zu runs\n", t[i].name, seeds, runs);
    assert_true(seeds >= 5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
  return cmocka_run_group_tests_name("fuzz", tests, NULL, NULL);
}
