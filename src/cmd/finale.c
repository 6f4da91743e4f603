/* SPDX-License-Identifier: BSD-3-Clause */
/* The end of a study: which jobs are left, and what comes of them. */
#include "cmd/finale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/log.h"
#include "hpo/model.h"
#include "hpo/report.h"

void hpo_finale_free(hpo_finale_work *w) {
  hpo_dataset_destroy(w->facts);
  hpo_mem_free(w->model);
  hpo_mem_free(w->folds.value);
  w->facts = NULL;
}

/* --- what the file holds ------------------------------------------------ */

static hpo_finale_model model_at(const hpo_record *rows, size_t i) {
  hpo_finale_model m = {
      .offset = hpo_field_int(hpo_record_find(rows, "model_offset"), i),
      .length = hpo_field_int(hpo_record_find(rows, "model_length"), i),
      .crc = hpo_field_int(hpo_record_find(rows, "model_crc"), i)};

  hpo_field_text(hpo_record_find(rows, "model_format"), i, m.format,
                 sizeof m.format);
  return m;
}

static int best_first(const void *a, const void *b) {
  const hpo_finale_model *x = a, *y = b;

  if (x->violation != y->violation)
    return x->violation < y->violation ? -1 : 1;
  if (x->value != y->value)
    return x->value < y->value ? -1 : 1;
  return (x->trial > y->trial) - (x->trial < y->trial);
}

hpo_status hpo_finale_find_models(hpo_finale_work *w, hpo_error *err) {
  static const char *const columns[] = {"number",       "state",
                                        "model_offset", "model_length",
                                        "model_format", "model_crc"};
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;
  const double sign = plan->objective[0].maximize ? -1 : 1;
  const char *names[8];
  const size_t n = plan->n_constraint > 0 ? 8 : 7;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;

  memcpy(names, columns, sizeof columns);
  names[6] = plan->n_objective == 1 ? "value" : "value.0";
  names[7] = "violation";
  w->n_model = 0;
  HPO_TRY(status, hpo_store_read(w->store, HPO_TABLE_TRIALS, 0, SIZE_MAX,
                                 names, n, &rows, &good, err));
  const hpo_field *state = hpo_record_find(rows, "state");
  for (size_t i = 0; i < state->n; i++) {
    hpo_finale_model m = model_at(rows, i);
    if (!good[i] || m.offset < 0 || m.length <= 0 ||
        hpo_field_int(state, i) != HPO_TRIAL_COMPLETE)
      continue;
    m.trial = (hpo_id)i;
    m.value = sign * hpo_field_number(hpo_record_find(rows, names[6]), i);
    m.violation =
        n > 7 ? hpo_field_number(hpo_record_find(rows, names[7]), i) : 0;
    HPO_TRY(status,
            hpo_mem_grow(&w->model, &w->room, w->n_model + 1, sizeof m, err));
    w->model[w->n_model++] = m;
  }
  if (w->n_model > 0)
    qsort(w->model, w->n_model, sizeof *w->model, best_first);
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

hpo_status hpo_finale_find_refit(const hpo_finale_work *w, int64_t rows,
                                 hpo_finale_model *out, bool *found,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *table = NULL;
  uint8_t *good = NULL;

  *found = false;
  HPO_TRY(status, hpo_store_read(w->store, HPO_TABLE_REFITS, 0, SIZE_MAX, NULL,
                                 0, &table, &good, err));
  const hpo_field *trial = hpo_record_find(table, "trial");
  const hpo_field *n = hpo_record_find(table, "rows");
  for (size_t i = 0; i < trial->n; i++)
    if (good[i] && hpo_field_int(trial, i) == w->winner.trial &&
        hpo_field_int(n, i) == rows) {
      *out = model_at(table, i);
      out->trial = w->winner.trial;
      *found = true;
    }
done:
  hpo_record_destroy(table);
  hpo_mem_free(good);
  return status;
}

/* --- the choice --------------------------------------------------------- */

/* A trial with its curve, from the file. */
static hpo_status read_curve(const hpo_finale_work *w, const hpo_trial *t,
                             hpo_trial **out, hpo_error *err) {
  static const char *const columns[] = {"curve_offset", "curve_length"};
  hpo_status status = HPO_OK;
  hpo_record *row = NULL, *points = NULL;
  hpo_trial *copy = NULL;

  HPO_TRY(status, hpo_trial_copy(t, &copy, err));
  copy->n_curve = 0;
  HPO_TRY(status, hpo_store_read(w->store, HPO_TABLE_TRIALS, (size_t)t->number,
                                 1, columns, 2, &row, NULL, err));
  const int64_t at = hpo_record_int(row, "curve_offset");
  const int64_t n = hpo_record_int(row, "curve_length");
  if (at >= 0 && n > 0) {
    HPO_TRY(status, hpo_store_read(w->store, HPO_TABLE_CURVES, (size_t)at,
                                   (size_t)n, NULL, 0, &points, NULL, err));
    HPO_TRY(status, hpo_layout_curve_read(points, 0, (size_t)n, copy, err));
  }
  *out = copy;
  copy = NULL;
done:
  hpo_trial_destroy(copy);
  hpo_record_destroy(row);
  hpo_record_destroy(points);
  return status;
}

static hpo_status find_folds(hpo_finale_work *w, const hpo_ledger *ledger,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_fold_values *f = &w->folds;
  hpo_trial *curve = NULL;

  f->n_fold = w->r->data ? w->r->data->n_fold : 0;
  f->n_trial = hpo_ledger_trials(ledger);
  HPO_TRY(status, hpo_mem_new(f->n_trial, f->n_fold * sizeof *f->value,
                              &f->value, err));
  for (size_t i = 0; i < f->n_trial * f->n_fold; i++)
    f->value[i] = NAN;
  for (size_t i = 0; f->n_fold > 0 && i < f->n_trial; i++) {
    const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
    if (t->state != HPO_TRIAL_COMPLETE)
      continue;
    HPO_TRY(status, read_curve(w, t, &curve, err));
    hpo_winner_folds(curve, t->value[0], f->n_fold, f->value + i * f->n_fold);
    hpo_trial_destroy(curve);
    curve = NULL;
  }
done:
  hpo_trial_destroy(curve);
  return status;
}

static hpo_status find_steps(hpo_finale_work *w, const hpo_ledger *ledger,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_ledger_get(ledger, w->winner.trial);
  hpo_trial *curve = NULL;

  HPO_TRY(status, read_curve(w, t, &curve, err));
  w->steps = hpo_winner_step(curve, t->value[0]);
  if (w->steps == 0)
    w->steps = t->steps;
done:
  hpo_trial_destroy(curve);
  return status;
}

int64_t hpo_finale_rows(const hpo_finale_work *w, bool all) {
  const hpo_record *facts = w->r->facts;

  return facts ? hpo_record_int(facts, "n_train") +
                     (all ? hpo_record_int(facts, "n_valid") : 0)
               : 0;
}

/* Whether the file says it all already. */
static hpo_status is_known(const hpo_finale_work *w, bool *known,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;
  const hpo_winner *v = &w->winner;
  hpo_record *row = NULL;
  hpo_finale_model refit;

  HPO_TRY(status, hpo_winner_read(w->store, &row, err));
  *known = row && hpo_record_int(row, "trial") == v->trial &&
           hpo_record_int(row, "best") == v->best &&
           hpo_record_int(row, "trials") == v->trials &&
           hpo_record_int(row, "candidates") == v->candidates;
  if (*known && plan->refit)
    HPO_TRY(status, hpo_finale_find_refit(w, hpo_finale_rows(w, true), &refit,
                                          known, err));
done:
  hpo_record_destroy(row);
  return status;
}

static hpo_status start(hpo_finale_work *w, const hpo_ledger *ledger,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;
  bool known = false;

  w->stage = plan->n_objective > 1 ? HPO_FINALE_JUDGE : HPO_FINALE_AGAIN;
  HPO_TRY(status, find_folds(w, ledger, err));
  HPO_TRY(status,
          hpo_winner_choose(w->r->plan, ledger, &w->folds, &w->winner, err));
  if (w->winner.trial >= 0 && plan->n_objective == 1)
    HPO_TRY(status, is_known(w, &known, err));
  if (w->winner.trial < 0 || known) {
    w->stage = HPO_FINALE_OVER;
    goto done;
  }
  if (w->r->facts)
    HPO_TRY(status, hpo_dataset_from_record(w->r->facts, &w->facts, err));
  HPO_TRY(status, find_steps(w, ledger, err));
  HPO_TRY(status, hpo_finale_find_models(w, err));
done:
  return status;
}

/* --- jobs --------------------------------------------------------------- */

static bool is_stored(const hpo_finale_work *w) {
  for (size_t i = 0; i < w->n_model; i++)
    if (w->model[i].trial == w->winner.trial)
      return true;
  return false;
}

static hpo_status make_job(hpo_finale_work *w, const hpo_ledger *ledger,
                           bool on_all, hpo_job *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = hpo_ledger_get(ledger, w->winner.trial);
  hpo_job j = {.job = t->job,
               .trial = t->number,
               .attempt = t->attempt,
               .to_step = on_all ? w->steps : INT64_MAX,
               .rule = {.lower = NAN, .upper = NAN},
               .n_param = t->n_param,
               .send_model = NAN,
               .on_all = on_all};

  HPO_TRY(status, hpo_mem_copy(t->x, t->n_param * sizeof *t->x, &j.x, err));
  w->rows = hpo_finale_rows(w, on_all);
  *out = j;
done:
  return status;
}

/* The winner's own model is needed for the test, and was not kept; or a model
 * of all rows is wanted. */
static hpo_status wants(hpo_finale_work *w, const hpo_ledger *ledger,
                        bool on_all, bool *want, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_run *r = w->r;
  const hpo_trial *t = hpo_ledger_get(ledger, w->winner.trial);
  const size_t model = hpo_evaluate_model(r->plan, t->x);
  const hpo_model_kind *kind = hpo_model_find(r->plan->model[model].kind);
  hpo_finale_model there;
  bool found = false;

  *want = false;
  if (!kind->save ||
      !(on_all ? r->plan->refit : hpo_plan_has_test(r->plan) && !is_stored(w)))
    goto done;
  HPO_TRY(status, hpo_finale_find_refit(w, hpo_finale_rows(w, on_all), &there,
                                        &found, err));
  *want = !found;
done:
  return status;
}

static hpo_status next_job(hpo_finale_work *w, const hpo_ledger *ledger,
                           hpo_job *job, bool *have, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool has_folds = w->folds.n_fold > 0;

  *have = false;
  while (!*have && w->stage < HPO_FINALE_JUDGE) {
    bool refit = w->stage++ == HPO_FINALE_REFIT;
    HPO_TRY(status, wants(w, ledger, refit, have, err));
    if (*have) {
      hpo_log(HPO_LOG_INFO, "run", "trial %lld, the winner, is trained %s",
              (long long)w->winner.trial,
              refit ? "again on all rows" : "again: its model was not kept");
      HPO_TRY(status, make_job(w, ledger, refit || has_folds, job, err));
    }
  }
done:
  return status;
}

static hpo_status next(void *context, const hpo_ledger *ledger, hpo_job *job,
                       bool *have, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_finale_work *w = context;

  *have = false;
  if (w->stage == HPO_FINALE_START)
    HPO_TRY(status, start(w, ledger, err));
  if (w->stage < HPO_FINALE_JUDGE)
    HPO_TRY(status, next_job(w, ledger, job, have, err));
  if (!*have && w->stage == HPO_FINALE_JUDGE) {
    w->stage = HPO_FINALE_OVER;
    HPO_TRY(status, hpo_finale_judge(w, err));
  }
done:
  return status;
}

static hpo_status take(void *context, hpo_result *result, hpo_error *err) {
  static const char *const flushed[] = {HPO_TABLE_MODELS, HPO_TABLE_REFITS};
  hpo_status status = HPO_OK;
  hpo_finale_work *w = context;
  const hpo_buffer *model = &result->model;
  hpo_record *row = NULL;
  size_t first = 0;

  if (result->trial->state != HPO_TRIAL_COMPLETE || model->n == 0) {
    hpo_log(HPO_LOG_WARN, "run",
            "trial %lld, the winner, could not be trained again: %s",
            (long long)w->winner.trial, result->trial->reason);
    goto done;
  }
  HPO_TRY(status, hpo_store_append_bytes(w->store, HPO_TABLE_MODELS,
                                         model->byte, model->n, &first, err));
  const hpo_layout_refit f = {
      .trial = w->winner.trial,
      .rows = w->rows,
      .model_offset = (int64_t)first,
      .model_length = (int64_t)model->n,
      .model_format = hpo_layout_model_format(result->trial->model_format),
      .model_crc = (int64_t)hpo_file_crc32(0, model->byte, model->n),
      .time = hpo_clock_wall_ns()};
  HPO_TRY(status, hpo_layout_refit_row(&f, &row, err));
  HPO_TRY(status,
          hpo_store_append(w->store, HPO_TABLE_REFITS, row, NULL, err));
  HPO_TRY(status, hpo_store_flush(w->store, flushed, 2, err));
done:
  hpo_record_destroy(row);
  return status;
}

static bool was_stopped(const void *context) {
  return ((const hpo_finale_work *)context)->is_stopped;
}

hpo_finale hpo_finale_make(hpo_finale_work *w) {
  return hpo_plan_has_finale(w->r->plan)
             ? (hpo_finale){.context = w,
                            .next = next,
                            .take = take,
                            .was_stopped = was_stopped}
             : (hpo_finale){.context = NULL};
}
