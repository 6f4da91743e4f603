/* SPDX-License-Identifier: BSD-3-Clause */
/* CSV files read by all ranks of a node.
 *
 * Two blocks of shared memory carry what ranks tell each other: `control`
 * where each rank's parts begin and end, and the digests of their pieces;
 * `exchange` what the leader needs of all rows, and names. */

#include "together_private.h"

#include <string.h>

#include "hpo/mem.h"

/* --- Who reads what ---------------------------------------------------- */

static void deal(hpo_together *t) {
  const size_t ranks = (size_t)t->node->node_size;

  for (size_t i = 0; i < t->list.n; i++) {
    const size_t n = hpo_pieces_of(t, i);

    for (size_t r = 0; r < ranks; r++) {
      hpo_share *s = hpo_share_of(t, i, (int)r);

      s->from = n * r / ranks * t->reading.piece;
      s->to = n * (r + 1) / ranks * t->reading.piece;
      s->to = s->to < t->size[i] ? s->to : t->size[i];
      s->from = s->from < s->to ? s->from : s->to;
    }
  }
}

/* Leader: whether file i can be read in parts.  One that is no plain file has
 * no size. */
static bool is_plain(hpo_together *t, size_t i, hpo_error *err) {
  const hpo_data_file *f = &t->list.file[i];
  const hpo_format *format = NULL;
  const int64_t size = hpo_file_size(f->path);
  hpo_file *file = NULL;
  bool is_packed = true;

  if (size <= 0 || hpo_data_file_has_labels(f) ||
      hpo_format_find(t->reading.data->format, f->path, &format, err) !=
          HPO_OK ||
      format->array != NULL || format->is_libsvm ||
      hpo_file_open(f->path, &file, err) != HPO_OK)
    return false;
  is_packed = hpo_file_is_packed(file);
  hpo_file_close(file);
  t->size[i] = (uint64_t)size;
  t->is_tsv[i] = format->is_tsv;
  return !is_packed;
}

/* Leader: all are plain, and one is long enough. */
static bool is_worth_it(hpo_together *t, hpo_error *err) {
  bool is_long = false;

  for (size_t i = 0; i < t->list.n; i++) {
    if (!is_plain(t, i, err))
      return false;
    is_long = is_long || hpo_pieces_of(t, i) > 1;
  }
  return is_long;
}

/* --- Control ----------------------------------------------------------- */

static size_t shares_bytes(const hpo_together *t) {
  return t->list.n * (size_t)t->node->node_size * sizeof(hpo_share);
}

static size_t control_bytes(const hpo_together *t) {
  size_t n = (size_t)t->node->node_size * sizeof(hpo_said) + shares_bytes(t);

  for (size_t i = 0; i < t->list.n; i++)
    n += hpo_pieces_of(t, i) * HPO_DIGEST_LINE;
  return n;
}

/* --- Reading ----------------------------------------------------------- */

/* Names of this rank's text columns: how many, then each with its NUL. */
static hpo_status encode_names(hpo_together *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_columns *c = &t->reading.columns;

  for (size_t j = 0; j < c->n; j++) {
    const hpo_intern *names = &c->item[j].names;
    const uint64_t n = names->n;

    if (!c->item[j].is_text)
      continue;
    HPO_TRY(status, hpo_buffer_add(&t->names, &n, sizeof n, err));
    HPO_TRY(status,
            hpo_buffer_add(&t->names, names->text.byte, names->text.n, err));
  }
done:
  return status;
}

static hpo_status read_part(hpo_together *t, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_share *s = hpo_share_of(t, i, t->node->node_rank);
  const hpo_row before = t->reading.table.rows;
  hpo_csv_part p = {.from = s->from, .to = s->to};

  if (s->from == s->to)
    return HPO_OK;
  p.lines = hpo_lines_of(t, i) + s->from / t->reading.piece * HPO_DIGEST_LINE;
  HPO_TRY(status, hpo_read_csv_part(&t->reading, t->list.file[i].path,
                                    t->list.role[i], t->is_tsv[i], &p, err));
  s->begin = p.begin;
  s->end = p.end;
  s->rows = t->reading.table.rows - before;
done:
  return status;
}

/* All parts of this rank. */
static hpo_status read_parts(hpo_together *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_columns *c = &t->reading.columns;

  HPO_TRY(status, hpo_read_csv_look(&t->reading, t->list.file[0].path,
                                    t->is_tsv[0], err));
  HPO_TRY(status, hpo_mem_new(c->n, sizeof *t->is_text, &t->is_text, err));
  for (size_t j = 0; j < c->n; j++)
    t->is_text[j] = c->item[j].is_text;
  for (size_t i = 0; i < t->list.n; i++) {
    if (hpo_file_size(t->list.file[i].path) != (int64_t)t->size[i])
      HPO_FAIL(status, err, HPO_EDATA, "%s has changed while it was read",
               t->list.file[i].path);
    HPO_TRY(status, read_part(t, i, err));
  }
  for (size_t j = 0; j < c->n; j++)
    if (c->item[j].is_text != t->is_text[j])
      HPO_FAIL(status, err, HPO_EDATA, "text below numbers");
  HPO_TRY(status, encode_names(t, err));
done:
  return status;
}

/* Reads, and tells the others. */
static hpo_status read_and_tell(hpo_together *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};
  const int rank = t->node->node_rank;
  const size_t ranks = (size_t)t->node->node_size;
  hpo_said mine = {.is_odd = read_parts(t, &own) != HPO_OK};

  mine.names = t->names.n;
  *hpo_said_by(t, rank) = mine;
  for (size_t i = 0; i < t->list.n; i++)
    hpo_told_shares(t)[i * ranks + (size_t)rank] = *hpo_share_of(t, i, rank);
  HPO_TRY(status,
          t->node->ready(t->node->self, t->control, control_bytes(t), err));
  memcpy(t->share, hpo_told_shares(t), shares_bytes(t));
done:
  return status;
}

/* Whether all parts fit together; every rank finds the same. */
static bool is_right(hpo_together *t) {
  for (int r = 0; r < t->node->node_size; r++)
    if (hpo_said_by(t, r)->is_odd)
      return false;
  t->rows = 0;
  for (size_t i = 0; i < t->list.n; i++) {
    const hpo_row before = t->rows;
    uint64_t end = 0;

    for (int r = 0; r < t->node->node_size; r++) {
      hpo_share *s = hpo_share_of(t, i, r);

      if (s->from == s->to)
        continue;
      if (s->from > 0 && s->begin != end)
        return false;
      end = s->end;
      s->first = t->rows;
      t->rows += s->rows;
    }
    if (t->rows == before)
      return false;
  }
  return t->rows <= UINT32_MAX;
}

/* --- The whole --------------------------------------------------------- */

/* Steps that all ranks take together; *is_good is the same on all. */
static hpo_status read_together(hpo_together *t, bool *is_good,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = t->node;
  hpo_error own = {0};

  HPO_TRY(status, node->broadcast(node->self, t->size,
                                  t->list.n * sizeof *t->size, err));
  HPO_TRY(status, node->broadcast(node->self, t->is_tsv,
                                  t->list.n * sizeof *t->is_tsv, err));
  deal(t);
  HPO_TRY(status, node->alloc(node->self, control_bytes(t), &t->control,
                              is_good, err));
  if (!*is_good)
    goto done;
  HPO_TRY(status, read_and_tell(t, err));
  *is_good = is_right(t);
  if (*is_good)
    HPO_TRY(status, hpo_together_exchange(t, is_good, err));
  if (!*is_good)
    goto done;
  if (node->node_rank == 0)
    *is_good = hpo_together_collect(t, &own) == HPO_OK;
  else
    t->part = t->reading.table;
  if (node->node_rank != 0)
    t->reading.table = (hpo_table){0};
  HPO_TRY(status, node->broadcast(node->self, is_good, sizeof *is_good, err));
done:
  if (t->exchange != NULL)
    node->free(node->self, t->exchange);
  t->exchange = NULL;
  return status;
}

hpo_status hpo_together_create(const hpo_plan *plan, hpo_shared *node,
                               hpo_together **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};
  hpo_together *t = NULL;
  bool is_good = false;

  *out = NULL;
  if (node->node_size == 1)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  t->node = node;
  HPO_TRY(status, hpo_reading_create(&plan->data, &t->reading, err));
  HPO_TRY(status, hpo_data_list_create(&plan->data, &t->list, err));
  HPO_TRY(status, hpo_mem_new(t->list.n, sizeof *t->size, &t->size, err));
  HPO_TRY(status, hpo_mem_new(t->list.n, sizeof *t->is_tsv, &t->is_tsv, err));
  HPO_TRY(status, hpo_mem_new(t->list.n * (size_t)node->node_size,
                              sizeof *t->share, &t->share, err));
  if (node->node_rank == 0)
    is_good = is_worth_it(t, &own);
  HPO_TRY(status, node->broadcast(node->self, &is_good, sizeof is_good, err));
  if (is_good)
    HPO_TRY(status, read_together(t, &is_good, err));
  if (is_good) {
    *out = t;
    t = NULL;
  }
done:
  hpo_together_destroy(t);
  return status;
}

void hpo_together_take(hpo_together *t, hpo_reading *r, char hash[65],
                       hpo_row **missing) {
  *r = t->reading;
  t->reading = (hpo_reading){0};
  *missing = t->missing;
  t->missing = NULL;
  memcpy(hash, t->hash, sizeof t->hash);
}

/* The categories' places of this rank's names. */
static hpo_status find_places(const hpo_text_column *c, const hpo_column *d,
                              uint32_t **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t *place = NULL;

  HPO_TRY(status, hpo_mem_new(c->names.n, sizeof *place, &place, err));
  for (size_t k = 0; k < c->names.n; k++) {
    const char *name = hpo_intern_get(&c->names, k);
    size_t low = 0, high = d->n_category;

    while (low + 1 < high) {
      const size_t middle = low + (high - low) / 2;

      if (strcmp(d->category[middle], name) <= 0)
        low = middle;
      else
        high = middle;
    }
    place[k] = (uint32_t)low;
  }
  *out = place;
done:
  return status;
}

static hpo_status find_all_places(const hpo_together *t, const hpo_dataset *d,
                                  uint32_t **place, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_columns *c = &t->reading.columns;

  for (size_t j = 0; j < c->n; j++)
    if (c->item[j].use == HPO_USE_FEATURE && c->item[j].is_text)
      HPO_TRY(status, find_places(&c->item[j], &d->column[c->item[j].feature],
                                  &place[c->item[j].feature], err));
done:
  return status;
}

static size_t list_stretches(const hpo_together *t, hpo_stretch *s) {
  size_t n = 0, at = 0;

  for (size_t i = 0; i < t->list.n; i++) {
    const hpo_share *mine = hpo_share_of(t, i, t->node->node_rank);

    if (mine->rows == 0)
      continue;
    s[n++] = (hpo_stretch){at, (size_t)mine->rows, (size_t)mine->first};
    at += (size_t)mine->rows;
  }
  return n;
}

hpo_status hpo_together_move(hpo_together *t, const hpo_dataset *d,
                             uint32_t *const *leaders, float *x,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t **place = NULL;
  hpo_stretch *s = NULL;

  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *place, &place, err));
  HPO_TRY(status, hpo_mem_new(t->list.n, sizeof *s, &s, err));
  if (leaders == NULL)
    HPO_TRY(status, find_all_places(t, d, place, err));
  hpo_table_move(&t->part, s, list_stretches(t, s),
                 leaders != NULL ? leaders : place, (size_t)d->rows, x);
done:
  for (size_t j = 0; place != NULL && j < d->columns; j++)
    hpo_mem_free(place[j]);
  hpo_mem_free(place);
  hpo_mem_free(s);
  return status;
}

void hpo_together_destroy(hpo_together *t) {
  if (t == NULL)
    return;
  if (t->control != NULL)
    t->node->free(t->node->self, t->control);
  hpo_reading_free(&t->reading);
  hpo_data_list_free(&t->list);
  hpo_table_clear(&t->part);
  hpo_buffer_free(&t->names);
  hpo_mem_free(t->size);
  hpo_mem_free(t->is_tsv);
  hpo_mem_free(t->is_text);
  hpo_mem_free(t->share);
  hpo_mem_free(t->missing);
  hpo_mem_free(t);
}
