/* SPDX-License-Identifier: BSD-3-Clause */
/* What the readers share: names of the catalog, options, lists. */
#include "reading.h"

#include <string.h>

hpo_task hpo_read_task(const hpo_reading *r) {
  return r->plan->has_data ? r->plan->data.task : HPO_TASK_NONE;
}

bool hpo_read_is_name(const char *name, const char *marks) {
  size_t n = strlen(name);

  for (size_t i = 0; i < n; i++)
    if (!(name[i] >= 'a' && name[i] <= 'z') &&
        !(name[i] >= 'A' && name[i] <= 'Z') &&
        !(name[i] >= '0' && name[i] <= '9') && strchr(marks, name[i]) == NULL)
      return false;
  return n > 0 && n <= 60;
}

bool hpo_read_holds(const hpo_names *names, const char *word) {
  for (size_t i = 0; i < names->n; i++)
    if (strcmp(names->item[i], word) == 0)
      return true;
  return false;
}

hpo_status hpo_read_text(const char *text, char **to, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *copy = NULL;

  HPO_TRY(status, hpo_mem_string(text, &copy, err));
  hpo_mem_free(*to);
  *to = copy;
done:
  return status;
}

hpo_status hpo_read_list(const char *text, hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  static const char blanks[] = " \t\r\n";
  const char *apart = strchr(text, ',') != NULL ? "," : blanks;
  char *word = NULL;

  while (*text != '\0') {
    size_t n = strcspn(text, apart), start = strspn(text, blanks), end = n;
    while (end > start && strchr(blanks, text[end - 1]) != NULL)
      end--;
    if (end > start) {
      HPO_TRY(status, hpo_mem_format(&word, err, "%.*s", (int)(end - start),
                                     text + start));
      HPO_TRY(status, hpo_names_add(out, word, err));
      hpo_mem_free(word);
      word = NULL;
    }
    text += n + (text[n] != '\0');
  }
done:
  hpo_mem_free(word);
  return status;
}

hpo_status hpo_read_fault(hpo_reading *r, const hpo_node *node,
                          const char *attr, hpo_status status,
                          hpo_error *err) {
  char words[512];

  if (status != HPO_EINVAL)
    return status;
  size_t n = strlen(err->text);
  n = n < sizeof words - 1 ? n : sizeof words - 1;
  memcpy(words, err->text, n);
  words[n] = '\0';
  return hpo_faults_add(r->faults, node, attr, err, "%s", words);
}

/* --- Names of the catalog --------------------------------------------- */

static const char *kind_name(hpo_entry_kind kind) {
  static const char *const name[] = {"model", "sampler", "pruner",
                                     "terminator", "metric"};

  return name[kind];
}

static hpo_status built_names(const hpo_reading *r, hpo_entry_kind kind,
                              unsigned tasks, hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < r->catalog->n; i++) {
    const hpo_entry *e = &r->catalog->entry[i];
    bool fits = tasks == ~0U || (e->tasks & tasks) != 0;
    if (e->kind == kind && e->is_built && fits)
      HPO_TRY(status, hpo_names_add(out, e->name, err));
  }
done:
  return status;
}

hpo_status hpo_read_entry(hpo_reading *r, const hpo_node *node,
                          const char *attr, const char *word,
                          hpo_entry_kind kind, unsigned tasks,
                          const hpo_entry **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names allowed = {0};
  hpo_buffer b = {0};
  const hpo_entry *e = hpo_catalog_find(r->catalog, kind, word);
  const char *what = kind_name(kind), *near = NULL;

  *out = NULL;
  HPO_TRY(status, built_names(r, kind, tasks, &allowed, err));
  if (e == NULL) {
    near = hpo_catalog_nearest(r->catalog, kind, word);
    HPO_TRY(status,
            hpo_buffer_format(&b, err, "unknown %s \"%.60s\"", what, word));
  } else if (!e->is_built) {
    HPO_TRY(status, hpo_buffer_format(
                        &b, err, "%s \"%s\" is not built yet in this version",
                        what, word));
  } else if (tasks != ~0U && (e->tasks & tasks) == 0) {
    HPO_TRY(status,
            hpo_buffer_format(&b, err, "%s \"%s\" is not for task %s", what,
                              word, hpo_task_name(hpo_read_task(r))));
  } else {
    *out = e;
    goto done;
  }
  if (near != NULL && (!hpo_read_holds(&allowed, near) ||
                       hpo_faults_nearest(word, &allowed) == NULL))
    HPO_TRY(status,
            hpo_buffer_format(&b, err, " (did you mean \"%s\"?)", near));
  HPO_TRY(status, hpo_faults_allowed(&b, e == NULL ? word : "", &allowed, "",
                                     "", err));
  HPO_TRY(status, hpo_faults_add(r->faults, node, attr, err, "%s",
                                 hpo_faults_text(&b)));
done:
  hpo_names_free(&allowed);
  hpo_buffer_free(&b);
  return status;
}

/* --- Options ---------------------------------------------------------- */

hpo_status hpo_read_no_option(hpo_reading *r, const hpo_node *node,
                              const char *attr, const hpo_entry *entry,
                              const char *name, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names allowed = {0};
  hpo_buffer b = {0};

  for (size_t i = 0; i < entry->n_option; i++)
    HPO_TRY(status, hpo_names_add(&allowed, entry->option[i].name, err));
  if (entry->free_params)
    HPO_TRY(status, hpo_names_add(&allowed, "x0, x1, ...", err));
  if (entry->any_params)
    HPO_TRY(status,
            hpo_names_add(&allowed,
                          "parameters of letters, digits, _, - and .", err));
  HPO_TRY(status, hpo_faults_allowed(&b, name, &allowed, "", "", err));
  HPO_TRY(status, hpo_faults_add(r->faults, node, attr, err,
                                 "%s has no option \"%.60s\"%s", entry->name,
                                 name, hpo_faults_text(&b)));
done:
  hpo_names_free(&allowed);
  hpo_buffer_free(&b);
  return status;
}

hpo_status hpo_read_defaults(const hpo_entry *entry, const hpo_names *without,
                             hpo_settings *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;

  HPO_TRY(status, hpo_options_create(entry->option, entry->n_option, &o, err));
  for (size_t i = 0; i < entry->n_option; i++) {
    const hpo_option *row = &entry->option[i];
    if (row->value != NULL && hpo_settings_get(to, row->name) == NULL &&
        !hpo_read_holds(without, row->name))
      HPO_TRY(status, hpo_settings_add(to, row->name,
                                       hpo_options_text_at(o, i), 0, err));
  }
done:
  hpo_options_destroy(o);
  return status;
}
