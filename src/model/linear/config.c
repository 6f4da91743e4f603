/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of logistic and linear: names and meanings are scikit-learn's. */
#include "linear.h"

#include <math.h>
#include <string.h>

#define ANY HPO_OPTION_FLOAT
#define INF INFINITY

#define PENALTIES "l1 l2 elasticnet none"
#define L1_RATIO                                                              \
  {                                                                           \
    "l1_ratio", ANY, NULL, 0, 1, false, NULL,                                 \
        "with elasticnet: share of l1 in the penalty; none: 0.5", NULL        \
  }
#define FIT_INTERCEPT                                                         \
  {                                                                           \
    "fit_intercept", HPO_OPTION_BOOL, "yes", -INF, INF, false, NULL,          \
        "add a constant, which no penalty touches", NULL                      \
  }
#define TOL                                                                   \
  {                                                                           \
    "tol", ANY, "0.0001", 0, INF, true, NULL,                                 \
        "stop when no partial derivative of the mean loss with its penalty, " \
        "by standardised coefficients, is larger",                            \
        NULL                                                                  \
  }

const hpo_option logistic_options[LOGISTIC_OPTIONS] = {
    {"penalty", HPO_OPTION_CHOICE, "l2", -INF, INF, false, PENALTIES,
     "norm of the coefficients that is added to the loss", NULL},
    {"C", ANY, "1", 0, INF, true, NULL,
     "weight of the loss against the penalty: smaller regularises more", NULL},
    L1_RATIO,
    FIT_INTERCEPT,
    {"class_weight", HPO_OPTION_CHOICE, "none", -INF, INF, false,
     "none balanced",
     "balanced: rows / (classes * rows of the class), times the row's own",
     NULL},
    TOL,
    {"max_iter", HPO_OPTION_INT, "100", 1, 1e9, false, NULL,
     "most iterations of Newton's method (or eights of L-BFGS's), each a "
     "step of the trial",
     NULL},
};

const hpo_option linear_options[LINEAR_OPTIONS] = {
    {"penalty", HPO_OPTION_CHOICE, "l2", -INF, INF, false, PENALTIES,
     "l2 is Ridge, l1 Lasso, elasticnet ElasticNet, none LinearRegression, "
     "each with its own scale of alpha: Ridge adds alpha to the sum of "
     "squares, the others to half their mean",
     NULL},
    {"alpha", ANY, "1", 0, INF, false, NULL,
     "weight of the penalty: larger regularises more", NULL},
    L1_RATIO,
    FIT_INTERCEPT,
    TOL,
    {"max_iter", HPO_OPTION_INT, "1000", 1, 1e9, false, NULL,
     "most iterations of Newton's method (or eights of L-BFGS's), each a "
     "step of the trial",
     NULL},
};

static hpo_status check(const char *kind, const hpo_options *o, hpo_task task,
                        const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *penalty = hpo_options_get_text(o, "penalty");

  if (task == HPO_TASK_NONE)
    HPO_FAIL(status, err, HPO_EINVAL, "model %s needs <data>", kind);
  if (hpo_options_is_set(o, "l1_ratio") && strcmp(penalty, "elasticnet") != 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "l1_ratio goes with penalty elasticnet alone, and the penalty is "
             "%s; where the penalty is searched, put it inside <choice "
             "value=\"elasticnet\">",
             penalty);
  if (data != NULL && data->n_train == 0)
    HPO_FAIL(status, err, HPO_EDATA, "there are no training rows");
done:
  return status;
}

hpo_status logistic_check(const hpo_options *o, hpo_task task,
                          const hpo_dataset *data, hpo_error *err) {
  return check("logistic", o, task, data, err);
}

hpo_status linear_check(const hpo_options *o, hpo_task task,
                        const hpo_dataset *data, hpo_error *err) {
  return check("linear", o, task, data, err);
}

static double ratio_of(const hpo_options *o, const char *penalty) {
  double ratio = hpo_options_get_float(o, "l1_ratio");

  if (strcmp(penalty, "elasticnet") != 0)
    return strcmp(penalty, "l1") == 0 ? 1 : 0;
  return isnan(ratio) ? 0.5 : ratio;
}

void linear_config_get(const hpo_options *o, const hpo_dataset *data,
                       linear_config *out) {
  const char *penalty = hpo_options_get_text(o, "penalty");
  bool is_logistic = data->task != HPO_TASK_REGRESSION;

  *out = (linear_config){
      .loss = data->task == HPO_TASK_REGRESSION   ? LINEAR_SQUARED
              : data->task == HPO_TASK_MULTICLASS ? LINEAR_MULTINOMIAL
                                                  : LINEAR_LOGISTIC,
      .is_logistic = is_logistic,
      .penalty = penalty,
      .has_penalty = strcmp(penalty, "none") != 0,
      .strength = hpo_options_get_float(o, is_logistic ? "C" : "alpha"),
      .l1_ratio = ratio_of(o, penalty),
      .has_intercept = hpo_options_get_bool(o, "fit_intercept"),
      .is_balanced =
          is_logistic &&
          strcmp(hpo_options_get_text(o, "class_weight"), "balanced") == 0,
      .tol = hpo_options_get_float(o, "tol")};
}
