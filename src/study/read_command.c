/* SPDX-License-Identifier: BSD-3-Clause */
/* A model that is a program: its words, its patterns, its metrics.
 *
 * Contents: the program; patterns; metrics. */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hpo/words.h"
#include "reading.h"

/* What stands for a value while words are checked. */
#define VALUE "\001"

/* --- The program ------------------------------------------------------ */

static bool value_of(void *self, const char *name, const char **value) {
  static const char *const known[] = {"trial",   "attempt", "seed",
                                      "workdir", "study",   "params"};
  const hpo_scope *s = self;
  bool has = hpo_read_holds(&s->declared, name) ||
             hpo_settings_get(&s->r->plan->model[s->model].fixed, name);

  *value = VALUE;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    has = has || strcmp(known[i], name) == 0;
  return has &&
         hpo_options_find(s->entry->option, s->entry->n_option, name) == NULL;
}

/* A program on PATH, or seen from the study's folder: 0, or why it cannot be
 * run, as errno says it. */
static hpo_status find_program(const hpo_reading *r, const char *name,
                               int *why, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *path = getenv("PATH");
  char *one = NULL;

  if (strchr(name, '/') != NULL) {
    HPO_TRY(status,
            hpo_mem_format(&one, err, "%s/%s",
                           name[0] == '/' ? "" : r->plan->folder, name));
    *why = access(one, X_OK) == 0 ? 0 : errno;
    goto done;
  }
  *why = path == NULL ? 0 : ENOENT;
  while (path != NULL && *path != '\0' && *why != 0) {
    size_t n = strcspn(path, ":");
    HPO_TRY(status, hpo_mem_format(&one, err, "%.*s/%s", (int)n, path, name));
    *why = access(one, X_OK) == 0 ? 0 : ENOENT;
    hpo_mem_free(one);
    one = NULL;
    path += n + (path[n] == ':');
  }
done:
  hpo_mem_free(one);
  return status;
}

/* A shell reads its script anew, so a value in it would not stay a value. */
static bool is_shell_script(const hpo_words *w) {
  static const char *const shell[] = {"sh", "bash", "dash", "ksh", "zsh"};
  const char *slash = strrchr(w->word[0], '/');
  const char *name = slash == NULL ? w->word[0] : slash + 1;
  bool is_shell = false;

  for (size_t i = 0; i < sizeof shell / sizeof *shell; i++)
    is_shell = is_shell || strcmp(name, shell[i]) == 0;
  for (size_t i = 1; is_shell && i + 1 < w->n; i++) {
    const char *word = w->word[i];
    if (word[0] == '-' && word[1] != '-' && strchr(word, 'c') != NULL)
      return strstr(w->word[i + 1], VALUE) != NULL;
  }
  return false;
}

static hpo_status check_run(hpo_scope *s, const hpo_node *model,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_faults *f = s->r->faults;
  hpo_words words = {0};
  const char *run =
      hpo_settings_get(&s->r->plan->model[s->model].fixed, "run");
  int why = 0;

  if (run == NULL)
    return hpo_faults_add(f, model, NULL, err,
                          "run= is missing: the program, as in "
                          "run=\"./train.sh --lr {learning_rate}\"");
  HPO_TRY(status,
          hpo_read_fault(s->r, model, "run",
                         hpo_words_make(run, value_of, s, &words, err), err));
  if (words.n == 0)
    goto done;
  if (is_shell_script(&words))
    HPO_TRY(status, hpo_faults_add(f, model, "run", err,
                                   "a {name} in a shell's script is not "
                                   "quoted for the shell; write "
                                   "\"$HPO_PARAM_name\" there"));
  if (strstr(words.word[0], VALUE) == NULL)
    HPO_TRY(status, find_program(s->r, words.word[0], &why, err));
  if (why == EACCES)
    HPO_TRY(status, hpo_faults_add(f, model, "run", err,
                                   "%.200s is not executable: chmod +x "
                                   "%.200s",
                                   words.word[0], words.word[0]));
  else if (why != 0)
    HPO_TRY(status, hpo_faults_add(
                        f, model, "run", err,
                        "there is no program \"%.200s\" that can be run %s",
                        words.word[0],
                        strchr(words.word[0], '/') != NULL
                            ? "(paths are seen from the study file's folder)"
                            : "on PATH"));
done:
  hpo_words_free(&words);
  return status;
}

/* --- Patterns --------------------------------------------------------- */

static hpo_status check_pattern(hpo_scope *s, const hpo_node *node,
                                const char *attr, const char *text,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  regex_t made;
  char why[200];
  int code = regcomp(&made, text, REG_EXTENDED);

  if (code != 0) {
    (void)regerror(code, &made, why, sizeof why);
    return hpo_faults_add(s->r->faults, node, attr, err,
                          "\"%.100s\" is no POSIX extended regular "
                          "expression: %s",
                          text, why);
  }
  if (made.re_nsub == 0)
    HPO_TRY(status, hpo_faults_add(s->r->faults, node, attr, err,
                                   "\"%.100s\" has no group for the number, "
                                   "as in \"accuracy: ([0-9.]+)\"",
                                   text));
done:
  regfree(&made);
  return status;
}

hpo_status hpo_read_command(hpo_scope *s, const hpo_node *model,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_settings *to = &s->r->plan->model[s->model].patterns;
  const hpo_node *node = NULL;
  const char *own =
      hpo_settings_get(&s->r->plan->model[s->model].fixed, "pattern");

  if (!s->entry->any_params) {
    node = hpo_node_child(model, "pattern", 0);
    return node == NULL ? HPO_OK
                        : hpo_faults_add(s->r->faults, node, NULL, err,
                                         "model %s prints nothing that a "
                                         "<pattern> could find; it is for "
                                         "command",
                                         s->entry->name);
  }
  HPO_TRY(status, check_run(s, model, err));
  if (own != NULL)
    HPO_TRY(status, check_pattern(s, model, "pattern", own, err));
  for (size_t i = 0; (node = hpo_node_child(model, "pattern", i)) != NULL;
       i++) {
    const char *metric = hpo_node_get(node, "metric");
    if (node->bad)
      continue;
    HPO_TRY(status,
            check_pattern(s, node, "match", hpo_node_get(node, "match"), err));
    if (hpo_settings_get(to, metric) != NULL)
      HPO_TRY(status,
              hpo_faults_add(s->r->faults, node, "metric", err,
                             "metric \"%.60s\" has two patterns", metric));
    HPO_TRY(status, hpo_settings_add(to, metric, hpo_node_get(node, "match"),
                                     node->line, err));
  }
done:
  return status;
}

/* --- Metrics ---------------------------------------------------------- */

bool hpo_read_has_own_metrics(const hpo_reading *r) {
  for (size_t i = 0; i < r->plan->n_model; i++) {
    const hpo_entry *e =
        hpo_catalog_find(r->catalog, HPO_ENTRY_MODEL, r->plan->model[i].kind);
    if (e == NULL || !e->own_metrics || (e->has_library && r->plan->has_data))
      return false;
  }
  return r->plan->n_model > 0;
}

hpo_status hpo_read_own_metric(hpo_reading *r, const hpo_node *node,
                               const char *attr, const char *name,
                               const char *direction, bool *maximize,
                               hpo_error *err) {
  static const char *const less[] = {"wall_seconds", "cpu_seconds",
                                     "peak_memory", "exit_code"};
  const hpo_entry *e = hpo_catalog_find(r->catalog, HPO_ENTRY_METRIC, name);
  bool is_known = e != NULL && strcmp(name, "value") != 0;

  *maximize = is_known && e->maximize;
  for (size_t i = 0; i < sizeof less / sizeof *less; i++)
    is_known = is_known || strcmp(less[i], name) == 0;
  if (direction != NULL)
    *maximize = strcmp(direction, "maximize") == 0;
  if (!hpo_read_is_name(name, "_-./@"))
    return hpo_faults_add(r->faults, node, attr, err,
                          "metric \"%.60s\": a name has letters, digits, _, "
                          "-, ., / and @, 60 at most",
                          name);
  if (direction == NULL && !is_known)
    return hpo_faults_add(r->faults, node, NULL, err,
                          "direction= is missing: which way is \"%.60s\" "
                          "better? minimize or maximize",
                          name);
  return HPO_OK;
}

static bool is_wanted(const hpo_plan *p, const char *name) {
  for (size_t i = 0; i < p->n_objective; i++)
    if (strcmp(p->objective[i].metric, name) == 0)
      return true;
  for (size_t i = 0; i < p->n_constraint; i++)
    if (strcmp(p->constraint[i].metric, name) == 0)
      return true;
  return hpo_read_holds(&p->report, name);
}

hpo_status hpo_read_check_patterns(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *model = NULL, *node = NULL;

  for (size_t m = 0; (model = hpo_node_child(r->root, "model", m)) != NULL;
       m++)
    for (size_t i = 0; (node = hpo_node_child(model, "pattern", i)) != NULL;
         i++)
      if (!node->bad && !is_wanted(r->plan, hpo_node_get(node, "metric")))
        HPO_TRY(status,
                hpo_faults_add(r->faults, node, "metric", err,
                               "\"%.60s\" is neither an <objective>, nor of a "
                               "<constraint>, nor in <report metrics=>",
                               hpo_node_get(node, "metric")));
done:
  return status;
}
