/* SPDX-License-Identifier: BSD-3-Clause */
/* A study file's objectives, its Pareto front and the hypervolume. */
#include "hpo/front.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "report/study_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double setting_number(const hpo_study_file *f, size_t i,
                             const char *member) {
  char name[48], text[64];
  double x = (double)NAN;

  snprintf(name, sizeof name, "objective.%zu.%s", i, member);
  if (!hpo_study_file_setting(f, name, text, sizeof text) ||
      !hpo_options_parse_float(text, &x))
    return (double)NAN;
  return x;
}

void hpo_study_file_objectives(hpo_study_file *f) {
  char name[48], text[16];

  f->n_objective = 0;
  for (size_t i = 0; i < HPO_PLAN_OBJECTIVES; i++) {
    hpo_study_objective *o = &f->objective[i];
    snprintf(name, sizeof name, "objective.%zu.metric", i);
    if (!hpo_study_file_setting(f, name, o->metric, sizeof o->metric))
      break;
    snprintf(name, sizeof name, "objective.%zu.maximize", i);
    o->maximize = hpo_study_file_setting(f, name, text, sizeof text) &&
                  strcmp(text, "yes") == 0;
    o->reference = setting_number(f, i, "reference");
    snprintf(o->column, sizeof o->column, "value.%zu", i);
    f->n_objective++;
  }
  if (f->n_objective == 1)
    snprintf(f->objective[0].column, sizeof f->objective[0].column, "value");
}

bool hpo_study_file_outcome(const hpo_study_file *f, size_t i,
                            hpo_outcome *out) {
  const hpo_field *violation = hpo_record_find(f->trials, "violation");
  char state[32];

  *out = (hpo_outcome){.number = (hpo_id)i};
  hpo_study_file_state(f, i, state, sizeof state);
  if (strcmp(state, "complete") != 0)
    return false;
  if (violation != NULL)
    out->violation = hpo_field_number(violation, i);
  for (size_t k = 0; k < f->n_objective; k++) {
    const hpo_study_objective *o = &f->objective[k];
    const hpo_field *value = hpo_record_find(f->trials, o->column);
    double x = value != NULL ? hpo_field_number(value, i) : (double)NAN;
    out->loss[k] = o->maximize ? -x : x;
    if (!isfinite(x))
      return false;
  }
  return f->n_objective > 0;
}

bool hpo_study_file_beats(const hpo_outcome *a, const hpo_outcome *b) {
  if (a->violation != b->violation)
    return a->violation < b->violation;
  return a->loss[0] < b->loss[0];
}

hpo_status hpo_study_front_make(const hpo_study_file *f, hpo_study_front *out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_front found = {0};
  hpo_fronts fronts = {.d = f->n_objective, .depth = 1};
  hpo_plan_objective objective[HPO_PLAN_OBJECTIVES];
  hpo_outcome o;

  for (size_t i = 0; i < f->n; i++)
    if (hpo_study_file_outcome(f, i, &o))
      HPO_TRY(status, hpo_fronts_add(&fronts, &o, err));
  if (fronts.n_front > 0) {
    const hpo_front *front = &fronts.front[0];
    HPO_TRY(status, hpo_mem_new(front->n, sizeof *found.row, &found.row, err));
    for (; found.n < front->n; found.n++)
      found.row[found.n] = (size_t)fronts.item[front->member[found.n]].number;
    found.is_feasible = fronts.item[front->member[0]].violation == 0;
  }
  for (size_t k = 0; k < f->n_objective; k++)
    objective[k] =
        (hpo_plan_objective){.maximize = f->objective[k].maximize,
                             .reference = f->objective[k].reference};
  HPO_TRY(status, hpo_fronts_volume(&fronts, objective, found.reference,
                                    &found.hypervolume, err));
  for (size_t k = 0; k < f->n_objective; k++)
    if (f->objective[k].maximize)
      found.reference[k] = -found.reference[k];
  *out = found;
  found = (hpo_study_front){0};
done:
  hpo_study_front_free(&found);
  hpo_fronts_free(&fronts);
  return status;
}

void hpo_study_front_format(const hpo_study_file *f,
                            const hpo_study_front *front, char *text,
                            size_t room) {
  size_t n = 0;

  if (!front->is_feasible) {
    snprintf(text, room, "%zu trial%s, none within the constraints", front->n,
             front->n == 1 ? "" : "s");
    return;
  }
  n = (size_t)snprintf(text, room, "%zu trial%s, hypervolume %.6g (reference ",
                       front->n, front->n == 1 ? "" : "s", front->hypervolume);
  for (size_t k = 0; k < f->n_objective && n < room; k++)
    n += (size_t)snprintf(text + n, room - n, "%s%s %.6g%s", k ? ", " : "",
                          f->objective[k].metric, front->reference[k],
                          k + 1 == f->n_objective ? ")" : "");
}

void hpo_study_front_free(hpo_study_front *f) {
  hpo_mem_free(f->row);
  *f = (hpo_study_front){0};
}
