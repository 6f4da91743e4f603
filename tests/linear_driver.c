/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains logistic, linear or mlp on arrays from a file, for the Python checks
 * and benchmarks.
 *
 *   linear_driver DATA MODEL PREDICTIONS KIND [option=value ...]
 *                 [standardize=1] [impute=mean] [ranks=N]
 *                 [untrained=1] [seed=N]
 *
 * DATA: arrays.h; columns with categories are taken one-hot.  MODEL gets the
 * saved bytes, PREDICTIONS float64 [n_valid][k].  Prints seconds (wall and
 * CPU) and steps of the training as JSON. */
#include "arrays.h"
#include "hpo/blas.h"
#include "hpo/clock.h"
#include "trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 32 };

int main(int argc, char **argv) {
  const char *words[MOST_WORDS + 1] = {NULL};
  hpo_plan_data plan = {.impute = NULL};
  trainer_options how = {.ranks = 1, .plan = &plan};
  size_t n = 0;

  if (argc < 5 || argc > MOST_WORDS)
    arrays_stop("usage: linear_driver DATA MODEL PREDICTIONS KIND "
                "[option=value ...]");
  for (int i = 5; i < argc; i++) {
    if (strcmp(argv[i], "standardize=1") == 0)
      plan.standardize = true;
    else if (strncmp(argv[i], "impute=", 7) == 0)
      plan.impute = argv[i] + 7;
    else if (strncmp(argv[i], "ranks=", 6) == 0)
      how.ranks = argv[i][6] - '0';
    else if (strncmp(argv[i], "seed=", 5) == 0)
      how.seed = strtoull(argv[i] + 5, NULL, 10);
    else if (strcmp(argv[i], "untrained=1") == 0)
      how.is_untrained = true;
    else
      words[n++] = argv[i];
  }
  hpo_blas_start();
  hpo_dataset *d = arrays_read(argv[1]);
  for (size_t j = 0; j < d->columns; j++)
    d->column[j].onehot = d->column[j].categorical;
  double start = hpo_clock_seconds(), cpu = hpo_clock_cpu();
  trainer_result r = trainer_train(argv[4], d, words, &how);
  double end = hpo_clock_seconds();
  cpu = hpo_clock_cpu() - cpu;
  arrays_write(argv[2], r.model.byte, r.model.n);
  arrays_write(argv[3], r.p, r.n * sizeof *r.p);
  printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"steps\": %lld}\n", end - start,
         cpu, (long long)r.steps);
  trainer_free(&r);
  hpo_dataset_destroy(d);
  return 0;
}
