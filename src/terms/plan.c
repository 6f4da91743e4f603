/* SPDX-License-Identifier: BSD-3-Clause */
/* The plan: its end, its lists of words and settings, its metrics. */
#include "hpo/plan.h"

#include "hpo/mem.h"

#include <math.h>
#include <string.h>

static void data_free(hpo_plan_data *d) {
  hpo_mem_free(d->label);
  hpo_mem_free(d->positive);
  hpo_names_free(&d->train);
  hpo_names_free(&d->train_href);
  hpo_names_free(&d->train_dataset);
  hpo_names_free(&d->train_label);
  hpo_names_free(&d->train_label_href);
  hpo_names_free(&d->train_label_dataset);
  hpo_mem_free(d->format);
  hpo_mem_free(d->header);
  hpo_names_free(&d->names);
  hpo_mem_free(d->validation);
  hpo_mem_free(d->validation_href);
  hpo_mem_free(d->validation_dataset);
  hpo_mem_free(d->validation_label);
  hpo_mem_free(d->validation_label_href);
  hpo_mem_free(d->validation_label_dataset);
  hpo_mem_free(d->group);
  hpo_mem_free(d->fold);
  hpo_mem_free(d->test);
  hpo_mem_free(d->test_href);
  hpo_mem_free(d->test_dataset);
  hpo_mem_free(d->test_label);
  hpo_mem_free(d->test_label_href);
  hpo_mem_free(d->test_label_dataset);
  hpo_names_free(&d->categorical);
  hpo_names_free(&d->ignore);
  hpo_mem_free(d->weight);
  hpo_names_free(&d->missing);
  hpo_names_free(&d->onehot);
  hpo_mem_free(d->impute);
}

static void choice_free(hpo_plan_choice *c) {
  hpo_mem_free(c->name);
  hpo_settings_free(&c->options);
}

void hpo_plan_destroy(hpo_plan *p) {
  if (p == NULL)
    return;
  hpo_mem_free(p->name);
  hpo_mem_free(p->description);
  hpo_settings_free(&p->tags);
  data_free(&p->data);
  for (size_t i = 0; i < p->n_model; i++) {
    hpo_mem_free(p->model[i].name);
    hpo_mem_free(p->model[i].kind);
    hpo_settings_free(&p->model[i].fixed);
    hpo_settings_free(&p->model[i].patterns);
  }
  hpo_mem_free(p->model);
  hpo_space_free(&p->space);
  for (size_t i = 0; i < p->n_objective; i++)
    hpo_mem_free(p->objective[i].metric);
  hpo_mem_free(p->objective);
  for (size_t i = 0; i < p->n_constraint; i++)
    hpo_mem_free(p->constraint[i].metric);
  hpo_mem_free(p->constraint);
  hpo_names_free(&p->report);
  choice_free(&p->sampler);
  choice_free(&p->pruner);
  choice_free(&p->terminator);
  hpo_mem_free(p->enqueue);
  for (size_t i = 0; i < p->n_warm; i++) {
    hpo_mem_free(p->warm[i].href);
    hpo_mem_free(p->warm[i].path);
    hpo_mem_free(p->warm[i].taken);
  }
  hpo_mem_free(p->warm);
  hpo_mem_free(p->known);
  hpo_mem_free(p->data_mode);
  hpo_mem_free(p->folder);
  hpo_mem_free(p->output);
  hpo_mem_free(p->winner);
  hpo_mem_free(p->simpler);
  hpo_mem_free(p);
}

bool hpo_plan_has_test(const hpo_plan *p) {
  return p->has_data && ((p->data.test && p->data.test[0] != '\0') ||
                         p->data.test_fraction > 0);
}

bool hpo_plan_has_finale(const hpo_plan *p) {
  return p->refit || (p->winner && p->winner[0] != '\0') ||
         hpo_plan_has_test(p);
}

int64_t hpo_plan_shard(const hpo_plan *p, hpo_id trial) {
  return p->shards > 0 ? trial % p->shards : -1;
}

hpo_status hpo_names_add(hpo_names *n, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_mem_grow(&n->item, &n->room, n->n + 1, sizeof *n->item, err));
  HPO_TRY(status, hpo_mem_string(text, &n->item[n->n], err));
  n->n++;
done:
  return status;
}

void hpo_names_free(hpo_names *n) {
  for (size_t i = 0; i < n->n; i++)
    hpo_mem_free(n->item[i]);
  hpo_mem_free(n->item);
  *n = (hpo_names){0};
}

hpo_status hpo_settings_add(hpo_settings *s, const char *name,
                            const char *value, int line, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_setting new = {.line = line};

  HPO_TRY(status,
          hpo_mem_grow(&s->item, &s->room, s->n + 1, sizeof *s->item, err));
  HPO_TRY(status, hpo_mem_string(name, &new.name, err));
  HPO_TRY(status, hpo_mem_string(value, &new.value, err));
  s->item[s->n++] = new;
  new = (hpo_setting){0};
done:
  hpo_mem_free(new.name);
  hpo_mem_free(new.value);
  return status;
}

const char *hpo_settings_get(const hpo_settings *s, const char *name) {
  for (size_t i = 0; i < s->n; i++)
    if (strcmp(s->item[i].name, name) == 0)
      return s->item[i].value;
  return NULL;
}

void hpo_settings_free(hpo_settings *s) {
  for (size_t i = 0; i < s->n; i++) {
    hpo_mem_free(s->item[i].name);
    hpo_mem_free(s->item[i].value);
  }
  hpo_mem_free(s->item);
  *s = (hpo_settings){0};
}

static hpo_status add_once(hpo_names *n, const char *text, hpo_error *err) {
  for (size_t i = 0; i < n->n; i++)
    if (strcmp(n->item[i], text) == 0)
      return HPO_OK;
  return hpo_names_add(n, text, err);
}

hpo_status hpo_plan_metrics(const hpo_plan *p, hpo_names *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names n = {0};

  for (size_t i = 0; i < p->n_objective; i++)
    HPO_TRY(status, add_once(&n, p->objective[i].metric, err));
  for (size_t i = 0; i < p->n_constraint; i++)
    HPO_TRY(status, add_once(&n, p->constraint[i].metric, err));
  for (size_t i = 0; i < p->report.n; i++)
    HPO_TRY(status, add_once(&n, p->report.item[i], err));
  HPO_TRY(status, add_once(&n, "train_seconds", err));
  HPO_TRY(status, add_once(&n, "model_bytes", err));
  *out = n;
  n = (hpo_names){0};
done:
  hpo_names_free(&n);
  return status;
}

/** Where the metric of constraint c stands among all: after the objectives
 *  and the constraints before it, each metric once. */
static size_t metric_of(const hpo_plan *p, size_t c) {
  const char *name = p->constraint[c].metric;
  size_t n = 0;

  for (size_t i = 0; i < p->n_objective; i++, n++)
    if (strcmp(p->objective[i].metric, name) == 0)
      return n;
  for (size_t i = 0; i < c; i++) {
    bool is_objective = false;
    for (size_t k = 0; k < p->n_objective; k++)
      is_objective = is_objective || strcmp(p->objective[k].metric,
                                            p->constraint[i].metric) == 0;
    n += is_objective ? 0 : 1;
  }
  return n;
}

static double excess(double over, double bound) {
  return over > 0 ? over / (bound == 0 ? 1 : fabs(bound)) : 0;
}

double hpo_plan_violation(const hpo_plan *p, const double *metric) {
  double sum = 0;

  for (size_t c = 0; c < p->n_constraint; c++) {
    double x = metric[metric_of(p, c)];
    double min = p->constraint[c].min, max = p->constraint[c].max;
    if (isnan(x))
      return (double)INFINITY;
    if (!isnan(max))
      sum += excess(x - max, max);
    if (!isnan(min))
      sum += excess(min - x, min);
  }
  return sum;
}

const char *hpo_task_name(hpo_task task) {
  static const char *const names[] = {"binary", "multiclass", "regression",
                                      "none"};

  return names[task];
}
