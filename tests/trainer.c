/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains a model kind in a test. */
#include "trainer.h"

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
  const hpo_options *options;
  uint64_t seed;
  int64_t steps;
  trainer_deal deal;
  size_t k;
  trainer_result *out;
} run;

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

/* Models with a design matrix train on whole blocks of it. */
static void deal_blocks(const run *r, const hpo_coll *coll, hpo_part *part) {
  size_t first = 0;

  hpo_design_share(r->d->train, (size_t)r->d->n_train, coll->rank, coll->size,
                   &first, &part->n_train);
  part->train = r->d->train + first;
}

static void run_rank(const hpo_coll *coll, void *argument) {
  const run *r = argument;
  size_t n_train = (size_t)r->d->n_train, n_valid = (size_t)r->d->n_valid;
  hpo_row *train = calloc(n_train + 1, sizeof *train);
  hpo_row *valid = calloc(n_valid + 1, sizeof *valid);
  size_t *place = calloc(n_train + n_valid + 1, sizeof *place);
  double *p = calloc(n_valid * r->k + 1, sizeof *p);
  void *self = NULL;
  hpo_model_input in = {.options = r->options, .seed = r->seed, .coll = coll};

  HPO_ASSERT(train && valid && place && p);
  in.part = (hpo_part){
      .data = r->d,
      .bins = r->bins,
      .design = r->design,
      .train = train,
      .valid = valid,
      .n_train = deal_rows(r->d->train, n_train, coll, r->deal, train, place),
      .n_valid = deal_rows(r->d->valid, n_valid, coll, r->deal, valid, place),
      .train_total = r->d->n_train};
  in.part.valid_first = in.part.n_valid > 0 ? (hpo_row)place[0] : 0;
  if (r->kind->needs_design)
    deal_blocks(r, coll, &in.part);
  MUST(r->kind->create(&in, &self, &must_err));
  int64_t i = 0;
  for (bool done = false; i < r->steps && !done; i++) {
    MUST(r->kind->step(self, &must_err));
    done = r->kind->is_done != NULL && r->kind->is_done(self);
  }
  if (coll->rank == 0)
    r->out->steps = i;
  MUST(r->kind->predict_valid(self, p, &must_err));
  for (size_t v = 0; v < in.part.n_valid; v++)
    memcpy(r->out->p + place[v] * r->k, p + v * r->k, r->k * sizeof *p);
  if (coll->rank == 0)
    MUST(r->kind->save(self, &r->out->model, &must_err));
  r->kind->destroy(self);
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
  static const hpo_plan_data plain;
  trainer_result out = {.p = NULL};
  run r = {
      .kind = hpo_model_find(kind), .d = d, .deal = how->deal, .out = &out};
  hpo_options *o = options_of(r.kind, words);
  hpo_bins *bins = NULL;
  hpo_design *design = NULL;

  r.k = d->task == HPO_TASK_MULTICLASS ? d->n_class : 1;
  out.n = (size_t)d->n_valid * r.k;
  out.p = calloc(out.n + 1, sizeof *out.p);
  HPO_ASSERT(out.p != NULL);
  if (r.kind->needs_bins)
    MUST(hpo_bins_create(d, (int)hpo_options_get_int(o, "max_bin"), &bins,
                         &must_err));
  if (r.kind->needs_design)
    MUST(hpo_design_create(how->plan != NULL ? how->plan : &plain, d, &design,
                           &must_err));
  r.bins = bins;
  r.design = design;
  r.options = o;
  r.seed = how->seed > 0 ? how->seed : 7;
  r.steps = how->is_untrained ? 0
            : how->steps > 0  ? how->steps
                              : r.kind->steps(o);
  team_run(how->ranks, run_rank, &r);
  hpo_design_destroy(design);
  hpo_bins_destroy(bins);
  hpo_options_destroy(o);
  return out;
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
