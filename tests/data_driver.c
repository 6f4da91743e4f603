/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads a data set for check_data.py.
 *
 * data_driver OUT NAME=VALUE ...: names as in testplan.h, and max_bin.
 * Standard output: lines of words; texts as hexadecimal, "-" if empty.
 *   rows N columns N n_train N n_valid N n_class N weight 0|1 hash H
 *   label NAME / class NAME / column NAME categorical missing CATEGORY ...
 *   bins n_bin code_bytes stride cut ...   (one line for each column)
 * OUT: y, weight, x (column by column), role, code, as they lie in memory.
 * Errors: one sentence on standard error, exit code as hpotune's. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/bins.h"
#include "hpo/mem.h"
#include "testplan.h"

static void print_text(const char *text) {
  putchar(' ');
  if (*text == '\0')
    putchar('-');
  for (; *text != '\0'; text++)
    printf("%02x", (unsigned)(unsigned char)*text);
}

static void print_dataset(const hpo_dataset *d) {
  printf("rows %lld columns %zu n_train %lld n_valid %lld n_class %zu "
         "weight %d hash %s\n",
         (long long)d->rows, d->columns, (long long)d->n_train,
         (long long)d->n_valid, d->n_class, d->weight != NULL, d->hash);
  printf("label");
  print_text(d->label_name);
  for (size_t k = 0; k < d->n_class; k++) {
    printf("\nclass");
    print_text(d->class_name[k]);
  }
  for (size_t j = 0; j < d->columns; j++) {
    const hpo_column *c = &d->column[j];

    printf("\ncolumn");
    print_text(c->name);
    printf(" %d %lld", c->categorical, (long long)c->missing);
    for (size_t k = 0; k < c->n_category; k++)
      print_text(c->category[k]);
  }
  putchar('\n');
}

static void print_bins(const hpo_bins *b) {
  for (size_t j = 0; j < b->columns; j++) {
    printf("bins %u %u %zu", (unsigned)b->n_bin[j], b->code_bytes, b->stride);
    for (uint32_t i = 0; b->cut[j] != NULL && i + 1 < b->n_bin[j]; i++)
      printf(" %.9g", (double)b->cut[j][i]);
    putchar('\n');
  }
}

static void write_arrays(FILE *to, const hpo_dataset *d, const hpo_bins *b) {
  const size_t rows = (size_t)d->rows;

  HPO_ASSERT(fwrite(d->y, sizeof *d->y, rows, to) == rows);
  if (d->weight != NULL)
    HPO_ASSERT(fwrite(d->weight, sizeof *d->weight, rows, to) == rows);
  HPO_ASSERT(fwrite(d->x, sizeof *d->x, rows * d->columns, to) ==
             rows * d->columns);
  HPO_ASSERT(fwrite(d->role, 1, rows, to) == rows);
  if (b != NULL)
    HPO_ASSERT(fwrite(b->code, b->stride, rows, to) == rows);
}

static hpo_status run(const hpo_plan *p, const char *path, int max_bin,
                      hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared node = hpo_shared_serial();
  hpo_dataset *d = NULL;
  hpo_bins *b = NULL;
  FILE *to = NULL;

  HPO_TRY(status, hpo_dataset_load(p, &node, &d, err));
  if (max_bin > 0)
    HPO_TRY(status, hpo_bins_create(d, max_bin, &b, err));
  to = fopen(path, "wb");
  if (to == NULL)
    HPO_FAIL(status, err, HPO_EIO, "cannot write %s", path);
  print_dataset(d);
  if (b != NULL)
    print_bins(b);
  write_arrays(to, d, b);
done:
  if (to != NULL)
    (void)fclose(to);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
  return status;
}

int main(int argc, char **argv) {
  hpo_plan *p = testplan_make();
  hpo_status status = HPO_OK;
  hpo_error err = {0};
  int max_bin = 0;

  for (int i = 2; i < argc && status == HPO_OK; i++) {
    char *value = strchr(argv[i], '=');

    if (value != NULL)
      *value++ = '\0';
    if (value != NULL && strcmp(argv[i], "max_bin") == 0)
      max_bin = atoi(value);
    else if (value == NULL || !testplan_set(p, argv[i], value))
      status = hpo_error_set(&err, HPO_EINVAL, "no such word: %s", argv[i]);
  }
  if (status == HPO_OK)
    status = argc < 2 ? HPO_EINVAL : run(p, argv[1], max_bin, &err);
  if (status != HPO_OK)
    fprintf(stderr, "%s\n", err.text);
  hpo_plan_destroy(p);
  return hpo_status_exit(status);
}
