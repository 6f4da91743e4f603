/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune describe: models, samplers, pruners, terminators and metrics, from
 * the same tables that the study parser reads. */
#include "cmd/cmd.h"
#include "hpo/mem.h"
#include "hpo/plan.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const titles[] = {"models", "samplers", "pruners",
                                     "terminators", "metrics"};

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

/* The text from column `at` on, its lines broken at blanks before column 79
 * and indented. */
static void print_wrapped(const char *text, size_t at, size_t indent) {
  enum { WIDTH = 79 };
  size_t column = at;

  for (const char *between = ""; *text; between = " ") {
    const size_t n = strcspn(text, " \n");
    if (*between && column + 1 + n > WIDTH) {
      printf("\n%*s", (int)indent, "");
      column = indent;
      between = "";
    }
    printf("%s%.*s", between, (int)n, text);
    column += strlen(between) + n;
    text += n;
    while (*text == ' ' || *text == '\n')
      text++;
  }
  printf("\n");
}

static hpo_status add_range(const hpo_option *o, hpo_buffer *to,
                            hpo_error *err) {
  char low[32], high[32];
  const bool has_low = o->low > -INFINITY, has_high = o->high < INFINITY;

  if (o->kind == HPO_OPTION_CHOICE)
    return hpo_buffer_format(to, err, ", one of %s", o->choices);
  if (o->kind != HPO_OPTION_INT && o->kind != HPO_OPTION_FLOAT)
    return HPO_OK;
  hpo_options_format_float(o->low, low);
  hpo_options_format_float(o->high, high);
  if (has_low && has_high)
    return hpo_buffer_format(to, err, ", %s%s..%s",
                             o->low_open ? "above " : "", low, high);
  if (has_low)
    return hpo_buffer_format(to, err, ", %s%s",
                             o->low_open ? "> " : ">= ", low);
  return hpo_buffer_format(to, err, has_high ? ", <= %s" : ", any", high);
}

static hpo_status print_option(const hpo_option *o, hpo_error *err) {
  enum { INDENT = 6 };
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};

  HPO_TRY(status,
          hpo_buffer_format(&text, err, "%s, default %s", type_name(o->kind),
                            o->value ? o->value : "none"));
  HPO_TRY(status, add_range(o, &text, err));
  if (o->not_built && strcmp(o->not_built, "*") == 0)
    HPO_TRY(status,
            hpo_buffer_format(&text, err, " (not built yet in this version)"));
  else if (o->not_built)
    HPO_TRY(status, hpo_buffer_format(&text, err, " (not built yet: %s)",
                                      o->not_built));
  printf("  %s\n%*s", o->name, INDENT, "");
  print_wrapped((const char *)text.byte, INDENT, INDENT);
  printf("%*s", INDENT, "");
  print_wrapped(o->help, INDENT, INDENT);
done:
  hpo_buffer_free(&text);
  return status;
}

static hpo_status print_entry(const hpo_entry *e, hpo_error *err) {
  hpo_status status = HPO_OK;

  printf("%.*s %s%s\n", (int)strlen(titles[e->kind]) - 1, titles[e->kind],
         e->name, e->is_built ? "" : " (not built yet in this version)");
  print_wrapped(e->help, 0, 0);
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
    HPO_TRY(status, print_option(&e->option[i], err));
done:
  return status;
}

/* A name and the first line of its help. */
static void print_listed(const hpo_entry *e) {
  enum { INDENT = 17 };
  char line[512];

  snprintf(line, sizeof line, "%.*s%s", (int)strcspn(e->help, "\n"), e->help,
           e->is_built ? "" : " (not built yet)");
  printf("  %-14s ", e->name);
  print_wrapped(line, INDENT, INDENT);
}

static void print_all(const hpo_catalog *c) {
  for (int kind = HPO_ENTRY_MODEL; kind <= HPO_ENTRY_METRIC; kind++) {
    printf("%s%s:\n", kind ? "\n" : "", titles[kind]);
    for (size_t i = 0; i < c->n; i++) {
      const hpo_entry *e = &c->entry[i];
      if (e->kind == (hpo_entry_kind)kind)
        print_listed(e);
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
  HPO_TRY(status, print_entry(&p.entry, err));
  printf("\nin a study: <model kind=\"plugin\" library=\"%s\">; its models %s "
         "stored\n",
         path, p.facts.has_load ? "can be" : "are not");
done:
  hpo_catalog_unplug(&p);
  return status;
}

static hpo_status describe_word(const hpo_catalog *c, const char *word,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t found = 0;

  if (is_library(word))
    return describe_library(c, word, err);
  for (size_t i = 0; i < c->n; i++)
    if (strcmp(c->entry[i].name, word) == 0) {
      printf("%s", found++ ? "\n" : "");
      HPO_TRY(status, print_entry(&c->entry[i], err));
    }
  if (found == 0)
    HPO_TRY(status, fail_unknown(c, word, err));
done:
  return status;
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
    .summary =
        "models, samplers, pruners, terminators, metrics and their options",
    .help = "A NAME that is a path describes a plugin's library too.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = describe};
