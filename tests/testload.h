/* SPDX-License-Identifier: BSD-3-Clause */
/** \file testload.h
 *  Data sets loaded by a node of threads, as bytes that can be compared.
 */
#ifndef HPO_TESTLOAD_H
#define HPO_TESTLOAD_H

#include "hpo/mem.h"
#include "hpo/plan.h"

/** Loads the plan's data on `ranks` threads in place of ranks, with text
 *  files in pieces of `piece` bytes; asserts that all ranks have the same.
 *  \param [in,out] out empty; all that a data set holds, or the sentence that
 *                      refuses it; the caller's */
void testload_run(const hpo_plan *plan, int ranks, int piece, bool is_shared,
                  hpo_buffer *out);

#endif
