/* SPDX-License-Identifier: BSD-3-Clause */
/* What all trials of a worker share: the data and, once for every max_bin
 * that the plan can ask for, the binned matrix. */
#include "evaluate/paused.h"
#include "hpo/mem.h"

#include <math.h>
#include <string.h>

/* More values than this are not binned ahead. */
#define MOST_MATRICES 16

/* The different max_bin that trials can ask for. */
typedef struct wanted {
  int max_bin[MOST_MATRICES];
  size_t n;
} wanted;

static hpo_status want(wanted *w, int64_t max_bin, hpo_error *err) {
  for (size_t i = 0; i < w->n; i++)
    if (w->max_bin[i] == max_bin)
      return HPO_OK;
  if (w->n == MOST_MATRICES)
    return hpo_error_set(
        err, HPO_EINVAL,
        "max_bin: more than %d different values in one study are not "
        "built yet in this version; use <ordinal name=\"max_bin\"> "
        "with a few choices",
        MOST_MATRICES);
  w->max_bin[w->n++] = (int)max_bin;
  return HPO_OK;
}

/* The searched values of max_bin, and the fixed one where it can count. */
static hpo_status want_all(const hpo_plan *plan, size_t model, wanted *w,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  const hpo_space *s = &plan->space;
  bool searched = false;

  for (size_t i = 0; i < s->n_param; i++) {
    const hpo_param *p = &s->param[i];
    int64_t value = 0;
    if (p->model != (int)model || strcmp(p->name, "max_bin") != 0)
      continue;
    searched = searched || p->parent < 0 || s->param[p->parent].model < 0;
    for (size_t c = 0; c < p->n_choice; c++) {
      if (!hpo_options_parse_int(p->choice[c], &value))
        HPO_FAIL(status, err, HPO_EINVAL, "max_bin = %s is not an integer",
                 p->choice[c]);
      HPO_TRY(status, want(w, value, err));
    }
    if (p->kind != HPO_PARAM_CATEGORICAL)
      for (double v = p->low; v <= p->high; v += fmax(p->step, 1))
        HPO_TRY(status, want(w, (int64_t)v, err));
  }
  if (!searched) {
    HPO_TRY(status, hpo_evaluate_options(plan, model, NULL, &o, err));
    HPO_TRY(status, want(w, hpo_options_get_int(o, "max_bin"), err));
  }
done:
  hpo_options_destroy(o);
  return status;
}

/* All matrices at once: each feature is sorted once.  If nobody needs the
 * values themselves, they may go as they become codes. */
static hpo_status make_matrices(hpo_evaluator *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  wanted w = {.n = 0};
  bool drops = e->data->x_is_spare;

  for (size_t m = 0; m < e->plan->n_model; m++) {
    const hpo_model_kind *kind = hpo_model_find(e->plan->model[m].kind);

    if (kind && kind->needs_bins)
      HPO_TRY(status, want_all(e->plan, m, &w, err));
    drops = drops && kind && !kind->needs_rows && !kind->needs_design;
  }
  if (w.n == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(w.n, sizeof *e->bins, &e->bins, err));
  HPO_TRY(status,
          hpo_bins_create_all(e->data, w.max_bin, w.n, drops, e->bins, err));
  e->n_bins = w.n;
done:
  return status;
}

/* What the ranks hold of x [n_valid], on the team's rank 0. */
static hpo_status gather_truth(const hpo_dataset *d, double *x,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *team = d->team;
  double *all = NULL;
  size_t *count = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(status,
          team->gather(team->self, x + d->valid_first,
                       (size_t)(d->valid_end - d->valid_first) * sizeof *x,
                       &all, count, err));
  if (all)
    memcpy(x, all, (size_t)d->n_valid * sizeof *x);
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

static hpo_status collect_truth(const hpo_dataset *d, size_t fold,
                                hpo_truth *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_fold rows = hpo_dataset_fold(d, fold);
  size_t n = (size_t)rows.n_valid;
  size_t from = d->team ? (size_t)d->valid_first : 0;
  size_t to = d->team ? (size_t)d->valid_end : n;

  HPO_TRY(status, hpo_mem_new(n, sizeof *t->y, &t->y, err));
  if (d->weight)
    HPO_TRY(status, hpo_mem_new(n, sizeof *t->weight, &t->weight, err));
  for (size_t i = from; i < to; i++) {
    t->y[i] = d->y[rows.valid[i]];
    if (d->weight)
      t->weight[i] = d->weight[rows.valid[i]];
  }
  if (d->team && d->team->size > 1) {
    HPO_TRY(status, gather_truth(d, t->y, err));
    if (d->weight)
      HPO_TRY(status, gather_truth(d, t->weight, err));
  }
done:
  return status;
}

static hpo_status collect_truths(hpo_evaluator *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = e->data->n_fold > 0 ? e->data->n_fold : 1;

  HPO_TRY(status, hpo_mem_new(n, sizeof *e->truth, &e->truth, err));
  e->n_truth = n;
  for (size_t f = 0; f < n; f++)
    HPO_TRY(status, collect_truth(e->data, f, &e->truth[f], err));
done:
  return status;
}

hpo_status hpo_evaluator_create(const hpo_plan *plan, const hpo_dataset *data,
                                const hpo_coll *team, hpo_evaluator **out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_evaluator *e = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *e, &e, err));
  e->plan = plan;
  e->data = data;
  e->team = team;
  if (data)
    HPO_TRY(status, collect_truths(e, err));
  if (data && plan->shards > 0)
    HPO_TRY(status, hpo_shards_create(data, plan->seed, plan->shards,
                                      &e->shards, err));
  for (size_t m = 0; data && m < plan->n_model; m++) {
    const hpo_model_kind *kind = hpo_model_find(plan->model[m].kind);
    if (kind && kind->needs_design && !e->design)
      HPO_TRY(status, hpo_design_create(&plan->data, data, &e->design, err));
  }
  if (data)
    HPO_TRY(status, make_matrices(e, err));
  *out = e;
  e = NULL;
done:
  hpo_evaluator_destroy(e);
  return status;
}

void hpo_evaluator_destroy(hpo_evaluator *e) {
  if (!e)
    return;
  hpo_paused_drop(e, 0);
  hpo_mem_free(e->paused);
  for (size_t i = 0; i < e->n_bins; i++)
    hpo_bins_destroy(e->bins[i]);
  hpo_mem_free(e->bins);
  if (e->shelf.kept != NULL)
    e->shelf.free(e->shelf.kept);
  hpo_design_destroy(e->design);
  hpo_shards_destroy(e->shards);
  for (size_t f = 0; f < e->n_truth; f++) {
    hpo_mem_free(e->truth[f].y);
    hpo_mem_free(e->truth[f].weight);
  }
  hpo_mem_free(e->truth);
  hpo_mem_free(e->whole);
  hpo_mem_free(e);
}

hpo_status hpo_evaluator_list_whole(hpo_evaluator *e, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = e->data;
  hpo_row first = 0, end = 0;

  if (e->whole)
    return HPO_OK;
  hpo_dataset_held(d, &first, &end);
  HPO_TRY(status, hpo_mem_new((size_t)(end - first), sizeof *e->whole,
                              &e->whole, err));
  for (hpo_row i = first; i < end; i++)
    if (d->role[i] != HPO_ROLE_TEST)
      e->whole[e->n_whole++] = i;
done:
  return status;
}

const hpo_bins *hpo_evaluator_find(const hpo_evaluator *e, int64_t max_bin) {
  for (size_t i = 0; i < e->n_bins; i++)
    if (e->bins[i]->max_bin == max_bin)
      return e->bins[i];
  return NULL;
}

const hpo_shards *hpo_evaluator_shards(const hpo_evaluator *e) {
  return e->shards;
}

const hpo_bins *hpo_evaluator_bins(const hpo_evaluator *e) {
  return e->n_bins ? e->bins[0] : NULL;
}

bool hpo_evaluator_needs_rows(const hpo_evaluator *e) {
  for (size_t m = 0; m < e->plan->n_model; m++)
    if (hpo_model_find(e->plan->model[m].kind)->needs_rows)
      return true;
  return false;
}
