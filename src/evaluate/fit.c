/* SPDX-License-Identifier: BSD-3-Clause */
/* One model on one part of the rows. */
#include "evaluate/fit.h"
#include "hpo/mem.h"

#include <string.h>

/* Rows of the team's rank r: contiguous shares in row order. */
static void share(const hpo_row *rows, hpo_row n, const hpo_coll *team,
                  const hpo_row **out, size_t *out_n) {
  hpo_row first = n * team->rank / team->size;
  *out = n > 0 ? rows + first : rows;
  *out_n = (size_t)(n * (team->rank + 1) / team->size - first);
}

/* The rows that this rank works on: its share, or those it holds. */
static void share_part(const hpo_fit *fit, hpo_part *part) {
  const hpo_dataset *d = fit->e->data;
  const hpo_coll *team = fit->e->team;
  size_t first = 0;

  if (d->team != NULL && fit->rows.train == fit->e->whole) {
    part->train = fit->e->whole;
    part->n_train = fit->e->n_whole;
    return;
  }
  if (d->team != NULL) {
    part->train = fit->rows.train + d->train_first;
    part->n_train = (size_t)(d->train_end - d->train_first);
    part->valid = fit->rows.valid + d->valid_first;
    part->n_valid = (size_t)(d->valid_end - d->valid_first);
    return;
  }
  share(fit->rows.train, fit->rows.n_train, team, &part->train,
        &part->n_train);
  share(fit->rows.valid, fit->rows.n_valid, team, &part->valid,
        &part->n_valid);
  if (fit->from->kind->needs_design) {
    hpo_design_share(fit->rows.train, (size_t)fit->rows.n_train, team->rank,
                     team->size, &first, &part->n_train);
    part->train = fit->rows.train + first;
  }
}

static hpo_status make_part(hpo_fit *fit, size_t fold, hpo_part *part,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = fit->e->data;
  const hpo_recipe *r = fit->from;

  memset(part, 0, sizeof *part);
  if (!d)
    return HPO_OK;
  part->data = d;
  if (fold == HPO_FIT_WHOLE) {
    HPO_TRY(status, hpo_evaluator_list_whole(fit->e, err));
    fit->rows =
        (hpo_fold){.train = fit->e->whole, .n_train = d->n_train + d->n_valid};
  } else if (fold == HPO_FIT_ALL) {
    fit->rows = (hpo_fold){.train = d->train, .n_train = d->n_train};
  } else {
    fit->rows = hpo_dataset_fold(d, fold);
    fit->truth = &fit->e->truth[fold];
  }
  if (fit->e->shards && fold != HPO_FIT_WHOLE)
    fit->rows.train =
        hpo_shards_get(fit->e->shards, r->shard, &fit->rows.n_train);
  part->train_total = fit->rows.n_train;
  part->rows = fit->rows;
  share_part(fit, part);
  fit->n_mine = part->n_valid;
  fit->first_mine =
      part->n_valid > 0 ? (size_t)(part->valid - fit->rows.valid) : 0;
  part->valid_first = (hpo_row)fit->first_mine;
  if (r->kind->needs_design)
    part->design = fit->e->design;
  if (r->kind->needs_bins) {
    part->bins =
        hpo_evaluator_find(fit->e, hpo_options_get_int(r->options, "max_bin"));
    HPO_ASSERT(part->bins);
  }
  fit->k = hpo_dataset_outputs(d);
done:
  return status;
}

static hpo_model_input input_of(hpo_evaluator *e, const hpo_recipe *r) {
  return (hpo_model_input){.options = r->options,
                           .seed = e->plan->seed,
                           .coll = e->team,
                           .shelf = &e->shelf,
                           .free_name = r->free_name,
                           .free_value = r->free_value,
                           .free_text = (const char *const *)r->free_text,
                           .trial = r->trial,
                           .n_free = r->n_free};
}

hpo_status hpo_fit_create(hpo_evaluator *e, const hpo_recipe *r, size_t fold,
                          int64_t last_step, hpo_fit *fit, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_model_input in = input_of(e, r);

  in.last_step = last_step;
  *fit = (hpo_fit){.e = e, .from = r};
  HPO_TRY(status, make_part(fit, fold, &in.part, err));
  HPO_TRY(status, hpo_mem_new((size_t)fit->rows.n_valid * fit->k,
                              sizeof *fit->p, &fit->p, err));
  HPO_TRY(status, r->kind->create(&in, &fit->model, err));
done:
  return status;
}

double hpo_fit_need(hpo_evaluator *e, const hpo_recipe *r, size_t fold) {
  hpo_fit fit = {.e = e, .from = r};
  hpo_model_input in = input_of(e, r);

  if (!r->kind->need || make_part(&fit, fold, &in.part, NULL) != HPO_OK)
    return 0;
  return r->kind->need(&in);
}

void hpo_fit_free(hpo_fit *fit) {
  if (fit->model)
    fit->from->kind->destroy(fit->model);
  hpo_mem_free(fit->p);
  hpo_mem_free(fit->sum);
  *fit = (hpo_fit){0};
}

bool hpo_fit_is_done(const hpo_fit *fit) {
  const hpo_model_kind *kind = fit->from->kind;
  return kind->is_done != NULL && kind->is_done(fit->model);
}

bool hpo_fit_can_step(const hpo_fit *fit) {
  return fit->steps == 0 || !hpo_fit_is_done(fit);
}

hpo_status hpo_fit_step_together(hpo_fit *const *fit, size_t n, void **self,
                                 hpo_status *status, hpo_error *why) {
  const hpo_model_kind *kind = fit[0]->from->kind;
  hpo_status all = HPO_OK;

  for (size_t i = 0; i < n; i++)
    self[i] = fit[i]->model;
  if (n > 1)
    all = kind->step_together(self, n, status, why);
  else
    status[0] = kind->step(self[0], why);
  for (size_t i = 0; all == HPO_OK && i < n; i++)
    fit[i]->steps += status[i] == HPO_OK;
  return all;
}

hpo_status hpo_fit_cut(hpo_fit *fit, int64_t steps, double score,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  HPO_TRY(status, fit->from->kind->cut(fit->model, steps, score, err));
  fit->steps = steps;
done:
  return status;
}

hpo_status hpo_fit_restore(hpo_fit *fit, int64_t steps, hpo_error *err) {
  hpo_status status = HPO_OK;
  HPO_TRY(status, fit->from->kind->restore(fit->model, err));
  fit->steps = steps;
done:
  return status;
}
