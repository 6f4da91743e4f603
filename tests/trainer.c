/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains a model kind in a test. */
#include "trainer.h"

#include "hpo/clock.h"
#include "team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call)                                                            \
  do {                                                                        \
    hpo_error must_err = {0};                                                 \
    if ((call) != HPO_OK) {                                                   \
      fprintf(stderr, "%s\n", must_err.text);                                 \
      abort();                                                                \
    }                                                                         \
  } while (0)

typedef struct run {
  const hpo_model_kind *kind;
  const hpo_dataset *d;
  const hpo_bins *bins;
  const hpo_design *design;
  hpo_options *const *options; /* [n] */
  size_t n;                    /* models */
  size_t folds;
  uint64_t seed;
  int64_t steps; /* 0: as the options say */
  bool is_untrained, is_together, has_shelf;
  trainer_deal deal;
  size_t k;
  trainer_result *out; /* [n] */
} run;

/* A model of one rank. */
typedef struct model {
  void *self;
  hpo_model_input in;
  hpo_row *all; /* the team's rows of its fold */
  int64_t most, steps;
  bool is_done;
} model;

/* The rows of rank r of n, ascending; place: where they stand in all. */
static size_t deal_rows(const hpo_row *all, size_t n, const hpo_coll *coll,
                        trainer_deal deal, hpo_row *mine, size_t *place) {
  size_t rank = (size_t)coll->rank, size = (size_t)coll->size, m = 0;

  for (size_t i = 0; i < n; i++) {
    size_t owner = deal == DEAL_TURNS ? i % size : i * size / n;
    if (owner != rank)
      continue;
    mine[m] = all[i];
    place[m++] = i;
  }
  return m;
}

/* Training rows without those of fold f; the team's. */
static size_t hold_out(const run *r, size_t f, hpo_row *to) {
  size_t n = 0;

  for (size_t i = 0; i < (size_t)r->d->n_train; i++)
    if (r->folds == 0 || (size_t)r->d->train[i] / 3 % r->folds != f)
      to[n++] = r->d->train[i];
  return n;
}

/* Rows as they are dealt, or whole blocks of the design matrix. */
static void deal_train(const run *r, const hpo_coll *coll, size_t f,
                       hpo_row *mine, size_t *place, model *m) {
  hpo_part *part = &m->in.part;
  size_t first = 0, n = hold_out(r, f, m->all);

  part->train_total = (hpo_row)n;
  part->rows = (hpo_fold){.train = m->all, .n_train = (hpo_row)n};
  part->train = mine;
  if (r->kind->needs_design) {
    hpo_design_share(m->all, n, coll->rank, coll->size, &first,
                     &part->n_train);
    part->train = m->all + first;
  } else {
    part->n_train = deal_rows(m->all, n, coll, r->deal, mine, place);
  }
}

static bool ends(const run *r, model *m) {
  m->is_done = r->kind->is_done != NULL && r->kind->is_done(m->self);
  m->steps++;
  return m->is_done || m->steps >= m->most;
}

static void step_alone(const run *r, model *m) {
  for (bool is_over = m->most == 0; !is_over; is_over = ends(r, m))
    MUST(r->kind->step(m->self, &must_err));
}

static void step_together(const run *r, model *m) {
  void **self = calloc(r->n, sizeof *self);
  hpo_status *status = calloc(r->n, sizeof *status);
  hpo_error *err = calloc(r->n, sizeof *err);
  model **one = calloc(r->n, sizeof *one);
  size_t n = r->n;

  HPO_ASSERT(self && status && err && one);
  for (size_t i = 0; i < n; i++)
    one[i] = &m[i];
  while (n > 0) {
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
      self[i] = one[i]->self;
    MUST(r->kind->step_together(self, n, status, err));
    for (size_t i = 0; i < n; i++) {
      HPO_ASSERT(status[i] == HPO_OK);
      if (!ends(r, one[i]))
        one[left++] = one[i];
    }
    n = left;
  }
  free(self);
  free(status);
  free(err);
  free(one);
}

static void finish(const run *r, const hpo_coll *coll, size_t i, model *m,
                   const size_t *place, double *p) {
  trainer_result *out = &r->out[i];

  if (coll->rank == 0)
    out->steps = m->steps;
  MUST(r->kind->predict_valid(m->self, p, &must_err));
  for (size_t v = 0; v < m->in.part.n_valid; v++)
    memcpy(out->p + place[v] * r->k, p + v * r->k, r->k * sizeof *p);
  if (coll->rank == 0)
    MUST(r->kind->save(m->self, &out->model, &must_err));
  r->kind->destroy(m->self);
}

/* Model i and its rows, which all models of a fold share. */
static void make_model(const run *r, const hpo_coll *coll, size_t i,
                       hpo_row *train, size_t *place, hpo_shelf *shelf,
                       model *m) {
  size_t f = r->folds > 0 ? i % r->folds : 0;

  m[i].in = (hpo_model_input){
      .options = r->options[i],
      .seed = r->seed,
      .coll = coll,
      .shelf = shelf,
      .part = {.data = r->d, .bins = r->bins, .design = r->design}};
  if (i == f)
    m[i].all = calloc((size_t)r->d->n_train + 1, sizeof *m[i].all);
  else
    m[i].all = m[f].all;
  HPO_ASSERT(m[i].all != NULL);
  deal_train(r, coll, f, train, place, &m[i]);
  m[i].most = r->is_untrained ? 0
              : r->steps > 0  ? r->steps
                              : r->kind->steps(r->options[i]);
}

static void run_rank(const hpo_coll *coll, void *argument) {
  const run *r = argument;
  size_t n_train = (size_t)r->d->n_train, n_valid = (size_t)r->d->n_valid;
  size_t n_fold = r->folds > 0 ? r->folds : 1;
  hpo_row *train = calloc(n_train + 1, sizeof *train);
  hpo_row *valid = calloc(n_valid + 1, sizeof *valid);
  size_t *place = calloc(n_train + n_valid + 1, sizeof *place);
  double *p = calloc(n_valid * r->k + 1, sizeof *p), seconds = 0;
  model *m = calloc(r->n, sizeof *m);
  hpo_shelf shelf = {NULL, NULL};

  HPO_ASSERT(train && valid && place && p && m);
  for (size_t i = 0; i < r->n; i++) {
    make_model(r, coll, i, train, place, r->has_shelf ? &shelf : NULL, m);
    hpo_part *part = &m[i].in.part;
    part->valid = valid;
    part->n_valid =
        deal_rows(r->d->valid, n_valid, coll, r->deal, valid, place);
    part->valid_first = part->n_valid > 0 ? (hpo_row)place[0] : 0;
    double began = hpo_clock_cpu();
    MUST(r->kind->create(&m[i].in, &m[i].self, &must_err));
    if (!r->is_together)
      step_alone(r, &m[i]);
    seconds += hpo_clock_cpu() - began;
    if (!r->is_together)
      finish(r, coll, i, &m[i], place, p);
  }
  double began = hpo_clock_cpu();
  if (r->is_together)
    step_together(r, m);
  if (coll->rank == 0)
    r->out->train = seconds + hpo_clock_cpu() - began;
  for (size_t i = 0; r->is_together && i < r->n; i++)
    finish(r, coll, i, &m[i], place, p);
  if (shelf.kept != NULL)
    shelf.free(shelf.kept);
  for (size_t i = 0; i < n_fold && i < r->n; i++)
    free(m[i].all);
  free(m);
  free(train);
  free(valid);
  free(place);
  free(p);
}

static hpo_options *options_of(const hpo_model_kind *kind,
                               const char *const *words) {
  hpo_options *o = NULL;
  char name[64];

  MUST(hpo_options_create(kind->option, kind->n_option, &o, &must_err));
  for (; *words != NULL; words++) {
    size_t n = strcspn(*words, "=");
    memcpy(name, *words, n);
    name[n] = '\0';
    MUST(hpo_options_set(o, name, *words + n + 1, &must_err));
  }
  return o;
}

trainer_result trainer_run(const char *kind, const hpo_dataset *d,
                           const char *const *words, int64_t steps, int ranks,
                           trainer_deal deal) {
  trainer_options how = {.steps = steps, .ranks = ranks, .deal = deal};
  return trainer_train(kind, d, words, &how);
}

trainer_result trainer_train(const char *kind, const hpo_dataset *d,
                             const char *const *words,
                             const trainer_options *how) {
  trainer_result out = {.p = NULL};

  trainer_train_all(kind, d, &words, 1, how, &out);
  return out;
}

void trainer_train_all(const char *kind, const hpo_dataset *d,
                       const char *const *const *words, size_t n,
                       const trainer_options *how, trainer_result *out) {
  static const hpo_plan_data plain;
  hpo_options **o = calloc(n, sizeof(hpo_options *));
  run r = {.kind = hpo_model_find(kind),
           .d = d,
           .options = o,
           .n = n,
           .folds = how->folds,
           .deal = how->deal,
           .is_together = how->is_together,
           .has_shelf = how->is_together || how->has_shelf,
           .is_untrained = how->is_untrained,
           .steps = how->steps,
           .seed = how->seed > 0 ? how->seed : 7,
           .out = out};
  hpo_bins *bins = NULL;
  hpo_design *design = NULL;

  HPO_ASSERT(o != NULL);
  r.k = d->task == HPO_TASK_MULTICLASS ? d->n_class : 1;
  for (size_t i = 0; i < n; i++) {
    o[i] = options_of(r.kind, words[i]);
    out[i] = (trainer_result){.n = (size_t)d->n_valid * r.k};
    out[i].p = calloc(out[i].n + 1, sizeof *out[i].p);
    HPO_ASSERT(out[i].p != NULL);
  }
  if (r.kind->needs_bins)
    MUST(hpo_bins_create(d, (int)hpo_options_get_int(o[0], "max_bin"), &bins,
                         &must_err));
  if (r.kind->needs_design)
    MUST(hpo_design_create(how->plan != NULL ? how->plan : &plain, d, &design,
                           &must_err));
  r.bins = bins;
  r.design = design;
  team_run(how->ranks, run_rank, &r);
  hpo_design_destroy(design);
  hpo_bins_destroy(bins);
  for (size_t i = 0; i < n; i++)
    hpo_options_destroy(o[i]);
  free(o);
}

void trainer_free(trainer_result *r) {
  free(r->p);
  hpo_buffer_free(&r->model);
  memset(r, 0, sizeof *r);
}

uint64_t trainer_digest(const void *bytes, size_t n) {
  const uint8_t *b = bytes;
  uint64_t hash = 0xcbf29ce484222325U;

  for (size_t i = 0; i < n; i++)
    hash = (hash ^ b[i]) * 0x100000001b3U;
  return hash;
}
