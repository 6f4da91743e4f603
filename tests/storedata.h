/* SPDX-License-Identifier: BSD-3-Clause */
/** \file storedata.h
 *  A small study file with trials that are functions of their number, for
 *  the tests and benchmarks of the store (and check_store.py, which knows
 *  the same functions):
 *
 *      value = number / 7, host = "nöde<number>", state = complete
 *      curve: 1 + number % 20 points, value = number + step / 64
 *      model: 100 + 37 * number % 1000 bytes, byte i = 31 * number + 7 * i
 */
#ifndef HPO_STOREDATA_H
#define HPO_STOREDATA_H

#include "hpo/store.h"

#define STOREDATA_PARAMS 90 /* columns "params.x0" ..: k / 3 */

/** New file; chunk: rows per chunk of its tables. */
hpo_status storedata_create(const char *path, bool overwrite, size_t chunk,
                            hpo_store **out, hpo_error *err);
/** The row of a trial. */
hpo_status storedata_row(int64_t number, bool complete, int64_t curve_offset,
                         int64_t model_offset, hpo_record **out,
                         hpo_error *err);
/** The points of its curve. */
hpo_status storedata_curve(int64_t number, hpo_record **out, hpo_error *err);
size_t storedata_model_bytes(int64_t number);
void storedata_model(int64_t number, uint8_t *to);
/** A whole trial as the manager writes it: its row as running, curve, model,
 *  flush, its row as complete, flush. */
hpo_status storedata_add(hpo_store *s, int64_t number, hpo_error *err);
/** That trials 0 .. n-1 are there with rows, curves and models; else
 *  HPO_EDATA says which is not. */
hpo_status storedata_check(hpo_store *s, size_t n, hpo_error *err);

#endif
