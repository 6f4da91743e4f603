/* SPDX-License-Identifier: BSD-3-Clause */
/* A study as Optuna's journal (optuna/storages/_journal/storage.py, 3.1 to
 * 4.x): operation 0 makes the study, operation 4 a trial with all it has. */
#include "cmd/interchange.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RUNNING, COMPLETE, PRUNED, FAIL, WAITING }; /* Optuna's states */

static int state_of(const hpo_traded *t, size_t i) {
  static const char *const name[] = {"running", "complete", "pruned", "failed",
                                     "waiting"};
  char text[32];

  hpo_study_file_state(&t->file, i, text, sizeof text);
  for (int s = 0; s < 5; s++)
    if (strcmp(text, name[s]) == 0)
      return s;
  return strcmp(text, "paused") == 0 ? RUNNING : FAIL;
}

static hpo_status put_member(hpo_buffer *b, const char *name, bool first,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_add(b, ",", !first, err));
  HPO_TRY(status, hpo_put_json_text(b, name, err));
  HPO_TRY(status, hpo_buffer_add(b, ":", 1, err));
done:
  return status;
}

/* "name":number */
static hpo_status put_pair(hpo_buffer *b, const char *name, double x,
                           bool first, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, put_member(b, name, first, err));
  HPO_TRY(status, hpo_put_json_number(b, x, err));
done:
  return status;
}

static hpo_status put_range(const hpo_traded_param *p, hpo_buffer *b,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  double step = p->log && p->is_int ? 1 : p->step;

  HPO_TRY(status, hpo_buffer_format(
                      b, err,
                      "{\"name\":\"%sDistribution\",\"attributes\":"
                      "{\"log\":%s",
                      p->is_int ? "Int" : "Float", p->log ? "true" : "false"));
  if (step > 0)
    HPO_TRY(status, put_pair(b, "step", step, false, err));
  else
    HPO_TRY(status, hpo_buffer_format(b, err, ",\"step\":null"));
  HPO_TRY(status, put_pair(b, "low", p->low, false, err));
  HPO_TRY(status, put_pair(b, "high", p->high, false, err));
  HPO_TRY(status, hpo_buffer_format(b, err, "}}"));
done:
  return status;
}

static hpo_status put_choices(const hpo_traded_param *p, hpo_buffer *b,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(b, err,
                                    "{\"name\":\"CategoricalDistribution\","
                                    "\"attributes\":{\"choices\":["));
  for (size_t c = 0; c < p->field->n_choice; c++) {
    HPO_TRY(status, hpo_buffer_add(b, ",", c > 0, err));
    HPO_TRY(status, hpo_put_json_text(b, p->field->choice[c], err));
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "]}}"));
done:
  return status;
}

/* Distributions are JSON in a JSON string. */
static hpo_status put_distribution(const hpo_traded_param *p, hpo_buffer *b,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer inner = {0};

  HPO_TRY(status, p->field->type == HPO_FIELD_ENUM
                      ? put_choices(p, &inner, err)
                      : put_range(p, &inner, err));
  HPO_TRY(status, hpo_buffer_add(&inner, "", 1, err));
  HPO_TRY(status, hpo_put_json_text(b, (const char *)inner.byte, err));
done:
  hpo_buffer_free(&inner);
  return status;
}

static hpo_status put_params(const hpo_traded *t, size_t i, hpo_buffer *b,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  for (int turn = 0; turn < 2; turn++) {
    bool first = true;
    HPO_TRY(status, hpo_buffer_format(b, err, "%s",
                                      turn ? "},\"params\":{"
                                           : ",\"distributions\":{"));
    for (size_t k = 0; t->file.good[i] && k < t->n_param; k++) {
      double x = hpo_traded_value(&t->param[k], i);
      if (isnan(x))
        continue;
      HPO_TRY(status, put_member(b, t->param[k].name, first, err));
      HPO_TRY(status, turn ? hpo_put_json_number(b, x, err)
                           : put_distribution(&t->param[k], b, err));
      first = false;
    }
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "}"));
done:
  return status;
}

/* The other metrics, and why it failed or was pruned. */
static hpo_status put_attributes(const hpo_traded *t, size_t i, hpo_buffer *b,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_record *r = t->file.trials;
  bool first = true;
  char text[256] = "";

  HPO_TRY(status, hpo_buffer_format(b, err, ",\"user_attrs\":{"));
  for (size_t c = 0; t->file.good[i] && c < r->n_field; c++) {
    double x = hpo_field_number(&r->field[c], i);
    if (strncmp(r->field[c].name, "metrics.", 8) != 0 || !isfinite(x))
      continue;
    HPO_TRY(status, put_pair(b, r->field[c].name, x, first, err));
    first = false;
  }
  const hpo_field *reason = hpo_record_find(r, "reason");
  if (t->file.good[i] && reason)
    hpo_field_text(reason, i, text, sizeof text);
  if (*text) {
    HPO_TRY(status, put_member(b, "reason", first, err));
    HPO_TRY(status, hpo_put_json_text(b, text, err));
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "},\"system_attrs\":{"));
  double violation = hpo_traded_number(t, "violation", i);
  if (t->file.good[i] && !isnan(violation)) {
    HPO_TRY(status, put_member(b, "constraints", true, err));
    HPO_TRY(status, hpo_buffer_add(b, "[", 1, err));
    /* a trial without constraints would be feasible to Optuna */
    HPO_TRY(status, hpo_put_json_number(b, fmin(violation, DBL_MAX), err));
    HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "}", 1, err));
done:
  return status;
}

/* Points of the objective, as the mean where there are folds. */
static hpo_status put_curve(const hpo_traded *t, size_t i, hpo_buffer *b,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *fold = hpo_record_find(t->curves, "fold");
  const hpo_field *step = hpo_record_find(t->curves, "step");
  const hpo_field *metric = hpo_record_find(t->curves, "metric");
  const hpo_field *value = hpo_record_find(t->curves, "value");
  size_t at = 0, n = hpo_traded_curve(t, i, &at);
  bool first = true;
  char name[32];

  HPO_TRY(status, hpo_buffer_format(b, err, ",\"intermediate_values\":{"));
  for (size_t k = at; k < at + n; k++) {
    if (hpo_field_int(fold, k) != 0 || hpo_field_int(metric, k) != 0)
      continue;
    snprintf(name, sizeof name, "%lld", (long long)hpo_field_int(step, k));
    HPO_TRY(status, put_pair(b, name, hpo_field_number(value, k), first, err));
    first = false;
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "}"));
done:
  return status;
}

static hpo_status put_values(const hpo_traded *t, size_t i, int state,
                             hpo_buffer *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool scored = state == COMPLETE || state == PRUNED;
  double x = hpo_traded_number(t, "value", i);
  char name[32];

  if (hpo_record_find(t->file.trials, "value")) {
    if (!scored || isnan(x))
      return hpo_buffer_format(b, err, ",\"value\":null,\"values\":null");
    HPO_TRY(status, put_pair(b, "value", x, false, err));
    return hpo_buffer_format(b, err, ",\"values\":null");
  }
  if (state != COMPLETE)
    return hpo_buffer_format(b, err, ",\"value\":null,\"values\":null");
  HPO_TRY(status, hpo_buffer_format(b, err, ",\"value\":null,\"values\":["));
  for (size_t k = 0;; k++) {
    snprintf(name, sizeof name, "value.%zu", k);
    if (!hpo_record_find(t->file.trials, name))
      break;
    HPO_TRY(status, hpo_buffer_add(b, ",", k > 0, err));
    HPO_TRY(status,
            hpo_put_json_number(b, hpo_traded_number(t, name, i), err));
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "]"));
done:
  return status;
}

/* Times are UTC. */
static hpo_status put_time(hpo_buffer *b, const char *name, int64_t ns,
                           hpo_error *err) {
  time_t seconds = (time_t)(ns / 1000000000);
  char text[64] = "";
  struct tm tm;

  if (gmtime_r(&seconds, &tm))
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  return hpo_buffer_format(b, err, ",\"%s\":\"%s.%06d\"", name, text,
                           (int)(ns / 1000 % 1000000));
}

static hpo_status put_times(const hpo_traded *t, size_t i, int state,
                            hpo_buffer *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool final = state == COMPLETE || state == PRUNED || state == FAIL;
  int64_t start = t->file.good[i] ? hpo_traded_int(t, "start", i) : 0;
  int64_t end = t->file.good[i] ? hpo_traded_int(t, "end", i) : 0;

  start = start > 0 ? start : 0;
  if (state == WAITING)
    return hpo_buffer_format(b, err, ",\"datetime_start\":null");
  HPO_TRY(status, put_time(b, "datetime_start", start, err));
  if (final)
    HPO_TRY(status,
            put_time(b, "datetime_complete", end > start ? end : start, err));
done:
  return status;
}

static hpo_status put_study(const hpo_traded *t, hpo_buffer *b,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[256], *word, *rest = NULL;
  bool first = true;

  HPO_TRY(status, hpo_buffer_format(b, err,
                                    "{\"op_code\":0,\"worker_id\":\"hpotune\""
                                    ",\"study_name\":"));
  HPO_TRY(status, hpo_put_json_text(b, t->name, err));
  HPO_TRY(status, hpo_buffer_format(b, err, ",\"directions\":["));
  hpo_record_text(t->file.attributes, "directions", text, sizeof text);
  for (word = strtok_r(text, " ", &rest); word;
       word = strtok_r(NULL, " ", &rest)) {
    HPO_TRY(status, hpo_buffer_format(b, err, "%s%d", first ? "" : ",",
                                      strncmp(word, "max", 3) == 0 ? 2 : 1));
    first = false;
  }
  HPO_TRY(status, hpo_buffer_format(b, err, "]}\n"));
done:
  return status;
}

static hpo_status put_trial(const hpo_traded *t, size_t i, hpo_buffer *b,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  int state = state_of(t, i);

  HPO_TRY(status, hpo_buffer_format(b, err,
                                    "{\"op_code\":4,\"worker_id\":\"hpotune\""
                                    ",\"study_id\":0,\"state\":%d",
                                    state));
  HPO_TRY(status, put_params(t, i, b, err));
  HPO_TRY(status, put_attributes(t, i, b, err));
  HPO_TRY(status, put_curve(t, i, b, err));
  HPO_TRY(status, put_values(t, i, state, b, err));
  HPO_TRY(status, put_times(t, i, state, b, err));
  HPO_TRY(status, hpo_buffer_format(b, err, "}\n"));
done:
  return status;
}

hpo_status hpo_export_optuna(const hpo_traded *t, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, put_study(t, out, err));
  for (size_t i = 0; i < t->file.n; i++)
    HPO_TRY(status, put_trial(t, i, out, err));
done:
  return status;
}
