/* SPDX-License-Identifier: BSD-3-Clause */
/* What tpe has seen: a table with a row per trial, those known from other
 * studies first, and the trials in order of merit.  A pure cache of a view:
 * see seen.h. */
#ifndef HPO_SAMPLER_HISTORY_H
#define HPO_SAMPLER_HISTORY_H

#include "hpo/front.h"
#include "sampler/parzen.h"
#include "sampler/points.h"
#include "sampler/seen.h"

typedef enum hpo_row_kind {
  HPO_ROW_NONE = 0, /* no point known */
  HPO_ROW_OPEN,     /* running as far as the view shows */
  HPO_ROW_PAUSED,   /* the same, and has done a rung: has a merit */
  HPO_ROW_GOOD,     /* has a merit: complete or pruned */
  HPO_ROW_FAILED
} hpo_row_kind;

typedef struct hpo_merit {
  uint32_t row;
  double step, value; /* less is better, step first */
} hpo_merit;

typedef struct hpo_history {
  const hpo_plan *plan; /* borrowed */
  const hpo_space *space;
  hpo_axis *axis; /* [n_param] */
  float **column; /* [n_param][n_row] places, NaN where inactive */
  uint8_t *kind;  /* [n_row] hpo_row_kind */
  size_t n_row, room;
  size_t n_known;  /* rows of other studies' trials */
  hpo_merit *best; /* [n_best] rows that are good, best first */
  size_t n_best, best_room, n_failed;
  size_t n_paused;   /* of them */
  hpo_fronts fronts; /* several objectives: of complete rows */
  hpo_points points; /* of this study's rows: final ones first, then open */
  size_t n_final_points;
  hpo_seen seen;
} hpo_history;

HPO_MUST_USE hpo_status hpo_history_init(hpo_history *h, const hpo_plan *plan,
                                         hpo_error *err);
void hpo_history_free(hpo_history *h);
/** Brings the history to what the view shows; trial `number` itself, if it
 *  is there, is left out. */
HPO_MUST_USE hpo_status hpo_history_update(hpo_history *h,
                                           const hpo_view *view, hpo_id number,
                                           hpo_error *err);

#endif
