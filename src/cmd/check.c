/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune check: everything that can be known before training. */
#include "cmd/cmd.h"
#include "cmd/prepare.h"
#include "cmd/run.h"
#include "hpo/clock.h"
#include "hpo/evaluate.h"
#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/pruner.h"
#include "hpo/sampler.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first names, and of how many categories each is. */
static void print_columns(const hpo_dataset *d) {
  printf("columns     ");
  for (size_t i = 0; i < d->columns && i < 12; i++) {
    printf("%s%s", i ? ", " : "", d->column[i].name);
    if (d->column[i].categorical)
      printf(" (%zu categories%s)", d->column[i].n_category,
             d->column[i].onehot ? ", one-hot" : "");
  }
  if (d->columns > 12)
    printf(", ... %s", d->column[d->columns - 1].name);
}

static void print_data(const hpo_dataset *d) {
  size_t categorical = 0;
  hpo_row missing = 0;
  for (size_t i = 0; i < d->columns; i++) {
    categorical += d->column[i].categorical;
    missing += d->column[i].missing;
  }
  if (d->n_fold > 0)
    printf("data        %lld rows (%zu folds%s), %zu columns",
           (long long)d->rows, d->n_fold, d->in_time ? " in time" : "",
           d->columns);
  else
    printf("data        %lld rows (%lld to train, %lld to validate), %zu "
           "columns",
           (long long)d->rows, (long long)d->n_train, (long long)d->n_valid,
           d->columns);
  if (categorical)
    printf(" (%zu categorical)", categorical);
  if (missing)
    printf(d->absent_is_zero ? ", %lld entries absent (missing for gbt, 0 for "
                               "linear models)"
           : missing == 1    ? ", %lld value missing"
                             : ", %lld values missing",
           (long long)missing);
  if (d->rows > d->n_train + d->n_valid)
    printf(", %lld rows sealed for the test",
           (long long)(d->rows - d->n_train - d->n_valid));
  for (size_t f = 0; f < d->n_fold && f < 12; f++) {
    const hpo_fold rows = hpo_dataset_fold(d, f);
    printf("\nfold %-6zu %lld to train, %lld to validate", f + 1,
           (long long)rows.n_train, (long long)rows.n_valid);
  }
  printf("%s\n", d->n_fold > 12 ? "\n..." : "");
  print_columns(d);
  printf("\nlabel       %s%s", d->label_name,
         d->n_class == 0 ? " (numbers)" : "");
  for (size_t c = 0; c < d->n_class && c < 12; c++)
    printf("%s%s", c ? ", " : ": ", d->class_name[c]);
  printf("%s\nsha256      %s\n", d->n_class > 12 ? ", ..." : "", d->hash);
}

static void print_param(const hpo_plan *plan, const hpo_param *p) {
  char low[32], high[32], step[32];
  printf("  %-26s ", p->full_name);
  if (p->kind == HPO_PARAM_CATEGORICAL) {
    for (size_t c = 0; c < p->n_choice; c++)
      printf("%s%s", c == 0 ? "" : p->ordered ? " < " : " | ", p->choice[c]);
  } else {
    printf("%s %s..%s%s", p->kind == HPO_PARAM_INT ? "int" : "float",
           hpo_options_format_float(p->low, low),
           hpo_options_format_float(p->high, high), p->log ? ", log" : "");
    if (p->step > 0 && (p->kind == HPO_PARAM_FLOAT || p->step > 1))
      printf(", step %s", hpo_options_format_float(p->step, step));
  }
  if (p->parent >= 0)
    printf("   if %s = %s", plan->space.param[p->parent].full_name,
           plan->space.param[p->parent].choice[p->parent_choice]);
  printf("\n");
}

/* ", rungs after 8, 24, 72 of 100 steps", of each model. */
static void print_rungs(const hpo_plan *plan, size_t m, const hpo_ladder *l) {
  printf("%s%s%s", m > 0 ? ";" : ",", plan->n_model > 1 ? " " : "",
         plan->n_model > 1 ? plan->model[m].name : "");
  printf(hpo_ladder_steps(l, 0, 0) < INT64_MAX ? " rungs after"
                                               : " no rung, all");
  for (int64_t k = 0; hpo_ladder_steps(l, 0, k) < INT64_MAX; k++)
    printf("%s %lld", k > 0 ? "," : "", (long long)hpo_ladder_steps(l, 0, k));
  printf(" of %lld step%s", (long long)l->most, l->most == 1 ? "" : "s");
  if (l->brackets > 1)
    printf(", %lld brackets", (long long)l->brackets);
}

static hpo_status print_pruner(const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_pruner *p = NULL;
  hpo_ladder l;

  HPO_TRY(status, hpo_pruner_create(plan, &p, err));
  printf("pruner      %s", plan->pruner.name);
  for (size_t m = 0; m < plan->n_model; m++)
    if (hpo_pruner_ladder(p, m, &l))
      print_rungs(plan, m, &l);
  printf("\n");
done:
  hpo_pruner_destroy(p);
  return status;
}

static hpo_status print_sampler(const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sampler *s = NULL;
  double most;

  HPO_TRY(status, hpo_sampler_create(plan, &s, err));
  most = hpo_sampler_trials(s);
  printf("sampler     %s", plan->sampler.name);
  if (isfinite(most))
    printf(", %.0f points", most - (double)plan->n_enqueue);
  if (isfinite(most) && plan->n_enqueue > 0)
    printf(" and %zu enqueued", plan->n_enqueue);
  if (isfinite(most) && (double)plan->trials < most)
    printf(", of which the first %lld are tried", (long long)plan->trials);
  printf("\n");
done:
  hpo_sampler_destroy(s);
  return status;
}

/* The combinations that are never tried, one a line. */
static void print_forbidden(const hpo_space *s) {
  char text[32];

  for (size_t i = 0; i < s->n_forbidden; i++) {
    const hpo_range *f = &s->forbidden[i];
    const hpo_param *p = &s->param[f->param];
    const bool goes_on = i > 0 && s->forbidden[i - 1].rule == f->rule;
    printf(goes_on ? ", " : "%sforbidden   ", i > 0 ? "\n" : "");
    if (isfinite(f->low) && f->low < f->high)
      printf("%s <= ", hpo_param_end(p, f->low, text));
    printf("%s", p->full_name);
    if (isfinite(f->high))
      printf(f->low < f->high ? " <= %s" : " = %s",
             hpo_param_end(p, f->high, text));
  }
  if (s->n_forbidden > 0)
    printf("\n");
}

/* What the first enqueued points say. */
static void print_enqueued(const hpo_plan *plan) {
  enum { MOST = 12 };
  const size_t n = plan->space.n_param;
  char text[32];

  for (size_t k = 0; k < plan->n_enqueue && k < MOST; k++) {
    const char *between = "enqueued    ";
    for (size_t i = 0; i < n; i++) {
      const hpo_param *p = &plan->space.param[i];
      const double x = plan->enqueue[k * n + i];
      if (isnan(x))
        continue;
      printf("%s%s = %s", between, p->full_name,
             p->kind == HPO_PARAM_CATEGORICAL
                 ? p->choice[(size_t)x]
                 : hpo_options_format_float(x, text));
      between = ", ";
    }
    printf("\n");
  }
  if (plan->n_enqueue > MOST)
    printf("            ... %zu in all\n", plan->n_enqueue);
}

/* What other studies give to this one. */
static void print_warm_starts(const hpo_plan *plan) {
  for (size_t i = 0; i < plan->n_warm; i++)
    printf("warm start  %s: %s\n", plan->warm[i].href, plan->warm[i].taken);
}

/* What is recorded beside the objectives, and done at the end. */
static void print_finale(const hpo_plan *plan) {
  const hpo_plan_data *d = &plan->data;
  char text[32];

  for (size_t i = 0; i < plan->report.n; i++)
    printf("%s%s%s", i ? " " : "report      ", plan->report.item[i],
           i + 1 < plan->report.n ? "" : "\n");
  if (hpo_plan_has_test(plan) && d->test_fraction > 0)
    printf("test        %s of the rows, at the end\n",
           hpo_options_format_float(d->test_fraction, text));
  else if (hpo_plan_has_test(plan))
    printf("test        %s, at the end\n", d->test_href);
  if (plan->winner && plan->winner[0]) {
    printf("winner      %s", plan->winner);
    if (strcmp(plan->winner, "one-se") == 0)
      printf(", simpler by %s", plan->simpler);
    printf("\n");
  }
  if (plan->refit)
    printf("refit       the winner again, on all training and validation "
           "rows\n");
}

static void print_constraint(const hpo_plan_constraint *c) {
  char text[32];
  printf("constraint  ");
  if (!isnan(c->min))
    printf("%s <= ", hpo_options_format_float(c->min, text));
  printf("%s", c->metric);
  if (!isnan(c->max))
    printf(" <= %s", hpo_options_format_float(c->max, text));
  printf("\n");
}

static void print_search(const hpo_plan *plan) {
  printf("models      ");
  for (size_t m = 0; m < plan->n_model; m++)
    printf("%s%s", m ? ", " : "", plan->model[m].name);
  printf("\nsearch      %zu parameter%s\n", plan->space.n_param,
         plan->space.n_param == 1 ? "" : "s");
  for (size_t i = 0; i < plan->space.n_param; i++)
    print_param(plan, &plan->space.param[i]);
  for (size_t i = 0; i < plan->n_objective; i++)
    printf("objective   %s %s\n",
           plan->objective[i].maximize ? "maximize" : "minimize",
           plan->objective[i].metric);
  for (size_t i = 0; i < plan->n_constraint; i++)
    print_constraint(&plan->constraint[i]);
  print_forbidden(&plan->space);
  print_enqueued(plan);
  print_warm_starts(plan);
  print_finale(plan);
}

/* A terminator, with the options that are not left to it. */
static void print_terminator(const hpo_plan_choice *t) {
  if (t->options.n == 0)
    return;
  printf("terminator  %s", t->name);
  for (size_t i = 0; i < t->options.n; i++)
    if (t->options.item[i].value[0] != '\0')
      printf(", %s %s", t->options.item[i].name, t->options.item[i].value);
  printf("\n");
}

static void print_budget(const hpo_plan *plan) {
  char text[32];
  printf("budget      ");
  if (plan->trials)
    printf("%lld trials", (long long)plan->trials);
  if (plan->timeout > 0)
    printf("%s%s", plan->trials ? ", " : "",
           hpo_clock_format_seconds(plan->timeout, text));
  if (!isnan(plan->target))
    printf(", until %s", hpo_options_format_float(plan->target, text));
  if (plan->patience)
    printf(", patience %lld", (long long)plan->patience);
  printf("\n");
  print_terminator(&plan->terminator);
  printf("order       ");
  if (plan->strict)
    printf("strict, window %lld\n", (long long)plan->window);
  else
    printf("arrival\n");
  if (plan->shards > 0)
    printf("shards      %lld; each trial trains on one of them, validated on "
           "all validation rows\n",
           (long long)plan->shards);
  printf("output      %s%s\n", plan->output,
         hpo_file_exists(plan->output) ? " (exists: the study goes on)" : "");
}

/* What the largest trial needs, and what it can have. */
static hpo_status print_memory(const hpo_plan *plan, hpo_evaluator *e,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  double most = 0, left = hpo_prepare_memory_left();
  char need[32], have[32];

  HPO_TRY(status, hpo_prepare_most_memory(plan, e, &most, err));
  if (most <= 0)
    goto done;
  hpo_clock_format_bytes(left, have);
  printf("memory      a trial needs at most about %s beside the data",
         hpo_clock_format_bytes(most, need));
  if (isfinite(left))
    printf("; %s are left here", have);
  if (plan->limit_memory > 0)
    printf("; its limit is %s",
           hpo_clock_format_bytes((double)plan->limit_memory, have));
  printf("\n");
  if (most > left ||
      (plan->limit_memory > 0 && most > (double)plan->limit_memory))
    printf("warning     trials that need more memory than there is will fail "
           "before they start\n");
done:
  return status;
}

static void print_warnings(const hpo_plan *plan, const hpo_dataset *data) {
  for (size_t j = 0; data && j < data->columns; j++)
    if (data->column[j].doubt)
      printf("warning     %s\n", data->column[j].doubt);
  if (plan->strict &&
      (plan->limit_time > 0 || plan->limit_memory > 0 || plan->timeout > 0))
    printf("warning     strict order with a limit in time or memory: when it "
           "fires is not\n            reproducible, all else is\n");
  if (hpo_file_on_nfs(plan->output))
    printf("warning     %s lies on NFS, where readers may not see a running "
           "study\n",
           plan->output);
}

/* An output that exists must be of this study, as run will find. */
static hpo_status check_output(const hpo_plan *plan, const hpo_dataset *data,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *store = NULL;

  if (!hpo_file_exists(plan->output))
    return HPO_OK;
  HPO_TRY(status, hpo_store_open_read(plan->output, &store, err));
  HPO_TRY(status,
          hpo_run_check_identity(plan, data ? data->hash : "", store, err));
done:
  hpo_store_destroy(store);
  return status;
}

static hpo_status check(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *plan = NULL;
  hpo_dataset *data = NULL;
  hpo_evaluator *evaluator = NULL;
  hpo_shared node = hpo_shared_serial();
  hpo_coll team = hpo_coll_serial();

  HPO_TRY(status, hpo_prepare_plan(args, &plan, NULL, err));
  if (plan->has_data)
    HPO_TRY(status, hpo_dataset_load(plan, &node, &data, err));
  HPO_TRY(status, hpo_prepare_check_data(plan, data, err));
  HPO_TRY(status, hpo_evaluator_create(plan, data, &team, &evaluator, err));
  HPO_TRY(status, check_output(plan, data, err));
  printf("study       %s\n", plan->name);
  if (data)
    print_data(data);
  print_search(plan);
  HPO_TRY(status, print_sampler(plan, err));
  HPO_TRY(status, print_pruner(plan, err));
  print_budget(plan);
  HPO_TRY(status, print_memory(plan, evaluator, err));
  print_warnings(plan, data);
  printf("%s is good.\n", args->word.item[0]);
  *exit_code = 0;
done:
  hpo_evaluator_destroy(evaluator);
  hpo_dataset_destroy(data);
  hpo_plan_destroy(plan);
  return status;
}

static const hpo_arg arguments[] = {HPO_PREPARE_ARGS};

const hpo_command hpo_cmd_check = {
    .name = "check",
    .words = "STUDY.xml",
    .summary = "checks a study file and its data, prints the plan",
    .help = "Nothing is trained and nothing is written.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = check};
