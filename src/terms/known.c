/* SPDX-License-Identifier: BSD-3-Clause */
/* What a study knows from others: see known.h.
 *
 * A row of the table: source, trial, state (-1: a point to try first), steps,
 * then the point, the values and the metrics, all as double (whole numbers
 * are exact up to 2^53).
 *
 * Contents: rows; the table as a field; the table for readers. */
#include "hpo/known.h"

#include "hpo/file.h"
#include "hpo/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SOURCE, TRIAL, STATE, STEPS, POINT };
#define NAME_ROOM 160

/* --- Rows --------------------------------------------------------------- */

static hpo_status count_metrics(const hpo_plan *plan, size_t *n,
                                hpo_error *err) {
  hpo_names metrics = {0};
  hpo_status status = hpo_plan_metrics(plan, &metrics, err);

  *n = metrics.n;
  hpo_names_free(&metrics);
  return status;
}

static size_t width_of(const hpo_plan *plan, size_t n_metric) {
  return POINT + plan->space.n_param + plan->n_objective + n_metric;
}

static const double *row_of(const hpo_plan *plan, size_t k) {
  return plan->known + k * plan->known_width;
}

hpo_status hpo_known_add(hpo_plan *plan, size_t source, const hpo_trial *t,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = plan->space.n_param, width = width_of(plan, t->n_metric);
  double *row;

  HPO_ASSERT(t->n_param == n && t->n_objective == plan->n_objective);
  HPO_TRY(status,
          hpo_mem_grow(&plan->known, &plan->known_room,
                       (plan->n_known + 1) * width, sizeof *plan->known, err));
  plan->known_width = width;
  row = plan->known + plan->n_known * width;
  row[SOURCE] = (double)source;
  row[TRIAL] = (double)t->number;
  row[STATE] = plan->warm[source].is_points ? -1 : (double)t->state;
  row[STEPS] = (double)t->steps;
  memcpy(row + POINT, t->x, n * sizeof *row);
  memcpy(row + POINT + n, t->value, t->n_objective * sizeof *row);
  memcpy(row + POINT + n + t->n_objective, t->metric,
         t->n_metric * sizeof *row);
  plan->n_known++;
done:
  return status;
}

bool hpo_known_is_seen(const hpo_plan *plan, size_t k) {
  return row_of(plan, k)[STATE] >= 0;
}

const double *hpo_known_point(const hpo_plan *plan, size_t k) {
  return row_of(plan, k) + POINT;
}

hpo_status hpo_known_get(const hpo_plan *plan, size_t k, size_t *source,
                         hpo_trial **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const double *row = row_of(plan, k);
  size_t n = plan->space.n_param, n_metric = 0;
  hpo_trial *t = NULL;

  HPO_TRY(status, count_metrics(plan, &n_metric, err));
  HPO_TRY(status, hpo_trial_create(n, plan->n_objective, n_metric, &t, err));
  t->number = (hpo_id)row[TRIAL];
  t->state = row[STATE] < 0 ? HPO_TRIAL_WAITING : (hpo_trial_state)row[STATE];
  t->steps = (int64_t)row[STEPS];
  memcpy(t->x, row + POINT, n * sizeof *row);
  memcpy(t->value, row + POINT + n, t->n_objective * sizeof *row);
  memcpy(t->metric, row + POINT + n + t->n_objective, n_metric * sizeof *row);
  if (source != NULL)
    *source = (size_t)row[SOURCE];
  *out = t;
done:
  return status;
}

/* --- The table as a field ----------------------------------------------- */

hpo_status hpo_known_record(const hpo_plan *plan, hpo_record *r,
                            hpo_error *err) {
  return hpo_record_add_matrix(
      r, "known", HPO_FIELD_FLOAT, plan->known, plan->n_known,
      plan->known_width, "",
      "Trials taken from other studies: source, trial, state (-1: a point to "
      "try first), steps, parameters, values, metrics.",
      err);
}

/* A row that may come from a damaged file. */
static bool is_valid(const hpo_plan *plan, size_t k) {
  const double *row = row_of(plan, k), *x = row + POINT;
  size_t n = plan->space.n_param;
  bool is_pruned = row[STATE] == (double)HPO_TRIAL_PRUNED;
  bool is_whole = row[TRIAL] >= 0 && row[TRIAL] < 0x1p53 && row[STEPS] >= 0 &&
                  row[STEPS] < 0x1p53;

  if (!is_whole || !(row[SOURCE] >= 0 && row[SOURCE] < (double)plan->n_warm))
    return false;
  if (plan->warm[(size_t)row[SOURCE]].is_points != (row[STATE] < 0))
    return false;
  for (size_t i = 0; row[STATE] < 0 && i < n; i++)
    if (!isnan(x[i]) &&
        fabs(hpo_param_round(&plan->space.param[i], x[i]) - x[i]) > 0)
      return false;
  if (row[STATE] < 0)
    return true;
  for (size_t i = 0; i < plan->n_objective; i++)
    if (!isfinite(x[n + i]) && !(i > 0 && is_pruned))
      return false;
  return (is_pruned || row[STATE] == (double)HPO_TRIAL_COMPLETE) &&
         hpo_space_check(&plan->space, x, NULL) == HPO_OK;
}

hpo_status hpo_known_read(const hpo_record *r, hpo_plan *plan,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = hpo_record_find(r, "known");
  size_t n_metric = 0, width;

  HPO_TRY(status, count_metrics(plan, &n_metric, err));
  width = width_of(plan, n_metric);
  if (f == NULL || f->type != HPO_FIELD_FLOAT || f->n_shape != 2 ||
      (f->shape[0] > 0 && f->shape[1] != width))
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the stored plan has no valid field known");
  HPO_TRY(status, hpo_mem_copy(f->data, f->room, &plan->known, err));
  plan->n_known = f->shape[0];
  plan->known_width = f->shape[1];
  plan->known_room = plan->n_known * width;
  for (size_t k = 0; k < plan->n_known; k++)
    if (!is_valid(plan, k))
      HPO_FAIL(status, err, HPO_ESTUDY,
               "row %zu of what the stored plan knows from other studies is "
               "none of its space",
               k);
done:
  return status;
}

hpo_status hpo_known_hash(const hpo_plan *plan, char hex[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sha256 hash;
  double *bits = NULL;
  size_t n = plan->n_known * plan->known_width;

  HPO_TRY(status, hpo_mem_new(n, sizeof *bits, &bits, err));
  for (size_t i = 0; i < n; i++) /* one NaN, one zero */
    bits[i] = isnan(plan->known[i]) ? (double)NAN : plan->known[i] + 0.0;
  hpo_sha256_start(&hash);
  hpo_sha256_add(&hash, bits, n * sizeof *bits);
  hpo_sha256_end(&hash, hex);
done:
  hpo_mem_free(bits);
  return status;
}

/* --- The table for readers ---------------------------------------------- */

static hpo_status add_numbers(const hpo_plan *plan, hpo_record *r,
                              const char *name, size_t at, bool is_whole,
                              const char *description, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_record_add(r, name, is_whole ? HPO_FIELD_INT : HPO_FIELD_FLOAT,
                         0, NULL, plan->n_known, "", description, err));
  for (size_t k = 0; k < plan->n_known; k++)
    if (is_whole)
      hpo_field_set_int(&r->field[r->n_field - 1], k,
                        (int64_t)row_of(plan, k)[at]);
    else
      hpo_field_set_number(&r->field[r->n_field - 1], k, row_of(plan, k)[at]);
done:
  return status;
}

static hpo_status add_texts(const hpo_plan *plan, hpo_record *r,
                            const char *name, const char *description,
                            const char *(*text)(const hpo_plan *plan, size_t k,
                                                size_t i),
                            size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t width = 1;

  for (size_t k = 0; k < plan->n_known; k++)
    width =
        strlen(text(plan, k, i)) > width ? strlen(text(plan, k, i)) : width;
  HPO_TRY(status, hpo_record_add(r, name, HPO_FIELD_TEXT, width, NULL,
                                 plan->n_known, "", description, err));
  for (size_t k = 0; k < plan->n_known; k++)
    hpo_field_set_text(&r->field[r->n_field - 1], k, text(plan, k, i));
done:
  return status;
}

static const char *state_text(const hpo_plan *plan, size_t k, size_t i) {
  const double state = row_of(plan, k)[STATE];

  (void)i;
  return state < 0 ? "start point"
                   : hpo_trial_state_name((hpo_trial_state)state);
}

static const char *source_text(const hpo_plan *plan, size_t k, size_t i) {
  (void)i;
  return plan->warm[(size_t)row_of(plan, k)[SOURCE]].href;
}

static const char *choice_text(const hpo_plan *plan, size_t k, size_t i) {
  const double x = hpo_known_point(plan, k)[i];

  return isnan(x) ? "" : plan->space.param[i].choice[(size_t)x];
}

static hpo_status add_point(const hpo_plan *plan, hpo_record *r,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[NAME_ROOM];

  for (size_t i = 0; i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    static const char says[] =
        "The parameter; NaN or empty: inactive, or left "
        "to the sampler.";
    snprintf(name, sizeof name, "params.%s", p->full_name);
    if (p->kind == HPO_PARAM_CATEGORICAL)
      HPO_TRY(status, add_texts(plan, r, name, says, choice_text, i, err));
    else
      HPO_TRY(status, add_numbers(plan, r, name, POINT + i, false, says, err));
  }
done:
  return status;
}

static hpo_status add_outcome(const hpo_plan *plan, hpo_record *r,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = POINT + plan->space.n_param;
  hpo_names metrics = {0};
  char name[NAME_ROOM];

  for (size_t i = 0; i < plan->n_objective; i++) {
    snprintf(name, sizeof name, plan->n_objective > 1 ? "value.%zu" : "value",
             i);
    HPO_TRY(status, add_numbers(plan, r, name, at + i, false,
                                "The objective; NaN: a start point.", err));
  }
  HPO_TRY(status, hpo_plan_metrics(plan, &metrics, err));
  for (size_t i = 0; i < metrics.n; i++) {
    snprintf(name, sizeof name, "metrics.%s", metrics.item[i]);
    HPO_TRY(status,
            add_numbers(plan, r, name, at + plan->n_objective + i, false,
                        "The metric; NaN: the other study has none.", err));
  }
done:
  hpo_names_free(&metrics);
  return status;
}

hpo_status hpo_known_columns(const hpo_plan *plan, hpo_record **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("known", &r, err));
  HPO_TRY(status, add_texts(plan, r, "source", "File of the other study.",
                            source_text, 0, err));
  HPO_TRY(status, add_numbers(plan, r, "trial", TRIAL, true,
                              "Number of the trial there.", err));
  HPO_TRY(status, add_texts(plan, r, "state",
                            "complete, pruned, or start point: tried first.",
                            state_text, 0, err));
  HPO_TRY(status,
          add_numbers(plan, r, "steps", STEPS, true, "Steps it took.", err));
  HPO_TRY(status, add_point(plan, r, err));
  HPO_TRY(status, add_outcome(plan, r, err));
  *out = r;
  r = NULL; /* now the caller's */
done:
  hpo_record_destroy(r);
  return status;
}
