/* SPDX-License-Identifier: BSD-3-Clause */
/* The learner's part of an XGBoost model: objective, parameters, names of
 * features, attributes.
 *
 * Names must not hold [ ] < in XGBoost: such characters become '_', and a
 * name that would then not be the only one gets more of them. */
#include "gbt.h"
#include "save.h"

#include <stdio.h>
#include <string.h>

void gbt_save_objective(gbt_ubj *u, const gbt_saved *m) {
  char weight[32], step[32];

  gbt_ubj_key(u, "objective");
  gbt_ubj_open(u);
  gbt_ubj_key_text(u, "name", gbt_objective_name(m->objective));
  if (m->objective == GBT_SOFTPROB) {
    gbt_ubj_key(u, "softmax_multiclass_param");
    gbt_ubj_open(u);
    gbt_ubj_key_number(u, "num_class", m->classes);
    gbt_ubj_close(u);
  } else if (m->objective == GBT_POISSON) {
    snprintf(step, sizeof step, "%.9g", m->max_delta_step);
    gbt_ubj_key(u, "poisson_regression_param");
    gbt_ubj_open(u);
    gbt_ubj_key_text(u, "max_delta_step", step);
    gbt_ubj_close(u);
  } else if (m->objective != GBT_ABSOLUTE) {
    snprintf(weight, sizeof weight, "%.9g",
             hpo_options_get_float(m->in->options, "scale_pos_weight"));
    gbt_ubj_key(u, "reg_loss_param");
    gbt_ubj_open(u);
    gbt_ubj_key_text(u, "scale_pos_weight", weight);
    gbt_ubj_close(u);
  }
  gbt_ubj_close(u);
}

void gbt_save_parameters(gbt_ubj *u, const gbt_saved *m) {
  char score[32];

  snprintf(score, sizeof score, "%.9g", (double)m->base_score);
  gbt_ubj_key(u, "learner_model_param");
  gbt_ubj_open(u);
  gbt_ubj_key_text(u, "base_score", score);
  gbt_ubj_key_number(u, "num_class", m->classes > 1 ? m->classes : 0);
  gbt_ubj_key_number(u, "num_feature", m->in->part.bins->columns);
  gbt_ubj_key_text(u, "num_target", "1");
  gbt_ubj_key_text(u, "boost_from_average", "1");
  gbt_ubj_close(u);
}

static bool is_taken(char *const *name, size_t n, const char *text) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(name[i], text) == 0)
      return true;
  return false;
}

/* A column's name as XGBoost allows it, unlike the n names before. */
static hpo_status clean_name(const char *name, char *const *before, size_t n,
                             char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *text = NULL, *longer = NULL;

  HPO_TRY(status, hpo_mem_string(name, &text, err));
  for (char *c = text; (c = strpbrk(c, "[]<")) != NULL;)
    *c = '_';
  while (strcmp(text, name) != 0 && is_taken(before, n, text)) {
    HPO_TRY(status, hpo_mem_format(&longer, err, "%s_", text));
    hpo_mem_free(text);
    text = longer;
    longer = NULL;
  }
  *out = text;
  text = NULL;
done:
  hpo_mem_free(text);
  return status;
}

/* Names and types.  A name that XGBoost allows stays as it is, so those are
   taken before the others are cleaned. */
hpo_status gbt_save_features(gbt_ubj *u, const gbt_saved *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = m->in->part.data;
  char **name = NULL, *text = NULL;

  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *name, &name, err));
  for (size_t f = 0; f < d->columns; f++)
    HPO_TRY(status, hpo_mem_string(d->column[f].name, &name[f], err));
  for (size_t f = 0; f < d->columns; f++) {
    if (strpbrk(name[f], "[]<") == NULL)
      continue;
    HPO_TRY(status, clean_name(name[f], name, d->columns, &text, err));
    hpo_mem_free(name[f]);
    name[f] = text;
    text = NULL;
  }
  gbt_ubj_array(u, "feature_names", d->columns);
  for (size_t f = 0; f < d->columns; f++)
    gbt_ubj_text(u, name[f]);
  gbt_ubj_array(u, "feature_types", d->columns);
  for (size_t f = 0; f < d->columns; f++)
    gbt_ubj_text(u, d->column[f].categorical ? "c" : "float");
done:
  for (size_t f = 0; name != NULL && f < d->columns; f++)
    hpo_mem_free(name[f]);
  hpo_mem_free(name);
  return status;
}

/* What XGBClassifier and XGBRegressor need to know. */
static hpo_status add_scikit(const gbt_saved *m, hpo_buffer *text,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t classes = m->objective == GBT_LOGISTIC ? 2 : m->classes;

  if (m->objective != GBT_LOGISTIC && m->objective != GBT_SOFTPROB) {
    HPO_TRY(status, hpo_buffer_format(text, err,
                                      "{\"_estimator_type\": \"regressor\"}"));
  } else {
    HPO_TRY(status, hpo_buffer_format(text, err,
                                      "{\"_estimator_type\": \"classifier\", "
                                      "\"n_classes_\": %zu, \"classes_\": [0",
                                      classes));
    for (size_t i = 1; i < classes; i++)
      HPO_TRY(status, hpo_buffer_format(text, err, ", %zu", i));
    HPO_TRY(status, hpo_buffer_format(text, err, "], \"objective\": \"%s\"}",
                                      gbt_objective_name(m->objective)));
  }
  HPO_TRY(status, hpo_buffer_add(text, "", 1, err));
done:
  return status;
}

/* All options as they were; not n_estimators, which the trees tell: a shorter
   run is the beginning of a longer one, to the last byte. */
static hpo_status add_options(const gbt_saved *m, hpo_buffer *text,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < GBT_OPTIONS; i++) {
    const char *value = hpo_options_text_at(m->in->options, i);
    if (value[0] == '\0' || strcmp(gbt_options[i].name, "n_estimators") == 0)
      continue;
    HPO_TRY(status,
            hpo_buffer_format(text, err, "%s%s=%s", text->n == 0 ? "" : " ",
                              gbt_options[i].name, value));
  }
  HPO_TRY(status, hpo_buffer_add(text, "", 1, err));
done:
  return status;
}

hpo_status gbt_save_attributes(gbt_ubj *u, const gbt_saved *m,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = m->in->part.data;
  hpo_buffer scikit = {0}, options = {0};
  char seed[32], best[32], score[32];

  snprintf(seed, sizeof seed, "%llu", (unsigned long long)m->in->seed);
  HPO_TRY(status, add_scikit(m, &scikit, err));
  HPO_TRY(status, add_options(m, &options, err));
  gbt_ubj_key(u, "attributes");
  gbt_ubj_open(u);
  if (m->has_best) {
    snprintf(best, sizeof best, "%zu", m->n_tree / m->classes - 1);
    gbt_ubj_key_text(u, "best_iteration", best);
    gbt_ubj_key_text(u, "best_score",
                     hpo_options_format_float(m->best_score, score));
  }
  gbt_ubj_key_text(u, "hpotune_options", (const char *)options.byte);
  gbt_ubj_key_text(u, "hpotune_seed", seed);
  gbt_ubj_key_text(u, "hpotune_data", d->hash);
  gbt_ubj_key_text(u, "scikit_learn", (const char *)scikit.byte);
  gbt_ubj_close(u);
done:
  hpo_buffer_free(&scikit);
  hpo_buffer_free(&options);
  return status;
}
