/* SPDX-License-Identifier: BSD-3-Clause */
/* What travels between manager and worker, as records: jobs and results.
 * Unlike a row of /trials, a result needs no plan to be read, and carries
 * the curve and the model. */
#include "hpo/trial.h"

#include "trial_private.h"

#include <string.h>

/* Steps are at most 1e12, so doubles hold all of a rule. */
#define RULE_MEMBERS 9

static hpo_status add_rule(hpo_record *r, const hpo_rule *rule,
                           hpo_error *err) {
  double member[RULE_MEMBERS] = {rule->lower,
                                 rule->upper,
                                 (double)rule->warmup,
                                 (double)rule->interval,
                                 (double)rule->patience,
                                 rule->min_delta,
                                 rule->is_alone ? 1 : 0,
                                 rule->has_bounds ? 1 : 0,
                                 rule->has_patience ? 1 : 0};

  return hpo_record_add(r, "rule", HPO_FIELD_FLOAT, 0, member, RULE_MEMBERS,
                        "", "", err);
}

hpo_status hpo_job_record(const hpo_job *j, hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("job", &r, err));
  HPO_TRY(status, hpo_record_add_int(r, "job", j->job, "", "", err));
  HPO_TRY(status, hpo_record_add_int(r, "trial", j->trial, "", "", err));
  HPO_TRY(status, hpo_record_add_int(r, "attempt", j->attempt, "", "", err));
  HPO_TRY(status,
          hpo_record_add_int(r, "from_step", j->from_step, "", "", err));
  HPO_TRY(status, hpo_record_add_int(r, "to_step", j->to_step, "", "", err));
  HPO_TRY(status,
          hpo_record_add_float(r, "send_model", j->send_model, "", "", err));
  HPO_TRY(status,
          hpo_record_add_int(r, "want_reports", j->want_reports, "", "", err));
  HPO_TRY(status, hpo_record_add_int(r, "on_all", j->on_all, "", "", err));
  HPO_TRY(status, hpo_record_add(r, "x", HPO_FIELD_FLOAT, 0, j->x, j->n_param,
                                 "", "", err));
  HPO_TRY(status, hpo_record_add(r, "threshold", HPO_FIELD_FLOAT, 0,
                                 j->threshold, j->n_threshold, "", "", err));
  HPO_TRY(status, add_rule(r, &j->rule, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

static hpo_status read_rule(const hpo_record *r, hpo_rule *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = hpo_record_find(r, "rule");

  if (f == NULL || f->type != HPO_FIELD_FLOAT || f->n != RULE_MEMBERS)
    HPO_FAIL(status, err, HPO_ESTUDY, "the record %s has no valid field rule",
             r->name);
  *out = (hpo_rule){.lower = hpo_field_number(f, 0),
                    .upper = hpo_field_number(f, 1),
                    .warmup = (int64_t)hpo_field_number(f, 2),
                    .interval = (int64_t)hpo_field_number(f, 3),
                    .patience = (int64_t)hpo_field_number(f, 4),
                    .min_delta = hpo_field_number(f, 5),
                    .is_alone = hpo_field_number(f, 6) > 0,
                    .has_bounds = hpo_field_number(f, 7) > 0,
                    .has_patience = hpo_field_number(f, 8) > 0};
done:
  return status;
}

static hpo_status read_int(const hpo_record *r, const char *name, int64_t *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;

  HPO_TRY(status, hpo_record_need(r, name, HPO_FIELD_INT, 0, &f, err));
  *out = hpo_field_int(f, 0);
done:
  return status;
}

/** A whole field as a new array. */
static hpo_status read_array(const hpo_record *r, const char *name,
                             hpo_field_type type, void *out, size_t *n,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = hpo_record_find(r, name);

  if (f == NULL || f->type != type)
    HPO_FAIL(status, err, HPO_ESTUDY, "the record %s has no valid field %s",
             r->name, name);
  HPO_TRY(status, hpo_mem_copy(f->data, f->n * f->width, out, err));
  *n = f->n;
done:
  return status;
}

hpo_status hpo_job_from_record(const hpo_record *r, hpo_job *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_job j = {0};
  const hpo_field *send = NULL;
  int64_t want = 0;

  HPO_TRY(status, read_int(r, "job", &j.job, err));
  HPO_TRY(status, read_int(r, "trial", &j.trial, err));
  HPO_TRY(status, read_int(r, "attempt", &j.attempt, err));
  HPO_TRY(status, read_int(r, "from_step", &j.from_step, err));
  HPO_TRY(status, read_int(r, "to_step", &j.to_step, err));
  HPO_TRY(status, read_int(r, "want_reports", &want, err));
  HPO_TRY(status,
          hpo_record_need(r, "send_model", HPO_FIELD_FLOAT, 0, &send, err));
  j.send_model = hpo_field_number(send, 0);
  j.want_reports = want != 0;
  HPO_TRY(status, read_int(r, "on_all", &want, err));
  j.on_all = want != 0;
  HPO_TRY(status, read_array(r, "x", HPO_FIELD_FLOAT, &j.x, &j.n_param, err));
  HPO_TRY(status, read_array(r, "threshold", HPO_FIELD_FLOAT, &j.threshold,
                             &j.n_threshold, err));
  HPO_TRY(status, read_rule(r, &j.rule, err));
  *out = j;
  j = (hpo_job){0};
done:
  hpo_job_free(&j);
  return status;
}

static hpo_status add_curve(hpo_record *r, const hpo_trial *t,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = t->n_curve, at = r->n_field;

  HPO_TRY(status, hpo_record_add(r, "curve.fold", HPO_FIELD_I32, 0, NULL, n,
                                 "", "", err));
  HPO_TRY(status, hpo_record_add(r, "curve.metric", HPO_FIELD_I32, 0, NULL, n,
                                 "", "", err));
  HPO_TRY(status, hpo_record_add(r, "curve.step", HPO_FIELD_INT, 0, NULL, n,
                                 "", "", err));
  HPO_TRY(status, hpo_record_add(r, "curve.value", HPO_FIELD_FLOAT, 0, NULL, n,
                                 "", "", err));
  for (size_t i = 0; i < n; i++) {
    hpo_field_set_int(&r->field[at], i, t->curve[i].fold);
    hpo_field_set_int(&r->field[at + 1], i, t->curve[i].metric);
    hpo_field_set_int(&r->field[at + 2], i, t->curve[i].step);
    hpo_field_set_number(&r->field[at + 3], i, t->curve[i].value);
  }
done:
  return status;
}

hpo_status hpo_result_record(const hpo_result *result, hpo_record **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = result->trial;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("result", &r, err));
  for (const hpo_trial_member *m = hpo_trial_members; m->name != NULL; m++)
    HPO_TRY(status, hpo_trial_member_add(m, t, r, err));
  HPO_TRY(status, hpo_record_add(r, "x", HPO_FIELD_FLOAT, 0, t->x, t->n_param,
                                 "", "", err));
  HPO_TRY(status, hpo_record_add(r, "value", HPO_FIELD_FLOAT, 0, t->value,
                                 t->n_objective, "", "", err));
  HPO_TRY(status, hpo_record_add(r, "metric", HPO_FIELD_FLOAT, 0, t->metric,
                                 t->n_metric, "", "", err));
  HPO_TRY(status, add_curve(r, t, err));
  HPO_TRY(status,
          hpo_record_add(r, "model", HPO_FIELD_U8, 0, result->model.byte,
                         result->model.n, "", "", err));
  HPO_TRY(status,
          hpo_record_add(r, "output", HPO_FIELD_U8, 0, result->output.byte,
                         result->output.n, "", "", err));
  HPO_TRY(status, hpo_tally_record(&result->tally, r, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}

static hpo_status read_bytes(const hpo_record *r, const char *name,
                             hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = hpo_record_find(r, name);

  if (f == NULL || f->type != HPO_FIELD_U8)
    HPO_FAIL(status, err, HPO_ESTUDY, "the record %s has no valid %s", r->name,
             name);
  if (f->n > 0)
    HPO_TRY(status, hpo_buffer_add(out, f->data, f->n, err));
done:
  return status;
}

static hpo_status read_curve(const hpo_record *r, hpo_trial *t,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *fold = hpo_record_find(r, "curve.fold");
  const hpo_field *metric = hpo_record_find(r, "curve.metric");
  const hpo_field *step = hpo_record_find(r, "curve.step");
  const hpo_field *value = hpo_record_find(r, "curve.value");

  if (fold == NULL || metric == NULL || step == NULL || value == NULL ||
      metric->n != fold->n || step->n != fold->n || value->n != fold->n)
    HPO_FAIL(status, err, HPO_ESTUDY, "the record %s has no valid curve",
             r->name);
  for (size_t i = 0; i < fold->n; i++) {
    hpo_curve_point p = {.fold = (int32_t)hpo_field_int(fold, i),
                         .metric = (int32_t)hpo_field_int(metric, i),
                         .step = hpo_field_int(step, i),
                         .value = hpo_field_number(value, i)};
    HPO_TRY(status, hpo_trial_add_curve(t, p, err));
  }
done:
  return status;
}

hpo_status hpo_result_from_record(const hpo_record *r, hpo_result *out,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_result result = {0};
  hpo_trial *t = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  result.trial = t;
  for (const hpo_trial_member *m = hpo_trial_members; m->name != NULL; m++)
    HPO_TRY(status, hpo_trial_member_read(m, r, 0, t, err));
  HPO_TRY(status,
          read_array(r, "x", HPO_FIELD_FLOAT, &t->x, &t->n_param, err));
  HPO_TRY(status, read_array(r, "value", HPO_FIELD_FLOAT, &t->value,
                             &t->n_objective, err));
  HPO_TRY(status, read_array(r, "metric", HPO_FIELD_FLOAT, &t->metric,
                             &t->n_metric, err));
  HPO_TRY(status, read_curve(r, t, err));
  HPO_TRY(status, read_bytes(r, "model", &result.model, err));
  HPO_TRY(status, read_bytes(r, "output", &result.output, err));
  HPO_TRY(status, hpo_tally_from_record(r, &result.tally, err));
  *out = result;
  result = (hpo_result){0};
done:
  hpo_result_free(&result);
  return status;
}
