/* SPDX-License-Identifier: BSD-3-Clause */
/* The study file with the command line's changes, checked. */
#include "cmd/prepare.h"
#include "cmd/cmd.h"
#include "cmd/warm.h"
#include "hpo/evaluate.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/log.h"
#include "hpo/mem.h"
#include "hpo/metric.h"
#include "hpo/model.h"
#include "hpo/pruner.h"
#include "hpo/sampler.h"
#include "hpo/shards.h"
#include "hpo/study.h"
#include "hpo/terminator.h"

#include <stdio.h>
#include <string.h>

/* --trials N and the like are overrides by other names. */
static const struct {
  const char *option, *path;
} shorthand[] = {{"trials", "budget/trials"},
                 {"timeout", "budget/timeout"},
                 {"seed", "seed"},
                 {"output", "output/file"}};

static hpo_status collect_overrides(const hpo_args *args, hpo_names *out,
                                    hpo_error *err) {
  hpo_status status = HPO_OK;
  char *text = NULL;

  for (size_t i = 0; i < args->given.n; i++) {
    const hpo_setting *s = &args->given.item[i];
    const char *path = NULL;
    if (strcmp(s->name, "set") == 0)
      HPO_TRY(status, hpo_names_add(out, s->value, err));
    for (size_t k = 0; k < sizeof shorthand / sizeof *shorthand; k++)
      if (strcmp(s->name, shorthand[k].option) == 0)
        path = shorthand[k].path;
    if (!path)
      continue;
    HPO_TRY(status, hpo_mem_format(&text, err, "%s=%s", path, s->value));
    HPO_TRY(status, hpo_names_add(out, text, err));
    hpo_mem_free(text);
    text = NULL;
  }
done:
  hpo_mem_free(text);
  return status;
}

/* The choices that a conditional parameter hangs on. */
static hpo_status set_parents(const hpo_plan *plan, const hpo_param *p,
                              hpo_options *o, hpo_error *err) {
  hpo_status status = HPO_OK;

  while (p->parent >= 0) {
    const hpo_param *parent = &plan->space.param[p->parent];
    if (parent->model == p->model)
      HPO_TRY(status, hpo_options_set(o, parent->name,
                                      parent->choice[p->parent_choice], err));
    p = parent;
  }
done:
  return status;
}

/* Searched options that are always asked for, at the ends of their ranges
   where they begin: what is then left at its default is so in all trials. */
static hpo_status set_searched(const hpo_plan *plan, size_t model,
                               hpo_options *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_kind *kind = hpo_model_find(plan->model[model].kind);

  for (size_t i = 0; i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    if (p->model != (int)model || p->parent >= 0 ||
        !hpo_options_find(kind->option, kind->n_option, p->name))
      continue;
    if (p->kind == HPO_PARAM_CATEGORICAL)
      HPO_TRY(status, hpo_options_set(o, p->name, p->choice[0], err));
    else
      HPO_TRY(status, hpo_options_set_number(o, p->name, p->low, err));
  }
done:
  return status;
}

/* What a model's options ask of the study as a whole. */
static hpo_status check_options(const hpo_plan *plan, const hpo_options *o,
                                const hpo_model_kind *kind,
                                const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_task task = plan->has_data ? plan->data.task : HPO_TASK_NONE;
  const hpo_metric *m = hpo_metric_find(plan->objective[0].metric);

  if (kind->check)
    HPO_TRY(status, kind->check(o, task, data, err));
  if (kind->patience && kind->patience(o) > 0 && m && m->of_trial)
    HPO_FAIL(status, err, HPO_EINVAL,
             "stopping early needs an objective that every step has; %s is "
             "known at the end alone",
             m->name);
done:
  return status;
}

/* One searched option of a model at one value. */
static hpo_status check_at(const hpo_plan *plan, size_t model,
                           const hpo_param *p, double value,
                           const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  const hpo_model_kind *kind = hpo_model_find(plan->model[model].kind);

  HPO_TRY(status, hpo_evaluate_options(plan, model, NULL, &o, err));
  HPO_TRY(status, set_searched(plan, model, o, err));
  HPO_TRY(status, set_parents(plan, p, o, err));
  if (p->kind == HPO_PARAM_CATEGORICAL)
    HPO_TRY(status,
            hpo_options_set(o, p->name, p->choice[(size_t)value], err));
  else
    HPO_TRY(status, hpo_options_set_number(o, p->name, value, err));
  HPO_TRY(status, check_options(plan, o, kind, data, err));
done:
  if (status == HPO_EINVAL)
    hpo_error_prefix(err, "parameter %s: ", p->full_name);
  hpo_options_destroy(o);
  return status;
}

/* The ends of the ranges and the choices that the search may take. */
static hpo_status check_searched(const hpo_plan *plan, size_t model,
                                 const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_kind *kind = hpo_model_find(plan->model[model].kind);

  for (size_t i = 0; i < plan->space.n_param; i++) {
    const hpo_param *p = &plan->space.param[i];
    if (p->model != (int)model ||
        !hpo_options_find(kind->option, kind->n_option, p->name))
      continue;
    for (size_t c = 0; c < p->n_choice; c++)
      HPO_TRY(status, check_at(plan, model, p, (double)c, data, err));
    if (p->kind == HPO_PARAM_CATEGORICAL)
      continue;
    HPO_TRY(status, check_at(plan, model, p, p->low, data, err));
    HPO_TRY(status, check_at(plan, model, p, p->high, data, err));
  }
done:
  return status;
}

/* *at: the model with a fault, n_model if there is none. */
static hpo_status check_models(const hpo_plan *plan, const hpo_dataset *data,
                               size_t *at, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;

  for (size_t m = 0; m < plan->n_model; m++) {
    *at = m;
    const hpo_model_kind *kind = hpo_model_find(plan->model[m].kind);
    HPO_ASSERT(kind);
    HPO_TRY(status, hpo_evaluate_options(plan, m, NULL, &o, err));
    HPO_TRY(status, set_searched(plan, m, o, err));
    HPO_TRY(status, check_options(plan, o, kind, data, err));
    HPO_TRY(status, check_searched(plan, m, data, err));
    hpo_options_destroy(o);
    o = NULL;
  }
  *at = plan->n_model;
done:
  hpo_options_destroy(o);
  return status;
}

/* A terminator that can never act: of the budget's last trial, in strict
 * order of the last window, no result is known while there is one to start. */
static void tell_late(const hpo_plan *plan, const hpo_terminator *t) {
  int64_t last = plan->strict && plan->window > 1 ? plan->window : 1;

  if (t && plan->trials > 0 && hpo_terminator_least(t) > plan->trials - last)
    hpo_log(HPO_LOG_WARN, "study",
            "terminator %s can't end the study before its budget of %lld "
            "trials: it waits for min-trials=\"%lld\" complete ones%s",
            plan->terminator.name, (long long)plan->trials,
            (long long)hpo_terminator_least(t),
            last > 1 ? ", and strict order starts a window more" : "");
}

/* Sampler, pruner and terminator can be made; a grid may end before the budget
 * does. */
static hpo_status check_search(hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sampler *sampler = NULL;
  hpo_pruner *pruner = NULL;
  hpo_terminator *terminator = NULL;
  hpo_ladder ladder = {0};
  int64_t budget;

  HPO_TRY(status, hpo_sampler_create(plan, &sampler, err));
  HPO_TRY(status, hpo_pruner_create(plan, &pruner, err));
  HPO_TRY(status, hpo_terminator_create(plan, &terminator, err));
  for (size_t m = 0; m < plan->n_model; m++)
    if (hpo_model_find(plan->model[m].kind)->poll &&
        !hpo_model_find(plan->model[m].kind)->can_pause &&
        hpo_pruner_ladder(pruner, m, &ladder))
      HPO_FAIL(
          status, err, HPO_EINVAL,
          "pruner %s pauses trials, and a program (model %s) can't be made "
          "to wait; median, percentile, patient and threshold stop it",
          plan->pruner.name, plan->model[m].kind);
  for (size_t m = 0; m < plan->n_model; m++)
    if (hpo_model_find(plan->model[m].kind)->poll &&
        strcmp(plan->data_mode, "sharded") == 0)
      HPO_FAIL(status, err, HPO_EINVAL,
               "model %s needs all rows on each rank; data=\"sharded\" gives "
               "it a part: use data=\"shared\"",
               plan->model[m].name);
  budget = hpo_sampler_budget(sampler);
  if (plan->trials > budget)
    hpo_log(HPO_LOG_WARN, "study",
            "the %s has %lld points: the study ends after %lld trials, not "
            "%lld",
            plan->sampler.name, (long long)budget, (long long)budget,
            (long long)plan->trials);
  plan->trials = budget;
  tell_late(plan, terminator);
done:
  hpo_terminator_destroy(terminator);
  hpo_pruner_destroy(pruner);
  hpo_sampler_destroy(sampler);
  return status;
}

/* What a sampler that looks at no result makes of others'. */
static void tell_blind(const hpo_plan *plan) {
  bool has_knowledge = false;

  for (size_t i = 0; i < plan->n_warm; i++)
    has_knowledge = has_knowledge || !plan->warm[i].is_points;
  if (has_knowledge && hpo_sampler_find(plan->sampler.name)->is_blind)
    hpo_log(HPO_LOG_WARN, "study",
            "sampler %s does not learn, so <warm-start> changes nothing; "
            "as=\"points\" tries the best trials first",
            plan->sampler.name);
}

/* The other way than the metric's own is seldom meant. */
static void tell_directions(const hpo_plan *plan) {
  for (size_t i = 0; i < plan->n_objective; i++) {
    const hpo_plan_objective *o = &plan->objective[i];
    const hpo_metric *m = hpo_metric_find(o->metric);
    if (m && m->low < m->high && m->maximize != o->maximize)
      hpo_log(HPO_LOG_WARN, "study",
              "direction=\"%s\": the search makes %s worse, which is better "
              "when %s",
              o->maximize ? "maximize" : "minimize", o->metric,
              m->maximize ? "higher" : "lower");
  }
}

/* Ordinals whose choices are numbers in no order. */
static void tell_disorder(const hpo_space *s) {
  for (size_t i = 0; i < s->n_param; i++)
    if (s->param[i].ordered && hpo_param_is_disordered(&s->param[i]))
      hpo_log(HPO_LOG_WARN, "study",
              "<ordinal name=\"%s\">: the numbers neither ascend nor descend; "
              "what counts is the order in which the choices stand",
              s->param[i].name);
}

/* An HDF5 file where its study is wanted. */
static hpo_status refuse_output(const char *path, hpo_error *err) {
  static const char signature[] = "\211HDF\r\n\032\n";
  char first[8];
  hpo_file *f = NULL;
  hpo_error ignored = {0};
  size_t n = 0;

  if (hpo_file_open(path, &f, &ignored) != HPO_OK)
    return HPO_OK; /* told when it is read */
  const bool is =
      hpo_file_read(f, first, sizeof first, &n, &ignored) == HPO_OK &&
      n == sizeof first && memcmp(first, signature, sizeof first) == 0;
  hpo_file_close(f);
  if (!is)
    return HPO_OK;
  return hpo_error_set(err, HPO_EINVAL,
                       "%s: this is an HDF5 study file, not a study: hpotune "
                       "status %s",
                       path, path);
}

hpo_status hpo_prepare_plan(const hpo_args *args, hpo_plan **plan,
                            hpo_buffer *xml, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_catalog catalog = {0};
  hpo_names set = {0};
  hpo_plan *p = NULL;
  bool is_read = false;
  size_t at = SIZE_MAX;

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted, %zu are given; see --help",
             args->word.n);
  HPO_TRY(status, refuse_output(args->word.item[0], err));
  HPO_TRY(status, hpo_cmd_catalog(&catalog, err));
  HPO_TRY(status, collect_overrides(args, &set, err));
  HPO_TRY(status,
          hpo_study_read(args->word.item[0], &catalog,
                         (const char *const *)set.item, set.n, &p, xml, err));
  HPO_TRY(status, hpo_warm_fill(p, args->word.item[0],
                                hpo_args_get(args, "overwrite") != NULL, err));
  is_read = true;
  HPO_TRY(status, hpo_layout_check(p, err));
  HPO_TRY(status, check_models(p, NULL, &at, err));
  HPO_TRY(status, check_search(p, err));
  tell_directions(p);
  tell_blind(p);
  tell_disorder(&p->space);
  *plan = p;
  p = NULL;
done:
  if (status == HPO_EINVAL && is_read && at < p->n_model)
    hpo_error_prefix(err, "%s:%d: <model kind=\"%s\">: ", args->word.item[0],
                     p->model[at].line, p->model[at].kind);
  else if (status == HPO_EINVAL && is_read)
    hpo_error_prefix(err, "%s: ", args->word.item[0]);
  hpo_plan_destroy(p);
  hpo_names_free(&set);
  hpo_mem_free(catalog.entry);
  return status;
}

/* The first metric that needs every class among the validation rows. */
static hpo_status find_ranking_metric(const hpo_plan *plan, char *name,
                                      size_t room, hpo_error *err) {
  hpo_names metrics = {0};
  hpo_status status = hpo_plan_metrics(plan, &metrics, err);
  name[0] = 0;
  for (size_t i = 0; i < metrics.n && !name[0]; i++)
    if (strcmp(metrics.item[i], "roc_auc") == 0 ||
        strcmp(metrics.item[i], "pr_auc") == 0)
      snprintf(name, room, "%s", metrics.item[i]);
  hpo_names_free(&metrics);
  return status;
}

/* Rows of each class that train and validate, over all ranks that hold
 * some. */
static hpo_status count_classes(const hpo_dataset *d, size_t fold,
                                int64_t *in_train, int64_t *in_valid,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_fold rows = hpo_dataset_fold(d, fold);
  const hpo_coll *team = d->team;
  hpo_row i = team ? d->train_first : 0, k = team ? d->valid_first : 0;

  for (; i < (team ? d->train_end : rows.n_train); i++)
    in_train[(size_t)d->y[rows.train[i]]]++;
  for (; k < (team ? d->valid_end : rows.n_valid); k++)
    in_valid[(size_t)d->y[rows.valid[k]]]++;
  if (team) {
    HPO_TRY(status, team->sum(team->self, in_train, d->n_class, err));
    HPO_TRY(status, team->sum(team->self, in_valid, d->n_class, err));
  }
done:
  return status;
}

/* Every class must train, and validate where a metric needs it. */
static hpo_status check_classes(const hpo_plan *plan, const hpo_dataset *d,
                                size_t fold, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_fold rows = hpo_dataset_fold(d, fold);
  int64_t *in_train = NULL, *in_valid = NULL;
  char metric[32], where[32] = "";

  if (d->n_fold > 0)
    snprintf(where, sizeof where, "fold %zu: ", fold + 1);

  HPO_TRY(status, find_ranking_metric(plan, metric, sizeof metric, err));
  HPO_TRY(status, hpo_mem_new(d->n_class, sizeof *in_train, &in_train, err));
  HPO_TRY(status, hpo_mem_new(d->n_class, sizeof *in_valid, &in_valid, err));
  HPO_TRY(status, count_classes(d, fold, in_train, in_valid, err));
  for (size_t c = 0; c < d->n_class; c++) {
    if (!in_train[c])
      HPO_FAIL(
          status, err, HPO_EDATA,
          "%sclass \"%s\" of %s has no training row; use stratify=\"yes\" "
          "or other data",
          where, d->class_name[c], d->label_name);
    if (metric[0] && !in_valid[c])
      HPO_FAIL(status, err, HPO_EDATA,
               "%sclass \"%s\" of %s has no validation row (of %lld): %s is "
               "undefined; validate on more rows, use stratify=\"yes\", or "
               "another metric",
               where, d->class_name[c], d->label_name, (long long)rows.n_valid,
               metric);
  }
done:
  hpo_mem_free(in_train);
  hpo_mem_free(in_valid);
  return status;
}

static hpo_status check_rows(const hpo_plan *plan, const hpo_dataset *d,
                             size_t fold, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_fold rows = hpo_dataset_fold(d, fold);
  char where[32] = "";

  if (d->n_fold > 0)
    snprintf(where, sizeof where, "fold %zu: ", fold + 1);
  if (rows.n_train < 1 || rows.n_valid < 1)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s%lld training and %lld validation rows: at least one of each "
             "is needed",
             where, (long long)rows.n_train, (long long)rows.n_valid);
  if (d->n_class)
    HPO_TRY(status, check_classes(plan, d, fold, err));
done:
  return status;
}

hpo_status hpo_prepare_check_data(const hpo_plan *plan,
                                  const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t at = 0;

  if (!data)
    return HPO_OK;
  for (size_t f = 0; f < (data->n_fold > 0 ? data->n_fold : 1); f++)
    HPO_TRY(status, check_rows(plan, data, f, err));
  if (data->columns == 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "no column is left to learn from beside label, weight and "
             "ignored ones");
  if (plan->shards > 0)
    HPO_TRY(status, hpo_shards_check(data, plan->shards, err));
  HPO_TRY(status, check_models(plan, data, &at, err));
done:
  return status;
}
