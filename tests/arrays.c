/* SPDX-License-Identifier: BSD-3-Clause */
/* Arrays from and to files. */
#include "arrays.h"

#include "testdata.h"

#include <stdio.h>
#include <stdlib.h>

void arrays_stop(const char *what) {
  fprintf(stderr, "driver: %s\n", what);
  exit(1);
}

static void *read_array(FILE *f, size_t n, size_t size) {
  void *x = malloc(n * size + 1);

  if (x == NULL || fread(x, size, n, f) != n)
    arrays_stop("cannot read the data");
  return x;
}

hpo_dataset *arrays_read(const char *path) {
  FILE *f = fopen(path, "rb");
  int64_t *head = NULL;
  hpo_dataset *d = NULL;

  if (f == NULL)
    arrays_stop("cannot open the data");
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

void arrays_write(const char *path, const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");

  if (f == NULL || fwrite(bytes, 1, n, f) != n || fclose(f) != 0)
    arrays_stop("cannot write");
}
