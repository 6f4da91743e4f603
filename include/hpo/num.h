/* SPDX-License-Identifier: BSD-3-Clause */
/** \file num.h
 *  Numbers with the same bits everywhere.
 *
 *  The C library's exp, log, cos differ between machines (with and without
 *  FMA), so every path to a model, a metric or a suggestion uses these,
 *  made of + - * / and sqrt alone, compiled without contraction.  Errors are
 *  bounded by tests against the C library: under 2 ulp for exp, log, log1p,
 *  expm1 on their whole range, under 3 for tanh.
 */
#ifndef HPO_NUM_H
#define HPO_NUM_H

#include "hpo/status.h"

double hpo_num_exp(double x);
double hpo_num_expm1(double x);
double hpo_num_tanh(double x);
double hpo_num_log(double x);
double hpo_num_log1p(double x);
double hpo_num_pow(double x, double y); /* x >= 0, NaN below */
double hpo_num_sin(double x);           /* |x| < 2^27, NaN beyond */
double hpo_num_cos(double x);           /* the same */
double hpo_num_sigmoid(double x);       /* 1 / (1 + exp(-x)) */
double hpo_num_erf(double x);
double hpo_num_erfcx(double x); /* exp(x^2) erfc(x), x >= 0 */
/** Normal distribution: log of the CDF, accurate in both tails; the CDF;
 *  its inverse. */
double hpo_num_log_ndtr(double x);
double hpo_num_ndtr(double x);
double hpo_num_ndtri(double p);

/** out[i] = exp(x[i]); vectorised, same bits as hpo_num_exp. */
void hpo_num_exp_array(const double *x, double *out, size_t n);
/** The same of tanh. */
void hpo_num_tanh_array(const double *x, double *out, size_t n);

/** An exact, order-free sum of doubles.
 *
 *  A small superaccumulator (R. M. Neal, Fast exact summation using small
 *  and large superaccumulators, 2015, section 2): the value is
 *  sum_i chunk[i] * 2^(32 i - 2148), so that exact products of any two
 *  doubles fit too.  Zero-initialise: `hpo_sum s = {0}`.
 *
 *  Sums of ranks combine by adding all HPO_SUM_WORDS int64 of the struct
 *  (chunk[], not_finite, pending) one by one, an int64 sum over the struct
 *  as an array (coll.h); exact for up to 2^14 ranks, since chunks are
 *  normalised inside after 2^16 additions and stay under 2^49.  Equal sums
 *  need not have equal chunks: compare hpo_sum_get.
 */
#define HPO_SUM_CHUNKS 134
#define HPO_SUM_WORDS (HPO_SUM_CHUNKS + 2)
typedef struct hpo_sum {
  int64_t chunk[HPO_SUM_CHUNKS];
  int64_t not_finite; /* count of inf and NaN added: value is then NaN */
  int64_t pending;    /* additions since the last normalisation */
} hpo_sum;

void hpo_sum_add(hpo_sum *s, double x);
/** Adds the exact product x * y (no rounding before the sum). */
void hpo_sum_add_product(hpo_sum *s, double x, double y);
/** s += other, exact. */
void hpo_sum_merge(hpo_sum *s, const hpo_sum *other);
/** The sum, correctly rounded to nearest even; +-infinity where it is too
 *  large for a double, NaN where one of the addends was not finite. */
double hpo_sum_get(const hpo_sum *s);

#endif
