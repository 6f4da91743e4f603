/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON (RFC 8259) into a buffer. */
#include "report/json.h"

#include "hpo/report.h"

#include <math.h>
#include <string.h>

hpo_status hpo_json_text(hpo_buffer *out, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_add(out, "\"", 1, err));
  while (*text) {
    size_t plain = 0;
    while (text[plain] && text[plain] != '"' && text[plain] != '\\' &&
           text[plain] != '<' && (unsigned char)text[plain] >= 0x20)
      plain++;
    HPO_TRY(status, hpo_buffer_add(out, text, plain, err));
    text += plain;
    if (*text)
      HPO_TRY(status, hpo_buffer_format(out, err, "\\u%04x",
                                        (unsigned)(unsigned char)*text++));
  }
  HPO_TRY(status, hpo_buffer_add(out, "\"", 1, err));
done:
  return status;
}

hpo_status hpo_json_number(hpo_buffer *out, double x, hpo_error *err) {
  if (!isfinite(x))
    return hpo_buffer_add(out, "null", 4, err);
  return hpo_buffer_format(out, err, "%.9g", x);
}

hpo_status hpo_json_item(hpo_buffer *out, const hpo_field *f, size_t i,
                         hpo_error *err) {
  char cell[512];

  hpo_report_cell(f, i, true, cell, sizeof cell);
  if (!cell[0])
    return hpo_buffer_add(out, "null", 4, err);
  if (f->type == HPO_FIELD_TEXT || f->type == HPO_FIELD_ENUM)
    return hpo_json_text(out, cell, err);
  if (f->type == HPO_FIELD_FLOAT || f->type == HPO_FIELD_F32)
    return hpo_json_number(out, hpo_field_number(f, i), err);
  return hpo_buffer_add(out, cell, strlen(cell), err);
}

hpo_status hpo_json_row(hpo_buffer *out, const hpo_record *r, size_t i,
                        hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t c = 0; c < r->n_field; c++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", c ? "," : "{"));
    HPO_TRY(status, hpo_json_text(out, r->field[c].name, err));
    HPO_TRY(status, hpo_buffer_format(out, err, ":"));
    HPO_TRY(status, hpo_json_item(out, &r->field[c], i, err));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "}"));
done:
  return status;
}
