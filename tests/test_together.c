/* SPDX-License-Identifier: BSD-3-Clause */
/* CSV files read by several ranks: the same data, to the bit, and the same
 * sentences as by one; digests by pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "data/together.h"
#include "hpo/file.h"
#include "hpo/rng.h"
#include "testload.h"
#include "testnode.h"
#include "testplan.h"

static char path[2][64];

static void write_text(int k, const char *text, size_t n) {
  FILE *f = fopen(path[k], "wb");

  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

/* Words by turns a name and a value, up to NULL. */
static hpo_plan *plan_of(const char *const *word) {
  hpo_plan *p = testplan_make();

  assert_true(testplan_set(p, "format", "csv"));
  for (; *word != NULL; word += 2)
    assert_true(testplan_set(p, word[0], word[1]));
  assert_true(testplan_set(p, "train", path[0]));
  return p;
}

/* Every number of ranks and size of pieces against one rank. */
static void compare(const hpo_plan *p, const int *piece, size_t n_piece) {
  static const int ranks[] = {2, 3, 5};

  for (size_t k = 0; k < n_piece; k++) {
    hpo_buffer alone = {0};

    testload_run(p, 1, piece[k], true, &alone);
    for (size_t i = 0; i < 3; i++)
      for (int is_shared = 0; is_shared < 2; is_shared++) {
        hpo_buffer together = {0};

        testload_run(p, ranks[i], piece[k], is_shared == 1, &together);
        if (together.n != alone.n ||
            memcmp(together.byte, alone.byte, alone.n) != 0)
          fail_msg("%d ranks, pieces of %d bytes: '%.300s' and alone '%.300s'",
                   ranks[i], piece[k], (const char *)together.byte,
                   (const char *)alone.byte);
        hpo_buffer_free(&together);
      }
    hpo_buffer_free(&alone);
  }
}

static const int some_pieces[] = {1, 3, 7, 28, 64, 1000};
enum { N_PIECE = sizeof some_pieces / sizeof *some_pieces };

static void test_awkward(void **state) {
  static const char *const text[] = {
      "a,c,y\n1,red,1\n2,blue,2\n3,red,3\n4,green,4\n",
      "a,c,y\r\n1,red,1\r\n\r\n2,blue,2\r\n3,red,3\r\n\r\n\r\n4,green,4",
      "a,c,y\r1,red,1\r2,blue,2\r\r3,red,3\r4,green,4\r",
      "\357\273\277a,c,y\n1,red,1\n \n\t\n2,blue,2\n3,red,3\n4,g,4\n   ",
      "a,c,y\n1,red,1\n \n2,\"bl\nue\",2\n3,\"r\"\"e,d\",3\n4,g,4\n   ",
      "a,c,y\n1,x,1\n2,\"one\nto,o,9\n3,1,1\n4,\",5\n6,7,8\n",
      "a,c,y\n1,x,1\n2,\"never closed\n3,x,1\n4,x,5\n6,y,8\n",
      "a,c,y\n1,x,1\n2,x,2\n3,x,3\n4,x,4,5\n6,y,8\n",
      "a,c,y\n1,x,1\n2,x,2\n3,x,3\n4,x\n6,y,8\n",
      "a,c,y\n1,x,1\n2,x,2\n3,x,3\n4,x,inf\n6,y,8\n",
      "a,c,y\n1,1,1\n2,2,2\n3,3,3\n4,4,4\n5,5,5\n6,6,6\n7,late,8\n8,9,1\n",
      "a,c,y\n1,,1\n2,,2\n3,,3\n4,,4\n5,,5\n6,,6\n7,late,8\n8,9,1\n9,10,1\n",
      "a,c,y\n1,1,1\n2,b,2\n3,3,3\n4,4,4\n5,5,5\n6,6,6\n7,late,8\n8,9,1\n",
      "a,c,y\n1e40,x,1\n",
      "a,c,y\n",
      "\n\n\n",
      "",
      "1,2,3\n4,5,6\n7,8,9\n1e-3,+2,-0\n",
      "a,c,y\n1,x,1\n2,\xff,2\n3,x,3\n",
      "a,c,y\n1,x,1\n2,NA,2\n3,x,\n",
      "a,c,y\n1,x,1\n2,\"q\"t,2\n3,x,3\n4,x,4\n"};
  static const char *const plain[] = {"seed", "3", NULL};
  static const char *const some[] = {"label",    "2",   "weight", "a",
                                     "fraction", "0.3", NULL};
  static const char *const classes[] = {"label", "c", "task", "multiclass",
                                        NULL};
  static const char *const *const how[] = {plain, some, classes};

  (void)state;
  for (size_t i = 0; i < sizeof text / sizeof *text; i++)
    for (size_t h = 0; h < 3; h++) {
      hpo_plan *p = plan_of(how[h]);

      write_text(0, text[i], strlen(text[i]));
      compare(p, some_pieces, N_PIECE);
      hpo_plan_destroy(p);
    }
}

/* Two files, a validation file, groups by name, labels by name. */
static void test_files(void **state) {
  static const char one[] = "g,a,c,y\nu,1,red,no\nv,2,blue,yes\nu,3,red,no\n"
                            "w,4,green,yes\nv,5,red,no\nw,NA,blue,yes\n";
  static const char two[] = "g,a,c,y\nw,6,black,yes\nx,7,,no\n";
  const char *const word[] = {"task",  "binary", "train", path[1],
                              "group", "g",      NULL};
  const char *const word2[] = {
      "task", "binary", "train", path[1],      "ignore", "g", "missing",
      "5",    "seed",   "7",     "validation", path[1],  NULL};
  hpo_plan *p = NULL;

  (void)state;
  write_text(0, one, sizeof one - 1);
  write_text(1, two, sizeof two - 1);
  p = plan_of(word);
  p->data.has_folds = true;
  p->data.folds = 2;
  compare(p, some_pieces, N_PIECE);
  hpo_plan_destroy(p);
  p = plan_of(word2);
  compare(p, some_pieces, N_PIECE);
  hpo_plan_destroy(p);
}

/* Random tables with quotes, line ends of all kinds, blanks. */
static void write_random(hpo_rng *dice) {
  static const char *const value[] = {
      "1",        "-2.5", "",    "NA",   "x",   "y z",   "\"q\"",
      "\"a\nb\"", " 3 ",  "1e3", "\"\"", "0.1", "\"\r\""};
  static const char *const line[] = {"\n", "\r\n", "\r", "\n\n", "\n \n"};
  const size_t kinds = 1 + (size_t)hpo_rng_below(dice, 13);
  hpo_buffer b = {0};
  hpo_error err = {0};

  assert_int_equal(hpo_buffer_format(&b, &err, "a,b,y\n"), HPO_OK);
  for (uint64_t n = 1 + hpo_rng_below(dice, 40); n > 0; n--)
    assert_int_equal(hpo_buffer_format(&b, &err, "%s,%s,%d%s",
                                       value[hpo_rng_below(dice, kinds)],
                                       value[hpo_rng_below(dice, kinds)],
                                       (int)(n % 3),
                                       line[hpo_rng_below(dice, 5)]),
                     HPO_OK);
  write_text(0, (const char *)b.byte, b.n);
  hpo_buffer_free(&b);
}

static void test_random(void **state) {
  static const char *const word[] = {"header", "yes", NULL};
  hpo_plan *p = plan_of(word);
  hpo_rng dice = hpo_rng_make(20, HPO_RNG_TEST, 0, 0);

  (void)state;
  for (int i = 0; i < 100; i++) {
    const int piece = 1 + (int)hpo_rng_below(&dice, 100);

    write_random(&dice);
    compare(p, &piece, 1);
  }
  hpo_plan_destroy(p);
}

typedef struct creation {
  const hpo_plan *plan;
  bool is_there[TESTNODE_MOST];
} creation;

static void create(hpo_shared *node, void *argument) {
  creation *c = argument;
  hpo_together *t = NULL;
  hpo_error err = {0};

  HPO_ASSERT(hpo_together_create(c->plan, node, &t, &err) == HPO_OK);
  c->is_there[node->node_rank] = t != NULL;
  hpo_together_destroy(t);
}

static void check_created(const hpo_plan *p, int ranks, bool is_shared,
                          bool expected) {
  creation c = {.plan = p};

  testnode_run(ranks, is_shared, create, &c);
  for (int r = 0; r < ranks; r++)
    assert_int_equal(c.is_there[r], expected);
}

/* When files are read in parts, and when the leader has to read alone: the
 * first rows, a quarter of a piece, tell which columns hold texts. */
static void test_when(void **state) {
#define ROWS "a,b,y\n1,r,1\n2,r,2\n3,g,3\n4,\"b\",4\n5,b,5\n6,r,6\n7,b,7\n"
#define NUMBERS "a,b,y\n1,1,1\n2,2,2\n3,3,3\n4,4,4\n5,5,5\n6,6,6\n7,7,7\n"
  static const struct {
    const char *text;
    const char *piece;
    bool is_together;
  } c[] = {
      {ROWS, "32", true},
      {ROWS, "28", true},
      {NUMBERS, "5", true},
      {ROWS ROWS, "1000", false}, /* one piece */
      {ROWS "8,\"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\"\n", "32", false},
      {ROWS "8,b\n", "32", false},
      {NUMBERS "x,8,8\n", "28", false}};
  static const char *const word[] = {"seed", "1", NULL};
  hpo_plan *p = plan_of(word);

  (void)state;
  for (size_t i = 0; i < sizeof c / sizeof *c; i++) {
    write_text(0, c[i].text, strlen(c[i].text));
    assert_int_equal(setenv("HPOTUNE_TEST_PIECE", c[i].piece, 1), 0);
    check_created(p, 2, true, c[i].is_together);
    check_created(p, 5, true, c[i].is_together);
    check_created(p, 2, false, false); /* no memory that is shared */
    check_created(p, 1, true, false);
    assert_int_equal(unsetenv("HPOTUNE_TEST_PIECE"), 0);
  }
  hpo_plan_destroy(p);
}

/* SHA-256 of "abc" (FIPS 180-2, B.1); pieces of a byte; parts of a whole. */
static void test_digest(void **state) {
  static const char abc[] = "ba7816bf8f01cfea414140de5dae2223"
                            "b00361a396177a9cb410ff61f20015ad";
  char lines[3 * HPO_DIGEST_LINE], whole[65], hex[65];
  hpo_digest d;

  (void)state;
  hpo_digest_start(&d, 3, lines);
  hpo_digest_add(&d, "ab", 2);
  hpo_digest_add(&d, "c", 1);
  hpo_digest_end(&d, hex);
  assert_string_equal(hex, abc);
  hpo_digest_join(lines, 1, hex);
  assert_string_equal(hex, abc);

  hpo_digest_start(&d, 2, NULL);
  hpo_digest_add(&d, "abcde", 5);
  hpo_digest_end(&d, whole);
  for (size_t k = 0; k < 3; k++) {
    hpo_digest_start(&d, 2, lines + k * HPO_DIGEST_LINE);
    hpo_digest_limit(&d, 2 * k, 2);
    hpo_digest_add(&d, "abc", 3);
    hpo_digest_add(&d, "de", 2);
    hpo_digest_end(&d, hex);
  }
  hpo_digest_join(lines, 3, hex);
  assert_string_equal(hex, whole);
}

/* The processor's own instructions, where it has them, and plain C. */
static void test_own(void **state) {
  uint8_t byte[1000];
  hpo_rng dice = hpo_rng_make(21, HPO_RNG_TEST, 0, 0);

  (void)state;
  for (size_t i = 0; i < sizeof byte; i++)
    byte[i] = (uint8_t)hpo_rng_next64(&dice);
  for (size_t n = 0; n <= sizeof byte; n += 13) {
    hpo_sha256 a, b;
    char own[65], plain[65];

    hpo_sha256_start(&a);
    b = a;
    b.is_own = false;
    hpo_sha256_add(&a, byte, n / 3);
    hpo_sha256_add(&a, byte + n / 3, n - n / 3);
    hpo_sha256_add(&b, byte, n);
    hpo_sha256_end(&a, own);
    hpo_sha256_end(&b, plain);
    assert_string_equal(own, plain);
  }
}

static int start(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    int f = 0;

    strcpy(path[k], "/tmp/hpotune-test-XXXXXX");
    f = mkstemp(path[k]);
    if (f < 0 || close(f) != 0)
      return -1;
  }
  return 0;
}

static int stop(void **state) {
  (void)state;
  return unlink(path[0]) | unlink(path[1]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_awkward), cmocka_unit_test(test_files),
      cmocka_unit_test(test_random),  cmocka_unit_test(test_when),
      cmocka_unit_test(test_digest),  cmocka_unit_test(test_own)};
  return cmocka_run_group_tests_name("together", tests, start, stop);
}
