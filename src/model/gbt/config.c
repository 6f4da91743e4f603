/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of gbt: names, meanings, ranges and defaults are XGBoost's. */
#include "gbt.h"
#include "limits.h"

#include <math.h>
#include <string.h>

#define ANY HPO_OPTION_FLOAT
#define INF INFINITY

const hpo_option gbt_options[GBT_OPTIONS] = {
    {"objective", HPO_OPTION_CHOICE, NULL, -INF, INF, false,
     "binary:logistic multi:softprob reg:squarederror multi:softmax "
     "reg:logistic count:poisson reg:absoluteerror",
     "the loss; none: binary:logistic, multi:softprob or reg:squarederror, "
     "as the task needs",
     "multi:softmax reg:logistic"},
    {"n_estimators", HPO_OPTION_INT, "100", 1, 1e9, false, NULL,
     "boosting rounds; each grows one tree, or one for each of many classes",
     NULL},
    {"max_depth", HPO_OPTION_INT, "6", 0, 1000, false, NULL,
     "depth of a tree; 0: no limit, which needs max_leaves", NULL},
    {"learning_rate", ANY, "0.3", 0, INF, false, NULL,
     "what a leaf's weight is multiplied by", NULL},
    {"min_child_weight", ANY, "1", 0, INF, false, NULL,
     "least sum of hessians in each child of a split", NULL},
    {"gamma", ANY, "0", 0, INF, false, NULL,
     "least gain of a split (min_split_loss)", NULL},
    {"reg_lambda", ANY, "1", 0, INF, false, NULL, "L2 penalty on leaf weights",
     NULL},
    {"reg_alpha", ANY, "0", 0, INF, false, NULL, "L1 penalty on leaf weights",
     NULL},
    {"subsample", ANY, "1", 0, 1, true, NULL,
     "chance of a row to be used in a round", NULL},
    {"colsample_bytree", ANY, "1", 0, 1, true, NULL,
     "share of the columns that a tree may use", NULL},
    {"colsample_bylevel", ANY, "1", 0, 1, true, NULL,
     "share of the tree's columns that a level may use", NULL},
    {"colsample_bynode", ANY, "1", 0, 1, true, NULL,
     "share of the level's columns that a node may use", NULL},
    {"max_bin", HPO_OPTION_INT, "256", 2, 65535, false, NULL,
     "most bins of a feature; cuts are exact quantiles", NULL},
    {"scale_pos_weight", ANY, "1", 0, INF, true, NULL,
     "weight of positive rows, beside their own", NULL},
    {"class_weight", HPO_OPTION_CHOICE, NULL, -INF, INF, false,
     "none balanced",
     "balanced: rows / (classes * rows of the class), times the row's own",
     NULL},
    {"max_delta_step", ANY, NULL, 0, INF, false, NULL,
     "largest weight of a leaf; 0: no limit; none: 0, with count:poisson 0.7",
     NULL},
    {"base_score", ANY, NULL, -INF, INF, false, NULL,
     "prediction before the first tree; none: the training rows' mean or "
     "prior",
     NULL},
    {"grow_policy", HPO_OPTION_CHOICE, "depthwise", -INF, INF, false,
     "depthwise lossguide",
     "which nodes are split first, if max_leaves does not let all be split: "
     "those of least depth, or of largest gain",
     NULL},
    {"max_leaves", HPO_OPTION_INT, "0", 0, 1e9, false, NULL,
     "most leaves of a tree; 0: no limit", NULL},
    {"early_stopping_rounds", HPO_OPTION_INT, NULL, 1, 1e9, false, NULL,
     "end after so many rounds without a better value of the objective, and "
     "keep the best round's value and model; none: train all rounds",
     NULL},
    {"monotone_constraints", HPO_OPTION_TEXT, NULL, -INF, INF, false, NULL,
     "(1,0,-1) in the order of columns, or {name: 1, name: -1}: as the "
     "feature "
     "rises predictions never fall (1), never rise (-1)",
     NULL},
    {"interaction_constraints", HPO_OPTION_TEXT, NULL, -INF, INF, false, NULL,
     "[[name, name], [name, name]] or numbers of columns from 0: features "
     "that "
     "may share a path of a tree",
     NULL},
};

static const char *const objective_names[] = {
    "binary:logistic", "multi:softprob", "reg:squarederror", "count:poisson",
    "reg:absoluteerror"};

const char *gbt_objective_name(gbt_objective objective) {
  return objective_names[objective];
}

bool gbt_objective_find(const char *name, gbt_objective *out) {
  for (gbt_objective i = GBT_LOGISTIC; i <= GBT_ABSOLUTE; i++)
    if (strcmp(name, objective_names[i]) == 0) {
      *out = i;
      return true;
    }
  return false;
}

static gbt_objective default_objective(hpo_task task) {
  if (task == HPO_TASK_MULTICLASS)
    return GBT_SOFTPROB;
  return task == HPO_TASK_REGRESSION ? GBT_SQUARED : GBT_LOGISTIC;
}

bool gbt_objective_fits(gbt_objective objective, hpo_task task) {
  if (task == HPO_TASK_REGRESSION)
    return objective != GBT_LOGISTIC && objective != GBT_SOFTPROB;
  return objective == default_objective(task);
}

static gbt_objective objective_of(const hpo_options *o, hpo_task task) {
  const char *name = hpo_options_get_text(o, "objective");
  gbt_objective objective = default_objective(task);

  if (name != NULL)
    (void)gbt_objective_find(name, &objective);
  return objective;
}

/* An objective belongs to one task; but a regression on labels is another
   model, so it is refused rather than guessed at. */
static hpo_status check_objective(const hpo_options *o, hpo_task task,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_objective objective = objective_of(o, task);

  if (task == HPO_TASK_NONE)
    HPO_FAIL(status, err, HPO_EINVAL, "model gbt needs <data>");
  if (!gbt_objective_fits(objective, task))
    HPO_FAIL(status, err, HPO_EINVAL,
             "objective \"%s\" does not fit task \"%s\"; allowed: %s",
             objective_names[objective], hpo_task_name(task),
             task == HPO_TASK_REGRESSION
                 ? "reg:squarederror, count:poisson, reg:absoluteerror"
                 : objective_names[default_objective(task)]);
done:
  return status;
}

/* What a loss asks of the other options. */
static hpo_status check_loss(const hpo_options *o, gbt_objective objective,
                             const gbt_limits *limits, hpo_error *err) {
  hpo_status status = HPO_OK;
  double base = hpo_options_get_float(o, "base_score");

  if (objective == GBT_LOGISTIC && !isnan(base) && !(base > 0 && base < 1))
    HPO_FAIL(status, err, HPO_EINVAL,
             "base_score is %g; with binary:logistic it is a probability: "
             "above 0 and below 1",
             base);
  if (objective == GBT_POISSON && base <= 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "base_score is %g; with count:poisson it is a mean: above 0",
             base);
  if (objective == GBT_ABSOLUTE && limits->direction != NULL)
    HPO_FAIL(status, err, HPO_EINVAL,
             "monotone_constraints do not go with reg:absoluteerror: its "
             "leaves are medians, which they do not bound");
done:
  return status;
}

/* Counts are not negative; where rows are known already. */
static hpo_status check_counts(const hpo_dataset *d, hpo_error *err) {
  hpo_row from = d->team != NULL ? d->train_first : 0;
  hpo_row to = d->team != NULL ? d->train_end : d->n_train;

  for (hpo_row i = from; d->y != NULL && i < to; i++)
    if (d->y[d->train[i]] < 0)
      return hpo_error_set(err, HPO_EDATA,
                           "count:poisson needs labels of 0 and more; %s is "
                           "%g in row %lld (from 0)",
                           d->label_name, d->y[d->train[i]],
                           (long long)d->train[i]);
  return HPO_OK;
}

/* Something must end a tree's growth. */
static hpo_status check_growth(const hpo_options *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *policy = hpo_options_get_text(o, "grow_policy");
  int64_t leaves = hpo_options_get_int(o, "max_leaves");

  if (leaves == 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "max_leaves is 1; allowed: 0 (no limit), or 2 and more");
  if (hpo_options_get_int(o, "max_depth") == 0 && leaves == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "max_depth is 0 (no limit) and so is max_leaves: nothing ends a "
             "tree's growth; with grow_policy \"%s\" set max_leaves, or "
             "max_depth above 0",
             policy);
done:
  return status;
}

static bool is_balanced(const hpo_options *o) {
  const char *name = hpo_options_get_text(o, "class_weight");
  return name != NULL && strcmp(name, "balanced") == 0;
}

hpo_status gbt_config_check(const hpo_options *o, hpo_task task,
                            const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_limits limits = {.columns = 0};

  HPO_TRY(status, check_objective(o, task, err));
  HPO_TRY(status, check_growth(o, err));
  HPO_TRY(status, gbt_limits_create(o, data, &limits, err));
  HPO_TRY(status, check_loss(o, objective_of(o, task), &limits, err));
  if (task == HPO_TASK_REGRESSION && is_balanced(o))
    HPO_FAIL(status, err, HPO_EINVAL,
             "class_weight is \"balanced\", but task \"regression\" has no "
             "classes; allowed: none");
  if (data != NULL && data->n_train == 0)
    HPO_FAIL(status, err, HPO_EDATA, "there are no training rows");
  if (data != NULL && objective_of(o, task) == GBT_POISSON)
    HPO_TRY(status, check_counts(data, err));
done:
  gbt_limits_free(&limits);
  return status;
}

void gbt_config_get(const hpo_options *o, hpo_task task, gbt_config *out) {
  const char *policy = hpo_options_get_text(o, "grow_policy");
  int64_t depth = hpo_options_get_int(o, "max_depth");

  *out = (gbt_config){
      .objective = objective_of(o, task),
      .n_estimators = hpo_options_get_int(o, "n_estimators"),
      .max_depth = depth == 0 ? INT64_MAX : depth,
      .max_leaves = hpo_options_get_int(o, "max_leaves"),
      .is_lossguide = strcmp(policy, "lossguide") == 0,
      .learning_rate = hpo_options_get_float(o, "learning_rate"),
      .gamma = hpo_options_get_float(o, "gamma"),
      .min_child_weight = hpo_options_get_float(o, "min_child_weight"),
      .reg_lambda = hpo_options_get_float(o, "reg_lambda"),
      .reg_alpha = hpo_options_get_float(o, "reg_alpha"),
      .max_delta_step = hpo_options_get_float(o, "max_delta_step"),
      .scale_pos_weight = hpo_options_get_float(o, "scale_pos_weight"),
      .subsample = hpo_options_get_float(o, "subsample"),
      .by_tree = hpo_options_get_float(o, "colsample_bytree"),
      .by_level = hpo_options_get_float(o, "colsample_bylevel"),
      .by_node = hpo_options_get_float(o, "colsample_bynode"),
      .base_score = hpo_options_get_float(o, "base_score"),
      .is_balanced = is_balanced(o),
  };
  if (isnan(out->max_delta_step))
    out->max_delta_step = out->objective == GBT_POISSON ? 0.7 : 0;
}
