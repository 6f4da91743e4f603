/* SPDX-License-Identifier: BSD-3-Clause */
/* What we ask of the BLAS library: itself, and one product.  OpenBLAS's own
 * functions are weak here, so that any other BLAS links too. */
#include <cblas.h>
#include <stdio.h>

#include "hpo/blas.h"

#pragma weak openblas_set_num_threads
#pragma weak openblas_get_config
#pragma weak openblas_get_corename
#ifndef OPENBLAS_CONFIG_H
void openblas_set_num_threads(int n);
char *openblas_get_config(void);
char *openblas_get_corename(void);
#endif

void hpo_blas_start(void) {
  if (openblas_set_num_threads != NULL)
    openblas_set_num_threads(1);
}

void hpo_blas_describe(char *text, size_t room) {
  if (openblas_get_config == NULL || openblas_get_corename == NULL)
    snprintf(text, room, "not OpenBLAS");
  else
    snprintf(text, room, "%s, kernels %s", openblas_get_config(),
             openblas_get_corename());
}

void hpo_blas_multiply(const hpo_blas_matrix *a, const hpo_blas_matrix *b,
                       size_t m, size_t n, size_t k, bool is_added, float *c) {
  cblas_sgemm(CblasRowMajor, a->is_transposed ? CblasTrans : CblasNoTrans,
              b->is_transposed ? CblasTrans : CblasNoTrans, (blasint)m,
              (blasint)n, (blasint)k, 1.0F, a->x,
              (blasint)(a->is_transposed ? m : k), b->x,
              (blasint)(b->is_transposed ? k : n), is_added ? 1.0F : 0.0F, c,
              (blasint)n);
}
