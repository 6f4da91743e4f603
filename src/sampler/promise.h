/* SPDX-License-Identifier: BSD-3-Clause */
/* Where other studies' trials say that a run of CMA-ES had best begin: the
 * normal distribution that is nearest to a mixture of small ones around the
 * best of them.
 *
 * M. Nomura, S. Watanabe, Y. Akimoto, Y. Ozaki, M. Onishi, Warm starting
 * CMA-ES for hyperparameter optimization, AAAI 2021, equations 4 to 7, with
 * its gamma and alpha. */
#ifndef HPO_SAMPLER_PROMISE_H
#define HPO_SAMPLER_PROMISE_H

#include "hpo/ledger.h"

typedef struct hpo_promise {
  double *mean; /* [n] as shares of the ranges; NULL: nothing is known */
  double *cov;  /* [n][n] */
} hpo_promise;

/** From the view's known trials, on n parameters of the space that are always
 *  active.  O(known (log known + n^2)).
 *  \param [in]  param  [n] indices of the parameters
 *  \param [out] out    empty before; freed with hpo_promise_free */
HPO_MUST_USE hpo_status hpo_promise_make(const hpo_view *view,
                                         const size_t *param, size_t n,
                                         hpo_promise *out, hpo_error *err);
void hpo_promise_free(hpo_promise *p);

#endif
