/* SPDX-License-Identifier: BSD-3-Clause */
/* Looking up the names that a study file may use. */
#include "hpo/catalog.h"

#include "hpo/mem.h"
#include "hpo/plan.h"

#include <string.h>
#include <strings.h>

const hpo_entry *hpo_catalog_find(const hpo_catalog *c, hpo_entry_kind kind,
                                  const char *name) {
  for (size_t i = 0; i < c->n; i++)
    if (c->entry[i].kind == kind && strcmp(c->entry[i].name, name) == 0)
      return &c->entry[i];
  return NULL;
}

/* What other packages call the models. */
static const char *known_elsewhere(const char *word) {
  static const struct {
    const char *theirs, *ours; /* theirs: how the word begins */
  } table[] = {{"xgb", "gbt"},           {"lightgbm", "gbt"},
               {"lgb", "gbt"},           {"catboost", "gbt"},
               {"boost", "gbt"},         {"gradient", "gbt"},
               {"histgradient", "gbt"},  {"sgd", "logistic"},
               {"elasticnet", "linear"}, {"lasso", "linear"},
               {"ridge", "linear"},      {"keras", "mlp"},
               {"neural", "mlp"},        {"nn", "mlp"},
               {"dummy", "baseline"},    {"logistic", "logistic"},
               {"linear", "linear"},     {"mlp", "mlp"},
               {"sklearn", "command"},   {"randomforest", "gbt"},
               {"svc", "command"},       {"svm", "command"},
               {"python", "command"},    {"script", "command"}};

  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strncasecmp(word, table[i].theirs, strlen(table[i].theirs)) == 0)
      return table[i].ours;
  return NULL;
}

const char *hpo_catalog_nearest(const hpo_catalog *c, hpo_entry_kind kind,
                                const char *word) {
  const char *name[128];
  const char *ours = kind == HPO_ENTRY_MODEL ? known_elsewhere(word) : NULL;
  size_t n = 0;

  if (ours != NULL && hpo_catalog_find(c, kind, ours) != NULL)
    return ours;
  for (size_t i = 0; i < c->n && n < sizeof name / sizeof *name; i++)
    if (c->entry[i].kind == kind)
      name[n++] = c->entry[i].name;
  return hpo_options_nearest(word, name, n);
}

_Static_assert(HPO_TASK_BIT(HPO_TASK_BINARY) == HPOTUNE_BINARY &&
                   HPO_TASK_BIT(HPO_TASK_MULTICLASS) == HPOTUNE_MULTICLASS &&
                   HPO_TASK_BIT(HPO_TASK_REGRESSION) == HPOTUNE_REGRESSION &&
                   HPO_TASK_BIT(HPO_TASK_NONE) == HPOTUNE_NO_DATA,
               "plugins and plans have the same bits");

hpo_status hpo_catalog_plug(const hpo_entry *kind, const char *path,
                            hpo_plugged *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plugged p = {.entry = *kind};
  size_t n = kind->n_option;

  HPO_TRY(status, hpo_library_look(path, &p.facts, err));
  for (size_t i = 0; i < p.facts.n_option; i++)
    if (hpo_options_find(kind->option, n, p.facts.option[i].name) != NULL)
      HPO_FAIL(status, err, HPO_EINVAL,
               "library \"%.200s\": its option %s has the name of one of "
               "hpotune's own",
               path, p.facts.option[i].name);
  HPO_TRY(status,
          hpo_mem_new(n + p.facts.n_option, sizeof *p.option, &p.option, err));
  memcpy(p.option, kind->option, n * sizeof *p.option);
  if (p.facts.n_option > 0)
    memcpy(p.option + n, p.facts.option, p.facts.n_option * sizeof *p.option);
  p.entry.option = p.option;
  p.entry.n_option = n + p.facts.n_option;
  p.entry.tasks = p.facts.tasks;
  p.entry.any_params = false;
  *out = p;
  p = (hpo_plugged){.option = NULL};
done:
  hpo_catalog_unplug(&p);
  return status;
}

void hpo_catalog_unplug(hpo_plugged *p) {
  hpo_mem_free(p->option);
  hpo_library_facts_free(&p->facts);
  *p = (hpo_plugged){.option = NULL};
}
