/* SPDX-License-Identifier: BSD-3-Clause */
/* The columns of /trials described as a table: /study/columns. */
#include "hpo/layout.h"

#include "hpo/mem.h"

#include <string.h>

/** What stands in a column where its parameter is inactive, "" for columns
 *  that are no parameters. */
static const char *inactive_text(const hpo_field *f, const hpo_space *s) {
  ptrdiff_t i = -1;

  if (strncmp(f->name, "params.", 7) == 0)
    i = hpo_space_find(s, f->name + 7);
  if (i < 0)
    return "";
  if (s->param[i].kind == HPO_PARAM_FLOAT)
    return "NaN";
  if (s->param[i].kind == HPO_PARAM_INT && s->param[i].low < 0)
    return "-9223372036854775808";
  return "-1";
}

static const char *part_of(const hpo_field *f, const hpo_space *s, int part) {
  switch (part) {
  case 0:
    return f->name;
  case 1:
    return f->unit;
  case 2:
    return f->description;
  default:
    return inactive_text(f, s);
  }
}

static hpo_status add_part(hpo_record *to, const hpo_record *row,
                           const hpo_space *s, int part, hpo_error *err) {
  static const char *const name[] = {"name", "unit", "description",
                                     "inactive"};
  static const char *const about[] = {
      "Names of the columns of /trials.", "Their units.", "What they mean.",
      "What stands where the parameter is inactive."};
  hpo_status status = HPO_OK;
  size_t width = 1;

  for (size_t i = 0; i < row->n_field; i++)
    if (strlen(part_of(&row->field[i], s, part)) > width)
      width = strlen(part_of(&row->field[i], s, part));
  HPO_TRY(status, hpo_record_add(to, name[part], HPO_FIELD_TEXT, width, NULL,
                                 row->n_field, "", about[part], err));
  for (size_t i = 0; i < row->n_field; i++)
    hpo_field_set_text(&to->field[part], i, part_of(&row->field[i], s, part));
done:
  return status;
}

hpo_status hpo_layout_columns(const hpo_plan *plan, hpo_record **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_layout_table *tables = NULL;
  size_t n = 0;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_layout_tables(plan, &tables, &n, err));
  HPO_ASSERT(strcmp(tables[0].path, HPO_TABLE_TRIALS) == 0);
  HPO_TRY(status, hpo_record_create("columns", &r, err));
  for (int part = 0; part < 4; part++)
    HPO_TRY(status, add_part(r, tables[0].row, &plan->space, part, err));
  *out = r;
  r = NULL;
done:
  hpo_layout_destroy(tables, n);
  hpo_record_destroy(r);
  return status;
}
