/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages, collectives, node memory and teams over MPI; run by mpirun with
 * 1 to 4 ranks, or alone.  A rank that finds a fault ends them all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/mpi_limits.h"
#include "hpo/comm.h"
#include "hpo/rng.h"

#define CHECK(what) check(m, (what), #what, __LINE__)

static void check(hpo_mpi *m, bool good, const char *what, int line) {
  if (good)
    return;
  fprintf(stderr, "test_comm_mpi.c:%d: not so: %s\n", line, what);
  hpo_mpi_abort(m, 1);
  exit(1);
}

static void must(hpo_mpi *m, hpo_status status, const hpo_error *err) {
  if (status != HPO_OK)
    fprintf(stderr, "%s\n", err->text);
  check(m, status == HPO_OK, "status is HPO_OK", 0);
}

/* All ranks are here. */
static void meet(hpo_mpi *m) {
  hpo_error err = {0};
  hpo_coll world = hpo_mpi_world(m);
  int64_t one = 1;

  must(m, world.sum(world.self, &one, 1, &err), &err);
  CHECK(one == world.size);
}

/* --- messages: every rank sends to every other, sizes from 0 to several
 * chunks; each says who, which number, and has the bytes that follow from
 * that. */

enum { MESSAGES = 60, MOST = 20000 };

static size_t fill(uint8_t *bytes, int from, int to, int number) {
  hpo_rng rng = hpo_rng_make(17, HPO_RNG_TEST, (uint64_t)(from * 100 + to),
                             (uint32_t)number);
  size_t n = number % 3 == 0 ? 0 : hpo_rng_next32(&rng) % MOST;

  if (number == 7)
    n = 3 * 999; /* whole chunks */
  for (size_t i = 0; i < n; i++)
    bytes[i] = (uint8_t)hpo_rng_next32(&rng);
  return n;
}

static void test_messages(hpo_mpi *m, size_t chunk) {
  static uint8_t bytes[MOST];
  hpo_error err = {0};
  hpo_comm c = hpo_mpi_comm(m);
  hpo_buffer got = {0};
  hpo_backoff wait = {0};
  int next[64] = {0}, missing = (c.size - 1) * MESSAGES;
  int64_t sent = 0;

  hpo_mpi_set_limits(m, chunk, SIZE_MAX);
  for (int i = 0; i < MESSAGES; i++)
    for (int to = 0; to < c.size; to++)
      if (to != c.rank) {
        size_t n = fill(bytes, c.rank, to, i);
        must(m, c.send(c.self, to, i % 5, bytes, n, &err), &err);
        memset(bytes, 0, n); /* send has copied them */
        sent += (int64_t)n;
      }
  while (missing > 0) {
    bool have = false;
    int from = -1, tag = -1;
    must(m, c.receive(c.self, &have, &from, &tag, &got, &err), &err);
    hpo_backoff_turn(&wait, have);
    if (!have)
      continue;
    size_t n = fill(bytes, from, c.rank, next[from]);
    CHECK(tag == next[from] % 5);
    CHECK(got.n == n && (n == 0 || memcmp(got.byte, bytes, n) == 0));
    next[from]++;
    missing--;
  }
  while (c.pending(c.self) > 0)
    hpo_backoff_turn(&wait, false);
  meet(m);
  CHECK(c.bytes_sent(c.self) >= sent);
  hpo_buffer_free(&got);
}

/* --- collectives ------------------------------------------------------- */

/* Rank r has 7 r + 3 numbers of the sums. */
static void test_parts(hpo_mpi *m, hpo_coll c) {
  enum { MOST_PART = 7 * 64 };
  hpo_error err = {0};
  int64_t *x = calloc((size_t)c.size * MOST_PART, sizeof *x), out[MOST_PART];
  size_t n[64] = {0}, at = 0, mine = 0;
  int64_t ranks = c.size * (c.size + 1) / 2;

  CHECK(x != NULL);
  for (int r = 0; r < c.size; r++) {
    n[r] = 7 * (size_t)r + 3;
    mine = r == c.rank ? at : mine;
    for (size_t i = 0; i < n[r]; i++, at++)
      x[at] = (int64_t)(c.rank + 1) << 33 | (int64_t)at;
  }
  must(m, c.sum_parts(c.self, x, n, out, &err), &err);
  for (size_t i = 0; i < n[c.rank]; i++)
    CHECK(out[i] == (ranks << 33) + (int64_t)c.size * (int64_t)(mine + i));
  free(x);
}

/* Record i is best on rank i, and on all where i divides by three. */
static void test_best(hpo_mpi *m, hpo_coll c) {
  enum { N = 9 };
  struct record {
    double score;
    int rank, number;
  } x[N];
  hpo_error err = {0};

  for (int i = 0; i < N; i++)
    x[i] = (struct record){i % 3 == 0             ? -1.0
                           : i % c.size == c.rank ? 0.5
                                                  : -0.5,
                           c.rank, i};
  must(m, c.best(c.self, x, N, sizeof *x, &err), &err);
  for (int i = 0; i < N; i++)
    CHECK(x[i].number == i && x[i].rank == (i % 3 == 0 ? 0 : i % c.size));
}

static size_t bytes_between(int from, int to) {
  return (size_t)(from * 31 + to * 17) % 200;
}

static void test_exchange(hpo_mpi *m, hpo_coll c) {
  hpo_error err = {0};
  hpo_buffer out = {0}, in = {0};
  size_t n[64] = {0}, came[64] = {0}, at = 0;

  for (int to = 0; to < c.size; to++) {
    n[to] = bytes_between(c.rank, to);
    for (size_t i = 0; i < n[to]; i++) {
      uint8_t byte = (uint8_t)(c.rank + 3 * to + (int)i);
      must(m, hpo_buffer_add(&out, &byte, 1, &err), &err);
    }
  }
  must(m, c.exchange(c.self, out.byte, n, &in, came, &err), &err);
  for (int r = 0; r < c.size; r++) {
    CHECK(came[r] == bytes_between(r, c.rank));
    for (size_t i = 0; i < came[r]; i++)
      CHECK(in.byte[at++] == (uint8_t)(r + 3 * c.rank + (int)i));
  }
  CHECK(at == in.n);
  must(m, c.share(c.self, out.byte, n[0], &in, came, &err), &err);
  at = 0;
  for (int r = 0; r < c.size; r++) {
    CHECK(came[r] == bytes_between(r, 0));
    for (size_t i = 0; i < came[r]; i++)
      CHECK(in.byte[at++] == (uint8_t)(r + (int)i));
  }
  CHECK(at == in.n);
  hpo_buffer_free(&out);
  hpo_buffer_free(&in);
}

static void test_coll(hpo_mpi *m, hpo_coll c, size_t chunk) {
  enum { N = 1000 };
  hpo_error err = {0};
  int64_t x[N], before = c.bytes_sent(c.self);
  double d[N];
  uint8_t b[N];

  hpo_mpi_set_limits(m, chunk, SIZE_MAX);
  for (int i = 0; i < N; i++) {
    x[i] = (int64_t)(c.rank + 1) << 40 | i;
    d[i] = (double)(i % 2 ? c.rank : -c.rank);
    b[i] = (uint8_t)(c.rank == 0 ? i : 0);
  }
  must(m, c.sum(c.self, x, N, &err), &err);
  must(m, c.max(c.self, d, N, &err), &err);
  must(m, c.broadcast(c.self, b, N, &err), &err);
  int64_t ranks = c.size * (c.size + 1) / 2;
  for (int i = 0; i < N; i++) {
    CHECK(x[i] == (ranks << 40) + (int64_t)c.size * i);
    CHECK(d[i] == (double)(i % 2 ? c.size - 1 : 0));
    CHECK(b[i] == (uint8_t)i);
  }
  must(m, c.sum(c.self, x, 0, &err), &err);
  CHECK(c.size == 1 || c.bytes_sent(c.self) >= before + 16 * N);

  /* rank r gives 100 r bytes of value r + 1; rank 0 none */
  size_t count[64] = {0}, at = 0;
  uint8_t *all = NULL;
  memset(b, c.rank + 1, N);
  must(m,
       c.gather(c.self, b, 100 * (size_t)c.rank, &all,
                c.rank == 0 ? count : NULL, &err),
       &err);
  CHECK((all != NULL) == (c.rank == 0));
  for (int r = 0; c.rank == 0 && r < c.size; r++) {
    CHECK(count[r] == 100 * (size_t)r);
    for (size_t i = 0; i < count[r]; i++)
      CHECK(all[at++] == r + 1);
  }
  hpo_mem_free(all);
  test_parts(m, c);
  test_best(m, c);
  test_exchange(m, c);
  CHECK(c.size == 1 || c.calls(c.self) >= 9);
}

/* --- node memory ------------------------------------------------------- */

static void test_node(hpo_mpi *m, size_t room, bool expect_shared) {
  enum { N = 3 << 20 };
  hpo_error err = {0};
  hpo_shared s = hpo_mpi_node(m);
  uint8_t *a = NULL, *b = NULL;
  bool a_shared = false, b_shared = false;
  size_t n = s.node_rank == 0 ? N : 0; /* the leader's counts */
  int64_t told = s.node_rank == 0 ? 77 : 0;

  hpo_mpi_set_limits(m, 1 << 16, room);
  must(m, s.broadcast(s.self, &told, sizeof told, &err), &err);
  CHECK(told == 77);
  must(m, s.alloc(s.self, n, &a, &a_shared, &err), &err);
  must(m, s.alloc(s.self, 1, &b, &b_shared, &err), &err);
  CHECK((uintptr_t)a % 64 == 0 && (uintptr_t)b % 64 == 0);
  CHECK(a_shared == (expect_shared || s.node_size == 1));
  if (s.node_rank == 0) {
    for (size_t i = 0; i < N; i++)
      a[i] = (uint8_t)(i * 7);
    b[0] = 9;
  }
  must(m, s.ready(s.self, a, N, &err), &err);
  must(m, s.ready(s.self, b, 1, &err), &err);
  for (size_t i = 0; i < N; i++)
    CHECK(a[i] == (uint8_t)(i * 7));
  CHECK(b[0] == 9);
  s.free(s.self, a);
  s.free(s.self, NULL);
  if (room == SIZE_MAX)
    s.free(s.self, b); /* else hpo_mpi_end frees it */
}

/* --- teams, waiting ---------------------------------------------------- */

static void test_team(hpo_mpi *m, int k) {
  hpo_error err = {0};
  hpo_coll world = hpo_mpi_world(m), c = {0};
  int team = -2, n_teams = 0, workers = world.size > 1 ? world.size - 1 : 1;

  if (world.size > 1) {
    CHECK(hpo_mpi_team(m, 99, &c, &team, &n_teams, &err) == HPO_EINVAL);
    CHECK(strstr(err.text, "ranks-per-trial is 99") && team == -2);
  }
  if (k > workers)
    k = 1;
  must(m, hpo_mpi_team(m, k, &c, &team, &n_teams, &err), &err);
  int size = k == 0 ? workers : k;
  CHECK(n_teams == workers / size);
  if (world.size > 1 && world.rank == 0) {
    CHECK(c.size == 0 && team == -1);
  } else if (world.rank > n_teams * size) {
    CHECK(c.size == 0 && team == -1); /* an odd rank */
  } else {
    CHECK(c.size == size);
    CHECK(world.size == 1 || (team == (world.rank - 1) / size &&
                              c.rank == (world.rank - 1) % size));
    test_coll(m, c, 64);
  }
}

int main(int argc, char **argv) {
  hpo_error err = {0};
  hpo_mpi *m = NULL;
  char text[128];
  int k = argc > 1 ? atoi(argv[1]) : 1;

  if (hpo_mpi_start(&argc, &argv, 0, &m, &err) != HPO_OK) {
    fprintf(stderr, "%s\n", err.text);
    return 1;
  }
  hpo_coll world = hpo_mpi_world(m);
  hpo_mpi_describe(text, sizeof text);
  CHECK(strlen(text) > 4);
  CHECK(hpo_mpi_rank_hint() == world.rank);
  CHECK(world.rank == hpo_mpi_comm(m).rank);
  if (world.rank == 0)
    printf("%s, %d ranks, %d on this node\n", text, world.size,
           hpo_mpi_node(m).node_size);
  test_messages(m, 999);
  test_messages(m, 1 << 30);
  test_coll(m, world, 64);
  test_coll(m, world, 1 << 30);
  test_node(m, SIZE_MAX, true);
  test_node(m, 0, false);
  test_team(m, k);
  meet(m);
  fprintf(stderr, "rank %d: all is well\n", world.rank);
  hpo_mpi_end(m);
  hpo_mpi_end(NULL);
  return 0;
}
