/* SPDX-License-Identifier: BSD-3-Clause */
/* Test functions to minimise, in place of a model: samplers, pruners and
 * schedulers are tried on them.
 *
 *   sphere, rosenbrock, ackley, rastrigin   any number of dimensions
 *   branin                                  2, on [-5, 10] x [0, 15]
 *   hartmann6                               6, on [0, 1]
 *   mixed                                   3: a real x0, an integer x1, a
 *                                           choice x2 of 0, 1, 2
 *   zdt1, zdt2, zdt3, dtlz2, bnh, mixed2    several values: several.h
 *
 * Formulas and minima: S. Surjanovic, D. Bingham, Virtual library of
 * simulation experiments.  NAME-shifted is NAME with its minimum moved.
 * After step s of S the value is f + (1 - s / S) (1 + |f|), so it falls to f
 * and better points are better at every step. */
#include "model/kinds.h"

#include "hpo/clock.h"
#include "hpo/num.h"
#include "model/several.h"

#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
#define MOST_DIMENSIONS 100000

typedef struct formula {
  const char *name;
  size_t dimensions; /* 0: any from `least` on */
  size_t least;
  double shift; /* largest move of a coordinate where shifted */
  double (*value)(const double *x, size_t n);
  size_t n_value; /* of several: value, value2, ...; 0: one */
  void (*several)(const double *x, size_t n, double *f);
} formula;

typedef struct function {
  double final[HPO_FUNCTION_VALUES]; /* NaN: it has no such value */
  size_t first;                      /* which of them the objective is */
  int64_t step, steps;
  double delay; /* seconds in each step */
} function;

/* --- Formulas --------------------------------------------------------- */

static double sphere(const double *x, size_t n) {
  double sum = 0;

  for (size_t i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sum;
}

static double rosenbrock(const double *x, size_t n) {
  double sum = 0;

  for (size_t i = 0; i + 1 < n; i++) {
    double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
    sum += 100 * a * a + b * b;
  }
  return sum;
}

static double ackley(const double *x, size_t n) {
  double waves = 0;

  for (size_t i = 0; i < n; i++)
    waves += hpo_num_cos(2 * PI * x[i]);
  return 20 + hpo_num_exp(1) -
         20 * hpo_num_exp(-0.2 * sqrt(sphere(x, n) / (double)n)) -
         hpo_num_exp(waves / (double)n);
}

static double rastrigin(const double *x, size_t n) {
  double sum = 10 * (double)n;

  for (size_t i = 0; i < n; i++)
    sum += x[i] * x[i] - 10 * hpo_num_cos(2 * PI * x[i]);
  return sum;
}

static double branin(const double *x, size_t n) {
  double a = x[1] - 5.1 / (4 * PI * PI) * x[0] * x[0] + 5 / PI * x[0] - 6;

  (void)n;
  return a * a + 10 * (1 - 1 / (8 * PI)) * hpo_num_cos(x[0]) + 10;
}

static double hartmann6(const double *x, size_t n) {
  static const double alpha[4] = {1.0, 1.2, 3.0, 3.2};
  static const double a[4][6] = {{10, 3, 17, 3.5, 1.7, 8},
                                 {0.05, 10, 17, 0.1, 8, 14},
                                 {3, 3.5, 1.7, 10, 17, 8},
                                 {17, 8, 0.05, 10, 0.1, 14}};
  static const double p[4][6] = {
      {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
      {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
      {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
      {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0;

  for (size_t i = 0; i < 4; i++) {
    double inner = 0;
    for (size_t j = 0; j < n; j++)
      inner += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j]);
    sum += alpha[i] * hpo_num_exp(-inner);
  }
  return -sum;
}

/* Its minimum 0 is at x0 = 0.5, x1 = 7, x2 = 2. */
static double mixed(const double *x, size_t n) {
  double a = x[0] - 0.25 * x[2], b = (x[1] - 7) / 10, c = 2 - x[2];

  (void)n;
  return a * a + b * b + 0.1 * c;
}

/* clang-format off */
static const formula formulas[] = {
    {"sphere", 0, 1, 1.0, sphere, 0, NULL},
    {"rosenbrock", 0, 2, 0.5, rosenbrock, 0, NULL},
    {"ackley", 0, 1, 4.0, ackley, 0, NULL},
    {"rastrigin", 0, 1, 1.0, rastrigin, 0, NULL},
    {"branin", 2, 2, 1.0, branin, 0, NULL},
    {"hartmann6", 6, 6, 0.1, hartmann6, 0, NULL},
    {"mixed", 3, 3, 0.2, mixed, 0, NULL},
    {"zdt1", 0, 2, 0, NULL, 2, hpo_several_zdt1},
    {"zdt2", 0, 2, 0, NULL, 2, hpo_several_zdt2},
    {"zdt3", 0, 2, 0, NULL, 2, hpo_several_zdt3},
    {"dtlz2", 0, 3, 0, NULL, 3, hpo_several_dtlz2},
    {"bnh", 2, 2, 0, NULL, 4, hpo_several_bnh},
    {"mixed2", 3, 3, 0, NULL, 2, hpo_several_mixed2},
};
/* clang-format on */

/* The formula of "NAME" or "NAME-shifted". */
static const formula *find_formula(const char *text, bool *is_shifted) {
  size_t n = strcspn(text, "-");

  *is_shifted = text[n] == '-';
  for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++)
    if (strlen(formulas[i].name) == n &&
        memcmp(formulas[i].name, text, n) == 0)
      return &formulas[i];
  return NULL;
}

/* Moves by +-1/2 .. 1 of the largest, along the golden ratio's sequence;
   integers and choices (mixed) stay. */
static void shift(const formula *f, double *x, size_t n) {
  size_t moved = f->value == mixed ? 1 : n;

  for (size_t i = 0; i < moved; i++) {
    double u = (double)(i + 1) * 0.61803398874989485;
    double move = 0.5 + 0.5 * (u - floor(u));
    x[i] += i % 2 == 0 ? -f->shift * move : f->shift * move;
  }
}

/* --- The model -------------------------------------------------------- */

static const hpo_option options[] = {
    {"objective", HPO_OPTION_CHOICE, "sphere", -INFINITY, INFINITY, false,
     "sphere branin hartmann6 rosenbrock ackley rastrigin mixed "
     "sphere-shifted branin-shifted hartmann6-shifted rosenbrock-shifted "
     "ackley-shifted rastrigin-shifted mixed-shifted "
     "zdt1 zdt2 zdt3 dtlz2 bnh mixed2",
     "the function of x0, x1, ... whose value is the metric \"value\"; the "
     "last six have several: value, value2, ...",
     NULL},
    {"steps", HPO_OPTION_INT, "1", 1, 1e9, false, NULL,
     "steps of a trial; the value falls towards the function's", NULL},
    {"delay", HPO_OPTION_DURATION, "0", 0, INFINITY, false, NULL,
     "seconds that each step sleeps", NULL},
};

static hpo_status function_check(const hpo_options *o, hpo_task task,
                                 const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;

  (void)o;
  (void)data;
  if (task != HPO_TASK_NONE)
    HPO_FAIL(status, err, HPO_EINVAL, "model function takes no <data>");
done:
  return status;
}

static int64_t function_steps(const hpo_options *o) {
  return hpo_options_get_int(o, "steps");
}

/* i of "x<i>", or -1. */
static int64_t coordinate(const char *name) {
  int64_t i = -1;

  if (name[0] != 'x' || name[1] < '0' || name[1] > '9' ||
      (name[1] == '0' && name[2] != '\0') ||
      !hpo_options_parse_int(name + 1, &i) || i >= MOST_DIMENSIONS)
    return -1;
  return i;
}

/* x in order; a coordinate that is not given (an inactive parameter) is 0. */
static hpo_status coordinates(const hpo_model_input *in, double **x, size_t *n,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t room = 0;

  *n = 0;
  for (size_t i = 0; i < in->n_free; i++) {
    int64_t at = coordinate(in->free_name[i]);
    if (at < 0)
      HPO_FAIL(status, err, HPO_ETRIAL,
               "model function takes parameters x0, x1, ...; found \"%s\"",
               in->free_name[i]);
    HPO_TRY(status, hpo_mem_grow(x, &room, (size_t)at + 1, sizeof **x, err));
    (*x)[at] = in->free_value[i];
    if ((size_t)at + 1 > *n)
      *n = (size_t)at + 1;
  }
done:
  return status;
}

/* Which value a metric is: "value" 0, "value2" 1, ...; -1: none. */
static int value_number(const char *metric) {
  static const char *const names[HPO_FUNCTION_VALUES] = {"value", "value2",
                                                         "value3", "value4"};

  for (int i = 0; i < HPO_FUNCTION_VALUES; i++)
    if (strcmp(names[i], metric) == 0)
      return i;
  return -1;
}

static hpo_status evaluate(const hpo_model_input *in, double *out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_options_get_text(in->options, "objective");
  bool is_shifted = false;
  const formula *f = find_formula(name, &is_shifted);
  double *x = NULL;
  size_t n = 0;

  HPO_ASSERT(f != NULL); /* the option table knows no other */
  HPO_TRY(status, coordinates(in, &x, &n, err));
  if (n < f->least || (f->dimensions != 0 && n != f->dimensions))
    HPO_FAIL(status, err, HPO_ETRIAL,
             "%s takes %s%zu parameters x0, x1, ...; found %zu", name,
             f->dimensions == 0 ? "at least " : "", f->least, n);
  if (is_shifted)
    shift(f, x, n);
  for (size_t i = 0; i < HPO_FUNCTION_VALUES; i++)
    out[i] = (double)NAN;
  if (f->several != NULL)
    f->several(x, n, out);
  else
    out[0] = f->value(x, n);
done:
  hpo_mem_free(x);
  return status;
}

static hpo_status function_create(const hpo_model_input *in, void **self,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  function *f = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *f, &f, err));
  f->steps = function_steps(in->options);
  f->delay = hpo_options_get_float(in->options, "delay");
  HPO_TRY(status, evaluate(in, f->final, err));
  if (in->trial.n_metric > 0 && value_number(in->trial.metric[0]) > 0)
    f->first = (size_t)value_number(in->trial.metric[0]);
  *self = f;
  f = NULL;
done:
  hpo_mem_free(f);
  return status;
}

static hpo_status function_step(void *self, hpo_error *err) {
  function *f = self;

  (void)err;
  if (f->delay > 0)
    hpo_clock_sleep(f->delay);
  f->step++;
  return HPO_OK;
}

static double value_now(const function *f, size_t i) {
  double rest = 1 - (double)f->step / (double)f->steps;

  return f->step >= f->steps ? f->final[i]
                             : f->final[i] + rest * (1 + fabs(f->final[i]));
}

static hpo_status function_value(void *self, double *out, hpo_error *err) {
  const function *f = self;

  (void)err;
  *out = value_now(f, f->first);
  return HPO_OK;
}

static double function_metric(void *self, const char *name) {
  int i = value_number(name);

  return i < 0 ? (double)NAN : value_now(self, (size_t)i);
}

static hpo_status function_save(void *self, hpo_buffer *out, hpo_error *err) {
  const function *f = self;
  char text[32];

  return hpo_buffer_format(
      out, err, "{\"format\": \"hpotune-function\", \"value\": %s}\n",
      hpo_options_format_float(f->final[f->first], text));
}

const hpo_model_kind hpo_model_function = {
    .name = "function",
    .help = "a test function of x0, x1, ... in place of a model",
    .option = options,
    .n_option = sizeof options / sizeof *options,
    .is_built = true,
    .tasks = 1U << HPO_TASK_NONE,
    .free_params = true,
    .format = "json",
    .check = function_check,
    .steps = function_steps,
    .create = function_create,
    .destroy = hpo_mem_free,
    .step = function_step,
    .value = function_value,
    .metric = function_metric,
    .save = function_save,
};
