/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading a data set: the node's leader reads (source.h), agrees classes
 * (classes.c) and categories, deals the rows (split.c); then facts.c and
 * block.c give it to the node. */

#include "hpo/dataset.h"

#include <math.h>
#include <string.h>

#include "block.h"
#include "classes.h"
#include "commas.h"
#include "folds.h"
#include "hpo/file.h"
#include "hpo/mem.h"
#include "keys.h"
#include "number.h"
#include "source.h"
#include "sparse.h"
#include "split.h"
#include "together.h"

enum { MOST_MIXED = 255 };

/* What only the leader has. */
typedef struct leader {
  hpo_reading reading;
  hpo_together *together; /* borrowed; NULL: it reads alone */
  hpo_row *missing;       /* [columns] in what was read together, or NULL */
  uint32_t **place; /* [columns] category numbers as read -> sorted; or NULL */
  size_t columns;
  uint8_t *fold; /* [rows] or NULL: no folds */
} leader;

static hpo_status read_files(hpo_reading *r, char hash[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_data_list list = {0};
  hpo_sha256 sha;
  char hex[65] = "";

  hpo_sha256_start(&sha);
  hpo_table_clear(&r->table);
  HPO_TRY(status, hpo_data_list_create(r->data, &list, err));
  for (size_t i = 0; i < list.n; i++) {
    HPO_TRY(status, hpo_source_read(r, &list.file[i], list.role[i], hex, err));
    hpo_data_list_hash(list.role[i], hex, &sha);
  }
  hpo_sha256_end(&sha, hash);
done:
  hpo_data_list_free(&list);
  return status;
}

/* Again if a column turned out to be text after numbers had been stored: its
 * numbers are names as they are written. */
static hpo_status read_all(hpo_reading *r, char hash[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  bool again = false;

  HPO_TRY(status, read_files(r, hash, err));
  for (size_t j = 0; j < r->columns.n; j++) {
    again = again || r->columns.item[j].is_late;
    r->columns.item[j].is_late = false;
  }
  if (again)
    HPO_TRY(status, read_files(r, hash, err));
done:
  return status;
}

/* How many of a column's different values are numbers. */
static size_t count_numbers(const hpo_text_column *c) {
  size_t n = 0;
  double x;

  for (size_t i = 0; i < c->names.n; i++) {
    const char *name = hpo_intern_get(&c->names, i);
    n += hpo_number_whole(name, strlen(name), &x);
  }
  return n;
}

/* A column of many numbers with some text in it is likelier a slip: *doubt
 * says so, or it is refused. */
static hpo_status check_mixed(const hpo_text_column *c, char **doubt,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = c->names.n, numbers = c->forced ? 0 : count_numbers(c);
  const bool is_wrong = c->had_number && n > MOST_MIXED;
  bool has_comma = false;
  char *text = NULL;

  if (numbers == 0 || (!is_wrong && 2 * numbers < n) || !c->first_text)
    return HPO_OK;
  has_comma = hpo_number_comma(c->first_text, strlen(c->first_text));
  HPO_TRY(status,
          hpo_mem_format(
              &text, err,
              "%s:%lld: column '%s': '%s' is no number, but %zu of the "
              "column's %zu different values are%s; %s%s%s, if the column "
              "holds names, say <categorical columns=\"%s\"/>",
              c->first_path, (long long)c->first_line, c->name, c->first_text,
              numbers, n, is_wrong ? "" : ": all of them count as names",
              has_comma ? "write 1.5 for 1,5"
                        : "if it means missing, say <missing value=\"",
              has_comma ? "" : c->first_text, has_comma ? "" : "\"/>",
              c->name));
  if (is_wrong)
    HPO_FAIL(status, err, HPO_EDATA, "%s", text);
  *doubt = text;
  text = NULL;
done:
  hpo_mem_free(text);
  return status;
}

/* Names, kinds, sorted categories and missing values of the features. */
static hpo_status find_columns(leader *l, hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_columns *from = &l->reading.columns;
  hpo_row *missing = NULL;

  HPO_TRY(status,
          hpo_mem_new(from->features, sizeof *d->column, &d->column, err));
  d->columns = from->features;
  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *l->place, &l->place, err));
  l->columns = d->columns;
  HPO_TRY(status, hpo_mem_new(d->columns, sizeof *missing, &missing, err));
  if (l->missing != NULL)
    memcpy(missing, l->missing, d->columns * sizeof *missing);
  else
    hpo_table_missing(&l->reading.table, missing);
  if (d->team != NULL)
    HPO_TRY(status, d->team->sum(d->team->self, missing, d->columns, err));
  for (size_t i = 0; i < from->n; i++) {
    const hpo_text_column *c = &from->item[i];
    hpo_column *to = &d->column[c->feature];

    if (c->use != HPO_USE_FEATURE)
      continue;
    HPO_TRY(status, hpo_mem_string(c->name, &to->name, err));
    to->missing = missing[c->feature];
    to->categorical = c->is_text;
    to->onehot = c->onehot;
    if (!c->is_text)
      continue;
    HPO_TRY(status, hpo_commas_check(c, err));
    HPO_TRY(status, check_mixed(c, &to->doubt, err));
    HPO_TRY(status, hpo_intern_sort(&c->names, &to->category,
                                    &l->place[c->feature], err));
    to->n_category = c->names.n;
  }
done:
  hpo_mem_free(missing);
  return status;
}

/* Some row of a role must count. */
static hpo_status check_weights(const hpo_table *t, const hpo_coll *team,
                                hpo_error *err) {
  static const char *const name[] = {"training", "validation", "test"};
  hpo_status status = HPO_OK;
  int64_t there[6] = {0}, *counts = there + 3; /* rows; of weight > 0 */

  for (size_t i = 0; t->weight != NULL && i < t->kept; i++) {
    there[t->role[i]]++;
    counts[t->role[i]] += t->weight[i] > 0;
  }
  if (team != NULL)
    HPO_TRY(status, team->sum(team->self, there, 6, err));
  for (size_t k = 0; k < 3; k++)
    if (there[k] > 0 && counts[k] == 0)
      HPO_FAIL(status, err, HPO_EDATA,
               "the weights of all %s rows are 0; some must be more", name[k]);
done:
  return status;
}

/* As many folds as the user's column has values. */
static hpo_status take_folds(leader *l, hpo_dataset *d, const hpo_keys *keys,
                             int count, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (keys->n < 2 || keys->n > HPO_FOLDS_MOST)
    HPO_FAIL(status, err, HPO_EDATA,
             "fold column '%s' has %zu different values; allowed: 2 to %d",
             keys->name, keys->n, HPO_FOLDS_MOST);
  if (count > 0 && keys->n != (size_t)count)
    HPO_FAIL(status, err, HPO_EDATA,
             "fold column '%s' has %zu different values, but <folds> says "
             "count=\"%d\"",
             keys->name, keys->n, count);
  d->n_fold = keys->n;
  for (hpo_row i = 0; i < d->n_train; i++)
    l->fold[i] = (uint8_t)(keys->key[i] + 1);
done:
  return status;
}

/* Deals the rows that are not sealed for a test. */
static hpo_status deal_others(const hpo_folds_options *o, leader *l,
                              const hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_table *t = &l->reading.table;
  double *y = NULL;
  uint8_t *fold = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new((size_t)d->n_train, sizeof *y, &y, err));
  HPO_TRY(status, hpo_mem_new((size_t)d->n_train, 1, &fold, err));
  for (size_t i = 0; i < t->kept; i++)
    if (t->role[i] == HPO_ROLE_TRAIN)
      y[n++] = t->y[i];
  HPO_TRY(status, hpo_folds_deal(o, y, d->n_train, fold, err));
  n = 0;
  for (size_t i = 0; i < t->kept; i++)
    if (t->role[i] == HPO_ROLE_TRAIN)
      l->fold[i] = fold[n++];
done:
  hpo_mem_free(y);
  hpo_mem_free(fold);
  return status;
}

/* Deals the training rows into folds; with keys they stand first. */
static hpo_status deal_folds(const hpo_plan *plan, leader *l, hpo_dataset *d,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan_data *data = &plan->data;
  hpo_keys keys = {0};
  hpo_folds_options o = {.seed = plan->seed,
                         .count = (size_t)data->folds,
                         .n_class = data->stratify ? d->n_class : 0,
                         .in_time = data->folds_in_time};

  HPO_TRY(status, hpo_mem_new((size_t)d->rows, 1, &l->fold, err));
  HPO_TRY(status, hpo_keys_find(&l->reading, d->n_train, &keys, err));
  d->in_time = data->folds_in_time;
  if (data->fold[0] != '\0') {
    HPO_TRY(status, take_folds(l, d, &keys, data->folds, err));
    goto done;
  }
  o.key = keys.key;
  o.n_key = keys.n;
  o.key_name = keys.name;
  HPO_TRY(status, deal_others(&o, l, d, err));
  d->n_fold = o.count;
done:
  hpo_keys_free(&keys);
  return status;
}

/* Rows of a part: whole blocks, in rank order. */
static void deal_rows(hpo_dataset *d) {
  const hpo_row blocks = (d->rows + HPO_SHARD_BLOCK - 1) / HPO_SHARD_BLOCK;
  const hpo_row rank = d->team->rank, size = d->team->size;

  d->first = blocks * rank / size * HPO_SHARD_BLOCK;
  d->end = blocks * (rank + 1) / size * HPO_SHARD_BLOCK;
  d->first = d->first < d->rows ? d->first : d->rows;
  d->end = d->end < d->rows ? d->end : d->rows;
}

/* The ranks' files may differ, or change while they are read. */
static hpo_status check_same(const hpo_dataset *d, const char *before,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char first[sizeof d->hash];

  memcpy(first, d->hash, sizeof first);
  HPO_TRY(status, d->team->broadcast(d->team->self, first, sizeof first, err));
  if (strcmp(before, d->hash) != 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "the data files have changed while they were read");
  if (strcmp(first, d->hash) != 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "rank %d of the team reads other data than rank 0: the files "
             "must be the same for all",
             d->team->rank);
done:
  return status;
}

/* Every rank parses all records, and keeps its own: quotes may hold line
 * ends, and types, names and the hash come from all of them.  The first time
 * none are kept: how many there are is not yet known. */
static hpo_status read_part(leader *l, hpo_dataset *d, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_table *t = &l->reading.table;
  char before[sizeof d->hash] = "";

  t->is_part = true;
  status = read_all(&l->reading, before, err);
  HPO_TRY(status, hpo_team_verdict(d->team, status, err));
  d->rows = t->rows;
  deal_rows(d);
  t->first = d->first;
  t->end = d->end;
  status = read_files(&l->reading, d->hash, err);
  HPO_TRY(status, hpo_team_verdict(d->team, status, err));
  status = check_same(d, before, err);
  HPO_TRY(status, hpo_team_verdict(d->team, status, err));
done:
  return status;
}

/* Rows of each role, of the team. */
static hpo_status count_roles(const leader *l, hpo_dataset *d,
                              hpo_error *err) {
  const hpo_table *t = &l->reading.table;
  int64_t n[2] = {0};
  hpo_status status = HPO_OK;

  hpo_block_count(t->role, (hpo_row)t->kept, &n[0], &n[1]);
  if (d->team != NULL)
    HPO_TRY(status, d->team->sum(d->team->self, n, 2, err));
  d->n_train = n[0];
  d->n_valid = n[1];
done:
  return status;
}

/* Takes a share of the first n rows, those of <train>, that still train. */
static hpo_status take_share(leader *l, hpo_dataset *d, hpo_row n,
                             bool stratify, hpo_split_options *o,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_table *t = &l->reading.table;
  hpo_row mine = d->end < n ? d->end : n;

  if (stratify) {
    o->n_class = d->n_class;
    o->class_name = d->class_name;
  }
  if (d->team == NULL)
    HPO_TRY(status, hpo_split_fraction(o, t->y, n, t->role, err));
  else
    HPO_TRY(status, hpo_split_team(o, d->team, t->y, d->first,
                                   mine > d->first ? mine - d->first : 0, n,
                                   t->role, err));
  HPO_TRY(status, count_roles(l, d, err));
done:
  return status;
}

/* The test's share first, then of the rest what validates. */
static hpo_status split(const hpo_plan *plan, leader *l, hpo_dataset *d,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan_data *data = &plan->data;
  const hpo_row n = d->n_train;
  hpo_split_options test = {
      .seed = plan->seed, .fraction = data->test_fraction, .is_test = true};
  hpo_split_options valid = {.seed = plan->seed,
                             .fraction = data->validation_fraction};

  if (test.fraction > 0)
    HPO_TRY(status, take_share(l, d, n, data->test_stratify, &test, err));
  if (valid.fraction > 0 && data->validation[0] == '\0')
    HPO_TRY(status, take_share(l, d, n, data->stratify, &valid, err));
done:
  return status;
}

/* Leader: reads and decides everything but where it lies. */
static hpo_status lead(const hpo_plan *plan, leader *l, hpo_dataset *d,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_reading *r = &l->reading;

  if (l->together != NULL)
    hpo_together_take(l->together, r, d->hash, &l->missing);
  else
    HPO_TRY(status, hpo_reading_create(&plan->data, r, err));
  if (d->team != NULL)
    HPO_TRY(status, read_part(l, d, err));
  else if (l->together == NULL)
    HPO_TRY(status, read_all(r, d->hash, err));
  d->task = plan->data.task;
  d->rows = r->table.rows;
  d->absent_is_zero = r->is_sparse;
  d->index_base = r->is_sparse ? (int)r->sparse.base : -1;
  HPO_TRY(status, hpo_mem_string(r->columns.label_name, &d->label_name, err));
  HPO_TRY(status, find_columns(l, d, err));
  HPO_TRY(status, hpo_classes_find(r, d, err));
  HPO_TRY(status, count_roles(l, d, err));
  HPO_TRY(status, split(plan, l, d, err));
  if (plan->data.has_folds)
    HPO_TRY(status, deal_folds(plan, l, d, err));
  HPO_TRY(status, check_weights(&r->table, d->team, err));
done:
  return status;
}

/* All but the features of rows that were read together. */
static void fill(leader *l, hpo_dataset *d, const hpo_arrays *to) {
  hpo_table *t = &l->reading.table;
  const size_t n = t->kept, first = (size_t)d->first;

  if (n > 0)
    memcpy(to->y + first, t->y, n * sizeof *to->y);
  if (n > 0 && to->weight != NULL)
    memcpy(to->weight + first, t->weight, n * sizeof *to->weight);
  if (n > 0)
    memcpy(to->role + first, t->role, n);
  hpo_block_list(to->role, d->first, d->first + (hpo_row)n,
                 to->train + d->train_first, to->valid + d->valid_first);
  if (to->fold != NULL) {
    memcpy(to->fold, l->fold, n);
    hpo_block_list_folds(d, to);
  }
  if (l->together == NULL)
    hpo_table_move(t, &(hpo_stretch){0, n, first}, 1, l->place,
                   (size_t)d->rows, to->x);
}

/* Which places of the lists are here: behind the lower ranks' rows. */
static hpo_status find_places(const leader *l, hpo_dataset *d,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t rank = (size_t)d->team->rank, size = (size_t)d->team->size;
  int64_t *n = NULL;

  HPO_TRY(status, hpo_mem_new(2 * size, sizeof *n, &n, err));
  hpo_block_count(l->reading.table.role, (hpo_row)l->reading.table.kept,
                  &n[2 * rank], &n[2 * rank + 1]);
  HPO_TRY(status, d->team->sum(d->team->self, n, 2 * size, err));
  for (size_t k = 0; k < rank; k++) {
    d->train_first += n[2 * k];
    d->valid_first += n[2 * k + 1];
  }
  d->train_end = d->train_first + n[2 * rank];
  d->valid_end = d->valid_first + n[2 * rank + 1];
done:
  hpo_mem_free(n);
  return status;
}

static void leader_free(leader *l) {
  for (size_t j = 0; j < l->columns; j++)
    hpo_mem_free(l->place[j]);
  hpo_mem_free(l->place);
  hpo_mem_free(l->missing);
  hpo_mem_free(l->fold);
  hpo_reading_free(&l->reading);
}

hpo_status hpo_dataset_load(const hpo_plan *plan, hpo_shared *node,
                            hpo_dataset **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  leader l = {0};
  hpo_dataset *d = NULL;
  hpo_arrays to = {0};
  bool has_weight = false;

  HPO_ASSERT(plan->has_data);
  HPO_TRY(status, hpo_mem_new(1, sizeof *d, &d, err));
  d->node = node;
  HPO_TRY(status, hpo_together_create(plan, node, &l.together, err));
  if (node->node_rank == 0)
    status = lead(plan, &l, d, err);
  HPO_TRY(status, hpo_facts_verdict(node, status, err));
  has_weight = l.reading.table.weight != NULL;
  HPO_TRY(status, hpo_facts_broadcast(d, &has_weight, err));
  HPO_TRY(status, hpo_block_create(d, has_weight, &to, err));
  if (node->node_rank == 0)
    fill(&l, d, &to);
  if (l.together != NULL)
    HPO_TRY(status, hpo_together_move(l.together, d,
                                      node->node_rank == 0 ? l.place : NULL,
                                      to.x, err));
  HPO_TRY(status, hpo_block_ready(d, err));
  HPO_TRY(status, hpo_block_find_folds(d, err));

  *out = d;
  d = NULL;
done:
  hpo_together_destroy(l.together);
  leader_free(&l);
  hpo_dataset_destroy(d);
  return status;
}

hpo_status hpo_dataset_load_part(const hpo_plan *plan, const hpo_coll *team,
                                 hpo_dataset **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  leader l = {0};
  hpo_dataset *d = NULL;
  hpo_arrays to = {0};

  HPO_ASSERT(plan->has_data);
  if (plan->data.has_folds)
    HPO_FAIL(status, err, HPO_EINVAL,
             "data=\"sharded\" with <folds> is not built yet in this "
             "version; allowed: data=\"shared\", or <validation> by a file or "
             "a fraction");
  HPO_TRY(status, hpo_mem_new(1, sizeof *d, &d, err));
  d->team = team;
  d->own = hpo_sparse_node();
  d->node = &d->own;
  HPO_TRY(status, lead(plan, &l, d, err));
  HPO_TRY(status, find_places(&l, d, err));
  status = hpo_block_create(d, l.reading.columns.weight < l.reading.columns.n,
                            &to, err);
  HPO_TRY(status, hpo_team_verdict(team, status, err));
  fill(&l, d, &to);

  *out = d;
  d = NULL;
done:
  leader_free(&l);
  hpo_dataset_destroy(d);
  return status;
}
