/* SPDX-License-Identifier: BSD-3-Clause */
/* Constraints of splits as text: directions of features, and sets of features
 * that may share a path.
 *
 *   directions = "(" [n {"," n}] ")" | "{" [column ":" n {"," ...}] "}"
 *   sets       = "[" [set {"," set}] "]"    set = "[" column {"," column} "]"
 *   column     = number from 0 | name | 'name' | "name"
 *
 * ( ) and [ ] are the same; a comma may stand at the end. */
#include "limits.h"

#include <string.h>

typedef struct reader {
  const char *option, *text, *at;
  const hpo_dataset *data; /* NULL: columns are not known yet */
  char *word;              /* room for text */
  bool is_quoted;
  hpo_error *err;
} reader;

static hpo_status refuse(const reader *r, const char *expected) {
  return hpo_error_set(
      r->err, HPO_EINVAL, "%s = \"%s\": %s is expected at character %d",
      r->option, r->text, expected, (int)(r->at - r->text) + 1);
}

static void skip_blanks(reader *r) { r->at += strspn(r->at, " \t\r\n"); }

static bool has(reader *r, char c) {
  skip_blanks(r);
  if (c == '\0' || *r->at != c)
    return false;
  r->at++;
  return true;
}

/* The end that belongs to a beginning, or 0. */
static char open_list(reader *r) {
  return has(r, '(') ? ')' : has(r, '[') ? ']' : '\0';
}

/* After an item: whether another one comes. */
static hpo_status next_item(reader *r, char end, bool *more) {
  bool comma = has(r, ',');
  *more = false;
  if (has(r, end))
    return HPO_OK;
  *more = comma;
  return comma ? HPO_OK : refuse(r, "a comma or the end of the list");
}

static hpo_status read_word(reader *r, const char *what) {
  size_t n = 0;
  char quote = '\0';

  skip_blanks(r);
  r->is_quoted = *r->at == '"' || *r->at == '\'';
  if (r->is_quoted) {
    quote = *r->at;
    n = strcspn(r->at + 1, quote == '"' ? "\"" : "'");
    if (r->at[n + 1] != quote)
      return refuse(r, "a name in quotes that end");
  } else {
    n = strcspn(r->at, " \t\r\n,:()[]{}\"'");
    if (n == 0)
      return refuse(r, what);
  }
  memcpy(r->word, r->at + r->is_quoted, n);
  r->word[n] = '\0';
  r->at += n + 2 * (size_t)r->is_quoted;
  return HPO_OK;
}

static hpo_status unknown_column(const reader *r) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = r->data;
  const char **name = NULL, *near = NULL;

  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *name, &name, r->err));
  for (size_t f = 0; f < d->columns; f++)
    name[f] = d->column[f].name;
  near = hpo_options_nearest(r->word, name, d->columns);
  HPO_FAIL(status, r->err, HPO_EINVAL,
           "%s: there is no feature column \"%s\"%s%s%s Columns are named, "
           "or counted from 0 to %zu",
           r->option, r->word, near ? "; did you mean \"" : "",
           near ? near : "", near ? "\"?" : ".", d->columns - 1);
done:
  hpo_mem_free(name);
  return status;
}

/* A column by number or name; 0 where columns are not known. */
static hpo_status read_column(reader *r, size_t *out) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = r->data;
  int64_t number = 0;

  *out = 0;
  HPO_TRY(status, read_word(r, "a column"));
  if (d == NULL)
    goto done;
  for (size_t f = 0; f < d->columns; f++)
    if (strcmp(d->column[f].name, r->word) == 0) {
      *out = f;
      goto done;
    }
  if (r->is_quoted || !hpo_options_parse_int(r->word, &number) || number < 0 ||
      number >= (int64_t)d->columns)
    HPO_TRY(status, unknown_column(r));
  *out = (size_t)number;
done:
  return status;
}

static hpo_status read_direction(reader *r, int8_t *out) {
  hpo_status status = HPO_OK;
  int64_t number = 0;

  HPO_TRY(status, read_word(r, "1, 0 or -1"));
  if (!hpo_options_parse_int(r->word, &number) || number < -1 || number > 1)
    HPO_FAIL(status, r->err, HPO_EINVAL,
             "%s: \"%s\" is no direction; allowed: 1 (never falls), -1 (never "
             "rises), 0 (free)",
             r->option, r->word);
  *out = (int8_t)number;
done:
  return status;
}

static hpo_status make_reader(const hpo_options *o, const char *option,
                              const hpo_dataset *d, reader *r,
                              hpo_error *err) {
  const char *text = hpo_options_get_text(o, option);

  if (text == NULL)
    text = "";
  *r = (reader){
      .option = option, .text = text, .at = text, .data = d, .err = err};
  return hpo_mem_new(strlen(text) + 1, 1, &r->word, err);
}

static hpo_status end_text(reader *r) {
  skip_blanks(r);
  return *r->at == '\0' ? HPO_OK : refuse(r, "the end");
}

/* --- Directions ------------------------------------------------------- */

static hpo_status read_named(reader *r, int8_t *direction) {
  hpo_status status = HPO_OK;
  bool more = !has(r, '}');
  size_t f = 0;

  while (more) {
    HPO_TRY(status, read_column(r, &f));
    if (!has(r, ':'))
      HPO_TRY(status, refuse(r, "a colon"));
    HPO_TRY(status, read_direction(r, &direction[f]));
    HPO_TRY(status, next_item(r, '}', &more));
  }
done:
  return status;
}

static hpo_status read_listed(reader *r, char end, int8_t *direction) {
  hpo_status status = HPO_OK;
  bool more = !has(r, end);
  size_t n = 0;

  while (more) {
    HPO_TRY(status, read_direction(r, &direction[n]));
    n++;
    HPO_TRY(status, next_item(r, end, &more));
  }
  if (r->data != NULL && n > r->data->columns)
    HPO_FAIL(status, r->err, HPO_EINVAL,
             "%s has %zu directions, but there are %zu feature columns",
             r->option, n, r->data->columns);
done:
  return status;
}

static hpo_status check_order(const reader *r, const int8_t *direction) {
  for (size_t f = 0; r->data != NULL && f < r->data->columns; f++)
    if (direction[f] != 0 && r->data->column[f].categorical)
      return hpo_error_set(r->err, HPO_EINVAL,
                           "%s: column \"%s\" holds categories, which have "
                           "no order",
                           r->option, r->data->column[f].name);
  return HPO_OK;
}

static hpo_status read_directions(const hpo_options *o, const hpo_dataset *d,
                                  gbt_limits *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  reader r = {.word = NULL};
  int8_t *direction = NULL;
  size_t room = 0;
  bool some = false;
  char end = '\0';

  HPO_TRY(status, make_reader(o, "monotone_constraints", d, &r, err));
  if (r.text[0] == '\0')
    goto done;
  room = strlen(r.text) + l->columns + 1;
  HPO_TRY(status, hpo_mem_new(room, sizeof *direction, &direction, err));
  if (has(&r, '{'))
    HPO_TRY(status, read_named(&r, direction));
  else if ((end = open_list(&r)) != '\0')
    HPO_TRY(status, read_listed(&r, end, direction));
  else
    HPO_TRY(status, refuse(&r, "\"(1, 0, -1)\" or \"{name: 1}\""));
  HPO_TRY(status, end_text(&r));
  HPO_TRY(status, check_order(&r, direction));
  for (size_t f = 0; f < room; f++)
    some = some || direction[f] != 0;
  if (some) {
    l->direction = direction;
    direction = NULL;
  }
done:
  hpo_mem_free(r.word);
  hpo_mem_free(direction);
  return status;
}

/* --- Sets -------------------------------------------------------------- */

/* One more set, empty. */
static hpo_status add_set(gbt_limits *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = l->n_set * l->words;

  HPO_TRY(status, hpo_mem_grow(&l->set, &l->set_room, n + l->words,
                               sizeof *l->set, err));
  memset(l->set + n, 0, l->words * sizeof *l->set);
  l->n_set++;
done:
  return status;
}

static hpo_status read_set(reader *r, gbt_limits *l) {
  hpo_status status = HPO_OK;
  char end = open_list(r);
  bool more = true;
  size_t f = 0;

  if (end == '\0')
    HPO_TRY(status, refuse(r, "a set \"[name, name]\""));
  HPO_TRY(status, add_set(l, r->err));
  while (more) {
    HPO_TRY(status, read_column(r, &f));
    l->set[(l->n_set - 1) * l->words + f / 64] |= (uint64_t)1 << f % 64;
    HPO_TRY(status, next_item(r, end, &more));
  }
done:
  return status;
}

static hpo_status read_sets(const hpo_options *o, const hpo_dataset *d,
                            gbt_limits *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  reader r = {.word = NULL};
  bool more = true;
  char end = '\0';

  HPO_TRY(status, make_reader(o, "interaction_constraints", d, &r, err));
  if (r.text[0] == '\0')
    goto done;
  end = open_list(&r);
  if (end == '\0')
    HPO_TRY(status, refuse(&r, "\"[[name, name], [name, name]]\""));
  for (more = !has(&r, end); more;) {
    HPO_TRY(status, read_set(&r, l));
    HPO_TRY(status, next_item(&r, end, &more));
  }
  HPO_TRY(status, end_text(&r));
done:
  hpo_mem_free(r.word);
  return status;
}

hpo_status gbt_limits_create(const hpo_options *o, const hpo_dataset *d,
                             gbt_limits *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_limits l = {.columns = d != NULL ? d->columns : 0};

  l.words = l.columns / 64 + 1;
  HPO_TRY(status, read_directions(o, d, &l, err));
  HPO_TRY(status, read_sets(o, d, &l, err));
  if (l.n_set > 0) {
    HPO_TRY(status, hpo_mem_new(l.words, sizeof *l.path, &l.path, err));
    HPO_TRY(status, hpo_mem_new(l.words, sizeof *l.open, &l.open, err));
    HPO_TRY(status, hpo_mem_new(l.columns, sizeof *l.allowed.item,
                                &l.allowed.item, err));
  }
  *out = l;
  memset(&l, 0, sizeof l);
done:
  gbt_limits_free(&l);
  return status;
}

void gbt_limits_free(gbt_limits *l) {
  hpo_mem_free(l->direction);
  hpo_mem_free(l->set);
  hpo_mem_free(l->path);
  hpo_mem_free(l->open);
  hpo_mem_free(l->allowed.item);
  memset(l, 0, sizeof *l);
}

/* --- Along a path ------------------------------------------------------ */

void gbt_limits_begin(gbt_limits *l) {
  memset(l->path, 0, l->words * sizeof *l->path);
}

void gbt_limits_add(gbt_limits *l, uint32_t feature) {
  l->path[feature / 64] |= (uint64_t)1 << feature % 64;
}

/* Bits of all features that may follow the path. */
static void open_features(gbt_limits *l) {
  memcpy(l->open, l->path, l->words * sizeof *l->open);
  for (size_t i = 0; i < l->n_set; i++) {
    const uint64_t *set = l->set + i * l->words;
    uint64_t beyond = 0;
    for (size_t w = 0; w < l->words; w++)
      beyond |= l->path[w] & ~set[w];
    for (size_t w = 0; beyond == 0 && w < l->words; w++)
      l->open[w] |= set[w];
  }
}

const gbt_set *gbt_limits_filter(gbt_limits *l, const gbt_set *from) {
  open_features(l);
  l->allowed.n = 0;
  for (size_t i = 0; i < from->n; i++) {
    uint32_t f = from->item[i];
    if (l->open[f / 64] >> f % 64 & 1)
      l->allowed.item[l->allowed.n++] = f;
  }
  return &l->allowed;
}
