/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan for data alone. */

#include "testplan.h"

#include <stdlib.h>
#include <string.h>

#include "hpo/mem.h"

#define MUST(call) HPO_ASSERT((call) == HPO_OK)

static void set_text(char **to, const char *value) {
  hpo_mem_free(*to);
  *to = NULL;
  MUST(hpo_mem_string(value, to, NULL));
}

static void add_words(hpo_names *to, const char *value) {
  char *copy = NULL, *rest = NULL;

  MUST(hpo_mem_string(value, &copy, NULL));
  for (char *w = strtok_r(copy, " ", &rest); w != NULL;
       w = strtok_r(NULL, " ", &rest))
    MUST(hpo_names_add(to, w, NULL));
  hpo_mem_free(copy);
}

static hpo_task task_of(const char *value) {
  return strcmp(value, "binary") == 0       ? HPO_TASK_BINARY
         : strcmp(value, "multiclass") == 0 ? HPO_TASK_MULTICLASS
                                            : HPO_TASK_REGRESSION;
}

bool testplan_set(hpo_plan *p, const char *name, const char *value) {
  hpo_plan_data *d = &p->data;
  const struct {
    const char *name;
    char **text;
    hpo_names *list;
  } word[] = {{"label", &d->label, NULL},
              {"positive", &d->positive, NULL},
              {"format", &d->format, NULL},
              {"header", &d->header, NULL},
              {"validation", &d->validation, NULL},
              {"test", &d->test, NULL},
              {"dataset", NULL, &d->train_dataset},
              {"label_file", NULL, &d->train_label},
              {"label_dataset", NULL, &d->train_label_dataset},
              {"valid_dataset", &d->validation_dataset, NULL},
              {"valid_label_file", &d->validation_label, NULL},
              {"valid_label_dataset", &d->validation_label_dataset, NULL},
              {"weight", &d->weight, NULL},
              {"group", &d->group, NULL},
              {"fold", &d->fold, NULL},
              {"train", NULL, &d->train},
              {"missing", NULL, &d->missing},
              {"categorical", NULL, &d->categorical},
              {"ignore", NULL, &d->ignore}};

  for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
    if (strcmp(name, word[i].name) != 0)
      continue;
    if (word[i].text != NULL)
      set_text(word[i].text, value);
    else
      MUST(hpo_names_add(word[i].list, value, NULL));
    return true;
  }
  if (strcmp(name, "names") == 0)
    add_words(&d->names, value);
  else if (strcmp(name, "task") == 0)
    d->task = task_of(value);
  else if (strcmp(name, "fraction") == 0)
    d->validation_fraction = strtod(value, NULL);
  else if (strcmp(name, "stratify") == 0)
    d->stratify = strcmp(value, "yes") == 0;
  else if (strcmp(name, "folds") == 0)
    d->has_folds = (d->folds = atoi(value)) >= 0;
  else if (strcmp(name, "order") == 0)
    d->folds_in_time = strcmp(value, "time") == 0;
  else if (strcmp(name, "seed") == 0)
    p->seed = strtoull(value, NULL, 10);
  else
    return false;
  return true;
}

hpo_plan *testplan_make(void) {
  static const char *const empty[] = {
      "positive", "format", "validation", "test", "weight", "group", "fold"};
  hpo_plan *p = NULL;

  MUST(hpo_mem_new(1, sizeof *p, &p, NULL));
  p->has_data = true;
  p->seed = 1;
  p->data.task = HPO_TASK_REGRESSION;
  for (size_t i = 0; i < sizeof empty / sizeof *empty; i++)
    HPO_ASSERT(testplan_set(p, empty[i], ""));
  HPO_ASSERT(testplan_set(p, "label", "y"));
  HPO_ASSERT(testplan_set(p, "header", "auto"));
  return p;
}
