/* SPDX-License-Identifier: BSD-3-Clause */
/* Command-line arguments by a declared table. */
#include "cmd/args.h"
#include "hpo/mem.h"
#include "hpo/options.h"

#include <stdio.h>
#include <string.h>

static const hpo_arg *find(const hpo_arg *table, size_t n, const char *name,
                           size_t length) {
  for (size_t i = 0; i < n; i++)
    if (strlen(table[i].name) == length &&
        strncmp(table[i].name, name, length) == 0)
      return &table[i];
  return NULL;
}

static hpo_status fail_unknown(const char *word, const hpo_arg *table,
                               size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char **names = NULL;
  char plain[128];

  HPO_TRY(status, hpo_mem_new(n, sizeof *names, &names, err));
  for (size_t i = 0; i < n; i++)
    names[i] = table[i].name;
  snprintf(plain, sizeof plain, "%.*s", (int)strcspn(word + 2, "="), word + 2);
  const char *near = hpo_options_nearest(plain, names, n);
  if (near)
    HPO_FAIL(status, err, HPO_EINVAL,
             "unknown option --%s; did you mean --%s?", plain, near);
  HPO_FAIL(status, err, HPO_EINVAL, "unknown option --%s; see --help", plain);
done:
  hpo_mem_free(names);
  return status;
}

/* "--name", or "-o" for a name of one letter. */
static const char *dashes(const char *name) { return name[1] ? "--" : "-"; }

/* One word that starts with "--", or with "-" and a letter that the table
 * has; *used: words taken, 1 or 2. */
static hpo_status parse_option(int argc, char **argv, hpo_args *a, int *used,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = argv[0] + (argv[0][1] == '-' ? 2 : 1);
  const char *equals = strchr(name, '=');
  size_t length = equals ? (size_t)(equals - name) : strlen(name);
  const hpo_arg *arg = find(a->table, a->n, name, length);

  *used = 1;
  if (!arg)
    return fail_unknown(argv[0], a->table, a->n, err);
  if (!arg->value && equals)
    HPO_FAIL(status, err, HPO_EINVAL, "--%s takes no value", arg->name);
  if (!arg->value)
    return hpo_settings_add(&a->given, arg->name, "yes", 0, err);
  if (equals)
    return hpo_settings_add(&a->given, arg->name, equals + 1, 0, err);
  if (argc < 2)
    HPO_FAIL(status, err, HPO_EINVAL, "%s%s needs a value: %s%s %s",
             dashes(arg->name), arg->name, dashes(arg->name), arg->name,
             arg->value);
  *used = 2;
  return hpo_settings_add(&a->given, arg->name, argv[1], 0, err);
done:
  return status;
}

hpo_status hpo_args_parse(int argc, char **argv, const hpo_arg *table,
                          size_t n, hpo_args *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_args a = {.table = table, .n = n};
  bool options = true;

  for (int i = 0; i < argc; i++) {
    int used = 1;
    if (options && strcmp(argv[i], "--") == 0)
      options = false;
    else if (options && (strncmp(argv[i], "--", 2) == 0 ||
                         (argv[i][0] == '-' && argv[i][1] &&
                          find(table, n, argv[i] + 1, strlen(argv[i] + 1)))))
      HPO_TRY(status, parse_option(argc - i, argv + i, &a, &used, err));
    else if (options && argv[i][0] == '-' && argv[i][1])
      HPO_FAIL(status, err, HPO_EINVAL,
               "unknown option %s; options are long: see --help", argv[i]);
    else
      HPO_TRY(status, hpo_names_add(&a.word, argv[i], err));
    i += used - 1;
  }
  *out = a;
  memset(&a, 0, sizeof a);
done:
  hpo_args_free(&a);
  return status;
}

void hpo_args_free(hpo_args *a) {
  hpo_settings_free(&a->given);
  hpo_names_free(&a->word);
}

const char *hpo_args_get(const hpo_args *a, const char *name) {
  const char *found = NULL;
  for (size_t i = 0; i < a->given.n; i++)
    if (strcmp(a->given.item[i].name, name) == 0)
      found = a->given.item[i].value;
  return found;
}

void hpo_args_print(const hpo_arg *table, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char left[64];
    snprintf(left, sizeof left, "%s%s%s%s", dashes(table[i].name),
             table[i].name, table[i].value ? " " : "",
             table[i].value ? table[i].value : "");
    printf("  %-22s %s\n", left, table[i].help);
  }
}
