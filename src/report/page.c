/* SPDX-License-Identifier: BSD-3-Clause */
/* The report: one HTML page that needs nothing else.  page.html draws; here
 * the study's data are put into it as JSON, sampled where there are many
 * trials: those that were the best so far, the best ones, and an even share
 * of the others. */
#include "report/page.h"
#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/importance.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/report.h"
#include "report/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 1000, BEST = 200, ENOUGH = 10 };

static const char template[] =
#include "report/page_html.h"
    ;

/* What stands in a state that the page counts. */
static const char *const states[] = {"complete",    "pruned",  "failed",
                                     "interrupted", "running", "paused",
                                     "waiting",     "torn",    "cancelled"};
enum { N_STATE = sizeof states / sizeof *states };

/* --- which trials ------------------------------------------------------- */

static int best_first(const void *a, const void *b) {
  const hpo_outcome *x = a, *y = b;
  if (hpo_study_file_beats(x, y))
    return -1;
  if (hpo_study_file_beats(y, x))
    return 1;
  return x->number < y->number ? -1 : x->number > y->number;
}

/* keep[i]: trial i is drawn. */
static hpo_status choose(const hpo_study_file *f, uint8_t *keep,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_outcome *order = NULL, top;
  size_t n = 0, kept = 0;

  HPO_TRY(status, hpo_mem_new(f->n, sizeof *order, &order, err));
  for (size_t i = 0; i < f->n; i++) {
    if (!hpo_study_file_outcome(f, i, &order[n]))
      continue;
    keep[i] = n == 0 || hpo_study_file_beats(&order[n], &top);
    top = keep[i] ? order[n] : top;
    n++;
  }
  if (n)
    qsort(order, n, sizeof *order, best_first);
  for (size_t k = 0; k < n && k < BEST; k++)
    keep[(size_t)order[k].number] = 1;
  HPO_TRY(status, hpo_page_keep_front(f, keep, err));
  for (size_t i = 0; i < f->n; i++)
    kept += keep[i];
  if (f->n <= MOST_TRIALS) {
    memset(keep, 1, f->n);
  } else if (kept < MOST_TRIALS) {
    size_t more = MOST_TRIALS - kept;
    for (size_t k = 0; k < more; k++)
      keep[k * f->n / more] = 1;
  }
done:
  hpo_mem_free(order);
  return status;
}

/* --- parts of the data -------------------------------------------------- */

static hpo_status add_key(hpo_buffer *out, const char *name, hpo_error *err) {
  return hpo_buffer_format(out, err, ",\n\"%s\":", name);
}

/* The words of an attribute as an array, at most `most` of them. */
static hpo_status add_words(hpo_buffer *out, const char *text, size_t most,
                            size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  char word[128];
  size_t k = 0;

  HPO_TRY(status, hpo_buffer_add(out, "[", 1, err));
  for (text += strspn(text, " "); *text && k < most;
       text += strspn(text, " "), k++) {
    size_t length = strcspn(text, " ");
    snprintf(word, sizeof word, "%.*s", (int)length, text);
    text += length;
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", k ? "," : ""));
    HPO_TRY(status, hpo_json_text(out, word, err));
  }
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
  *n = k;
done:
  return status;
}

/* "maximize minimize" -> [true,false] */
static hpo_status add_directions(hpo_buffer *out, const char *text,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *sign = "[";

  for (; *text; sign = ",") {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s%s", sign,
                                      strncmp(text, "max", 3) == 0 ? "true"
                                                                   : "false"));
    text += strcspn(text, " ");
    text += strspn(text, " ");
  }
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
done:
  return status;
}

static hpo_status add_study(const hpo_study_file *f, hpo_buffer *out,
                            char *objective, size_t room, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[4096], ways[128];
  size_t n = 0;

  hpo_record_text(f->attributes, "name", text, sizeof text);
  HPO_TRY(status, hpo_buffer_format(out, err, "{\"study\":{\"name\":"));
  HPO_TRY(status, hpo_json_text(out, text, err));
  HPO_TRY(status, hpo_buffer_format(out, err, ",\"description\":"));
  (void)hpo_study_file_setting(f, "description", text, sizeof text);
  HPO_TRY(status, hpo_json_text(out, text, err));
  HPO_TRY(status, hpo_buffer_format(out, err, "}"));
  hpo_record_text(f->attributes, "directions", ways, sizeof ways);
  HPO_TRY(status, add_key(out, "maximize", err));
  HPO_TRY(status, add_directions(out, ways, err));
  for (const char *at = ways; *at; n++) {
    at += strcspn(at, " ");
    at += strspn(at, " ");
  }
  hpo_record_text(f->attributes, "metrics", text, sizeof text);
  snprintf(objective, room, "%.*s", (int)strcspn(text, " "), text);
  HPO_TRY(status, add_key(out, "objectives", err));
  HPO_TRY(status, add_words(out, text, n, &n, err));
done:
  return status;
}

static hpo_status add_counts(const hpo_study_file *f, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *wall = hpo_record_find(f->trials, "wall");
  double seconds = 0;

  HPO_TRY(status, add_key(out, "counts", err));
  for (size_t k = 0; k < N_STATE; k++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s\"%s\":%zu", k ? "," : "{",
                              states[k], hpo_study_file_count(f, states[k])));
  for (size_t i = 0; wall && i < f->n; i++)
    if (f->good[i] && isfinite(hpo_field_number(wall, i)))
      seconds += hpo_field_number(wall, i);
  HPO_TRY(status, hpo_buffer_format(out, err, "}"));
  HPO_TRY(status, add_key(out, "wall", err));
  HPO_TRY(status, hpo_json_number(out, seconds, err));
  HPO_TRY(status, add_key(out, "bytes", err));
  HPO_TRY(status, hpo_json_number(out, (double)hpo_file_size(f->path), err));
done:
  return status;
}

static hpo_status add_winner(const hpo_study_file *f, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};

  HPO_TRY(status, hpo_winner_text(f->store, &text, err));
  HPO_TRY(status, hpo_buffer_add(&text, "", 1, err));
  HPO_TRY(status, add_key(out, "winner", err));
  HPO_TRY(status, hpo_json_text(out, (const char *)text.byte, err));
done:
  hpo_buffer_free(&text);
  return status;
}

/* Of no use to a reader of the page. */
static bool is_inner(const char *name) {
  static const char *const inner[] = {"crc",          "model_crc",
                                      "curve_offset", "model_offset",
                                      "curve_length", "job"};
  for (size_t i = 0; i < sizeof inner / sizeof *inner; i++)
    if (strcmp(name, inner[i]) == 0)
      return true;
  return false;
}

static hpo_status add_columns(const hpo_study_file *f, hpo_buffer *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *sign = "[";

  HPO_TRY(status, add_key(out, "columns", err));
  for (size_t c = 0; c < f->trials->n_field; c++) {
    const hpo_field *field = &f->trials->field[c];
    if (is_inner(field->name))
      continue;
    HPO_TRY(status, hpo_buffer_format(out, err, "%s{\"name\":", sign));
    HPO_TRY(status, hpo_json_text(out, field->name, err));
    HPO_TRY(status, hpo_buffer_format(out, err, ",\"about\":"));
    HPO_TRY(status, hpo_json_text(out, field->description, err));
    HPO_TRY(status, hpo_buffer_format(out, err, "}"));
    sign = ",\n";
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "]"));
done:
  return status;
}

static hpo_status add_column(const hpo_study_file *f, const hpo_field *field,
                             const uint8_t *keep, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_state = strcmp(field->name, "state") == 0;
  const char *sign = "[";
  char text[32];

  for (size_t i = 0; i < f->n; i++) {
    if (!keep[i])
      continue;
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", sign));
    if (is_state) {
      hpo_study_file_state(f, i, text, sizeof text);
      HPO_TRY(status, hpo_json_text(out, text, err));
    } else {
      HPO_TRY(status, hpo_json_item(out, field, i, err));
    }
    sign = ",";
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "%s]", *sign == '[' ? "[" : ""));
done:
  return status;
}

static hpo_status add_trials(const hpo_study_file *f, const uint8_t *keep,
                             hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  ptrdiff_t best = hpo_study_file_best(f), place = -1;
  const char *sign = "{";

  HPO_TRY(status, add_key(out, "trials", err));
  for (size_t c = 0; c < f->trials->n_field; c++) {
    const hpo_field *field = &f->trials->field[c];
    if (is_inner(field->name))
      continue;
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", sign));
    HPO_TRY(status, hpo_json_text(out, field->name, err));
    HPO_TRY(status, hpo_buffer_format(out, err, ":"));
    HPO_TRY(status, add_column(f, field, keep, out, err));
    sign = ",\n";
  }
  for (ptrdiff_t i = 0; i <= best; i++)
    place += keep[i];
  HPO_TRY(status, hpo_buffer_format(out, err, "},\n\"best\":%td", place));
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"total\":%zu", f->n));
done:
  return status;
}

static hpo_status add_sessions(const hpo_study_file *f, hpo_buffer *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  size_t n;

  HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_SESSIONS, 0, SIZE_MAX,
                                 NULL, 0, &rows, NULL, err));
  n = rows->n_field ? rows->field[0].n : 0;
  HPO_TRY(status, add_key(out, "sessions", err));
  HPO_TRY(status, hpo_buffer_format(out, err, "["));
  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", i ? ",\n" : ""));
    HPO_TRY(status, hpo_json_row(out, rows, i, err));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "]"));
done:
  hpo_record_destroy(rows);
  return status;
}

/* Left out where there are too few trials. */
static hpo_status add_importance(const hpo_study_file *f, hpo_buffer *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_importance found = {0};
  hpo_error none = {0};

  HPO_TRY(status, add_key(out, "importance", err));
  HPO_TRY(status, hpo_buffer_format(out, err, "["));
  if (hpo_study_file_count(f, "complete") >= ENOUGH &&
      hpo_study_importance(f, 0, HPO_IMPORTANCE_FANOVA, &found, &none) ==
          HPO_OK)
    for (size_t i = 0; i < found.name.n; i++) {
      HPO_TRY(status, hpo_buffer_format(out, err, "%s[", i ? "," : ""));
      HPO_TRY(status, hpo_json_text(out, found.name.item[i], err));
      HPO_TRY(status, hpo_buffer_format(out, err, ","));
      HPO_TRY(status, hpo_json_number(out, found.share[i], err));
      HPO_TRY(status, hpo_buffer_format(out, err, "]"));
    }
  HPO_TRY(status, hpo_buffer_format(out, err, "]"));
done:
  hpo_importance_free(&found);
  return status;
}

static hpo_status add_data(const hpo_study_file *f, const char *version,
                           hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *keep = NULL;
  char objective[64], now[32];

  HPO_TRY(status, hpo_mem_new(f->n, 1, &keep, err));
  HPO_TRY(status, choose(f, keep, err));
  HPO_TRY(status, add_study(f, out, objective, sizeof objective, err));
  HPO_TRY(status, add_counts(f, out, err));
  HPO_TRY(status, add_columns(f, out, err));
  HPO_TRY(status, add_trials(f, keep, out, err));
  HPO_TRY(status, hpo_page_space(f, out, err));
  HPO_TRY(status, hpo_page_curves(f, keep, objective, out, err));
  HPO_TRY(status, hpo_page_models(f, out, err));
  HPO_TRY(status, hpo_page_teams(f, out, err));
  HPO_TRY(status, hpo_page_front(f, out, err));
  HPO_TRY(status, add_winner(f, out, err));
  HPO_TRY(status, add_sessions(f, out, err));
  HPO_TRY(status, add_importance(f, out, err));
  HPO_TRY(status, add_key(out, "live", err));
  HPO_TRY(status,
          hpo_buffer_format(out, err, "%s", f->is_live ? "true" : "false"));
  HPO_TRY(status, add_key(out, "version", err));
  HPO_TRY(status, hpo_json_text(out, version, err));
  HPO_TRY(status, add_key(out, "made", err));
  HPO_TRY(status,
          hpo_json_text(out, hpo_clock_format(hpo_clock_wall_ns(), now), err));
  HPO_TRY(status, add_key(out, "file", err));
  HPO_TRY(status, hpo_json_text(out, f->path, err));
  HPO_TRY(status, hpo_buffer_format(out, err, "}\n"));
done:
  hpo_mem_free(keep);
  return status;
}

hpo_status hpo_report_page(const hpo_study_file *f, const char *version,
                           hpo_buffer *out, hpo_error *err) {
  static const char marker[] = "@DATA@";
  hpo_status status = HPO_OK;
  const char *at = strstr(template, marker);

  HPO_ASSERT(at);
  HPO_TRY(status, hpo_buffer_add(out, template, (size_t)(at - template), err));
  HPO_TRY(status, add_data(f, version, out, err));
  at += sizeof marker - 1;
  HPO_TRY(status, hpo_buffer_add(out, at, strlen(at), err));
done:
  return status;
}
