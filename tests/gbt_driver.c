/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains gbt on arrays from a file, for the Python checks and benchmarks.
 *
 *   gbt_driver DATA MODEL PREDICTIONS [option=value ...] [seed=N]
 *
 * DATA: arrays.h.
 * MODEL gets the saved bytes, PREDICTIONS float64 [n_valid][k].  Prints CPU
 * seconds of binning and of training as JSON. */
#include "arrays.h"
#include "hpo/bins.h"
#include "hpo/clock.h"
#include "hpo/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_options(hpo_options *o, int argc, char **argv,
                        uint64_t *seed) {
  hpo_error err = {0};

  for (int i = 4; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL)
      arrays_stop("an option is name=value");
    *value++ = '\0';
    if (strcmp(argv[i], "seed") == 0)
      *seed = strtoull(value, NULL, 10);
    else if (hpo_options_set(o, argv[i], value, &err) != HPO_OK)
      arrays_stop(err.text);
  }
}

static void train(const hpo_model_kind *kind, const hpo_model_input *in,
                  char **argv, size_t k) {
  hpo_error err = {0};
  hpo_buffer model = {0};
  void *self = NULL;
  double *p = calloc(in->part.n_valid * k + 1, sizeof *p);

  if (p == NULL || kind->create(in, &self, &err) != HPO_OK)
    arrays_stop(err.text);
  for (int64_t i = 0; i < kind->steps(in->options); i++)
    if (kind->step(self, &err) != HPO_OK)
      arrays_stop(err.text);
  if (kind->predict_valid(self, p, &err) != HPO_OK ||
      kind->save(self, &model, &err) != HPO_OK)
    arrays_stop(err.text);
  arrays_write(argv[2], model.byte, model.n);
  arrays_write(argv[3], p, in->part.n_valid * k * sizeof *p);
  kind->destroy(self);
  hpo_buffer_free(&model);
  free(p);
}

int main(int argc, char **argv) {
  const hpo_model_kind *kind = hpo_model_find("gbt");
  hpo_options *o = NULL;
  hpo_coll coll = hpo_coll_serial();
  hpo_error err = {0};
  hpo_dataset *d = NULL;
  hpo_bins *bins = NULL;
  uint64_t seed = 1;
  double start = 0, binned = 0, trained = 0;

  if (argc < 4)
    arrays_stop("usage: gbt_driver DATA MODEL PREDICTIONS [option=value ...]");
  d = arrays_read(argv[1]);
  if (hpo_options_create(kind->option, kind->n_option, &o, &err) != HPO_OK)
    arrays_stop(err.text);
  set_options(o, argc, argv, &seed);
  start = hpo_clock_cpu();
  if (hpo_bins_create(d, (int)hpo_options_get_int(o, "max_bin"), &bins,
                      &err) != HPO_OK)
    arrays_stop(err.text);
  binned = hpo_clock_cpu();
  hpo_model_input in = {.options = o,
                        .seed = seed,
                        .part = {.data = d,
                                 .bins = bins,
                                 .train = d->train,
                                 .valid = d->valid,
                                 .n_train = (size_t)d->n_train,
                                 .n_valid = (size_t)d->n_valid,
                                 .train_total = d->n_train},
                        .coll = &coll};
  train(kind, &in, argv, d->task == HPO_TASK_MULTICLASS ? d->n_class : 1);
  trained = hpo_clock_cpu();
  printf("{\"binning\": %.6f, \"training\": %.6f}\n", binned - start,
         trained - binned);
  hpo_bins_destroy(bins);
  hpo_dataset_destroy(d);
  hpo_options_destroy(o);
  return 0;
}
