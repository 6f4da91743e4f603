/* SPDX-License-Identifier: BSD-3-Clause */
/* Data sets as bytes. */

#include "testload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/dataset.h"
#include "testnode.h"

typedef struct loading {
  const hpo_plan *plan;
  hpo_buffer rank[TESTNODE_MOST];
  hpo_buffer doubt; /* sentences of the leader */
} loading;

static void put(hpo_buffer *b, const void *from, size_t n) {
  HPO_ASSERT(hpo_buffer_add(b, from, n, NULL) == HPO_OK);
}

static void put_text(hpo_buffer *b, const char *text) {
  put(b, text, strlen(text) + 1);
}

static void put_array(hpo_buffer *b, const void *from, size_t n) {
  put(b, &n, sizeof n);
  if (from != NULL)
    put(b, from, n);
}

static void put_dataset(hpo_buffer *b, const hpo_dataset *d) {
  const size_t rows = (size_t)d->rows;
  const int64_t facts[] = {d->task,           d->rows,    d->n_train,
                           d->n_valid,        d->in_time, d->index_base,
                           d->absent_is_zero, 0};

  put(b, facts, sizeof facts);
  put_text(b, d->label_name);
  put_text(b, d->hash);
  for (size_t k = 0; k < d->n_class; k++)
    put_text(b, d->class_name[k]);
  for (size_t j = 0; j < d->columns; j++) {
    const hpo_column *c = &d->column[j];
    const int64_t of[] = {c->categorical, c->onehot, c->missing};

    put_text(b, c->name);
    put(b, of, sizeof of);
    for (size_t k = 0; k < c->n_category; k++)
      put_text(b, c->category[k]);
  }
  put_array(b, d->y, rows * sizeof *d->y);
  put_array(b, d->weight, rows * sizeof *d->weight);
  put_array(b, d->role, rows);
  put_array(b, d->x, rows * d->columns * sizeof *d->x);
  put_array(b, d->train, (size_t)d->n_train * sizeof *d->train);
  put_array(b, d->valid, (size_t)d->n_valid * sizeof *d->valid);
  put_array(b, d->fold, rows);
}

static void load(hpo_shared *node, void *argument) {
  loading *l = argument;
  hpo_buffer *b = &l->rank[node->node_rank];
  hpo_dataset *d = NULL;
  hpo_error err = {0};

  if (hpo_dataset_load(l->plan, node, &d, &err) != HPO_OK) {
    put_text(b, err.text);
    return;
  }
  put_dataset(b, d);
  for (size_t j = 0; node->node_rank == 0 && j < d->columns; j++)
    if (d->column[j].doubt != NULL)
      put_text(&l->doubt, d->column[j].doubt);
  hpo_dataset_destroy(d);
}

void testload_run(const hpo_plan *plan, int ranks, int piece, bool is_shared,
                  hpo_buffer *out) {
  loading l = {.plan = plan};
  char text[32];

  (void)snprintf(text, sizeof text, "%d", piece);
  HPO_ASSERT(setenv("HPOTUNE_TEST_PIECE", text, 1) == 0);
  testnode_run(ranks, is_shared, load, &l);
  HPO_ASSERT(unsetenv("HPOTUNE_TEST_PIECE") == 0);
  put(&l.rank[0], "", 0);
  for (int r = 1; r < ranks; r++) {
    HPO_ASSERT(l.rank[r].n == l.rank[0].n);
    HPO_ASSERT(memcmp(l.rank[r].byte, l.rank[0].byte, l.rank[0].n) == 0);
    hpo_buffer_free(&l.rank[r]);
  }
  *out = l.rank[0];
  if (l.doubt.n > 0)
    put(out, l.doubt.byte, l.doubt.n);
  hpo_buffer_free(&l.doubt);
}
