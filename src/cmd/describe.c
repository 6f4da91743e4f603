/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune describe: models, samplers, pruners and metrics, from the same
 * tables that the study parser reads. */
#include "cmd/cmd.h"
#include "hpo/mem.h"
#include "hpo/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const titles[] = {"models", "samplers", "pruners",
                                     "metrics"};

static void print_tasks(unsigned tasks) {
  const char *between = "";
  for (int t = HPO_TASK_BINARY; t <= HPO_TASK_NONE; t++)
    if (tasks & 1u << t) {
      printf("%s%s", between,
             t == HPO_TASK_NONE ? "no data" : hpo_task_name((hpo_task)t));
      between = ", ";
    }
}

static const char *type_name(hpo_option_kind kind) {
  static const char *const names[] = {"int",  "float",    "yes|no", "choice",
                                      "text", "duration", "bytes"};
  return names[kind];
}

static void print_range(const hpo_option *o) {
  char low[32], high[32];
  bool has_low = o->low > -INFINITY, has_high = o->high < INFINITY;
  if (o->kind == HPO_OPTION_CHOICE) {
    printf("one of %s", o->choices);
  } else if (o->kind == HPO_OPTION_INT || o->kind == HPO_OPTION_FLOAT) {
    hpo_options_format_float(o->low, low);
    hpo_options_format_float(o->high, high);
    if (has_low && has_high)
      printf("%s%s..%s", o->low_open ? "above " : "", low, high);
    else if (has_low)
      printf("%s%s", o->low_open ? "> " : ">= ", low);
    else if (has_high)
      printf("<= %s", high);
    else
      printf("any");
  }
}

static void print_option(const hpo_option *o) {
  printf("  %s\n      %s, default %s", o->name, type_name(o->kind),
         o->value ? o->value : "none");
  if (o->kind == HPO_OPTION_CHOICE || o->kind == HPO_OPTION_INT ||
      o->kind == HPO_OPTION_FLOAT) {
    printf(", ");
    print_range(o);
  }
  if (o->not_built)
    printf("%s", strcmp(o->not_built, "*") == 0
                     ? " (not built yet in this version)"
                     : " (not built yet: ");
  if (o->not_built && strcmp(o->not_built, "*") != 0)
    printf("%s)", o->not_built);
  printf("\n      %s\n", o->help);
}

static void print_entry(const hpo_entry *e) {
  printf("%.*s %s%s\n%s\n", (int)strlen(titles[e->kind]) - 1, titles[e->kind],
         e->name, e->is_built ? "" : " (not built yet in this version)",
         e->help);
  if (e->kind == HPO_ENTRY_METRIC)
    printf("better when %s; ", e->maximize ? "higher" : "lower");
  if (e->kind == HPO_ENTRY_METRIC || e->kind == HPO_ENTRY_MODEL) {
    printf("tasks: ");
    print_tasks(e->tasks);
    printf("\n");
  }
  if (e->n_option)
    printf("\noptions:\n");
  for (size_t i = 0; i < e->n_option; i++)
    print_option(&e->option[i]);
}

static void print_all(const hpo_catalog *c) {
  for (int kind = HPO_ENTRY_MODEL; kind <= HPO_ENTRY_METRIC; kind++) {
    printf("%s%s:\n", kind ? "\n" : "", titles[kind]);
    for (size_t i = 0; i < c->n; i++) {
      const hpo_entry *e = &c->entry[i];
      if (e->kind == (hpo_entry_kind)kind)
        printf("  %-14s %.*s%s\n", e->name, (int)strcspn(e->help, "\n"),
               e->help, e->is_built ? "" : " (not built yet)");
    }
  }
  printf("\n\"hpotune describe NAME\" lists the options of one.\n");
}

static hpo_status fail_unknown(const hpo_catalog *c, const char *word,
                               hpo_error *err) {
  const char *near = NULL;
  for (int kind = HPO_ENTRY_MODEL; kind <= HPO_ENTRY_METRIC && !near; kind++)
    near = hpo_catalog_nearest(c, (hpo_entry_kind)kind, word);
  if (near)
    return hpo_error_set(err, HPO_EINVAL,
                         "nothing is called \"%s\"; did you mean \"%s\"?",
                         word, near);
  return hpo_error_set(err, HPO_EINVAL,
                       "nothing is called \"%s\"; \"hpotune describe\" lists "
                       "all names",
                       word);
}

/* A file, not a name. */
static bool is_library(const char *word) {
  size_t n = strlen(word);

  return strchr(word, '/') != NULL ||
         (n > 3 && strcmp(word + n - 3, ".so") == 0);
}

/* What a plugin's library has, beside what the kind plugin has. */
static hpo_status describe_library(const hpo_catalog *c, const char *path,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plugged p = {.option = NULL};
  const hpo_entry *kind = hpo_catalog_find(c, HPO_ENTRY_MODEL, "plugin");

  HPO_ASSERT(kind != NULL);
  HPO_TRY(status, hpo_catalog_plug(kind, path, &p, err));
  p.entry.name = p.facts.name;
  p.entry.help = p.facts.help;
  print_entry(&p.entry);
  printf("\nin a study: <model kind=\"plugin\" library=\"%s\">; its models %s "
         "stored\n",
         path, p.facts.has_load ? "can be" : "are not");
done:
  hpo_catalog_unplug(&p);
  return status;
}

static hpo_status describe_word(const hpo_catalog *c, const char *word,
                                hpo_error *err) {
  size_t found = 0;

  if (is_library(word))
    return describe_library(c, word, err);
  for (size_t i = 0; i < c->n; i++)
    if (strcmp(c->entry[i].name, word) == 0) {
      printf("%s", found++ ? "\n" : "");
      print_entry(&c->entry[i]);
    }
  return found ? HPO_OK : fail_unknown(c, word, err);
}

static hpo_status describe(const hpo_args *args, int *exit_code,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_catalog c = {0};

  *exit_code = 0;
  HPO_TRY(status, hpo_cmd_catalog(&c, err));
  const char *library = hpo_args_get(args, "library");
  if (args->word.n == 0 && library == NULL)
    print_all(&c);
  if (library != NULL)
    HPO_TRY(status, describe_library(&c, library, err));
  for (size_t w = 0; w < args->word.n; w++) {
    printf("%s", w > 0 || library != NULL ? "\n" : "");
    HPO_TRY(status, describe_word(&c, args->word.item[w], err));
  }
done:
  hpo_mem_free(c.entry);
  return status;
}

static const hpo_arg arguments[] = {
    {"library", "FILE.so", "a plugin's shared library (docs/plugin.md)"}};

const hpo_command hpo_cmd_describe = {
    .name = "describe",
    .words = "[NAME...]",
    .summary = "models, samplers, pruners, metrics and their options",
    .help = "A NAME that is a path describes a plugin's library too.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = describe};
