/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains logistic, linear or mlp on arrays from a file, for the Python checks
 * and benchmarks.
 *
 *   linear_driver DATA MODEL PREDICTIONS KIND [option=value ...]
 *                 [+ option=value ...] ...
 *                 [standardize=1] [impute=mean] [ranks=N] [folds=N]
 *                 [untrained=1] [together=1] [shelf=1] [seed=N]
 *
 * One model for each set of options that a + ends.  DATA: arrays.h; columns
 * with categories are taken one-hot.  MODEL gets the saved bytes, PREDICTIONS
 * float64 [n_valid][k], of one model after the other.  Prints as JSON: seconds
 * (wall and CPU) with the design matrix, CPU seconds of create and steps alone
 * (train), steps of the first model. */
#include "arrays.h"
#include "hpo/blas.h"
#include "hpo/clock.h"
#include "trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WORDS = 1024, MOST_MODELS = 64 };

/* What is said of all models; false: an option of one. */
static bool take_word(const char *word, hpo_plan_data *plan,
                      trainer_options *how) {
  if (strcmp(word, "standardize=1") == 0)
    plan->standardize = true;
  else if (strncmp(word, "impute=", 7) == 0)
    plan->impute = strdup(word + 7);
  else if (strncmp(word, "ranks=", 6) == 0)
    how->ranks = word[6] - '0';
  else if (strncmp(word, "folds=", 6) == 0)
    how->folds = strtoull(word + 6, NULL, 10);
  else if (strncmp(word, "seed=", 5) == 0)
    how->seed = strtoull(word + 5, NULL, 10);
  else if (strcmp(word, "untrained=1") == 0)
    how->is_untrained = true;
  else if (strcmp(word, "together=1") == 0)
    how->is_together = true;
  else if (strcmp(word, "shelf=1") == 0)
    how->has_shelf = true;
  else
    return false;
  return true;
}

/* Bytes of all models, and predictions, to the files. */
static void write_all(trainer_result *r, size_t n, char **argv) {
  hpo_buffer model = {0}, p = {0};

  for (size_t i = 0; i < n; i++)
    if (hpo_buffer_add(&model, r[i].model.byte, r[i].model.n, NULL) ||
        hpo_buffer_add(&p, r[i].p, r[i].n * sizeof *r[i].p, NULL))
      arrays_stop("no memory");
  arrays_write(argv[2], model.byte, model.n);
  arrays_write(argv[3], p.byte, p.n);
  hpo_buffer_free(&model);
  hpo_buffer_free(&p);
}

int main(int argc, char **argv) {
  static const char *words[MOST_WORDS + MOST_MODELS];
  const char *const *set[MOST_MODELS] = {words};
  trainer_result r[MOST_MODELS];
  hpo_plan_data plan = {.impute = NULL};
  trainer_options how = {.ranks = 1, .plan = &plan};
  size_t n = 0, models = 1;

  if (argc < 5 || argc > MOST_WORDS)
    arrays_stop("usage: linear_driver DATA MODEL PREDICTIONS KIND "
                "[option=value ...]");
  for (int i = 5; i < argc; i++) {
    if (strcmp(argv[i], "+") == 0 && models < MOST_MODELS) {
      words[n++] = NULL;
      set[models++] = words + n;
    } else if (!take_word(argv[i], &plan, &how)) {
      words[n++] = argv[i];
    }
  }
  hpo_blas_start();
  hpo_dataset *d = arrays_read(argv[1]);
  for (size_t j = 0; j < d->columns; j++)
    d->column[j].onehot = d->column[j].categorical;
  double start = hpo_clock_seconds(), cpu = hpo_clock_cpu();
  trainer_train_all(argv[4], d, set, models, &how, r);
  double end = hpo_clock_seconds();
  cpu = hpo_clock_cpu() - cpu;
  write_all(r, models, argv);
  printf("{\"seconds\": %.6f, \"cpu\": %.6f, \"train\": %.6f, "
         "\"steps\": %lld}\n",
         end - start, cpu, r->train, (long long)r->steps);
  for (size_t i = 0; i < models; i++)
    trainer_free(&r[i]);
  free(plan.impute);
  hpo_dataset_destroy(d);
  return 0;
}
