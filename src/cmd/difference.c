/* SPDX-License-Identifier: BSD-3-Clause */
/* A study beside that of a study file: which of the lines that make it the
 * same study differ.
 *
 * Parameters and models go by name, so that one more does not shift the
 * others: "space.0.low" becomes "space[max_depth].low", and the line of the
 * name "space[max_depth]". */
#include "cmd/difference.h"

#include "hpo/layout.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 3, ROOM = 256 };

/* The name that a line of the plan goes by; label: of the parameter or model
 * that stood last. */
static void rename_line(const char *name, const char *value, char *label,
                        char *to) {
  const char *part = strncmp(name, "space.", 6) == 0   ? "space"
                     : strncmp(name, "model.", 6) == 0 ? "model"
                                                       : NULL;
  const char *member = part ? strchr(name + 6, '.') : NULL;

  if (member == NULL) {
    snprintf(to, ROOM, "%s", name);
    return;
  }
  if (strcmp(member, ".name") == 0) {
    snprintf(label, ROOM / 2, "%s", value);
    member = "";
  }
  snprintf(to, ROOM, "%s[%s]%.100s", part, label, member);
}

/* The lines of a resolved study that count. */
static hpo_status read_lines(const char *text, size_t n, hpo_settings *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char *line = NULL, label[ROOM / 2] = "", name[ROOM];

  for (size_t at = 0, length; at < n && text[at]; at += length + 1) {
    const char *end = memchr(text + at, '\n', n - at);
    length = end ? (size_t)(end - text) - at : n - at;
    hpo_mem_free(line);
    line = NULL;
    HPO_TRY(status,
            hpo_mem_format(&line, err, "%.*s", (int)length, text + at));
    char *value = strstr(line, " =");
    if (value == NULL)
      continue;
    *value = '\0';
    value += 2;
    value += *value == ' ';
    if (!hpo_plan_counts(line) && strcmp(line, "shards") != 0)
      continue;
    rename_line(line, value, label, name);
    HPO_TRY(status, hpo_settings_add(
                        out, name, name[strlen(name) - 1] == ']' ? "" : value,
                        0, err));
  }
done:
  hpo_mem_free(line);
  return status;
}

/* A member of a parameter or model that the other study has not at all. */
static bool is_of_missing(const char *name, const hpo_settings *other) {
  char whole[ROOM];
  const char *end = strstr(name, "].");

  if (end == NULL)
    return false;
  snprintf(whole, sizeof whole, "%.*s]", (int)(end - name), name);
  return hpo_settings_get(other, whole) == NULL;
}

static hpo_status add_entry(hpo_buffer *to, size_t *n, const char *name,
                            const char *is, const char *was, hpo_error *err) {
  const char *between = *n > 0 ? ", " : "";

  if ((*n)++ >= MOST)
    return HPO_OK;
  if (was == NULL)
    return hpo_buffer_format(to, err, "%s%s%s%.60s is new", between, name,
                             *is ? " = " : "", is);
  if (is == NULL)
    return hpo_buffer_format(to, err, "%s%s%s%.60s is gone", between, name,
                             *was ? " = " : "", was);
  return hpo_buffer_format(to, err, "%s%s is %.60s, was %.60s", between, name,
                           *is ? is : "empty", *was ? was : "empty");
}

static hpo_status compare(const hpo_settings *is, const hpo_settings *was,
                          hpo_buffer *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = 0;

  for (size_t i = 0; i < is->n; i++) {
    const char *name = is->item[i].name, *now = is->item[i].value;
    const char *before = hpo_settings_get(was, name);
    if ((before == NULL || strcmp(now, before) != 0) &&
        !is_of_missing(name, was))
      HPO_TRY(status, add_entry(to, &n, name, now, before, err));
  }
  for (size_t i = 0; i < was->n; i++)
    if (hpo_settings_get(is, was->item[i].name) == NULL &&
        !is_of_missing(was->item[i].name, is))
      HPO_TRY(status, add_entry(to, &n, was->item[i].name, NULL,
                                was->item[i].value, err));
  if (n > MOST)
    HPO_TRY(status, hpo_buffer_format(to, err, " and %zu more", n - MOST));
done:
  return status;
}

static hpo_status compare_texts(const hpo_plan *plan, hpo_store *store,
                                hpo_buffer *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *study = NULL;
  hpo_settings is = {0}, was = {0};
  char *text = NULL;

  HPO_TRY(status, hpo_store_read_facts(store, HPO_FACTS_STUDY, &study, err));
  const hpo_field *f = hpo_record_find(study, "resolved");
  if (f)
    HPO_TRY(status, read_lines(f->data, f->n * f->width, &was, err));
  HPO_TRY(status, hpo_plan_text(plan, &text, err));
  HPO_TRY(status, read_lines(text, strlen(text), &is, err));
  HPO_TRY(status, compare(&is, &was, to, err));
done:
  hpo_record_destroy(study);
  hpo_settings_free(&is);
  hpo_settings_free(&was);
  hpo_mem_free(text);
  return status;
}

hpo_status hpo_difference_text(const hpo_plan *plan, const char *hash,
                               hpo_store *store, hpo_buffer *to,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *data = NULL;
  hpo_buffer entries = {0};
  hpo_error ignored = {0};
  char found[80] = "";

  if (hpo_store_read_facts(store, HPO_FACTS_DATA, &data, &ignored) == HPO_OK)
    hpo_record_text(data, "sha256", found, sizeof found);
  const bool same = strcmp(found, hash) == 0;
  HPO_TRY(status, compare_texts(plan, store, &entries, err));
  if (same && entries.n == 0)
    HPO_TRY(status, hpo_buffer_format(&entries, err,
                                      "parameters or models stand in another "
                                      "order"));
  HPO_TRY(status,
          hpo_buffer_format(
              to, err, "its data %s%s%.*s", same ? "are the same" : "differ",
              entries.n == 0 ? ""
              : same         ? ", but "
                             : ", and ",
              (int)entries.n, entries.n ? (const char *)entries.byte : ""));
done:
  hpo_record_destroy(data);
  hpo_buffer_free(&entries);
  return status;
}
