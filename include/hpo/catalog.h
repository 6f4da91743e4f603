/* SPDX-License-Identifier: BSD-3-Clause */
/** \file catalog.h
 *  What names a study file may use: models, samplers, pruners, terminators,
 * metrics and their option tables, gathered by cmd from the wings' registries
 * and handed to study/, which must not see those wings.
 */
#ifndef HPO_CATALOG_H
#define HPO_CATALOG_H

#include "hpo/library.h"
#include "hpo/options.h"
#include "hpo/plan.h"
#include "hpo/status.h"

typedef enum hpo_entry_kind {
  HPO_ENTRY_MODEL,
  HPO_ENTRY_SAMPLER,
  HPO_ENTRY_PRUNER,
  HPO_ENTRY_TERMINATOR,
  HPO_ENTRY_METRIC
} hpo_entry_kind;

/** One name. All pointers borrowed from static tables. */
typedef struct hpo_entry {
  hpo_entry_kind kind;
  const char *name, *help;
  const hpo_option *option; /* [n_option] */
  size_t n_option;
  bool is_built;      /* false: known by name, refused as not built yet */
  unsigned tasks;     /* MODEL, METRIC: bits 1u << hpo_task (plan.h) */
  bool ends;          /* SAMPLER: has no more points at some time */
  bool one_objective; /* not with several */
  bool maximize;      /* METRIC: which way is better */
  bool of_trial;      /* METRIC: of a whole trial, folds have none */
  double low, high;   /* METRIC: no value lies outside; both 0: not known */
  bool free_params;   /* MODEL function: any parameter x0, x1, ... */
  bool any_params;    /* MODEL command: parameters of any name */
  bool own_metrics;   /* MODEL: metrics of any name; plugins: without data */
  bool has_library; /* MODEL plugin: options and tasks of a library beside its
                       own, see hpo_catalog_plug */
  /** TERMINATOR: whether the plan's options of it go with the data;
   *  HPO_EINVAL: what is wrong with *option.  NULL: nothing to check. */
  hpo_status (*check)(const hpo_plan *plan, const char **option,
                      hpo_error *err);
} hpo_entry;

typedef struct hpo_catalog {
  hpo_entry *entry; /* [n] */
  size_t n;
} hpo_catalog;

/** A plugin's entry with its library's options and tasks. */
typedef struct hpo_plugged {
  hpo_entry entry;
  hpo_option *option; /* both tables */
  hpo_library_facts facts;
} hpo_plugged;

/** \param [in] kind    the entry of the model that has_library; borrowed, must
 *                      outlive
 *  \return HPO_EINVAL: what is wrong with the library */
HPO_MUST_USE hpo_status hpo_catalog_plug(const hpo_entry *kind,
                                         const char *path, hpo_plugged *out,
                                         hpo_error *err);
void hpo_catalog_unplug(hpo_plugged *p);

/** The entry of a kind and name, or NULL. */
const hpo_entry *hpo_catalog_find(const hpo_catalog *c, hpo_entry_kind kind,
                                  const char *name);
/** The nearest name of a kind, or NULL; for a model as other packages call
 *  it, such as xgboost, ours. */
const char *hpo_catalog_nearest(const hpo_catalog *c, hpo_entry_kind kind,
                                const char *word);

#endif
