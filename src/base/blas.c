/* SPDX-License-Identifier: BSD-3-Clause */
/* What we ask of the BLAS library itself.  OpenBLAS's own functions are weak
 * here, so that any other BLAS links too. */
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
