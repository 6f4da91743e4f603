/* SPDX-License-Identifier: BSD-3-Clause */
/* A study file's objectives, its Pareto front and the hypervolume. */
#include "hpo/front.h"
#include "hpo/hypervolume.h"
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

/* The reference as losses: as the study has it, or the worst of all feasible
 * outcomes. */
static void find_reference(const hpo_study_file *f, const hpo_outcome *all,
                           size_t n, double *out) {
  for (size_t k = 0; k < f->n_objective; k++) {
    double given = f->objective[k].reference, worst = -(double)INFINITY;
    for (size_t i = 0; i < n; i++)
      if (all[i].violation == 0)
        worst = fmax(worst, all[i].loss[k]);
    out[k] = isnan(given) ? worst : f->objective[k].maximize ? -given : given;
  }
}

static hpo_status find_volume(const hpo_fronts *fronts,
                              const double *reference, double *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_front *front = &fronts->front[0];
  double *loss = NULL;
  size_t d = fronts->d, n = 0;

  HPO_TRY(status, hpo_mem_new(front->n * d, sizeof *loss, &loss, err));
  for (size_t i = 0; i < front->n; i++) {
    const hpo_outcome *o = &fronts->item[front->member[i]];
    if (o->violation == 0)
      memcpy(loss + n++ * d, o->loss, d * sizeof *loss);
  }
  HPO_TRY(status, hpo_hypervolume(loss, n, d, reference, out, err));
done:
  hpo_mem_free(loss);
  return status;
}

hpo_status hpo_study_front_make(const hpo_study_file *f, hpo_study_front *out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_front found = {0};
  hpo_fronts fronts = {.d = f->n_objective, .depth = 1};
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
  if (found.is_feasible) {
    find_reference(f, fronts.item, fronts.n, found.reference);
    HPO_TRY(status,
            find_volume(&fronts, found.reference, &found.hypervolume, err));
    for (size_t k = 0; k < f->n_objective; k++)
      if (f->objective[k].maximize)
        found.reference[k] = -found.reference[k];
  }
  *out = found;
  found = (hpo_study_front){0};
done:
  hpo_study_front_free(&found);
  hpo_fronts_free(&fronts);
  return status;
}

void hpo_study_front_free(hpo_study_front *f) {
  hpo_mem_free(f->row);
  *f = (hpo_study_front){0};
}
