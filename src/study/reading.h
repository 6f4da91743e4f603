/* SPDX-License-Identifier: BSD-3-Clause */
/* From the study's tree to its plan: what the functions share that each read
 * some elements and check what they mean.  Names and types are right by then
 * (names.h) or the node is marked bad and left out. */
#ifndef HPO_STUDY_READING_H
#define HPO_STUDY_READING_H

#include "faults.h"
#include "hpo/catalog.h"
#include "hpo/plan.h"

typedef struct hpo_reading {
  const char *path; /* of the study file; borrowed, as are the next three */
  const hpo_catalog *catalog;
  hpo_node *root;
  hpo_faults *faults;
  hpo_plan *plan;    /* being filled */
  bool knows_task;   /* false where <data> itself is wrong */
  bool knows_params; /* false where a <model> is wrong */
} hpo_reading;

/** Each reads some children of <study> into the plan. */
HPO_MUST_USE hpo_status hpo_read_head(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_data(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_models(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_metrics(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_samplers(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_forbidden(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_enqueued(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_warm_starts(hpo_reading *r, hpo_error *err);
HPO_MUST_USE hpo_status hpo_read_limits(hpo_reading *r, hpo_error *err);

/** The columns and the label of <data>, after its files. */
HPO_MUST_USE hpo_status hpo_read_columns(hpo_reading *r, const hpo_node *data,
                                         hpo_error *err);

/** Index of the parameter that name= of a node is, or -1, and the fault is
 *  added. */
HPO_MUST_USE hpo_status hpo_read_param_name(hpo_reading *r,
                                            const hpo_node *node,
                                            ptrdiff_t *out, hpo_error *err);

/** What stands around one parameter while models are read (read_param.c). */
typedef struct hpo_scope {
  hpo_reading *r;
  const hpo_entry *entry; /* of the model's kind */
  hpo_plugged plugged;    /* the entry of a plugin; owned */
  size_t model;
  bool has_prefix;      /* several models: "gbt.max_depth" */
  hpo_options *scratch; /* values are tried on it */
  hpo_names declared;   /* names of parameters so far */
} hpo_scope;

/** Reads the parameters in a <model> or <choice> into the space.
 *  \param [in] parent, choice as in hpo_param */
HPO_MUST_USE hpo_status hpo_read_params(hpo_scope *s, const hpo_node *in,
                                        ptrdiff_t parent, size_t choice,
                                        hpo_error *err);
/** Whether a model takes an option or free parameter of a name; adds the
 *  fault if not. *row: NULL for a free parameter. */
HPO_MUST_USE hpo_status hpo_read_has_option(hpo_scope *s, const hpo_node *node,
                                            const char *attr, const char *name,
                                            const hpo_option **row, bool *has,
                                            hpo_error *err);

/** The entry of the catalog that an attribute names, or NULL, and the fault
 *  is added: unknown, or not built yet.  tasks: only entries for one of
 *  these are allowed (~0u: all). */
HPO_MUST_USE hpo_status hpo_read_entry(hpo_reading *r, const hpo_node *node,
                                       const char *attr, const char *word,
                                       hpo_entry_kind kind, unsigned tasks,
                                       const hpo_entry **out, hpo_error *err);
/** Adds the fault that an entry has no such option. */
HPO_MUST_USE hpo_status hpo_read_no_option(hpo_reading *r,
                                           const hpo_node *node,
                                           const char *attr,
                                           const hpo_entry *entry,
                                           const char *name, hpo_error *err);
/** Turns HPO_EINVAL of a call into a fault with err's words. */
HPO_MUST_USE hpo_status hpo_read_fault(hpo_reading *r, const hpo_node *node,
                                       const char *attr, hpo_status status,
                                       hpo_error *err);
/** Adds every option with a default that is neither set in `to` nor among
 *  `without`. */
HPO_MUST_USE hpo_status hpo_read_defaults(const hpo_entry *entry,
                                          const hpo_names *without,
                                          hpo_settings *to, hpo_error *err);

/** Where the parts of a file that is held back go. */
typedef struct hpo_held_file {
  char **path, **href, **label, **label_href, **dataset, **label_dataset;
} hpo_held_file;
/** The file of <validation href=> or <test href=>. */
HPO_MUST_USE hpo_status hpo_read_held_file(hpo_reading *r,
                                           const hpo_node *file,
                                           const hpo_held_file *to,
                                           hpo_error *err);
/** <validation> and <test>, after <folds>. */
HPO_MUST_USE hpo_status hpo_read_held(hpo_reading *r, const hpo_node *data,
                                      hpo_error *err);
/** <winner> and <refit>, after models, metrics and output. */
HPO_MUST_USE hpo_status hpo_read_winner(hpo_reading *r, hpo_error *err);

/** <folds>, group= and fold=. */
HPO_MUST_USE hpo_status hpo_read_folds(hpo_reading *r, const hpo_node *data,
                                       hpo_error *err);

/** The program, the patterns of a model of kind command, once its parameters
 *  are known; that others have no <pattern>. */
HPO_MUST_USE hpo_status hpo_read_command(hpo_scope *s, const hpo_node *model,
                                         hpo_error *err);
/** Whether all models' metrics are what a program says. */
bool hpo_read_has_own_metrics(const hpo_reading *r);
/** A metric of such a study.
 *  \param [in]  direction  as given, or NULL
 *  \param [out] maximize   which way is better */
HPO_MUST_USE hpo_status hpo_read_own_metric(hpo_reading *r,
                                            const hpo_node *node,
                                            const char *attr, const char *name,
                                            const char *direction,
                                            bool *maximize, hpo_error *err);
/** That each <pattern> is of a metric of the study. */
HPO_MUST_USE hpo_status hpo_read_check_patterns(hpo_reading *r,
                                                hpo_error *err);
/** Whether a name is of letters, digits and these marks, 60 at most. */
bool hpo_read_is_name(const char *name, const char *marks);

/** Words of an attribute: apart by commas if it holds one, else by blanks. */
HPO_MUST_USE hpo_status hpo_read_list(const char *text, hpo_names *out,
                                      hpo_error *err);
/** Replaces *to with a copy. */
HPO_MUST_USE hpo_status hpo_read_text(const char *text, char **to,
                                      hpo_error *err);
bool hpo_read_holds(const hpo_names *names, const char *word);
/** The task of the study's models. */
hpo_task hpo_read_task(const hpo_reading *r);

#endif
