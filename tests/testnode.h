/* SPDX-License-Identifier: BSD-3-Clause */
/** \file testnode.h
 *  A node of threads in place of ranks: every thread gets its hpo_shared,
 *  with memory that is shared or with private copies.
 */
#ifndef HPO_TESTNODE_H
#define HPO_TESTNODE_H

#include "hpo/coll.h"

#define TESTNODE_MOST 8

/** Runs work(rank's node, argument) on size threads at a time. */
void testnode_run(int size, bool is_shared,
                  void (*work)(hpo_shared *node, void *argument),
                  void *argument);

#endif
