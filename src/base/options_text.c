/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of option tables: nearest names and the sentences of refusals. */
#include <ctype.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "hpo/mem.h"
#include "options_private.h"

#define MOST_LETTERS 64 /* of words that are compared */

bool hpo_options_has_word(const char *list, const char *word) {
  size_t n = strlen(word);
  while (list != NULL && *list != '\0') {
    size_t length = strcspn(list, " ");
    if (length == n && n > 0 && memcmp(list, word, n) == 0)
      return true;
    list += length + strspn(list + length, " ");
  }
  return false;
}

bool hpo_options_out_of_range(const hpo_option *row, double x) {
  bool ranged = row->kind != HPO_OPTION_BOOL &&
                (row->low < 0 || row->low > 0 || row->high < 0 ||
                 row->high > 0 || row->low_open);
  return ranged &&
         (x < row->low || x > row->high || (row->low_open && x <= row->low));
}

static int letter(char c) {
  return c == '-' ? '_' : tolower((unsigned char)c);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Optimal string alignment: insert, delete, change, swap neighbours. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb) {
  size_t row[3][MOST_LETTERS + 1];
  size_t *before = row[0], *last = row[1], *now = row[2];
  for (size_t j = 0; j <= nb; j++)
    last[j] = j;
  for (size_t i = 1; i <= na; i++) {
    now[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      bool same = letter(a[i - 1]) == letter(b[j - 1]);
      now[j] =
          least(least(last[j], now[j - 1]) + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && letter(a[i - 1]) == letter(b[j - 2]) &&
          letter(a[i - 2]) == letter(b[j - 1]))
        now[j] = least(now[j], before[j - 2] + 1);
    }
    size_t *spare = before;
    before = last;
    last = now;
    now = spare;
  }
  return last[nb];
}

/* What XGBoost, LightGBM, scikit-learn and Optuna call names of ours, in
 * letters of any case. */
static const char *const synonym[][2] = {
    {"eta", "learning_rate"},
    {"shrinkage_rate", "learning_rate"},
    {"lambda", "reg_lambda"},
    {"lambda_l2", "reg_lambda"},
    {"l2_regularization", "reg_lambda"},
    {"alpha", "reg_alpha"},
    {"lambda_l1", "reg_alpha"},
    {"min_split_loss", "gamma"},
    {"min_gain_to_split", "gamma"},
    {"num_round", "n_estimators"},
    {"num_boost_round", "n_estimators"},
    {"num_iterations", "n_estimators"},
    {"num_leaves", "max_leaves"},
    {"max_leaf_nodes", "max_leaves"},
    {"bagging_fraction", "subsample"},
    {"feature_fraction", "colsample_bytree"},
    {"n_iter_no_change", "early_stopping_rounds"},
    {"monotonic_cst", "monotone_constraints"},
    {"interaction_cst", "interaction_constraints"},
    {"is_unbalance", "class_weight"},
    {"asha", "halving"},
    {"sha", "halving"},
    {"successivehalving", "halving"},
    {"successive_halving", "halving"},
    {"successive-halving", "halving"},
    {"successivehalvingpruner", "halving"},
    {"bayes", "gp"},
    {"bayesian", "gp"},
    {"bayesopt", "gp"},
    {"gpsampler", "gp"},
    {"f1_macro", "f1"},
    {"min", "low"},
    {"max", "high"}};

static const char *find_synonym(const char *word, const char *const *names,
                                size_t n) {
  for (size_t s = 0; s < sizeof synonym / sizeof *synonym; s++)
    for (size_t i = 0; strcasecmp(word, synonym[s][0]) == 0 && i < n; i++)
      if (strcmp(names[i], synonym[s][1]) == 0)
        return names[i];
  return NULL;
}

const char *hpo_options_nearest(const char *word, const char *const *names,
                                size_t n) {
  const char *best = find_synonym(word, names, n);
  size_t best_distance = 0, na = strlen(word);
  if (best != NULL)
    return best;
  for (size_t i = 0; i < n; i++) {
    size_t nb = strlen(names[i]), longer = na > nb ? na : nb;
    if (longer > MOST_LETTERS)
      continue;
    size_t d = distance(word, na, names[i], nb);
    size_t limit = longer < 3 ? 1 : longer / 3;
    if (d > limit || d >= longer || (best != NULL && d >= best_distance))
      continue;
    best = names[i];
    best_distance = d;
  }
  return best;
}

/* Splits a list at blanks: pointers into *copy, both the caller's. */
static hpo_status split_words(const char *list, char **copy,
                              const char ***word, size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *text = NULL;
  const char **made = NULL;
  size_t capacity = 0, count = 0;
  HPO_TRY(status, hpo_mem_string(list == NULL ? "" : list, &text, err));
  for (char *save = NULL, *w = strtok_r(text, " ", &save); w != NULL;
       w = strtok_r(NULL, " ", &save)) {
    HPO_TRY(status,
            hpo_mem_grow(&made, &capacity, count + 1, sizeof *made, err));
    made[count++] = w;
  }
  *copy = text;
  *word = made;
  *n = count;
  text = NULL;
  made = NULL;
done:
  hpo_mem_free(text);
  hpo_mem_free(made);
  return status;
}

/* "; did you mean "X"? Allowed: a, b, c" */
static hpo_status add_names(hpo_buffer *b, const char *word,
                            const char *const *names, size_t n,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *near = hpo_options_nearest(word, names, n);
  if (near != NULL)
    HPO_TRY(status,
            hpo_buffer_format(b, err, "; did you mean \"%s\"? ", near));
  else
    HPO_TRY(status, hpo_buffer_format(b, err, ". "));
  HPO_TRY(status, hpo_buffer_format(b, err, "Allowed: "));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status,
            hpo_buffer_format(b, err, "%s%s", i > 0 ? ", " : "", names[i]));
  if (n == 0)
    HPO_TRY(status, hpo_buffer_format(b, err, "none"));
done:
  return status;
}

hpo_status hpo_options_refuse_name(const hpo_option *table, size_t n,
                                   const char *name, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char **names = NULL;
  hpo_buffer b = {0};
  HPO_TRY(status, hpo_mem_new(n, sizeof *names, &names, err));
  for (size_t i = 0; i < n; i++)
    names[i] = table[i].name;
  HPO_TRY(status, hpo_buffer_format(&b, err, "unknown option \"%s\"", name));
  HPO_TRY(status, add_names(&b, name, names, n, err));
  HPO_FAIL(status, err, HPO_EINVAL, "%s", (const char *)b.byte);
done:
  hpo_buffer_free(&b);
  hpo_mem_free(names);
  return status;
}

static hpo_status refuse_choice(const hpo_option *row, const char *value,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  char *copy = NULL;
  const char **word = NULL;
  size_t n = 0;
  hpo_buffer b = {0};
  HPO_TRY(status, split_words(row->choices, &copy, &word, &n, err));
  HPO_TRY(status, hpo_buffer_format(&b, err, "%s = \"%s\" is not known",
                                    row->name, value));
  HPO_TRY(status, add_names(&b, value, word, n, err));
  HPO_FAIL(status, err, HPO_EINVAL, "%s", (const char *)b.byte);
done:
  hpo_buffer_free(&b);
  hpo_mem_free(word);
  hpo_mem_free(copy);
  return status;
}

static const char *kind_words(hpo_option_kind kind) {
  switch (kind) {
  case HPO_OPTION_INT:
    return "integers";
  case HPO_OPTION_FLOAT:
    return "numbers";
  case HPO_OPTION_BOOL:
    return "yes, no, true, false, 1, 0";
  case HPO_OPTION_DURATION:
    return "durations (90, 90s, 10m, 2h, 1d, 1:30:00)";
  case HPO_OPTION_BYTES:
    return "sizes (1000, 4K, 4M, 4G)";
  case HPO_OPTION_CHOICE:
  case HPO_OPTION_TEXT:
    break;
  }
  return "words";
}

/* "integers from 1 to 64", "numbers above 0" */
static hpo_status allowed(const hpo_option *row, hpo_buffer *b,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  char low[32], high[32];
  bool ranged = hpo_options_out_of_range(row, -INFINITY) ||
                hpo_options_out_of_range(row, INFINITY);
  hpo_options_format_float(row->low, low);
  hpo_options_format_float(row->high, high);
  HPO_TRY(status, hpo_buffer_format(b, err, "%s", kind_words(row->kind)));
  if (ranged && isfinite(row->low))
    HPO_TRY(status, hpo_buffer_format(b, err, " %s %s",
                                      row->low_open ? "above" : "from", low));
  if (ranged && isfinite(row->high))
    HPO_TRY(status,
            hpo_buffer_format(
                b, err, " %s %s",
                row->low_open || !isfinite(row->low) ? "up to" : "to", high));
done:
  return status;
}

static hpo_status refuse(const hpo_option *row, const char *value,
                         const char *why, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};
  HPO_TRY(status, allowed(row, &b, err));
  HPO_FAIL(status, err, HPO_EINVAL, "%s = %s %s: allowed are %s", row->name,
           value, why, (const char *)b.byte);
done:
  hpo_buffer_free(&b);
  return status;
}

hpo_status hpo_options_refuse_kind(const hpo_option *row, const char *value,
                                   hpo_error *err) {
  switch (row->kind) {
  case HPO_OPTION_CHOICE:
    return refuse_choice(row, value, err);
  case HPO_OPTION_INT:
    return refuse(row, value, "is not an integer", err);
  case HPO_OPTION_FLOAT:
    return refuse(row, value, "is not a number", err);
  case HPO_OPTION_BOOL:
    return refuse(row, value, "is neither yes nor no", err);
  case HPO_OPTION_DURATION:
    return refuse(row, value, "is not a duration", err);
  case HPO_OPTION_BYTES:
  case HPO_OPTION_TEXT:
    break;
  }
  return refuse(row, value, "is not a size", err);
}

hpo_status hpo_options_refuse_range(const hpo_option *row, const char *value,
                                    hpo_error *err) {
  return refuse(row, value, "is out of range", err);
}
