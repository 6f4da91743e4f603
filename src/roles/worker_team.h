/* SPDX-License-Identifier: BSD-3-Clause */
/* What a team's first rank tells the others: each order goes out just before
 * it does the same itself, since all of it is collective over the team.
 *
 *      JOB --> STEP ... --> [STOP] --> RESULT --> JOB ... --> QUIT
 */
#ifndef ROLES_WORKER_TEAM_H
#define ROLES_WORKER_TEAM_H

#include "hpo/coll.h"
#include "hpo/mem.h"

typedef enum hpo_order_kind {
  HPO_ORDER_JOB,    /* create the evaluation of the job in the bytes */
  HPO_ORDER_STEP,   /* one step of it */
  HPO_ORDER_STOP,   /* end it from outside */
  HPO_ORDER_RESULT, /* make its result and forget it */
  HPO_ORDER_QUIT    /* at any time */
} hpo_order_kind;

typedef struct hpo_order {
  int32_t kind;  /* hpo_order_kind */
  int32_t state; /* STOP: hpo_trial_state */
  uint64_t n;    /* bytes that follow; set by send */
} hpo_order;

/** To the others; nothing in a team of one.
 *  \param bytes JOB: the message's payload; NULL: none */
HPO_MUST_USE hpo_status hpo_order_send(const hpo_coll *team,
                                       const hpo_order *order,
                                       const hpo_buffer *bytes,
                                       hpo_error *err);

#endif
