/* SPDX-License-Identifier: BSD-3-Clause */
/* The report page's scales: what the study says of its parameters. */
#include "report/json.h"
#include "report/page.h"

#include <stdio.h>
#include <string.h>

/* Whether setting space.I.NAME is this word. */
static bool is(const hpo_study_file *f, size_t i, const char *name,
               const char *word) {
  char key[64], text[64];

  snprintf(key, sizeof key, "space.%zu.%s", i, name);
  return hpo_study_file_setting(f, key, text, sizeof text) &&
         strcmp(text, word) == 0;
}

/* The choices of an ordinal in their order. */
static hpo_status add_choices(const hpo_study_file *f, const char *column,
                              hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *field = hpo_record_find(f->trials, column);

  HPO_TRY(status, hpo_buffer_format(out, err, ":{\"choices\":["));
  for (size_t k = 0; field && k < field->n_choice; k++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", k > 0 ? "," : ""));
    HPO_TRY(status, hpo_json_text(out, field->choice[k], err));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "]}"));
done:
  return status;
}

hpo_status hpo_page_space(const hpo_study_file *f, hpo_buffer *out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  char key[64], name[160], column[192];
  const char *sign = "";

  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"space\":{"));
  for (size_t i = 0;; i++) {
    snprintf(key, sizeof key, "space.%zu.name", i);
    if (!hpo_study_file_setting(f, key, name, sizeof name))
      break;
    bool whole = is(f, i, "kind", "int");
    bool ordinal = is(f, i, "kind", "ordinal");
    if (!whole && !ordinal && !is(f, i, "kind", "float"))
      continue;
    snprintf(column, sizeof column, "params.%s", name);
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", sign));
    sign = ",\n";
    HPO_TRY(status, hpo_json_text(out, column, err));
    if (ordinal) {
      HPO_TRY(status, add_choices(f, column, out, err));
      continue;
    }
    HPO_TRY(status,
            hpo_buffer_format(out, err, ":{\"log\":%s,\"whole\":%s}",
                              is(f, i, "log", "yes") ? "true" : "false",
                              whole ? "true" : "false"));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "}"));
done:
  return status;
}
