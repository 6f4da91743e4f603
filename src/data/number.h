/* SPDX-License-Identifier: BSD-3-Clause */
/** \file number.h
 *  Decimal text to double, correctly rounded, without a copy.  Private to
 *  data/.
 */
#ifndef HPO_DATA_NUMBER_H
#define HPO_DATA_NUMBER_H

#include "hpo/status.h"

/** Reads the longest number that text begins with: sign, digits with or
 *  without a point, exponent; no hexadecimal, no inf, no nan.
 *  \param [in]  text ends with a NUL somewhere
 *  \param [out] out  correctly rounded, -0 as +0, infinite on overflow;
 *                    untouched without a number
 *  \return the byte after it, or NULL: no number here */
const char *hpo_number_scan(const char *text, double *out);

/** The same where HPO_NUMBER_SLACK bytes after the NUL may be read too:
 *  faster. */
const char *hpo_number_scan_long(const char *text, double *out);
enum { HPO_NUMBER_SLACK = 16 };

/** Whether all n bytes at text, which ends with some other byte that is no
 *  part of a number, are one number. */
bool hpo_number_whole(const char *text, size_t n, double *out);

/** Whether they are one number with a decimal comma or with marks between
 *  thousands: 1,5  1.234,5  1,234.5 */
bool hpo_number_comma(const char *text, size_t n);
/** What a sentence says of a text that is no number. */
const char *hpo_number_fault(const char *text, size_t n);

#endif
