/* SPDX-License-Identifier: BSD-3-Clause */
/* Time and space of the study file:
 *
 *   bench_store TRIALS [CURVE_POINTS] [MODEL_BYTES] [TRIALS_PER_FLUSH]
 *
 * writes that many trials (rows of 95 columns and 776 bytes) as the manager
 * does, reads them back, and prints microseconds per trial, seconds and
 * bytes against the raw ones.  The file, bench_store.h5, is removed. */
#include "../storedata.h"

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH "bench_store.h5"

static const char *const before[] = {"/curves", "/models"};
static const char *const after[] = {"/trials"};

static void must(hpo_status status, const hpo_error *err) {
  if (status != HPO_OK) {
    fprintf(stderr, "%s\n", err->text);
    exit(1);
  }
}

/** What is measured. */
typedef struct bench {
  size_t trials, points, model, batch;
  size_t row_bytes, raw;
  double append, put, curve, bytes, flush; /* seconds in all */
} bench;

static double clocked(double *to, double since) {
  double now = hpo_clock_seconds();

  *to += now - since;
  return now;
}

static size_t width_of(const hpo_record *r) {
  size_t n = 4;

  for (size_t k = 0; k < r->n_field; k++)
    n += r->field[k].width;
  return n;
}

static void write_all(bench *b) {
  hpo_error err = {0};
  hpo_store *s = NULL;
  hpo_record *row = NULL;
  hpo_record *curve = NULL;
  uint8_t *model = NULL;

  must(storedata_create(PATH, true, 64, &s, &err), &err);
  must(storedata_row(0, true, 0, 0, &row, &err), &err);
  must(storedata_curve((int64_t)b->points - 1, &curve, &err), &err);
  must(hpo_mem_new(b->model, 1, &model, &err), &err);
  b->row_bytes = width_of(row);
  b->raw = b->trials * (b->row_bytes + b->points * width_of(curve) + b->model);
  for (size_t at = 0; at < b->trials; at += b->batch) {
    double t = hpo_clock_seconds();
    for (size_t i = 0; i < b->batch; i++)
      must(hpo_store_append(s, "/trials", row, NULL, &err), &err);
    t = clocked(&b->append, t);
    for (size_t i = 0; i < b->batch; i++)
      must(hpo_store_append(s, "/curves", curve, NULL, &err), &err);
    t = clocked(&b->curve, t);
    for (size_t i = 0; i < b->batch && b->model > 0; i++)
      must(hpo_store_append_bytes(s, "/models", model, b->model, NULL, &err),
           &err);
    t = clocked(&b->bytes, t);
    must(hpo_store_flush(s, before, 2, &err), &err);
    t = clocked(&b->flush, t);
    for (size_t i = 0; i < b->batch; i++)
      must(hpo_store_put(s, "/trials", at + i, row, &err), &err);
    t = clocked(&b->put, t);
    must(hpo_store_flush(s, after, 1, &err), &err);
    clocked(&b->flush, t);
  }
  must(hpo_store_close(s, &err), &err);
  hpo_record_destroy(row);
  hpo_record_destroy(curve);
  hpo_mem_free(model);
}

static double read_all(size_t trials, bool with_crc) {
  hpo_error err = {0};
  hpo_store *s = NULL;
  hpo_record *r = NULL;
  uint8_t *good = NULL;
  double start = hpo_clock_seconds();

  must(hpo_store_open_read(PATH, &s, &err), &err);
  must(hpo_store_read(s, "/trials", 0, SIZE_MAX, NULL, 0, &r,
                      with_crc ? &good : NULL, &err),
       &err);
  if (r->field[0].n != trials)
    exit(1);
  must(hpo_store_close(s, &err), &err);
  hpo_mem_free(good);
  hpo_record_destroy(r);
  return hpo_clock_seconds() - start;
}

static size_t argument(int argc, char **argv, int i, size_t otherwise) {
  return argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
  bench b = {.trials = argument(argc, argv, 1, 100000),
             .points = argument(argc, argv, 2, 20),
             .model = argument(argc, argv, 3, 0),
             .batch = argument(argc, argv, 4, 1)};
  struct stat about;
  double each = 1e6 / (double)b.trials;

  write_all(&b);
  if (stat(PATH, &about) != 0)
    return 1;
  printf("%zu trials, %zu bytes a row, %zu points, %zu bytes of model, %zu "
         "trials per flush\n",
         b.trials, b.row_bytes, b.points, b.model, b.batch);
  printf("us per trial: row %.1f, curve %.1f, model %.1f, row again %.1f, "
         "flushes %.1f\n",
         b.append * each, b.curve * each, b.bytes * each, b.put * each,
         b.flush * each);
  printf("file %.1f MB, raw %.1f MB, ratio %.4f\n",
         (double)about.st_size / 1e6, (double)b.raw / 1e6,
         (double)about.st_size / (double)b.raw);
  printf("read all columns: %.3f s, with crc %.3f s\n",
         read_all(b.trials, false), read_all(b.trials, true));
  remove(PATH);
  remove(PATH ".lock");
  return 0;
}
