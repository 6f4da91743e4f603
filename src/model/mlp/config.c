/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of mlp: names and meanings are scikit-learn's. */
#include "mlp.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define INF INFINITY
#define OPTION_INT HPO_OPTION_INT
#define OPTION_FLOAT HPO_OPTION_FLOAT
#define ONE_LESS 0.999999

const hpo_option mlp_options[MLP_OPTIONS] = {
    {"hidden_layer_sizes", HPO_OPTION_TEXT, NULL, -INF, INF, false, NULL,
     "units of each hidden layer, such as \"100 50\"; none: 100, or what the "
     "next two say",
     NULL},
    {"hidden_layers", OPTION_INT, NULL, 0, MLP_MOST_HIDDEN, false, NULL,
     "number of hidden layers, all of hidden_layer_width, in place of "
     "hidden_layer_sizes; none: 1",
     NULL},
    {"hidden_layer_width", OPTION_INT, NULL, 1, MLP_MOST_WIDTH, false, NULL,
     "units of every hidden layer, in place of hidden_layer_sizes; none: 100",
     NULL},
    {"activation", HPO_OPTION_CHOICE, "relu", -INF, INF, false,
     "identity logistic tanh relu", "of hidden units", NULL},
    {"solver", HPO_OPTION_CHOICE, "adam", -INF, INF, false, "lbfgs sgd adam",
     "sgd: gradient descent with momentum; adam: with steps of their own for "
     "each weight",
     "lbfgs"},
    {"alpha", OPTION_FLOAT, "0.0001", 0, INF, false, NULL,
     "weight of the squared weights, beside the sum of a batch's losses",
     NULL},
    {"batch_size", OPTION_INT, NULL, 1, 1e9, false, NULL,
     "rows of a batch, at most all; none: 200", NULL},
    {"learning_rate", HPO_OPTION_CHOICE, "constant", -INF, INF, false,
     "constant invscaling adaptive",
     "of sgd. invscaling: learning_rate_init / rows seen ^ power_t, from "
     "epoch to epoch; adaptive: a fifth whenever training would end for tol, "
     "down to 1e-6",
     NULL},
    {"learning_rate_init", OPTION_FLOAT, "0.001", 0, INF, true, NULL,
     "size of a step", NULL},
    {"power_t", OPTION_FLOAT, "0.5", -INF, INF, false, NULL,
     "exponent of invscaling", NULL},
    {"max_iter", OPTION_INT, "200", 1, 1e9, false, NULL,
     "most epochs, each a step of the trial", NULL},
    {"shuffle", HPO_OPTION_BOOL, "yes", -INF, INF, false, NULL,
     "rows in a new order in each epoch", NULL},
    {"tol", OPTION_FLOAT, "0.0001", 0, INF, false, NULL,
     "without early_stopping: an epoch whose training loss is not this much "
     "below the lowest before counts as no change",
     NULL},
    {"momentum", OPTION_FLOAT, "0.9", 0, 1, false, NULL, "of sgd", NULL},
    {"nesterovs_momentum", HPO_OPTION_BOOL, "yes", -INF, INF, false, NULL,
     "of sgd: Nesterov's form", NULL},
    {"early_stopping", HPO_OPTION_BOOL, "no", -INF, INF, false, NULL,
     "end when the objective on the validation rows has not become better "
     "for n_iter_no_change epochs, and go back to the best; no: when the "
     "training loss has not become better by tol",
     NULL},
    {"beta_1", OPTION_FLOAT, "0.9", 0, ONE_LESS, false, NULL,
     "of adam: decay of the mean gradient", NULL},
    {"beta_2", OPTION_FLOAT, "0.999", 0, ONE_LESS, false, NULL,
     "of adam: decay of the mean squared gradient", NULL},
    {"epsilon", OPTION_FLOAT, "1e-08", 0, INF, true, NULL,
     "of adam: added to the root of the mean squared gradient", NULL},
    {"n_iter_no_change", OPTION_INT, "10", 1, 1e9, false, NULL,
     "epochs of no change after which training ends", NULL},
    {"dropout", OPTION_FLOAT, "0", 0, 0.99, false, NULL,
     "share of hidden units that each row goes without in training; the "
     "others count as much more",
     NULL},
    {"class_weight", HPO_OPTION_CHOICE, "none", -INF, INF, false,
     "none balanced",
     "balanced: rows / (classes * rows of the class), times the row's own",
     NULL},
};

/* --- Sizes ------------------------------------------------------------- */

static hpo_status refuse_sizes(const char *text, hpo_error *err) {
  return hpo_error_set(
      err, HPO_EINVAL,
      "hidden_layer_sizes = \"%s\" is no list of sizes; allowed: up to %d "
      "numbers from 1 to %d with spaces or commas between, such as \"100 "
      "50\"; hidden_layers = \"0\" makes a network without any",
      text, MLP_MOST_HIDDEN, MLP_MOST_WIDTH);
}

/* "100 50", "100,50" or scikit-learn's "(100, 50)". */
static hpo_status read_sizes(const char *text, mlp_config *c, hpo_error *err) {
  const char *at = text;

  c->n_hidden = 0;
  for (;;) {
    at += strspn(at, " ,()");
    if (*at == '\0')
      break;
    char *end = NULL;
    long size = isdigit((unsigned char)*at) ? strtol(at, &end, 10) : 0;
    if (size < 1 || size > MLP_MOST_WIDTH || c->n_hidden == MLP_MOST_HIDDEN ||
        (*end != '\0' && strchr(" ,)", *end) == NULL))
      return refuse_sizes(text, err);
    c->width[c->n_hidden++] = (size_t)size;
    at = end;
  }
  return c->n_hidden > 0 ? HPO_OK : refuse_sizes(text, err);
}

static hpo_status get_sizes(const hpo_options *o, mlp_config *c,
                            hpo_error *err) {
  bool has_n = hpo_options_is_set(o, "hidden_layers");
  bool has_width = hpo_options_is_set(o, "hidden_layer_width");

  if (hpo_options_is_set(o, "hidden_layer_sizes") && !has_n && !has_width)
    return read_sizes(hpo_options_get_text(o, "hidden_layer_sizes"), c, err);
  if (hpo_options_is_set(o, "hidden_layer_sizes"))
    return hpo_error_set(err, HPO_EINVAL,
                         "hidden_layer_sizes says what hidden_layers and "
                         "hidden_layer_width say: give one or the other");
  c->n_hidden = has_n ? (size_t)hpo_options_get_int(o, "hidden_layers") : 1;
  for (size_t i = 0; i < c->n_hidden; i++)
    c->width[i] =
        has_width ? (size_t)hpo_options_get_int(o, "hidden_layer_width") : 100;
  return HPO_OK;
}

/* --- All --------------------------------------------------------------- */

bool mlp_activation_find(const char *name, mlp_activation *out) {
  static const char *const names[] = {"identity", "logistic", "tanh", "relu"};

  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) {
      *out = (mlp_activation)i;
      return true;
    }
  return false;
}

static mlp_schedule schedule_of(const char *name) {
  return strcmp(name, "invscaling") == 0 ? MLP_INVSCALING
         : strcmp(name, "adaptive") == 0 ? MLP_ADAPTIVE
                                         : MLP_CONSTANT;
}

static bool is_text(const hpo_options *o, const char *name, const char *text) {
  return strcmp(hpo_options_get_text(o, name), text) == 0;
}

hpo_status mlp_config_get(const hpo_options *o, mlp_config *out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t batch = hpo_options_get_int(o, "batch_size");
  mlp_config c = {.is_adam = is_text(o, "solver", "adam"),
                  .is_nesterov = hpo_options_get_bool(o, "nesterovs_momentum"),
                  .is_shuffled = hpo_options_get_bool(o, "shuffle"),
                  .is_balanced = is_text(o, "class_weight", "balanced"),
                  .stops_early = hpo_options_get_bool(o, "early_stopping"),
                  .schedule =
                      schedule_of(hpo_options_get_text(o, "learning_rate")),
                  .batch = batch > 0 ? batch : 0,
                  .patience = hpo_options_get_int(o, "n_iter_no_change"),
                  .alpha = hpo_options_get_float(o, "alpha"),
                  .rate = hpo_options_get_float(o, "learning_rate_init"),
                  .power_t = hpo_options_get_float(o, "power_t"),
                  .momentum = hpo_options_get_float(o, "momentum"),
                  .beta_1 = hpo_options_get_float(o, "beta_1"),
                  .beta_2 = hpo_options_get_float(o, "beta_2"),
                  .epsilon = hpo_options_get_float(o, "epsilon"),
                  .tol = hpo_options_get_float(o, "tol"),
                  .dropout = hpo_options_get_float(o, "dropout")};

  HPO_ASSERT(mlp_activation_find(hpo_options_get_text(o, "activation"),
                                 &c.activation));
  HPO_TRY(status, get_sizes(o, &c, err));
  *out = c;
done:
  return status;
}

hpo_status mlp_check(const hpo_options *o, hpo_task task,
                     const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;
  mlp_config c;

  if (task == HPO_TASK_NONE)
    HPO_FAIL(status, err, HPO_EINVAL, "model mlp needs <data>");
  HPO_TRY(status, mlp_config_get(o, &c, err));
  if (c.is_balanced && task == HPO_TASK_REGRESSION)
    HPO_FAIL(status, err, HPO_EINVAL,
             "class_weight=balanced needs classes, and the task is a "
             "regression");
  if (data != NULL && data->n_train == 0)
    HPO_FAIL(status, err, HPO_EDATA, "there are no training rows");
done:
  return status;
}
