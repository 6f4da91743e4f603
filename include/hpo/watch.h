/* SPDX-License-Identifier: BSD-3-Clause */
/** \file watch.h
 *  What a trial's own curve says about stopping it early.
 *
 *  A pruner's answer has two parts: a rule, which needs nothing but the
 *  trial's own values and so travels with every job, and thresholds from
 *  other trials.  A watch applies both, the same in the worker and in the
 *  tests' simulator.
 */
#ifndef HPO_WATCH_H
#define HPO_WATCH_H

#include "hpo/status.h"

/** A rule; {0} asks for nothing. */
typedef struct hpo_rule {
  bool has_bounds;
  double lower, upper;      /* a value beyond is pruned; NaN: no such end */
  int64_t warmup, interval; /* checked after steps warmup + 1, warmup + 1 +
                               interval, ... */
  bool has_patience;
  int64_t patience; /* thresholds count only where the last patience + 1 steps
                       were no better than all before them */
  double min_delta; /* by which they may be worse, >= 0 */
  bool is_alone;    /* that alone prunes, without a threshold */
} hpo_rule;

/** One trial's values so far.  {0} but for rule and maximize at first. */
typedef struct hpo_watch {
  hpo_rule rule;
  bool maximize;
  double *value; /* [n] after steps 1..n; owned */
  size_t n, room;
  double best;   /* NaN before the first */
  double before; /* best of all but the last patience + 1; NaN: none */
} hpo_watch;

hpo_watch hpo_watch_make(const hpo_rule *rule, bool maximize);
void hpo_watch_free(hpo_watch *w);
/** The value after one more step (not NaN). */
HPO_MUST_USE hpo_status hpo_watch_add(hpo_watch *w, double value,
                                      hpo_error *err);
/** Whether thresholds count after the last step: the rule has no patience, or
 *  it is over. */
bool hpo_watch_is_open(const hpo_watch *w);
/** Whether to prune after the last step.
 *  \param [in]  threshold  of this step; NaN: none
 *  \param [in]  name       of the objective, for the reason
 *  \param [out] reason     [room] why; untouched if not */
bool hpo_watch_prunes(const hpo_watch *w, double threshold, const char *name,
                      char *reason, size_t room);

#endif
