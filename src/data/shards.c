/* SPDX-License-Identifier: BSD-3-Clause */
/* The training rows, dealt out into shards. */
#include "hpo/shards.h"

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "ticket.h"

hpo_status hpo_shards_check(const hpo_dataset *d, int64_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_row *count = NULL;

  if (n > d->n_train)
    HPO_FAIL(status, err, HPO_EDATA,
             "shards=\"%lld\" of %lld training rows would leave shards "
             "empty; allowed: 1 to %lld",
             (long long)n, (long long)d->n_train, (long long)d->n_train);
  HPO_TRY(status, hpo_mem_new(d->n_class, sizeof *count, &count, err));
  for (hpo_row i = 0; d->n_class > 0 && i < d->n_train; i++)
    count[(size_t)d->y[d->train[i]]]++;
  for (size_t c = 0; c < d->n_class; c++)
    if (count[c] > 0 && count[c] < n)
      HPO_FAIL(status, err, HPO_EDATA,
               "class '%s' has %lld training row%s, so that %lld of the "
               "shards=\"%lld\" would have none of it; allowed: 1 to %lld",
               d->class_name[c], (long long)count[c], count[c] == 1 ? "" : "s",
               (long long)(n - count[c]), (long long)n, (long long)count[c]);
done:
  hpo_mem_free(count);
  return status;
}

/* Shard of each training row. */
static hpo_status deal(const hpo_dataset *d, uint64_t seed, size_t n,
                       uint32_t *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_rng_key key = hpo_rng_key_make(seed, HPO_RNG_SPLIT);
  const size_t rows = (size_t)d->n_train;
  hpo_ticket *list = NULL;

  HPO_TRY(status, hpo_mem_new(rows, sizeof *list, &list, err));
  for (size_t i = 0; i < rows; i++) {
    const hpo_row r = d->train[i];
    list[i] = (hpo_ticket){hpo_rng_hash(key, (uint64_t)r, 1), (hpo_row)i,
                           d->n_class > 0 ? (uint32_t)d->y[r] : 0};
  }
  hpo_ticket_sort(list, rows);
  for (size_t i = 0; i < rows; i++)
    to[list[i].row] = (uint32_t)(i % n);
done:
  hpo_mem_free(list);
  return status;
}

/* The rows of each shard, in the order of rows. */
static hpo_status fill(const hpo_shards *s, const hpo_dataset *d,
                       uint64_t seed, hpo_row *row, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t *to = NULL;
  hpo_row *next = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)d->n_train, sizeof *to, &to, err));
  HPO_TRY(status, hpo_mem_copy(s->first, s->n * sizeof *next, &next, err));
  HPO_TRY(status, deal(d, seed, s->n, to, err));
  for (hpo_row i = 0; i < d->n_train; i++)
    row[next[to[i]]++] = d->train[i];
done:
  hpo_mem_free(to);
  hpo_mem_free(next);
  return status;
}

/* The leader deals; if it can't, all say why. */
static hpo_status share(hpo_shards *s, const hpo_dataset *d, uint64_t seed,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shared *node = d->node;
  hpo_row *row = NULL;
  bool is_shared = false;
  hpo_error told = {0};
  size_t bytes = (size_t)d->n_train * sizeof *row;

  HPO_TRY(status, node->alloc(node->self, bytes, &row, &is_shared, err));
  s->block = row;
  s->row = row;
  if (node->node_rank == 0)
    told.code = fill(s, d, seed, row, &told);
  HPO_TRY(status, node->broadcast(node->self, &told, sizeof told, err));
  if (told.code != HPO_OK)
    HPO_FAIL(status, err, told.code, "%s", told.text);
  HPO_TRY(status, node->ready(node->self, row, bytes, err));
done:
  return status;
}

hpo_status hpo_shards_create(const hpo_dataset *d, uint64_t seed, int64_t n,
                             hpo_shards **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shards *s = NULL;

  HPO_ASSERT(n >= 1 && d->n_fold == 0);
  HPO_TRY(status, hpo_shards_check(d, n, err));
  HPO_TRY(status, hpo_mem_new(1, sizeof *s, &s, err));
  s->n = (size_t)n;
  s->node = d->node;
  HPO_TRY(status, hpo_mem_new(s->n + 1, sizeof *s->first, &s->first, err));
  for (int64_t i = 0; i < n; i++)
    s->first[i + 1] = s->first[i] + d->n_train / n + (i < d->n_train % n);
  HPO_TRY(status, share(s, d, seed, err));
  *out = s;
  s = NULL;
done:
  hpo_shards_destroy(s);
  return status;
}

void hpo_shards_destroy(hpo_shards *s) {
  if (!s)
    return;
  if (s->block)
    s->node->free(s->node->self, s->block);
  hpo_mem_free(s->first);
  hpo_mem_free(s);
}

const hpo_row *hpo_shards_get(const hpo_shards *s, size_t i, hpo_row *n) {
  HPO_ASSERT(i < s->n);
  *n = s->first[i + 1] - s->first[i];
  return s->row + s->first[i];
}

hpo_status hpo_shards_record(const hpo_shards *s, const hpo_dataset *d,
                             hpo_record *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t *shard = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)d->rows, sizeof *shard, &shard, err));
  for (hpo_row r = 0; r < d->rows; r++)
    shard[r] = -1;
  for (size_t i = 0; i < s->n; i++)
    for (hpo_row k = s->first[i]; k < s->first[i + 1]; k++)
      shard[s->row[k]] = (int64_t)i;
  HPO_TRY(status,
          hpo_record_add(to, "shard", HPO_FIELD_INT, 0, shard, (size_t)d->rows,
                         "", "shard in which each row trains; -1: none", err));
done:
  hpo_mem_free(shard);
  return status;
}
