/* SPDX-License-Identifier: BSD-3-Clause */
/** \file pruner.h
 *  Pruners: which trial to stop early.
 *
 *  In strict order what the pruner may know is fixed when a job starts, so
 *  its answer is one threshold per step, which travels with the job and the
 *  worker applies alone.  In arrival order the same function is asked again
 *  with the newest view at each report.  What depends on the trial's own
 *  curve alone is a rule (watch.h), the same in both orders.
 */
#ifndef HPO_PRUNER_H
#define HPO_PRUNER_H

#include "hpo/ledger.h"
#include "hpo/options.h"
#include "hpo/status.h"
#include "hpo/watch.h"

typedef struct hpo_pruner hpo_pruner;

/** What a pruner says about one step. */
typedef struct hpo_pruner_verdict {
  double threshold; /* a trial whose best objective so far is worse is
                       pruned; NaN: do not prune here */
  size_t trials;    /* trials that the threshold comes from */
  int64_t steps;    /* no threshold can stand after so many steps */
} hpo_pruner_verdict;

/** The rungs at which trials pause: after least * factor^(first + bracket +
 *  rung) steps, as long as that is below most. */
typedef struct hpo_ladder {
  int64_t least, most, factor, first;
  int64_t brackets;
} hpo_ladder;
/** Steps after which a trial has done a rung (0...); INT64_MAX: its end. */
int64_t hpo_ladder_steps(const hpo_ladder *l, int64_t bracket, int64_t rung);
/** The bracket of a trial: brackets in their shares, by its number alone. */
int64_t hpo_ladder_bracket(const hpo_ladder *l, hpo_id number);

typedef struct hpo_pruner_kind {
  const char *name; /* "median" */
  const char *help;
  const hpo_option *option; /* [n_option] */
  size_t n_option;
  bool is_built;
  bool needs_reports; /* false: none */
  hpo_status (*create)(const hpo_options *options, const hpo_plan *plan,
                       void **self, hpo_error *err);
  void (*destroy)(void *self);
  /** What the trial's own curve has to show; NULL: nothing. */
  void (*rule)(const hpo_options *options, hpo_rule *out);
  /** Trials of a model pause at rungs; NULL: they do not. */
  void (*ladder)(const hpo_options *options, const hpo_plan *plan,
                 size_t model, hpo_ladder *out);
  /** The verdict after `step` steps, 1...; NULL: never a threshold. */
  hpo_status (*threshold)(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number, int64_t step,
                          hpo_pruner_verdict *out, hpo_error *err);
} hpo_pruner_kind;

const hpo_pruner_kind *const *hpo_pruner_kinds(size_t *n);
const hpo_pruner_kind *hpo_pruner_find(const char *name);

HPO_MUST_USE hpo_status hpo_pruner_create(const hpo_plan *plan,
                                          hpo_pruner **out, hpo_error *err);
void hpo_pruner_destroy(hpo_pruner *p);
/** Whether thresholds of other trials count: they need the reports of those
 *  that run. */
bool hpo_pruner_needs_reports(const hpo_pruner *p);
/** Whether trials pause, and where those of a model of the plan do. */
bool hpo_pruner_ladder(const hpo_pruner *p, size_t model, hpo_ladder *out);
/** The rule that travels with every job. */
hpo_rule hpo_pruner_rule(const hpo_pruner *p);
HPO_MUST_USE hpo_status hpo_pruner_threshold(hpo_pruner *p,
                                             const hpo_view *view,
                                             hpo_id number, int64_t step,
                                             hpo_pruner_verdict *out,
                                             hpo_error *err);
/** Thresholds for steps 1..n, up to the last that has one; *out (the caller
 *  frees) is NULL where *n = 0. */
HPO_MUST_USE hpo_status hpo_pruner_thresholds(hpo_pruner *p,
                                              const hpo_view *view,
                                              hpo_id number, double **out,
                                              size_t *n, hpo_error *err);

#endif
