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
    if (!whole && !is(f, i, "kind", "float"))
      continue;
    snprintf(column, sizeof column, "params.%s", name);
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", sign));
    HPO_TRY(status, hpo_json_text(out, column, err));
    HPO_TRY(status,
            hpo_buffer_format(out, err, ":{\"log\":%s,\"whole\":%s}",
                              is(f, i, "log", "yes") ? "true" : "false",
                              whole ? "true" : "false"));
    sign = ",\n";
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "}"));
done:
  return status;
}
