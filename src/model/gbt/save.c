/* SPDX-License-Identifier: BSD-3-Clause */
/* A model as XGBoost's UBJSON, which xgboost.Booster.load_model reads
 * (1.6 and later; written for 1.7's reader).
 *
 * Contents: the tree's arrays, one tree, the booster, the whole.  The rest
 * of the learner is in learner.c.  A numeric cut to the right of the last bin
 * (all values left, missing ones right) is +infinity. */
#include "save.h"
#include "gbt.h"

#include <math.h>

#define ROOT_PARENT 2147483647

/* Arrays of one tree, each [room]; reused from tree to tree. */
typedef struct arrays {
  size_t room;
  int32_t *number;
  float *real;
  uint8_t *byte;
  int64_t *place;
} arrays;

static void arrays_free(arrays *a) {
  hpo_mem_free(a->number);
  hpo_mem_free(a->real);
  hpo_mem_free(a->byte);
  hpo_mem_free(a->place);
}

static hpo_status arrays_create(size_t n, arrays *a, hpo_error *err) {
  hpo_status status = HPO_OK;

  a->room = n;
  HPO_TRY(status, hpo_mem_new(n, sizeof *a->number, &a->number, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *a->real, &a->real, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *a->byte, &a->byte, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *a->place, &a->place, err));
done:
  return status;
}

/* --- One tree --------------------------------------------------------- */

static float condition(const gbt_node *node, const hpo_bins *bins) {
  if (node->left < 0)
    return node->value;
  if (node->categorical)
    return NAN;
  if (node->bin + 1 >= bins->n_bin[node->feature])
    return INFINITY;
  return bins->cut[node->feature][node->bin];
}

static void write_links(gbt_ubj *u, const gbt_tree *t, arrays *a) {
  for (size_t i = 0; i < t->n; i++)
    a->number[i] = t->node[i].left;
  gbt_ubj_int32s(u, "left_children", a->number, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->number[i] = t->node[i].left < 0 ? -1 : t->node[i].left + 1;
  gbt_ubj_int32s(u, "right_children", a->number, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->number[i] = i == 0 ? ROOT_PARENT : t->node[i].parent;
  gbt_ubj_int32s(u, "parents", a->number, t->n);
}

static void write_splits(gbt_ubj *u, const gbt_tree *t, const hpo_bins *bins,
                         arrays *a) {
  for (size_t i = 0; i < t->n; i++)
    a->number[i] = (int32_t)t->node[i].feature;
  gbt_ubj_int32s(u, "split_indices", a->number, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->real[i] = condition(&t->node[i], bins);
  gbt_ubj_floats(u, "split_conditions", a->real, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->byte[i] = t->node[i].default_left;
  gbt_ubj_bytes(u, "default_left", a->byte, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->byte[i] = t->node[i].categorical;
  gbt_ubj_bytes(u, "split_type", a->byte, t->n);
}

static void write_statistics(gbt_ubj *u, const gbt_tree *t, arrays *a) {
  for (size_t i = 0; i < t->n; i++)
    a->real[i] = t->node[i].gain;
  gbt_ubj_floats(u, "loss_changes", a->real, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->real[i] = t->node[i].cover;
  gbt_ubj_floats(u, "sum_hessian", a->real, t->n);
  for (size_t i = 0; i < t->n; i++)
    a->real[i] = t->node[i].weight;
  gbt_ubj_floats(u, "base_weights", a->real, t->n);
}

/* One category for each categorical node. */
static void write_categories(gbt_ubj *u, const gbt_tree *t, arrays *a) {
  size_t n = 0;

  for (size_t i = 0; i < t->n; i++)
    if (t->node[i].categorical)
      a->number[n++] = (int32_t)t->node[i].bin;
  gbt_ubj_int32s(u, "categories", a->number, n);
  n = 0;
  for (size_t i = 0; i < t->n; i++)
    if (t->node[i].categorical)
      a->number[n++] = (int32_t)i;
  gbt_ubj_int32s(u, "categories_nodes", a->number, n);
  for (size_t i = 0; i < n; i++)
    a->place[i] = (int64_t)i;
  gbt_ubj_int64s(u, "categories_segments", a->place, n);
  for (size_t i = 0; i < n; i++)
    a->place[i] = 1;
  gbt_ubj_int64s(u, "categories_sizes", a->place, n);
}

static void write_tree(gbt_ubj *u, const gbt_saved *m, size_t id, arrays *a) {
  const gbt_tree *t = &m->tree[id];
  const hpo_bins *bins = m->in->part.bins;

  gbt_ubj_open(u);
  gbt_ubj_key_int(u, "id", (int64_t)id);
  gbt_ubj_key(u, "tree_param");
  gbt_ubj_open(u);
  gbt_ubj_key_number(u, "num_nodes", t->n);
  gbt_ubj_key_number(u, "num_feature", bins->columns);
  gbt_ubj_key_text(u, "num_deleted", "0");
  gbt_ubj_key_text(u, "size_leaf_vector", "0");
  gbt_ubj_close(u);
  write_links(u, t, a);
  write_splits(u, t, bins, a);
  write_statistics(u, t, a);
  write_categories(u, t, a);
  gbt_ubj_close(u);
}

/* --- The booster ------------------------------------------------------ */

static void write_booster(gbt_ubj *u, const gbt_saved *m, arrays *a) {
  gbt_ubj_key(u, "gradient_booster");
  gbt_ubj_open(u);
  gbt_ubj_key_text(u, "name", "gbtree");
  gbt_ubj_key(u, "model");
  gbt_ubj_open(u);
  gbt_ubj_key(u, "gbtree_model_param");
  gbt_ubj_open(u);
  gbt_ubj_key_number(u, "num_trees", m->n_tree);
  gbt_ubj_key_text(u, "num_parallel_tree", "1");
  gbt_ubj_key_text(u, "size_leaf_vector", "0");
  gbt_ubj_close(u);
  gbt_ubj_array(u, "tree_info", m->n_tree);
  for (size_t i = 0; i < m->n_tree; i++)
    gbt_ubj_int(u, (int64_t)(i % m->classes));
  gbt_ubj_array(u, "iteration_indptr", m->n_tree / m->classes + 1);
  for (size_t i = 0; i <= m->n_tree; i += m->classes)
    gbt_ubj_int(u, (int64_t)i);
  gbt_ubj_array(u, "trees", m->n_tree);
  for (size_t i = 0; i < m->n_tree; i++)
    write_tree(u, m, i, a);
  gbt_ubj_close(u);
  gbt_ubj_close(u);
}

/* --- The whole --------------------------------------------------------- */

static hpo_status write_learner(gbt_ubj *u, const gbt_saved *m, arrays *a,
                                hpo_error *err) {
  hpo_status status = HPO_OK;

  gbt_ubj_open(u);
  gbt_ubj_key(u, "learner");
  gbt_ubj_open(u);
  HPO_TRY(status, gbt_save_attributes(u, m, err));
  HPO_TRY(status, gbt_save_features(u, m, err));
  write_booster(u, m, a);
  gbt_save_parameters(u, m);
  gbt_save_objective(u, m);
  gbt_ubj_close(u);
  gbt_ubj_array(u, "version", 3);
  gbt_ubj_int(u, 1);
  gbt_ubj_int(u, 7);
  gbt_ubj_int(u, 0);
  gbt_ubj_close(u);
  status = u->status;
done:
  return status;
}

hpo_status gbt_save(const gbt_saved *m, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer bytes = {0};
  gbt_ubj u = {.out = &bytes, .err = err};
  arrays a = {.room = 0};
  size_t most = 0;

  for (size_t i = 0; i < m->n_tree; i++)
    most = m->tree[i].n > most ? m->tree[i].n : most;
  HPO_TRY(status, arrays_create(most, &a, err));
  HPO_TRY(status, write_learner(&u, m, &a, err));
  HPO_TRY(status, hpo_buffer_add(out, bytes.byte, bytes.n, err));
done:
  arrays_free(&a);
  hpo_buffer_free(&bytes);
  return status;
}
