/* SPDX-License-Identifier: BSD-3-Clause */
/* The hot loops of gbt, in ns of CPU time: adds into a histogram (for each
 * row and feature), partition (for each row), gains (for each candidate).
 *
 *   bench_gbt [rows] [columns]
 *
 * Rows are all, or every second, eighth, 64th on average: what a node at
 * that depth has. */
#include "hpo/clock.h"
#include "hpo/mem.h"
#include "model/gbt/kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CELLS GBT_STEP_3
#define LEAST_SECONDS 0.3

typedef struct bench {
  size_t rows, columns, n;
  uint8_t *code;
  uint32_t *row, *work, *right, *offset;
  int64_t *gh, *cell;
} bench;

static void bench_make(bench *b, size_t rows, size_t columns) {
  hpo_rng r = hpo_rng_make(1, HPO_RNG_TEST, 0, 0);

  *b = (bench){.rows = rows, .columns = columns};
  HPO_ASSERT(!hpo_mem_new_aligned(rows * columns + 64, 1, &b->code, NULL) &&
             !hpo_mem_new_aligned(rows, 4, &b->row, NULL) &&
             !hpo_mem_new_aligned(rows, 4, &b->work, NULL) &&
             !hpo_mem_new_aligned(rows, 4, &b->right, NULL) &&
             !hpo_mem_new_aligned(columns, 4, &b->offset, NULL) &&
             !hpo_mem_new_aligned(rows, 8, &b->gh, NULL) &&
             !hpo_mem_new_aligned(columns * CELLS, 8, &b->cell, NULL));
  for (size_t i = 0; i < rows * columns; i++)
    b->code[i] = (uint8_t)hpo_rng_next32(&r);
  for (size_t i = 0; i < rows; i++)
    b->gh[i] = (int64_t)(hpo_rng_next32(&r) & 0x7fff);
  for (size_t f = 0; f < columns; f++)
    b->offset[f] = (uint32_t)(f * CELLS);
}

static void bench_free(bench *b) {
  hpo_mem_free(b->code);
  hpo_mem_free(b->row);
  hpo_mem_free(b->work);
  hpo_mem_free(b->right);
  hpo_mem_free(b->offset);
  hpo_mem_free(b->gh);
  hpo_mem_free(b->cell);
}

static void pick_rows(bench *b, uint32_t one_in) {
  hpo_rng r = hpo_rng_make(2, HPO_RNG_TEST, one_in, 0);

  b->n = 0;
  for (size_t i = 0; i < b->rows; i++)
    if (hpo_rng_next32(&r) % one_in == 0)
      b->row[b->n++] = (uint32_t)i;
}

static void run_add(bench *b) {
  gbt_adds a = {.row = b->row,
                .n = b->n,
                .gh = b->gh,
                .code = b->code,
                .stride = b->columns,
                .offset = b->offset,
                .columns = b->columns,
                .step = GBT_STEP_3,
                .code_bytes = 1};

  gbt_kernel_add(&a, b->cell, 1);
}

static void run_partition(bench *b) {
  gbt_rule rule = {.feature = 3, .width = 127, .flip = 1};
  gbt_column column = {b->code + 3 * b->rows, 1, 1};

  memcpy(b->work, b->row, b->n * sizeof *b->work);
  gbt_kernel_partition(&rule, &column, b->work, b->n, b->right);
}

static void run_gain(bench *b) {
  static double gain[CELLS + GBT_PAD];
  gbt_gain r = {.lambda = 1,
                .min_hess = 1,
                .unit_g = 0x1p-10,
                .unit_h = 0x1p-10,
                .total = {0, 1 << 20}};

  for (size_t f = 0; f < b->columns; f++)
    gbt_kernel_gain(&r, b->gh + f, CELLS, 0, gain);
}

static double seconds(void (*run)(bench *b), bench *b) {
  double start = hpo_clock_cpu(), end = start;
  int n = 0;

  for (; end - start < LEAST_SECONDS; end = hpo_clock_cpu(), n++)
    run(b);
  return (end - start) / n;
}

int main(int argc, char **argv) {
  size_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
  size_t columns = argc > 2 ? strtoull(argv[2], NULL, 10) : 28;
  bench b;

  bench_make(&b, rows, columns);
  printf("%12s %12s %12s\n", "rows", "ns per add", "ns per move");
  for (uint32_t one_in = 1; one_in <= 64; one_in *= one_in < 8 ? 2 : 8) {
    pick_rows(&b, one_in);
    printf("%12zu %12.3f %12.3f\n", b.n,
           1e9 * seconds(run_add, &b) / (double)(b.n * columns),
           1e9 * seconds(run_partition, &b) / (double)b.n);
  }
  printf("gain: %.3f ns\n",
         1e9 * seconds(run_gain, &b) / (double)(columns * CELLS));
  bench_free(&b);
  return 0;
}
