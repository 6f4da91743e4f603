/* SPDX-License-Identifier: BSD-3-Clause */
/* Seconds from a file to memory and from memory to codes.
 *
 *   [mpirun -np N] bench_load FILE LABEL [max_bin ...] [rounds=N]
 *
 * The ranks of one node load the file together, as `hpotune run` does, and
 * bin it for all the max_bin at once; a regression, all rows train.  With
 * rounds=N (and one max_bin) the first rank trains gbt on it, depth 6.
 * Standard output, of the node's leader: what, wall seconds, CPU seconds
 * summed over the ranks; then rows, features and the data's hash, and the
 * peak memory of this rank. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hpo/bins.h"
#include "hpo/comm.h"
#include "hpo/model.h"
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

static void train(const hpo_dataset *d, const hpo_bins *b,
                  const char *rounds) {
  const hpo_model_kind *kind = hpo_model_find("gbt");
  const hpo_coll alone = hpo_coll_serial();
  hpo_options *o = NULL;
  hpo_error err = {0};
  void *self = NULL;

  must(hpo_options_create(kind->option, kind->n_option, &o, &err), &err);
  must(hpo_options_set(o, "n_estimators", rounds, &err), &err);
  hpo_model_input in = {.options = o, .seed = 1, .coll = &alone};
  in.part = (hpo_part){.data = d, .bins = b, .train_total = d->n_train};
  in.part.train = d->train;
  in.part.n_train = (size_t)d->n_train;
  must(kind->create(&in, &self, &err), &err);
  for (int64_t i = kind->steps(o); i > 0; i--)
    must(kind->step(self, &err), &err);
  kind->destroy(self);
  hpo_options_destroy(o);
}

/* Kilobytes; getrusage would tell those of the parent before exec too. */
static long peak(void) {
  FILE *f = fopen("/proc/self/status", "r");
  char line[256];
  long kb = -1;

  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, "VmHWM:", 6) == 0)
      kb = strtol(line + 6, NULL, 10);
  if (f)
    (void)fclose(f);
  return kb;
}

int main(int argc, char **argv) {
  enum { MOST = 64 };
  hpo_error err = {0};
  hpo_plan *plan = testplan_make();
  hpo_dataset *d = NULL;
  hpo_bins *b[MOST] = {NULL};
  int max_bin[MOST];
  size_t n = 0;
  const char *rounds = NULL;
  watch w;

  if (argc > 4 && strncmp(argv[argc - 1], "rounds=", 7) == 0)
    rounds = argv[--argc] + 7;
  if (argc < 3 || argc - 3 > MOST || !testplan_set(plan, "train", argv[1]) ||
      !testplan_set(plan, "label", argv[2])) {
    fprintf(stderr, "usage: bench_load FILE LABEL [max_bin ...] "
                    "[rounds=N]\n");
    return 2;
  }
  must(hpo_mpi_start(&argc, &argv, 0, &world, &err), &err);
  hpo_coll c = hpo_mpi_world(world);
  hpo_shared node = hpo_mpi_node(world);

  w = start(&c);
  must(hpo_dataset_load(plan, &node, &d, &err), &err);
  stop(&c, w, "load");
  w = start(&c);
  while (n + 3 < (size_t)argc) {
    max_bin[n] = atoi(argv[n + 3]);
    n++;
  }
  if (n > 0)
    must(hpo_bins_create_all(d, max_bin, n, true, b, &err), &err);
  stop(&c, w, "bin");
  hpo_dataset_drop_x(d);
  w = start(&c);
  if (rounds && c.rank == 0)
    train(d, b[0], rounds);
  stop(&c, w, "train");
  if (c.rank == 0)
    printf("rows %lld columns %zu hash %s\npeak %ld\n", (long long)d->rows,
           d->columns, d->hash, peak());
  for (size_t k = 0; k < n; k++)
    hpo_bins_destroy(b[k]);
  hpo_dataset_destroy(d);
  hpo_plan_destroy(plan);
  hpo_mpi_end(world);
  return 0;
}
