/* SPDX-License-Identifier: BSD-3-Clause */
/* Seconds from a file to memory and from memory to codes.
 *
 *   [mpirun -np N] bench_load FILE LABEL [max_bin ...]
 *
 * The ranks of one node load the file together, as `hpotune run` does, and
 * bin it for all the max_bin at once; a regression, all rows train.
 * Standard output, of the node's leader: what, wall seconds, CPU seconds
 * summed over the ranks; then rows, features and the data's hash. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hpo/bins.h"
#include "hpo/comm.h"
#include "testplan.h"

static hpo_mpi *world;

static void must(hpo_status status, const hpo_error *err) {
  if (status == HPO_OK)
    return;
  fprintf(stderr, "bench_load: %s\n", err->text);
  hpo_mpi_abort(world, 1);
  exit(1);
}

static double now(clockid_t clock) {
  struct timespec t;

  (void)clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef struct watch {
  double wall, cpu;
} watch;

static watch start(const hpo_coll *c) {
  hpo_error err = {0};
  double x = 0;

  must(c->max(c->self, &x, 1, &err), &err);
  return (watch){now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID)};
}

static void stop(const hpo_coll *c, watch w, const char *what) {
  hpo_error err = {0};
  double wall = now(CLOCK_MONOTONIC) - w.wall;
  int64_t cpu = (int64_t)(1e9 * (now(CLOCK_PROCESS_CPUTIME_ID) - w.cpu));

  must(c->max(c->self, &wall, 1, &err), &err);
  must(c->sum(c->self, &cpu, 1, &err), &err);
  if (c->rank == 0)
    printf("%s %.4f %.4f\n", what, wall, 1e-9 * (double)cpu);
}

int main(int argc, char **argv) {
  enum { MOST = 64 };
  hpo_error err = {0};
  hpo_plan *plan = testplan_make();
  hpo_dataset *d = NULL;
  hpo_bins *b[MOST] = {NULL};
  watch w;

  if (argc < 3 || argc - 3 > MOST || !testplan_set(plan, "train", argv[1]) ||
      !testplan_set(plan, "label", argv[2])) {
    fprintf(stderr, "usage: bench_load FILE LABEL [max_bin ...]\n");
    return 2;
  }
  must(hpo_mpi_start(&argc, &argv, 0, &world, &err), &err);
  hpo_coll c = hpo_mpi_world(world);
  hpo_shared node = hpo_mpi_node(world);

  w = start(&c);
  must(hpo_dataset_load(plan, &node, &d, &err), &err);
  stop(&c, w, "load");
  w = start(&c);
  for (int i = 3; i < argc; i++)
    must(hpo_bins_create(d, atoi(argv[i]), &b[i - 3], &err), &err);
  stop(&c, w, "bin");
  if (c.rank == 0)
    printf("rows %lld columns %zu hash %s\n", (long long)d->rows, d->columns,
           d->hash);
  for (int i = 3; i < argc; i++)
    hpo_bins_destroy(b[i - 3]);
  hpo_dataset_destroy(d);
  hpo_plan_destroy(plan);
  hpo_mpi_end(world);
  return 0;
}
