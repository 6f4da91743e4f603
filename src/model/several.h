/* SPDX-License-Identifier: BSD-3-Clause */
/* Test functions with several values, for studies with several objectives or
 * constraints (function.c). */
#ifndef MODEL_SEVERAL_H
#define MODEL_SEVERAL_H

#include <stddef.h>

/* The most values of a function. */
#define HPO_FUNCTION_VALUES 4

/** All to be minimised, on x in [0, 1]^n:
 *  zdt1, zdt2, zdt3 (2 values, n >= 2): E. Zitzler, K. Deb, L. Thiele,
 *  Comparison of multiobjective evolutionary algorithms, 2000, section 4;
 *  dtlz2 (3 values, n >= 3): K. Deb and others, Scalable multi-objective
 *  optimization test problems, CEC 2002.
 *  bnh: x0 in [0, 5], x1 in [0, 3]; the first two values to be minimised, the
 *  third at most 25, the fourth at least 7.7: T. T. Binh, U. Korn, 1997.
 *  mixed2: x0 in [0, 1], an integer x1 in 0..20, a choice x2 of 0, 1, 2; two
 *  values.
 *  \param [in] x [n]   \param [out] f [HPO_FUNCTION_VALUES] */
void hpo_several_zdt1(const double *x, size_t n, double *f);
void hpo_several_zdt2(const double *x, size_t n, double *f);
void hpo_several_zdt3(const double *x, size_t n, double *f);
void hpo_several_dtlz2(const double *x, size_t n, double *f);
void hpo_several_bnh(const double *x, size_t n, double *f);
void hpo_several_mixed2(const double *x, size_t n, double *f);

#endif
