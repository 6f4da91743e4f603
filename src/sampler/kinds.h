/* SPDX-License-Identifier: BSD-3-Clause */
/* The samplers and pruners that the registries list, one per file. */
#ifndef HPO_SAMPLER_KINDS_H
#define HPO_SAMPLER_KINDS_H

#include "hpo/pruner.h"
#include "hpo/sampler.h"

extern const hpo_sampler_kind hpo_sampler_random;
extern const hpo_sampler_kind hpo_sampler_tpe;
extern const hpo_sampler_kind hpo_sampler_grid;
extern const hpo_sampler_kind hpo_sampler_qmc;
extern const hpo_sampler_kind hpo_sampler_cmaes;
extern const hpo_sampler_kind hpo_sampler_gp;
extern const hpo_sampler_kind hpo_sampler_nsga2;

extern const hpo_pruner_kind hpo_pruner_none;
extern const hpo_pruner_kind hpo_pruner_median;
extern const hpo_pruner_kind hpo_pruner_percentile;
extern const hpo_pruner_kind hpo_pruner_bounds; /* "threshold" */
extern const hpo_pruner_kind hpo_pruner_patient;
extern const hpo_pruner_kind hpo_pruner_halving;
extern const hpo_pruner_kind hpo_pruner_hyperband;

#endif
