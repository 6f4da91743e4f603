/* SPDX-License-Identifier: BSD-3-Clause */
/* Judging the winner and the kept models: test scores, luck, the verdict. */
#include "cmd/finale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/log.h"

enum { MOST_COMPARED = 20 }; /* models that the bootstrap compares */

static hpo_status read_model(const hpo_finale_work *w,
                             const hpo_finale_model *m, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = (size_t)m->length;

  out->n = 0;
  HPO_TRY(status, hpo_mem_grow(&out->byte, &out->capacity, n, 1, err));
  out->n = n;
  HPO_TRY(status, hpo_store_read_bytes(w->store, HPO_TABLE_MODELS,
                                       (size_t)m->offset, n, out->byte, err));
  if ((int64_t)hpo_file_crc32(0, out->byte, n) != m->crc)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the study file is damaged: the bytes of trial %lld's model do "
             "not have its checksum",
             (long long)m->trial);
done:
  return status;
}

/* Path of the library of a plugin's model; NULL: of another kind. */
static hpo_status find_library(const hpo_finale_work *w,
                               const hpo_finale_model *m, char **out,
                               hpo_error *err) {
  static const char *const column[] = {"model"};
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;
  hpo_record *row = NULL;
  uint8_t *good = NULL;
  int64_t model = 0;

  if (strcmp(m->format, "plugin") != 0)
    return HPO_OK;
  if (plan->n_model > 1) {
    HPO_TRY(status,
            hpo_store_read(w->store, HPO_TABLE_TRIALS, (size_t)m->trial, 1,
                           column, 1, &row, &good, err));
    model = hpo_field_int(hpo_record_find(row, "model"), 0);
  }
  const char *library = hpo_settings_get(&plan->model[model].fixed, "library");
  HPO_TRY(status, hpo_mem_format(out, err, "%s%s%s",
                                 library[0] == '/' ? "" : plan->folder,
                                 library[0] == '/' ? "" : "/", library));
done:
  hpo_record_destroy(row);
  hpo_mem_free(good);
  return status;
}

/* Predictions of one model; *p stays NULL for kinds that can't. */
static hpo_status predict(const hpo_finale_work *w, const hpo_exam *exam,
                          const hpo_finale_model *m, double **p,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer bytes = {0};
  hpo_error own = {0};
  char *path = NULL;
  hpo_predictor_library library = {.seconds = w->r->plan->limit_time};

  HPO_TRY(status, read_model(w, m, &bytes, err));
  HPO_TRY(status, find_library(w, m, &path, err));
  library.path = path;
  status = hpo_exam_predict(exam, w->facts, m->format, &bytes,
                            path ? &library : NULL, p, &own);
  if (status == HPO_EINVAL || status == HPO_ETRIAL) {
    hpo_log(HPO_LOG_WARN, "run", "trial %lld is not scored: %s",
            (long long)m->trial, own.text);
    status = HPO_OK;
  }
  if (status != HPO_OK)
    HPO_FAIL(status, err, status, "%s", own.text);
done:
  hpo_buffer_free(&bytes);
  hpo_mem_free(path);
  return status;
}

/* --- the test ----------------------------------------------------------- */

/* Whether a score stands in the file. */
static bool has_score(const hpo_record *scores, const uint8_t *good,
                      const hpo_finale_model *m, size_t metric) {
  const hpo_field *trial = hpo_record_find(scores, "trial");
  const hpo_field *model = hpo_record_find(scores, "model");
  const hpo_field *name = hpo_record_find(scores, "metric");

  for (size_t i = 0; i < trial->n; i++)
    if (good[i] && hpo_field_int(trial, i) == m->trial &&
        hpo_field_int(model, i) == m->is_refit &&
        hpo_field_int(name, i) == (int64_t)metric)
      return true;
  return false;
}

static hpo_status append_score(const hpo_finale_work *w,
                               const hpo_finale_model *m, size_t metric,
                               double value, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  const hpo_layout_test_score s = {.trial = m->trial,
                                   .model = m->is_refit,
                                   .metric = (int)metric,
                                   .value = value,
                                   .time = hpo_clock_wall_ns()};

  HPO_TRY(status, hpo_layout_test_score_row(&s, w->r->plan, &row, err));
  HPO_TRY(status,
          hpo_store_append(w->store, HPO_TABLE_TEST_SCORES, row, NULL, err));
done:
  hpo_record_destroy(row);
  return status;
}

/* The scores of one model that the file lacks. */
static hpo_status score_model(const hpo_finale_work *w,
                              const hpo_finale_model *m,
                              const hpo_record *scores, const uint8_t *good,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};
  double *p = NULL, value = NAN;

  HPO_TRY(status, hpo_plan_metrics(w->r->plan, &metrics, err));
  for (size_t i = 0; i < metrics.n; i++) {
    if (has_score(scores, good, m, i))
      continue;
    if (!p)
      HPO_TRY(status, predict(w, w->r->test, m, &p, err));
    if (!p)
      break;
    HPO_TRY(status, hpo_exam_score(w->r->test, w->facts, p, metrics.item[i],
                                   &value, err));
    if (!isnan(value))
      HPO_TRY(status, append_score(w, m, i, value, err));
  }
done:
  hpo_names_free(&metrics);
  hpo_mem_free(p);
  return status;
}

/* Of the kept trials, the winner and its refit. */
static hpo_status score_all(const hpo_finale_work *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;
  const int64_t keep = plan->n_objective > 1 ? -1 : plan->keep_models;
  const int64_t all = hpo_finale_rows(w, true);
  const int64_t train = hpo_finale_rows(w, false);
  hpo_record *scores = NULL;
  uint8_t *good = NULL;
  hpo_finale_model m = {.trial = -1};
  bool found = false, stored = false;

  HPO_TRY(status, hpo_store_read(w->store, HPO_TABLE_TEST_SCORES, 0, SIZE_MAX,
                                 NULL, 0, &scores, &good, err));
  for (size_t i = 0; i < w->n_model; i++) {
    bool is_winner = w->model[i].trial == w->winner.trial;
    stored = stored || is_winner;
    if (keep < 0 || i < (size_t)keep || is_winner)
      HPO_TRY(status, score_model(w, &w->model[i], scores, good, err));
  }
  if (!stored)
    HPO_TRY(status, hpo_finale_find_refit(w, train, &m, &found, err));
  if (!stored && found)
    HPO_TRY(status, score_model(w, &m, scores, good, err));
  found = false;
  if (plan->refit && all > train)
    HPO_TRY(status, hpo_finale_find_refit(w, all, &m, &found, err));
  m.is_refit = true;
  if (found)
    HPO_TRY(status, score_model(w, &m, scores, good, err));
done:
  hpo_record_destroy(scores);
  hpo_mem_free(good);
  return status;
}

/* --- luck --------------------------------------------------------------- */

static bool must_stop(void *context) {
  hpo_stopping *s = context;

  hpo_stopping_poll(s);
  return s->asked;
}

static hpo_status bootstrap(hpo_finale_work *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;
  double *p[MOST_COMPARED] = {NULL};
  size_t n = 0;
  hpo_luck luck = {.value = NAN, .low = NAN, .high = NAN};

  for (size_t i = 0; i < w->n_model && n < MOST_COMPARED; i++) {
    HPO_TRY(status, predict(w, w->r->valid, &w->model[i], &p[n], err));
    n += p[n] != NULL;
  }
  HPO_TRY(status, hpo_exam_luck(
                      w->r->valid, w->facts, p, n, plan->objective[0].metric,
                      plan->objective[0].maximize, plan->seed, plan->bootstrap,
                      (hpo_luck_stop){must_stop, w->stopping}, &luck, err));
  w->is_stopped = luck.is_stopped;
  if (luck.is_stopped || isnan(luck.value))
    goto done;
  w->winner.method = HPO_WINNER_BBC;
  w->winner.corrected = luck.value;
  w->winner.low = luck.low;
  w->winner.high = luck.high;
  w->winner.samples = luck.samples;
  w->winner.models = (int64_t)n;
done:
  for (size_t i = 0; i < n; i++)
    hpo_mem_free(p[i]);
  return status;
}

/* --- the verdict -------------------------------------------------------- */

static bool is_one_se(const hpo_plan *plan) {
  return plan->winner && strcmp(plan->winner, "one-se") == 0;
}

static void give_reason(const hpo_finale_work *w, char *text, size_t room) {
  const hpo_winner *v = &w->winner;

  if (!is_one_se(w->r->plan))
    snprintf(text, room, "the best value of %lld trials",
             (long long)v->trials);
  else if (v->candidates < 2)
    snprintf(text, room,
             "no other trial lies within one standard error (%.3g) of it",
             v->standard_error);
  else
    snprintf(text, room,
             "least %s of the %lld trials within one standard error (%.3g) of "
             "the best, trial %lld (%.6g)",
             w->r->plan->simpler, (long long)v->candidates, v->standard_error,
             (long long)v->best, v->best_value);
}

static hpo_status append_winner(const hpo_finale_work *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_winner *v = &w->winner;
  hpo_record *row = NULL;
  char reason[240];

  give_reason(w, reason, sizeof reason);
  const hpo_layout_winner row_of = {.time = hpo_clock_wall_ns(),
                                    .trial = v->trial,
                                    .best = v->best,
                                    .rule = is_one_se(w->r->plan),
                                    .trials = v->trials,
                                    .candidates = v->candidates,
                                    .value = v->value,
                                    .standard_error = v->standard_error,
                                    .corrected = v->corrected,
                                    .low = v->low,
                                    .high = v->high,
                                    .method = (int)v->method,
                                    .models = v->models,
                                    .samples = v->samples,
                                    .reason = reason};
  HPO_TRY(status, hpo_layout_winner_row(&row_of, &row, err));
  HPO_TRY(status,
          hpo_store_append(w->store, HPO_TABLE_WINNER, row, NULL, err));
done:
  hpo_record_destroy(row);
  return status;
}

hpo_status hpo_finale_judge(hpo_finale_work *w, hpo_error *err) {
  static const char *const tables[] = {HPO_TABLE_TEST_SCORES,
                                       HPO_TABLE_WINNER};
  hpo_status status = HPO_OK;
  const hpo_plan *plan = w->r->plan;

  if (hpo_plan_has_test(plan))
    HPO_TRY(status, score_all(w, err));
  HPO_TRY(status, hpo_store_flush(w->store, tables, 1, err));
  if (plan->n_objective > 1)
    goto done;
  if (plan->winner[0] && w->folds.n_fold > 0)
    hpo_winner_correct(plan, &w->folds, &w->winner);
  else if (plan->winner[0] && w->r->valid)
    HPO_TRY(status, bootstrap(w, err));
  if (w->is_stopped)
    goto done;
  HPO_TRY(status, append_winner(w, err));
  HPO_TRY(status, hpo_store_flush(w->store, tables + 1, 1, err));
done:
  return status;
}
