/* SPDX-License-Identifier: BSD-3-Clause */
/** \file team.h
 *  A team of threads in place of ranks: every thread gets its hpo_coll.
 */
#ifndef HPO_TEST_TEAM_H
#define HPO_TEST_TEAM_H

#include "hpo/coll.h"

#define TEAM_MOST 8

/** Runs work(rank's coll, argument) on size threads at a time. */
void team_run(int size, void (*work)(const hpo_coll *coll, void *argument),
              void *argument);

#endif
