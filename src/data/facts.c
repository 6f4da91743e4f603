/* SPDX-License-Identifier: BSD-3-Clause */
/* The facts of a data set as bytes, for the ranks of one node alone: same
 * program, same machine, so numbers travel as they lie in memory. */

#include <string.h>

#include "block.h"
#include "hpo/mem.h"

static hpo_status put_number(hpo_buffer *b, int64_t x, hpo_error *err) {
  return hpo_buffer_add(b, &x, sizeof x, err);
}

static hpo_status put_text(hpo_buffer *b, const char *text, hpo_error *err) {
  return hpo_buffer_add(b, text, strlen(text) + 1, err);
}

static hpo_status put_texts(hpo_buffer *b, char *const *text, size_t n,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, put_number(b, (int64_t)n, err));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, put_text(b, text[i], err));
done:
  return status;
}

static int64_t get_number(const uint8_t **at) {
  int64_t x;

  memcpy(&x, *at, sizeof x);
  *at += sizeof x;
  return x;
}

static hpo_status get_text(const uint8_t **at, char **out, hpo_error *err) {
  const char *text = (const char *)*at;

  *at += strlen(text) + 1;
  return hpo_mem_string(text, out, err);
}

static hpo_status get_texts(const uint8_t **at, char ***out, size_t *n,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  *n = (size_t)get_number(at);
  HPO_TRY(status, hpo_mem_new(*n, sizeof **out, out, err));
  for (size_t i = 0; i < *n; i++)
    HPO_TRY(status, get_text(at, &(*out)[i], err));
done:
  return status;
}

static hpo_status encode(const hpo_dataset *d, hpo_buffer *b, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, put_number(b, d->task, err));
  HPO_TRY(status, put_number(b, (int64_t)d->columns, err));
  for (size_t j = 0; j < d->columns; j++) {
    const hpo_column *c = &d->column[j];

    HPO_TRY(status, put_text(b, c->name, err));
    HPO_TRY(status, put_number(b, c->categorical, err));
    HPO_TRY(status, put_number(b, c->onehot, err));
    HPO_TRY(status, put_number(b, c->missing, err));
    HPO_TRY(status, put_texts(b, c->category, c->n_category, err));
  }
  HPO_TRY(status, put_text(b, d->label_name, err));
  HPO_TRY(status, put_texts(b, d->class_name, d->n_class, err));
  HPO_TRY(status, put_text(b, d->hash, err));
done:
  return status;
}

static hpo_status decode(const uint8_t *at, hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t columns = 0;

  d->task = (hpo_task)get_number(&at);
  columns = (size_t)get_number(&at);
  HPO_TRY(status, hpo_mem_new(columns, sizeof *d->column, &d->column, err));
  d->columns = columns;
  for (size_t j = 0; j < columns; j++) {
    hpo_column *c = &d->column[j];

    HPO_TRY(status, get_text(&at, &c->name, err));
    c->categorical = get_number(&at) != 0;
    c->onehot = get_number(&at) != 0;
    c->missing = get_number(&at);
    HPO_TRY(status, get_texts(&at, &c->category, &c->n_category, err));
  }
  HPO_TRY(status, get_text(&at, &d->label_name, err));
  HPO_TRY(status, get_texts(&at, &d->class_name, &d->n_class, err));
  memcpy(d->hash, at, sizeof d->hash);
done:
  return status;
}

hpo_status hpo_facts_verdict(hpo_shared *node, hpo_status status,
                             hpo_error *err) {
  struct {
    hpo_status status;
    char text[sizeof err->text];
  } said = {status, ""};
  hpo_status sent = HPO_OK;

  if (status != HPO_OK && err != NULL)
    memcpy(said.text, err->text, sizeof said.text);
  HPO_TRY(sent, node->broadcast(node->self, &said, sizeof said, err));
  if (said.status != HPO_OK && node->node_rank != 0)
    (void)hpo_error_set(err, said.status, "%s", said.text);
  sent = said.status;
done:
  return sent;
}

hpo_status hpo_facts_broadcast(hpo_dataset *d, bool *has_weight,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  hpo_buffer b = {0};
  int64_t head[9] = {0}; /* bytes, rows, n_train, n_valid, has weight,
                            n_fold, in_time, absent_is_zero, index_base */

  if (node->node_rank == 0) {
    status = encode(d, &b, err);
    head[0] = (int64_t)b.n;
    head[1] = d->rows;
    head[2] = d->n_train;
    head[3] = d->n_valid;
    head[4] = *has_weight;
    head[5] = (int64_t)d->n_fold;
    head[6] = d->in_time;
    head[7] = d->absent_is_zero;
    head[8] = d->index_base;
  }
  HPO_TRY(status, hpo_facts_verdict(node, status, err));
  HPO_TRY(status, node->broadcast(node->self, head, sizeof head, err));
  if (node->node_rank != 0) {
    d->rows = head[1];
    d->n_train = head[2];
    d->n_valid = head[3];
    *has_weight = head[4] != 0;
    d->n_fold = (size_t)head[5];
    d->in_time = head[6] != 0;
    d->absent_is_zero = head[7] != 0;
    d->index_base = (int)head[8];
    HPO_TRY(status,
            hpo_mem_grow(&b.byte, &b.capacity, (size_t)head[0], 1, err));
  }
  HPO_TRY(status, node->broadcast(node->self, b.byte, (size_t)head[0], err));
  if (node->node_rank != 0)
    HPO_TRY(status, decode(b.byte, d, err));
done:
  hpo_buffer_free(&b);
  return status;
}

hpo_status hpo_team_verdict(const hpo_coll *team, hpo_status status,
                            hpo_error *err) {
  hpo_status told = HPO_OK;
  hpo_error own = {0};
  hpo_error *all = NULL;
  size_t *count = NULL;
  double worst = status == HPO_OK ? 0 : team->size - team->rank;

  if (err != NULL)
    own = *err;
  own.code = status;
  HPO_TRY(told, team->max(team->self, &worst, 1, err));
  if (worst == 0)
    return HPO_OK;
  HPO_TRY(told, hpo_mem_new((size_t)team->size, sizeof *count, &count, err));
  HPO_TRY(told, team->gather(team->self, &own, sizeof own, &all, count, err));
  if (all != NULL)
    own = all[team->size - (int)worst];
  HPO_TRY(told, team->broadcast(team->self, &own, sizeof own, err));
  HPO_TRY(told, hpo_error_set(err, own.code, "%s", own.text));
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return told;
}
