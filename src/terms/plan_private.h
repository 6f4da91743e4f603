/* SPDX-License-Identifier: BSD-3-Clause */
/* The members of a plan, declared once: plan_record.c turns them into fields
 * and back, plan_text.c into lines and the study's identity. */
#ifndef HPO_PLAN_PRIVATE_H
#define HPO_PLAN_PRIVATE_H

#include "hpo/plan.h"

typedef enum hpo_member_kind {
  HPO_MEMBER_TEXT,     /* char * */
  HPO_MEMBER_NAMES,    /* hpo_names */
  HPO_MEMBER_SETTINGS, /* hpo_settings */
  HPO_MEMBER_FLOAT,    /* double */
  HPO_MEMBER_WHOLE,    /* int64_t */
  HPO_MEMBER_SEED,     /* uint64_t, the same bits as an int64_t */
  HPO_MEMBER_INT,      /* int */
  HPO_MEMBER_BOOL,     /* bool */
  HPO_MEMBER_TASK      /* hpo_task */
} hpo_member_kind;

/** The kind of an ordered choice in a record, after those of hpo_param_kind:
 *  earlier versions refuse what they do not know. */
#define HPO_PARAM_ORDINAL 3

/** One member of a struct. */
typedef struct hpo_member {
  const char *name;
  hpo_member_kind kind;
  size_t offset;
  bool counts; /* part of the study's identity */
  const char *unit, *description;
  const char *before; /* its value, as text, in studies stored before there
                         was such a member; NULL: all have it */
} hpo_member;

/** The structs that a plan is made of; end: name is NULL. */
extern const hpo_member hpo_plan_members[];
extern const hpo_member hpo_plan_data_members[];
extern const hpo_member hpo_plan_model_members[];
extern const hpo_member hpo_plan_objective_members[];
extern const hpo_member hpo_plan_constraint_members[];
extern const hpo_member hpo_plan_warm_members[];
extern const hpo_member hpo_plan_choice_members[];
extern const hpo_member hpo_plan_terminator_members[];

#endif
