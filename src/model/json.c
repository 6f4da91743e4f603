/* SPDX-License-Identifier: BSD-3-Clause */
/* Pieces of models stored as JSON. */
#include "model/json.h"

hpo_status hpo_json_add_text(hpo_buffer *b, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_add(b, "\"", 1, err));
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      HPO_TRY(status, hpo_buffer_format(b, err, "\\%c", c));
    else if (c < 0x20)
      HPO_TRY(status, hpo_buffer_format(b, err, "\\u%04x", c));
    else
      HPO_TRY(status, hpo_buffer_add(b, text, 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "\"", 1, err));
done:
  return status;
}

hpo_status hpo_json_add_number(hpo_buffer *b, double x, hpo_error *err) {
  return hpo_buffer_format(b, err, "%.17g", x == 0 ? 0 : x);
}

hpo_status hpo_json_add_numbers(hpo_buffer *b, const char *key,
                                const double *x, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(b, err, ",\n \"%s\": [", key));
  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, hpo_buffer_add(b, ", ", i > 0 ? 2 : 0, err));
    HPO_TRY(status, hpo_json_add_number(b, x[i], err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
done:
  return status;
}

hpo_status hpo_json_add_texts(hpo_buffer *b, const char *key,
                              char *const *text, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(b, err, "\"%s\": [", key));
  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, hpo_buffer_add(b, ", ", i > 0 ? 2 : 0, err));
    HPO_TRY(status, hpo_json_add_text(b, text[i], err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
done:
  return status;
}

hpo_status hpo_json_add_features(hpo_buffer *b, const hpo_dataset *d,
                                 const hpo_design *design,
                                 const double *impute, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *between = "";

  HPO_TRY(status, hpo_buffer_format(b, err, ",\n \"features\": ["));
  for (size_t i = 0; i < design->columns; i++) {
    const hpo_design_column *at = &design->column[i];
    const hpo_column *c = &d->column[at->feature];

    if (at->category > 0)
      continue;
    HPO_TRY(status, hpo_buffer_format(b, err, "%s\n  {\"name\": ", between));
    HPO_TRY(status, hpo_json_add_text(b, c->name, err));
    between = ",";
    if (at->category == 0) {
      HPO_TRY(status, hpo_buffer_add(b, ", ", 2, err));
      HPO_TRY(status, hpo_json_add_texts(b, "onehot", c->category,
                                         c->n_category, err));
    }
    if (at->has_missing) {
      HPO_TRY(status, hpo_buffer_format(b, err, ", \"impute\": "));
      HPO_TRY(status, hpo_json_add_number(b, impute[i], err));
    }
    HPO_TRY(status, hpo_buffer_add(b, "}", 1, err));
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
done:
  return status;
}

hpo_status hpo_json_add_names(hpo_buffer *b, const hpo_dataset *d,
                              const hpo_design *design, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;

  HPO_TRY(status, hpo_buffer_format(b, err, ",\n \"feature_names\": ["));
  for (size_t i = 0; i < design->columns; i++) {
    const hpo_design_column *at = &design->column[i];
    const hpo_column *c = &d->column[at->feature];
    bool onehot = at->category >= 0;

    HPO_TRY(status, hpo_buffer_add(b, ", ", i > 0 ? 2 : 0, err));
    HPO_TRY(status,
            hpo_mem_format(&name, err, "%s%s%s", c->name, onehot ? "=" : "",
                           onehot ? c->category[at->category] : ""));
    HPO_TRY(status, hpo_json_add_text(b, name, err));
    hpo_mem_free(name);
    name = NULL;
  }
  HPO_TRY(status, hpo_buffer_add(b, "]", 1, err));
done:
  hpo_mem_free(name);
  return status;
}
