/* SPDX-License-Identifier: BSD-3-Clause */
/** \file sampler.h
 *  Samplers: which point to try next.
 *
 *  A suggestion is a pure function of (options, seed, view, trial number);
 *  what a sampler keeps between calls is a cache and may not change any
 *  result.
 */
#ifndef HPO_SAMPLER_H
#define HPO_SAMPLER_H

#include "hpo/ledger.h"
#include "hpo/options.h"
#include "hpo/status.h"

typedef struct hpo_sampler hpo_sampler;

/** A kind of sampler: one row of the registry. */
typedef struct hpo_sampler_kind {
  const char *name;         /* "tpe" */
  const char *help;         /* when to use it, cost, paper */
  const hpo_option *option; /* [n_option] */
  size_t n_option;
  bool is_built;      /* false: known by name, refused */
  bool is_blind;      /* looks at no result */
  bool one_objective; /* refused where there are several */
  /** Private state (a cache), NULL where none is needed. */
  hpo_status (*create)(const hpo_options *options, const hpo_plan *plan,
                       void **self, hpo_error *err);
  void (*destroy)(void *self);
  /** Points that there are to suggest; NULL: without end. */
  double (*count)(const void *self);
  /** Fills x [n_param] for trial `number`; given[i] not NaN: keep it (an
   *  enqueued point leaves the rest to the sampler); given may be NULL. */
  hpo_status (*suggest)(void *self, const hpo_options *options,
                        const hpo_view *view, hpo_id number,
                        const double *given, double *x, hpo_error *err);
} hpo_sampler_kind;

/** All kinds, built or not; *n their number. */
const hpo_sampler_kind *const *hpo_sampler_kinds(size_t *n);
const hpo_sampler_kind *hpo_sampler_find(const char *name);

/** From the plan's sampler element.  HPO_EINVAL: unknown name or option, or
 *  the space has no point that is not forbidden (as far as 10,000 random ones
 *  tell). */
HPO_MUST_USE hpo_status hpo_sampler_create(const hpo_plan *plan,
                                           hpo_sampler **out, hpo_error *err);
void hpo_sampler_destroy(hpo_sampler *s);
/** A point for trial `number`, never a forbidden one: where the kind suggests
 *  such, the first of up to 10,000 random ones that is not, or else one near
 *  an earlier trial.  Nor that of an earlier trial of the view, running or
 *  not, while the space has others that the kind can come to.  HPO_EINVAL:
 * nothing is allowed beside what is given. */
HPO_MUST_USE hpo_status hpo_sampler_suggest(hpo_sampler *s,
                                            const hpo_view *view,
                                            hpo_id number, const double *given,
                                            double *x, hpo_error *err);
/** Trials after which there is no point left: enqueued ones and those of the
 *  grid; INFINITY: never. */
double hpo_sampler_trials(const hpo_sampler *s);
/** Trials that the study can have in all: the plan's budget, or the sampler's
 *  if that is less; 0: no limit. */
int64_t hpo_sampler_budget(const hpo_sampler *s);

#endif
