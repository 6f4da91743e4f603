/* SPDX-License-Identifier: BSD-3-Clause */
/* Which columns a tree, a level and a node may use. */
#include "gbt.h"

#include <string.h>

static hpo_status set_create(size_t columns, gbt_set *set, hpo_error *err) {
  set->n = columns;
  return hpo_mem_new(columns, sizeof *set->item, &set->item, err);
}

hpo_status gbt_draw_create(size_t columns, const gbt_config *c, uint64_t seed,
                           gbt_draw *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_draw d = {
      .by_tree = c->by_tree, .by_level = c->by_level, .by_node = c->by_node};

  d.key = hpo_rng_key_make(seed, HPO_RNG_COLSAMPLE);
  HPO_TRY(status, set_create(columns, &d.all, err));
  HPO_TRY(status, set_create(columns, &d.tree, err));
  HPO_TRY(status, set_create(columns, &d.node, err));
  HPO_TRY(status, hpo_mem_new(columns, sizeof *d.work, &d.work, err));
  for (size_t f = 0; f < columns; f++)
    d.all.item[f] = (uint32_t)f;
  *out = d;
  memset(&d, 0, sizeof d);
done:
  gbt_draw_free(&d);
  return status;
}

void gbt_draw_free(gbt_draw *d) {
  hpo_mem_free(d->all.item);
  hpo_mem_free(d->tree.item);
  hpo_mem_free(d->node.item);
  for (size_t i = 0; i < d->level_room; i++)
    hpo_mem_free(d->level[i].item);
  hpo_mem_free(d->level);
  hpo_mem_free(d->work);
  memset(d, 0, sizeof *d);
}

void gbt_draw_tree(gbt_draw *d, uint64_t id) {
  d->id = id;
  d->n_level = 0;
  gbt_sample_columns(&d->all, d->by_tree, d->key, id, 0, d->work, &d->tree);
}

bool gbt_draw_is_part(const gbt_draw *d) { return d->tree.n < d->all.n; }

/* Draws the columns of the levels up to depth. */
static hpo_status draw_levels(gbt_draw *d, size_t depth, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&d->level, &d->level_room, depth + 1,
                               sizeof *d->level, err));
  for (; d->n_level <= depth; d->n_level++) {
    gbt_set *set = &d->level[d->n_level];
    if (set->item == NULL)
      HPO_TRY(status, set_create(d->all.n, set, err));
    gbt_sample_columns(&d->tree, d->by_level, d->key, d->id,
                       (uint64_t)(d->n_level + 1) << 32, d->work, set);
  }
done:
  return status;
}

hpo_status gbt_draw_node(gbt_draw *d, int64_t depth, uint64_t path,
                         const gbt_set **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const gbt_set *set = &d->tree;
  uint64_t b = 0;

  if (d->by_level < 1) {
    HPO_TRY(status, draw_levels(d, (size_t)depth, err));
    set = &d->level[depth];
  }
  if (d->by_node < 1) {
    b = hpo_rng_hash(d->key, d->id, ~path);
    gbt_sample_columns(set, d->by_node, d->key, d->id, b >> 32 << 32, d->work,
                       &d->node);
    set = &d->node;
  }
  *out = set;
done:
  return status;
}
