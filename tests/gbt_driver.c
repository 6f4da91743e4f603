/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains gbt on arrays from a file, for the Python checks and benchmarks.
 *
 *   gbt_driver DATA MODEL PREDICTIONS [option=value ...] [seed=N]
 *
 * DATA, little-endian: int64 rows, columns, n_class, has_weight; uint8
 * role[rows]; float64 y[rows]; float64 weight[rows] if has_weight; int64
 * n_category[columns]; float32 x[columns][rows].
 * MODEL gets the saved bytes, PREDICTIONS float64 [n_valid][k].  Prints CPU
 * seconds of binning and of training as JSON. */
#include "hpo/bins.h"
#include "hpo/clock.h"
#include "hpo/model.h"
#include "testdata.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what) {
  fprintf(stderr, "gbt_driver: %s\n", what);
  exit(1);
}

static void *read_array(FILE *f, size_t n, size_t size) {
  void *x = malloc(n * size + 1);

  if (x == NULL || fread(x, size, n, f) != n)
    stop("cannot read the data");
  return x;
}

static hpo_dataset *read_data(const char *path) {
  FILE *f = fopen(path, "rb");
  int64_t *head = NULL;
  hpo_dataset *d = NULL;

  if (f == NULL)
    stop("cannot open the data");
  head = read_array(f, 4, sizeof *head);
  size_t rows = (size_t)head[0], columns = (size_t)head[1];
  uint8_t *role = read_array(f, rows, sizeof *role);
  double *y = read_array(f, rows, sizeof *y);
  double *w = head[3] ? read_array(f, rows, sizeof *w) : NULL;
  size_t *n_category = read_array(f, columns, sizeof *n_category);
  float *x = read_array(f, rows * columns, sizeof *x);
  d = testdata_make_full(rows, columns, x, y, (size_t)head[2], role, w,
                         n_category);
  free(head);
  free(role);
  free(y);
  free(w);
  free(n_category);
  free(x);
  fclose(f);
  return d;
}

static void write_file(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");

  if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
    stop("cannot write");
}

static void set_options(hpo_options *o, int argc, char **argv,
                        uint64_t *seed) {
  hpo_error err = {0};

  for (int i = 4; i < argc; i++) {
    char *value = strchr(argv[i], '=');
    if (value == NULL)
      stop("an option is name=value");
    *value++ = '\0';
    if (strcmp(argv[i], "seed") == 0)
      *seed = strtoull(value, NULL, 10);
    else if (hpo_options_set(o, argv[i], value, &err) != HPO_OK)
      stop(err.text);
  }
}

static void train(const hpo_model_kind *kind, const hpo_model_input *in,
                  char **argv, size_t k) {
  hpo_error err = {0};
  hpo_buffer model = {0};
  void *self = NULL;
  double *p = calloc(in->part.n_valid * k + 1, sizeof *p);

  if (p == NULL || kind->create(in, &self, &err) != HPO_OK)
    stop(err.text);
  for (int64_t i = 0; i < kind->steps(in->options); i++)
    if (kind->step(self, &err) != HPO_OK)
      stop(err.text);
  if (kind->predict_valid(self, p, &err) != HPO_OK ||
      kind->save(self, &model, &err) != HPO_OK)
    stop(err.text);
  write_file(argv[2], model.byte, model.n);
  write_file(argv[3], p, in->part.n_valid * k * sizeof *p);
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
    stop("usage: gbt_driver DATA MODEL PREDICTIONS [option=value ...]");
  d = read_data(argv[1]);
  if (hpo_options_create(kind->option, kind->n_option, &o, &err) != HPO_OK)
    stop(err.text);
  set_options(o, argc, argv, &seed);
  start = hpo_clock_cpu();
  if (hpo_bins_create(d, (int)hpo_options_get_int(o, "max_bin"), &bins,
                      &err) != HPO_OK)
    stop(err.text);
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
