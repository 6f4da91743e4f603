/* SPDX-License-Identifier: BSD-3-Clause */
/* The single members of a trial, declared once: their names, places, units
 * and meanings, for the rows of /trials and for results on the wire. */
#ifndef HPO_TRIAL_PRIVATE_H
#define HPO_TRIAL_PRIVATE_H

#include "hpo/trial.h"

typedef enum hpo_trial_member_kind {
  HPO_TRIAL_WHOLE,  /* int64_t */
  HPO_TRIAL_REAL,   /* double */
  HPO_TRIAL_TEXT,   /* char[room] */
  HPO_TRIAL_STATE,  /* hpo_trial_state as an enum */
  HPO_TRIAL_FORMAT, /* char[room] stored as an enum of model formats */
  HPO_TRIAL_VALUES  /* stands for value, model, params and metrics */
} hpo_trial_member_kind;

typedef struct hpo_trial_member {
  const char *name;
  hpo_trial_member_kind kind;
  size_t offset, room;
  const char *unit, *description;
} hpo_trial_member;

/** In the order of the columns of /trials; end: name is NULL. */
extern const hpo_trial_member hpo_trial_members[];

/** Adds one single member to a record (nothing for VALUES). */
hpo_status hpo_trial_member_add(const hpo_trial_member *m, const hpo_trial *t,
                                hpo_record *r, hpo_error *err);
/** Reads it back from row i.  HPO_ESTUDY: not there, or not valid. */
hpo_status hpo_trial_member_read(const hpo_trial_member *m,
                                 const hpo_record *r, size_t i, hpo_trial *t,
                                 hpo_error *err);
/** The field of a name and type with more than i items.  HPO_ESTUDY. */
hpo_status hpo_record_need(const hpo_record *r, const char *name,
                           hpo_field_type type, size_t i,
                           const hpo_field **out, hpo_error *err);

#endif
