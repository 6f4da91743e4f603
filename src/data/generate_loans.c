/* SPDX-License-Identifier: BSD-3-Clause */
/* loan_applications: who will not pay back?  Numbers, names, missing values;
 * about one in ten is positive. */
#include "generate.h"

#include "hpo/num.h"

#include <math.h>

enum {
  AGE,
  INCOME,
  EMPLOYMENT,
  EMPLOYMENT_YEARS,
  HOME,
  REGION,
  DEPENDENTS,
  AMOUNT,
  TERM,
  PURPOSE,
  RATE,
  SCORE,
  DEBT_RATIO,
  ACCOUNTS,
  LATE,
  INQUIRIES,
  UTILISATION,
  SAVINGS,
  DEFAULTED,
  N_COLUMN
};

static const char *const employment[] = {"employed", "self-employed",
                                         "retired", "student", "unemployed"};
static const char *const home[] = {"mortgage", "other", "own", "rent"};
static const char *const region[] = {
    "central", "coast", "east",       "highland",   "island",     "lakes",
    "north",   "south", "north-east", "south-west", "south-east", "west"};
static const char *const purpose[] = {
    "business",  "car",     "debt consolidation",
    "education", "holiday", "home improvement",
    "medical",   "other"};
#define TEXTS(t) .text = t, .n_text = sizeof(t) / sizeof *(t)

static const hpo_made_column columns[N_COLUMN] = {
    [AGE] = {.name = "age"},
    [INCOME] = {.name = "income"},
    [EMPLOYMENT] = {.name = "employment", TEXTS(employment)},
    [EMPLOYMENT_YEARS] = {.name = "employment_years", .decimals = 1},
    [HOME] = {.name = "home", TEXTS(home)},
    [REGION] = {.name = "region", TEXTS(region)},
    [DEPENDENTS] = {.name = "dependents"},
    [AMOUNT] = {.name = "amount"},
    [TERM] = {.name = "term_months"},
    [PURPOSE] = {.name = "purpose", TEXTS(purpose)},
    [RATE] = {.name = "interest_rate", .decimals = 2},
    [SCORE] = {.name = "credit_score"},
    [DEBT_RATIO] = {.name = "debt_ratio", .decimals = 3},
    [ACCOUNTS] = {.name = "open_accounts"},
    [LATE] = {.name = "late_payments"},
    [INQUIRIES] = {.name = "inquiries"},
    [UTILISATION] = {.name = "card_utilisation", .decimals = 3},
    [SAVINGS] = {.name = "savings"},
    [DEFAULTED] = {.name = "defaulted"}};

static double within(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

/* The index of the weights' step that a uniform number falls on. */
static double draw_index(hpo_rng *r, const double *weight, size_t n) {
  double u = hpo_rng_next(r);
  size_t i = 0;

  for (; i + 1 < n && u >= weight[i]; i++)
    u -= weight[i];
  return (double)i;
}

/* How often it happened: geometric with this mean. */
static double draw_count(hpo_rng *r, double mean) {
  double u = 1 - hpo_rng_next(r);

  return floor(hpo_num_log(u) / hpo_num_log(mean / (1 + mean)));
}

static void make_person(hpo_rng *r, double *x) {
  static const double works[] = {0.66, 0.14, 0.10, 0.04, 0.06};
  static const double lives[] = {0.38, 0.06, 0.16, 0.40};
  double factor = 1;

  x[AGE] = within(21 + 50 * hpo_rng_next(r) * hpo_rng_next(r) +
                      12 * hpo_rng_next(r),
                  21, 85);
  x[EMPLOYMENT] = draw_index(r, works, 5);
  if (x[AGE] >= 66 && x[EMPLOYMENT] < 2)
    x[EMPLOYMENT] = 2;
  if (x[EMPLOYMENT] >= 2)
    factor = x[EMPLOYMENT] == 2 ? 0.7 : 0.4;
  x[INCOME] =
      within(38000 * factor *
                 hpo_num_exp(0.5 * hpo_rng_normal(r) + 0.008 * (x[AGE] - 40)),
             6000, 900000);
  x[EMPLOYMENT_YEARS] = hpo_rng_next(r) * within(x[AGE] - 20, 0, 40);
  x[HOME] = draw_index(r, lives, 4);
  x[REGION] = (double)hpo_rng_below(r, 12);
  x[DEPENDENTS] = within(draw_count(r, 0.9), 0, 6);
}

static void make_credit(hpo_rng *r, double *x, double risk) {
  static const double terms[] = {0.1, 0.2, 0.35, 0.15, 0.2};

  x[AMOUNT] = within(x[INCOME] * (0.05 + 0.5 * hpo_rng_next(r)), 1000, 100000);
  x[TERM] = 12 * (1 + draw_index(r, terms, 5));
  x[PURPOSE] = (double)hpo_rng_below(r, 8);
  x[SCORE] = within(690 - 55 * risk + 25 * hpo_rng_normal(r), 300, 850);
  x[RATE] = within(
      6 + (720 - x[SCORE]) / 25 + 0.03 * x[TERM] + hpo_rng_normal(r), 2, 35);
  x[DEBT_RATIO] =
      within(0.32 + 0.08 * risk + 0.14 * hpo_rng_normal(r), 0, 1.5);
  x[ACCOUNTS] = 1 + within(draw_count(r, 6), 0, 40);
  x[LATE] = within(draw_count(r, 0.35 * hpo_num_exp(0.6 * risk)), 0, 20);
  x[INQUIRIES] = within(draw_count(r, 0.9 * hpo_num_exp(0.3 * risk)), 0, 15);
  x[UTILISATION] = hpo_num_sigmoid(-0.4 + 0.7 * risk + hpo_rng_normal(r));
  x[SAVINGS] =
      x[INCOME] * 0.2 * hpo_num_exp(1.1 * hpo_rng_normal(r) - 0.5 * risk);
}

/* Log odds that it is not paid back; what is paid a month counts against
 * what comes in, and some things count only together. */
static double default_margin(const double *x, double risk) {
  double month = x[AMOUNT] / x[TERM] + x[DEBT_RATIO] * x[INCOME] / 12;
  double burden = month / (x[INCOME] / 12);
  double m = -4.5 + 0.6 * risk + 3.0 * within(burden - 0.35, 0, 1);

  m += (640 - x[SCORE]) / 90 + 0.25 * x[LATE] + 0.08 * x[INQUIRIES];
  m += 1.2 * (x[UTILISATION] > 0.8) + 0.02 * (x[TERM] - 36);
  m += x[EMPLOYMENT] == 4 ? 1.2 : x[EMPLOYMENT] == 1 ? 0.3 : 0;
  m += x[HOME] == 3 ? 0.3 : 0;
  m += x[PURPOSE] == 0 && x[EMPLOYMENT_YEARS] < 3 ? 1.3 : 0;
  m += x[PURPOSE] == 6 ? 0.5 : x[PURPOSE] == 1 ? -0.4 : 0;
  m += x[REGION] == 4 || x[REGION] == 8 ? 0.5 : 0;
  m -= 0.25 * within(hpo_num_log(1 + x[SAVINGS] / 1000), 0, 5);
  m += x[AGE] < 26 && x[DEPENDENTS] > 0 ? 0.8 : 0;
  return m + 1.2;
}

static void lose(hpo_rng *r, double *value, double probability) {
  if (hpo_rng_next(r) < probability)
    *value = NAN;
}

static void make(hpo_rng *r, uint64_t seed, size_t features, double *x) {
  double risk = hpo_rng_normal(r); /* what the bank can't see */

  (void)seed;
  (void)features;
  make_person(r, x);
  make_credit(r, x, risk);
  x[DEFAULTED] =
      hpo_rng_next(r) < hpo_num_sigmoid(default_margin(x, risk)) ? 1 : 0;
  lose(r, &x[SCORE], 0.04);
  lose(r, &x[EMPLOYMENT_YEARS], x[EMPLOYMENT] >= 2 ? 0.5 : 0.03);
  lose(r, &x[SAVINGS], 0.15);
  lose(r, &x[UTILISATION], 0.03);
  lose(r, &x[EMPLOYMENT], 0.02);
}

const hpo_generator hpo_made_loans = {
    .name = "loan_applications",
    .help = "two classes, about 10 % positive; numbers, texts, missing values",
    .task = HPO_TASK_BINARY,
    .column = columns,
    .n_column = N_COLUMN,
    .usual_features = N_COLUMN - 1,
    .make = make};
