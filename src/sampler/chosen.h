/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan's <sampler>, <pruner> or <terminator> names. */
#ifndef HPO_SAMPLER_CHOSEN_H
#define HPO_SAMPLER_CHOSEN_H

#include "hpo/options.h"
#include "hpo/plan.h"

/** The options of an element, its settings over a kind's table.
 *  \param [in] element  "pruner", for errors */
HPO_MUST_USE hpo_status hpo_chosen_options(const char *element,
                                           const hpo_plan_choice *chosen,
                                           const hpo_option *table, size_t n,
                                           hpo_options **out, hpo_error *err);
/** HPO_EINVAL: no kind of this element is called so; those that are: names
 *  [n]. */
hpo_status hpo_chosen_unknown(const char *element, const char *name,
                              const char *const *names, size_t n,
                              hpo_error *err);

#endif
