/* SPDX-License-Identifier: BSD-3-Clause */
#include "studynames.h"

#include <math.h>

#include "hpo/plan.h"

#define NO -INFINITY, INFINITY, false, NULL
#define COUNT(a) (sizeof(a) / sizeof *(a))

static const hpo_option gbt[] = {
    {"objective", HPO_OPTION_CHOICE, NULL, -INFINITY, INFINITY, false,
     "binary:logistic multi:softprob reg:squarederror count:poisson", "loss",
     "count:poisson"},
    {"n_estimators", HPO_OPTION_INT, "100", 1, 1e9, false, NULL, "rounds",
     NULL},
    {"max_depth", HPO_OPTION_INT, "6", 0, 1000, false, NULL, "depth", NULL},
    {"learning_rate", HPO_OPTION_FLOAT, "0.3", 0, INFINITY, true, NULL, "rate",
     NULL},
    {"subsample", HPO_OPTION_FLOAT, "1", 0, 1, true, NULL, "rows", NULL},
    {"colsample_bytree", HPO_OPTION_FLOAT, "1", 0, 1, true, NULL, "columns",
     NULL},
    {"max_bin", HPO_OPTION_INT, "256", 2, 65535, false, NULL, "bins", NULL},
    {"base_score", HPO_OPTION_FLOAT, NULL, NO, "start", NULL},
    {"grow_policy", HPO_OPTION_CHOICE, "depthwise", -INFINITY, INFINITY, false,
     "depthwise lossguide", "order", "lossguide"},
    {"early_stopping_rounds", HPO_OPTION_INT, NULL, 1, 1e9, false, NULL,
     "stop", "*"},
};

static const hpo_option linear[] = {
    {"C", HPO_OPTION_FLOAT, "1", 0, INFINITY, true, NULL, "inverse penalty",
     NULL},
    {"penalty", HPO_OPTION_CHOICE, "l2", -INFINITY, INFINITY, false,
     "l1 l2 elasticnet none", "penalty", NULL},
    {"l1_ratio", HPO_OPTION_FLOAT, "0.5", 0, 1, false, NULL, "mix", NULL},
    {"intercept", HPO_OPTION_BOOL, "yes", NO, "intercept", NULL},
    {"max_iter", HPO_OPTION_INT, "100", 1, 1e9, false, NULL, "iterations",
     NULL},
};

static const hpo_option function[] = {
    {"objective", HPO_OPTION_CHOICE, "sphere", -INFINITY, INFINITY, false,
     "sphere branin", "function", NULL},
    {"delay", HPO_OPTION_DURATION, "0", 0, INFINITY, false, NULL, "sleep",
     NULL},
};

static const hpo_option tpe[] = {
    {"startup-trials", HPO_OPTION_INT, "10", 0, 1e9, false, NULL, "first",
     NULL},
    {"candidates", HPO_OPTION_INT, "24", 1, 1e6, false, NULL, "drawn", NULL},
};

static const hpo_option median[] = {
    {"startup-trials", HPO_OPTION_INT, "5", 0, 1e9, false, NULL, "first",
     NULL},
    {"warmup-steps", HPO_OPTION_INT, "0", 0, 1e9, false, NULL, "steps", NULL},
};

#define BINARY (1U << HPO_TASK_BINARY)
#define MULTI (1U << HPO_TASK_MULTICLASS)
#define REGRESS (1U << HPO_TASK_REGRESSION)
#define NONE (1U << HPO_TASK_NONE)
#define ANY (BINARY | MULTI | REGRESS | NONE)

#define MODEL(n, options, built, for_tasks, is_free)                          \
  {                                                                           \
    .kind = HPO_ENTRY_MODEL, .name = n, .help = "", .option = options,        \
    .n_option = COUNT(options), .is_built = built, .tasks = for_tasks,        \
    .free_params = is_free                                                    \
  }
#define METRIC(n, for_tasks, is_up)                                           \
  {                                                                           \
    .kind = HPO_ENTRY_METRIC, .name = n, .help = "", .is_built = true,        \
    .tasks = for_tasks, .maximize = is_up                                     \
  }
#define OTHER(k, n, options, built)                                           \
  {                                                                           \
    .kind = k, .name = n, .help = "", .option = options,                      \
    .n_option = COUNT(options), .is_built = built                             \
  }
#define PLAIN(k, n, built)                                                    \
  { .kind = k, .name = n, .help = "", .is_built = built }

hpo_catalog studynames(void) {
  static hpo_entry entry[] = {
      MODEL("gbt", gbt, true, BINARY | MULTI | REGRESS, false),
      MODEL("ridge", linear, true, BINARY, false),
      MODEL("function", function, true, NONE, true),
      {.kind = HPO_ENTRY_MODEL,
       .name = "baseline",
       .help = "",
       .is_built = true,
       .tasks = BINARY | MULTI | REGRESS},
      MODEL("logistic", linear, false, BINARY | MULTI, false),
      PLAIN(HPO_ENTRY_SAMPLER, "random", true),
      OTHER(HPO_ENTRY_SAMPLER, "tpe", tpe, true),
      PLAIN(HPO_ENTRY_SAMPLER, "annealing", false),
      PLAIN(HPO_ENTRY_PRUNER, "none", true),
      {.kind = HPO_ENTRY_PRUNER,
       .name = "median",
       .help = "",
       .option = median,
       .n_option = COUNT(median),
       .is_built = true,
       .one_objective = true},
      PLAIN(HPO_ENTRY_PRUNER, "hyperband", false),
      METRIC("accuracy", BINARY | MULTI, true),
      METRIC("precision", BINARY | MULTI, true),
      METRIC("recall", BINARY | MULTI, true),
      METRIC("f1", BINARY | MULTI, true),
      METRIC("roc_auc", BINARY | MULTI, true),
      METRIC("logloss", BINARY | MULTI, false),
      METRIC("rmse", REGRESS, false),
      METRIC("r2", REGRESS, true),
      METRIC("value", NONE, false),
      METRIC("train_seconds", ANY, false),
  };

  return (hpo_catalog){entry, COUNT(entry)};
}
