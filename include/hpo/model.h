/* SPDX-License-Identifier: BSD-3-Clause */
/** \file model.h
 *  Models: created, stepped, asked to predict, saved, destroyed.
 *
 *  A trainer advances in steps (one boosting round, one iteration of an
 *  optimiser); a trial can stop between any two.  It takes its team's
 *  collectives as an argument: each rank holds some rows, all ranks hold the
 *  same model, bit for bit.
 */
#ifndef HPO_MODEL_H
#define HPO_MODEL_H

#include "hpo/bins.h"
#include "hpo/coll.h"
#include "hpo/dataset.h"
#include "hpo/design.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/plan.h"
#include "hpo/record.h"
#include "hpo/status.h"

/** What one trainer sees of the data; all borrowed. */
typedef struct hpo_part {
  const hpo_dataset *data;  /* NULL for models without data */
  const hpo_bins *bins;     /* NULL unless the kind needs_bins */
  const hpo_design *design; /* NULL unless the kind needs_design: the rows
                               below are then whole blocks of it */
  const hpo_row *train;     /* [n_train] this rank's training rows */
  const hpo_row *valid;     /* [n_valid] this rank's validation rows */
  size_t n_train, n_valid;
  hpo_row train_total; /* of the whole team */
  hpo_row valid_first; /* place of valid[0] among the whole team's */
  hpo_fold rows;       /* of the whole team; where the data is sharded, only
                          this rank's share of them is here */
} hpo_part;

/** What a program of its own is told of its trial; all borrowed. */
typedef struct hpo_model_trial {
  hpo_id number;
  int64_t attempt;
  const char *study_folder;  /* of the study's XML file */
  const char *output;        /* path of the study file */
  const char *const *metric; /* [n_metric] names wanted, [0] the objective */
  size_t n_metric;
  const hpo_settings *patterns; /* regular expressions by metric */
  const hpo_plan_data *files;   /* where the data came from; NULL: no data */
} hpo_model_trial;

/** Whether a step can be taken now. */
typedef enum hpo_model_turn {
  HPO_TURN_WAIT, /* not yet: ask again */
  HPO_TURN_STEP, /* step has something to take */
  HPO_TURN_END   /* no step is left: the trial is complete as it is */
} hpo_model_turn;

/** What trainers over the same data leave for those that come after them
 *  (means of the training rows, say): empty at first, taken by the first kind
 *  that wants it.  Lists of rows must stand as long as it. */
typedef struct hpo_shelf {
  void *kept; /* NULL: nothing */
  void (*free)(void *kept);
} hpo_shelf;

/** Everything a trainer is made from; borrowed, must outlive it. */
typedef struct hpo_model_input {
  const hpo_options *options; /* of the kind's table */
  uint64_t seed;              /* the study's */
  hpo_part part;
  const hpo_coll *coll;
  hpo_shelf *shelf; /* of all trainers made with data and coll; NULL: none */
  const char *const *free_name; /* [n_free] parameters that are not options
                                   (function: x0, x1, ...) */
  const double *free_value;
  const char *const *free_text; /* the same as texts: choices as they stand */
  hpo_model_trial trial;
  size_t n_free;
  int64_t last_step; /* no step follows this one, and the model is wanted
                        then; 0: the model knows itself */
} hpo_model_input;

typedef struct hpo_model_kind {
  const char *name; /* "gbt" */
  const char *help;
  const hpo_option *option; /* [n_option] */
  size_t n_option;
  bool is_built;
  unsigned tasks;     /* bits 1u << hpo_task */
  bool needs_bins;    /* option max_bin says which */
  bool needs_design;  /* the matrix of linear models and networks */
  bool free_params;   /* x0, x1, ...: numbers */
  bool needs_rows;    /* the data's x, whole on each rank */
  bool any_params;    /* of any name, numbers and texts */
  bool has_library;   /* any_params, but those that option library= has */
  bool can_pause;     /* of those with poll: goes on in a later job */
  const char *format; /* of saved bytes: "xgboost-ubj", "json" */
  /** Checks what the table can't say (objective against task); the data's
   *  facts may be NULL when they are not known yet. */
  hpo_status (*check)(const hpo_options *o, hpo_task task,
                      const hpo_dataset *data, hpo_error *err);
  /** Steps that a trial with these options takes. */
  int64_t (*steps)(const hpo_options *o);
  /** The option that says how many steps and nothing else: what two trials
   *  that differ in it alone both do, they do with the same bits.  NULL: there
   *  is none. */
  const char *steps_option;
  /** Bytes that one trainer of such options will hold on one rank at its
   *  peak, with the saved model on its way, beside the data: told before it is
   *  made, without taking them.  At most about 3 times too much or too little.
   *  NULL: not known, as little as nothing. */
  double (*need)(const hpo_model_input *in);
  /** Collective over the team, as are step and save.  HPO_ETRIAL: this
   *  configuration can't be trained (reason in err). */
  hpo_status (*create)(const hpo_model_input *in, void **self, hpo_error *err);
  void (*destroy)(void *self);
  /** One step; HPO_ETRIAL: diverged. */
  hpo_status (*step)(void *self, hpo_error *err);
  /** One step of each of n trainers of this kind made by the same evaluator,
   *  at once; NULL: no gain, call step for each.  Each ends with the bits that
   *  step alone would have given it.  status[i], err[i] as step's, for every i
   *  where this is HPO_OK.  \return HPO_OK, or a fault of all of them (a peer
   *  of the team is lost).  Collective, like step. */
  hpo_status (*step_together)(void **self, size_t n, hpo_status *status,
                              hpo_error *err);
  /** Whether more steps would change nothing (converged, stopped early): the
   *  trial is then complete before its last step.  The same on all ranks of
   *  the team; NULL: never. */
  bool (*is_done)(void *self);
  /** Early stopping: after how many steps without a better value of the
   *  objective the trial is complete; 0, or NULL: it does not stop so.  The
   *  trial's value, metrics and model are then those of its best step. */
  int64_t (*patience)(const hpo_options *o);
  /** The last step is the best so far: what cut may have to go back to.
   *  NULL: cut needs no telling. */
  void (*mark)(void *self);
  /** Forgets all steps after the first `steps`, at which the objective was
   *  `score`, the best (NaN: it stops there for another reason):
   *  predict_valid and save tell of those alone, and no step follows, but
   *  after restore.  NULL where patience is. Collective. */
  hpo_status (*cut)(void *self, int64_t steps, double score, hpo_error *err);
  /** Takes back what cut has forgotten: steps can follow.  NULL: it is gone.
   */
  hpo_status (*restore)(void *self, hpo_error *err);
  /** Predictions for this rank's validation rows: p [n_valid][k], k as in
   *  metric.h.  NULL for models without data; of those for both, asked where
   *  there is data. */
  hpo_status (*predict_valid)(void *self, double *p, hpo_error *err);
  /** Models without data: the value after the steps so far. */
  hpo_status (*value)(void *self, double *out, hpo_error *err);
  /** Models that wait for something outside (a program), poll to usage all
   *  or none: asked before each step, must return within some ms.
   *  HPO_ETRIAL: it failed. */
  hpo_status (*poll)(void *self, hpo_model_turn *out, hpo_error *err);
  /** Bytes that a trainer keeps in memory beside its rows, the same on all
   *  ranks of the team; NULL: few. */
  int64_t (*held)(void *self);
  /** A metric by name after the steps so far; NaN: not known. */
  double (*metric)(void *self, const char *name);
  /** The trial is over, whatever came of it: ends what still runs; asked
   *  until it says true. */
  bool (*settle)(void *self, bool is_failed);
  /** Resident bytes now, and at the end CPU seconds and peak bytes, of what
   *  runs outside. */
  int64_t (*memory)(void *self);
  void (*usage)(void *self, double *cpu, int64_t *peak);
  /** What ran outside has printed, as far as it is to be kept; borrowed.
   *  Once it is settled, on the team's rank 0; NULL: nothing is kept. */
  const hpo_buffer *(*output)(void *self);
  /** The model's bytes after the steps so far, on the team's rank 0.  Of
   *  models with poll: after the last step alone; before it none. */
  hpo_status (*save)(void *self, hpo_buffer *out, hpo_error *err);
} hpo_model_kind;

const hpo_model_kind *const *hpo_model_kinds(size_t *n);
const hpo_model_kind *hpo_model_find(const char *name);

#endif
