/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions for samplers: see problems.h.
 *
 * Contents: spaces; where the optimum lies; functions of numbers; functions
 * of integers, choices and conditions; the table. */
#include "problems.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TWO_PI 6.283185307179586
#define E 2.718281828459045

/* --- Spaces ----------------------------------------------------------- */

static char *letter[] = {"a", "b", "c", "d", "e", "f",
                         "g", "h", "i", "j", "k", "l"};

static void add(hpo_space *space, hpo_param p) {
  static char name[PROBLEM_PARAMETERS][4];
  hpo_error err = {0};
  size_t i = space->n_param % PROBLEM_PARAMETERS;

  snprintf(name[i], sizeof name[i], "x%zu", i);
  p.name = p.full_name = name[i];
  if (hpo_space_add(space, &p, &err) != HPO_OK) {
    fprintf(stderr, "%s\n", err.text);
    exit(1);
  }
}

static hpo_param number(double low, double high, bool is_log) {
  return (hpo_param){.kind = HPO_PARAM_FLOAT,
                     .low = low,
                     .high = high,
                     .log = is_log,
                     .parent = -1};
}

static hpo_param whole(double low, double high, bool is_log) {
  hpo_param p = number(low, high, is_log);

  p.kind = HPO_PARAM_INT;
  p.step = 1;
  return p;
}

static hpo_param choice(size_t n) {
  return (hpo_param){.kind = HPO_PARAM_CATEGORICAL,
                     .choice = letter,
                     .n_choice = n,
                     .parent = -1};
}

static hpo_param when(hpo_param p, ptrdiff_t parent, size_t which) {
  p.parent = parent;
  p.parent_choice = which;
  return p;
}

static void make_cube(hpo_space *space, int n, double low, double high) {
  for (int i = 0; i < n; i++)
    add(space, number(low, high, false));
}

void problem_make_many(hpo_space *space, size_t n) {
  for (size_t i = 0; i < n; i++)
    add(space, i % 5 == 4   ? whole(3, 15, false)
               : i % 5 == 3 ? whole(50, 300, false)
                            : number(0.01, 1, i % 2 == 0));
}

/* --- Where the optimum lies ------------------------------------------- */

static double fraction(double u) { return u - floor(u); }

/* x[i] as seen from an optimum that is off by half of most to most: upwards
 * and downwards in turn along the golden ratio's sequence, or, for other
 * shifts, along other sequences. */
static double moved(const double *x, int i, double most, int shift) {
  double u = (i + 1) * 0.61803398874989485 + shift * 0.7548776662466927;
  double side = fraction((i + 1) * shift * 0.5698402909980532);
  bool is_up = shift == 0 ? i % 2 == 0 : side < 0.5;
  double move = 0.5 + 0.5 * fraction(u);

  return x[i] + (is_up ? -most : most) * move;
}

/* The same for functions whose optimum is off the centre by itself. */
static double nudged(const double *x, int i, double most, int shift) {
  return shift == 0 ? x[i] : moved(x, i, most, shift);
}

/* --- Functions of numbers --------------------------------------------- */

static void make_branin(hpo_space *space) {
  add(space, number(-5, 10, false));
  add(space, number(0, 15, false));
}

static double branin(const double *x, int shift) {
  const double pi = TWO_PI / 2;
  double a = nudged(x, 0, 1, shift), b = nudged(x, 1, 1, shift);
  double y = b - 5.1 / (4 * pi * pi) * a * a + 5 / pi * a - 6;

  return y * y + 10 * (1 - 1 / (8 * pi)) * cos(a) + 10;
}

static void make_hartmann6(hpo_space *space) { make_cube(space, 6, 0, 1); }

static double hartmann6(const double *x, int shift) {
  static const double c[4] = {1, 1.2, 3, 3.2};
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

  for (int i = 0; i < 4; i++) {
    double e = 0;
    for (int j = 0; j < 6; j++) {
      double d = nudged(x, j, 0.1, shift) - p[i][j];
      e += a[i][j] * d * d;
    }
    sum -= c[i] * exp(-e);
  }
  return sum;
}

static void make_rosenbrock5(hpo_space *space) { make_cube(space, 5, -5, 10); }

static double rosenbrock5(const double *x, int shift) {
  double sum = 0, y[5];

  for (int i = 0; i < 5; i++)
    y[i] = nudged(x, i, 1.5, shift);
  for (int i = 0; i < 4; i++) {
    double a = y[i + 1] - y[i] * y[i], b = 1 - y[i];
    sum += 100 * a * a + b * b;
  }
  return sum;
}

static void make_ackley10(hpo_space *space) {
  make_cube(space, 10, -32.768, 32.768);
}

static double ackley10(const double *x, int shift) {
  double square = 0, waves = 0;

  for (int i = 0; i < 10; i++) {
    double y = moved(x, i, shift == 0 ? 4 : 12, shift);
    square += y * y / 10;
    waves += cos(TWO_PI * y) / 10;
  }
  return 20 + E - 20 * exp(-0.2 * sqrt(square)) - exp(waves);
}

static void make_rastrigin5(hpo_space *space) {
  make_cube(space, 5, -5.12, 5.12);
}

static double rastrigin5(const double *x, int shift) {
  double sum = 50;

  for (int i = 0; i < 5; i++) {
    double y = moved(x, i, shift == 0 ? 1 : 2.5, shift);
    sum += y * y - 10 * cos(TWO_PI * y);
  }
  return sum;
}

/* --- Functions of integers, choices and conditions -------------------- */

static void make_boosting(hpo_space *space) {
  add(space, whole(50, 300, false));
  add(space, whole(3, 15, false));
  add(space, number(0.01, 0.3, true));
  add(space, number(0.5, 1, false));
  add(space, number(0.5, 1, false));
}

/* Like the validation loss of boosted trees: rate, depth and rounds trade
 * against each other, row and column sampling matter a little. */
static double boosting(const double *x, int shift) {
  double budget = log(x[0] * x[2]) - log(15 + 4 * shift);
  double depth = x[1] - 7 - shift % 4;
  double rows = x[3] - 0.8, columns = x[4] - 0.65 - 0.05 * (shift % 5);

  return 0.3 + 0.02 * budget * budget + 0.0015 * depth * depth +
         0.006 * depth * budget / 4 + 0.08 * rows * rows +
         0.05 * columns * columns + 0.01 * log(x[2] / 0.01) / 3.4;
}

static void make_mixed(hpo_space *space) {
  add(space, choice(12));
  add(space, whole(1, 1024, true));
  add(space, number(1e-6, 0.1, true));
  add(space, whole(1, 10, false));
  add(space, choice(3));
  add(space, whole(8, 512, true));
  add(space, number(0, 1, false));
}

/* Like the validation loss of a network: two choices, widths and rates in
 * the log, a depth that asks for other widths. */
static double mixed(const double *x, int shift) {
  double what = fraction((x[0] + 1 + 5 * shift) * 0.61803398874989485);
  double depth = x[3] - 3 - shift % 5;
  double width = log2(x[1]) - 6 - shift % 3 + 0.4 * depth;
  double rate = log10(x[2]) + 2.7 + 0.3 * (shift % 4) + 0.15 * width;
  double batch = log2(x[5]) - 5 - (x[4] == 1 ? 1.5 : 0);
  double drop = x[6] - 0.15 - 0.1 * ((int)x[4] + shift % 3);
  double kind = fraction((x[4] + 1 + shift) * 0.7548776662466927);

  return 0.3 * what + 0.02 * width * width + 0.08 * rate * rate +
         0.01 * depth * depth + 0.02 * batch * batch + 0.5 * drop * drop +
         0.2 * kind;
}

static void make_conditional(hpo_space *space) {
  add(space, choice(3));
  add(space, when(number(1e-4, 1, true), 0, 0));
  add(space, when(whole(3, 15, false), 0, 0));
  add(space, when(number(1e-4, 1e4, true), 0, 1));
  add(space, when(choice(3), 0, 1));
  add(space, when(number(0, 1, false), 4, 2));
  add(space, when(number(0, 1, false), 0, 2));
  add(space, when(whole(1, 100, true), 0, 2));
}

/* One of three models; one has a condition of its own. */
static double conditional(const double *x, int shift) {
  double s = 0.3 * (shift % 4), m = shift % 3;

  if (x[0] == 0) {
    double a = log10(x[1]) + 2 + s, b = x[2] - 7 - m;
    return 0.1 + a * a * 0.2 + b * b * 0.01;
  }
  if (x[0] == 1) {
    double c = log10(x[3]) - 1 + s, r = x[4] == 2 ? x[5] - 0.3 : 0.5;
    return 0.08 + c * c * 0.05 + r * r + (x[4] == 0 ? 0.3 : 0) + 0.03 * m;
  }
  return 0.3 + (x[6] - 0.5) * (x[6] - 0.5) + (x[7] - 3) * (x[7] - 3) * 0.01;
}

static void make_failing(hpo_space *space) { make_cube(space, 4, 0, 1); }

/* Like a learning rate that diverges and rounds that run out of time: a third
 * of the space fails, next to where it is best. */
static double failing(const double *x, int shift) {
  double a = x[0] - 0.6, b = x[1] - 0.55, c = x[2] - 0.3;
  double d = x[3] - 0.9 + 0.1 * (shift % 5);

  if (x[0] + x[1] > 1.2)
    return (double)NAN;
  return a * a + b * b + c * c + 0.5 * a * b + fabs(d) * 0.1;
}

static void make_sphere(hpo_space *space) {
  for (int i = 0; i < 4; i++)
    add(space, whole(-3, 6, false));
}

static double sphere(const double *x, int shift) {
  double sum = 0;

  for (int i = 0; i < 4; i++)
    sum += (x[i] - (i + shift) % 5) * (x[i] - (i + shift) % 5);
  return sum;
}

/* --- The table -------------------------------------------------------- */

static const problem problems[] = {
    {"branin", make_branin, branin},
    {"hartmann6", make_hartmann6, hartmann6},
    {"rosenbrock5", make_rosenbrock5, rosenbrock5},
    {"ackley10", make_ackley10, ackley10},
    {"rastrigin5", make_rastrigin5, rastrigin5},
    {"mixed", make_mixed, mixed},
    {"conditional", make_conditional, conditional},
    {"boosting", make_boosting, boosting},
    {"sphere", make_sphere, sphere},
    {"failing", make_failing, failing}};

const problem *problem_at(size_t i) {
  return i < sizeof problems / sizeof *problems ? &problems[i] : NULL;
}

const problem *problem_find(const char *name) {
  for (size_t i = 0; problem_at(i) != NULL; i++)
    if (strcmp(problem_at(i)->name, name) == 0)
      return problem_at(i);
  return NULL;
}
