/* SPDX-License-Identifier: BSD-3-Clause */
/* Trees of a stored model, to predict new rows.
 *
 * Nodes of all trees lie in one array, 16 bytes each; rows walk down side by
 * side, without branches, so that their loads overlap (vector gathers are
 * slower, where a processor's microcode guards them); a tree stays in the
 * nearest cache for a block of rows.  A leaf leads to itself.
 * Margins are float32, base first, leaves in tree order, as in training. */
#include "model/predict.h"
#include "gbt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LANES = 64, BLOCK = 4 * LANES, DEFAULT_LEFT = 1, CATEGORY = 2 };

#define MISSING_RIGHT 0x80000000U

typedef struct forest_node {
  float cut; /* numeric: x < cut goes left; category: x == cut goes right; of
                a leaf NaN */
  uint32_t feature; /* of a leaf 0; MISSING_RIGHT where NaN goes right */
  uint32_t left;    /* index in the forest; of a leaf itself */
  float value;      /* of a leaf; of others 1: cut is a category */
} forest_node;

typedef struct forest {
  forest_node *node; /* [n] */
  size_t n, room;
  uint32_t *root, *depth; /* [n_tree]; depth: steps to the deepest leaf */
  uint8_t *has_category;  /* [n_tree] */
  size_t n_tree, columns, k;
  gbt_objective objective;
  float base; /* margin */
} forest;

static void destroy(void *self) {
  forest *f = self;

  hpo_mem_free(f->node);
  hpo_mem_free(f->root);
  hpo_mem_free(f->depth);
  hpo_mem_free(f->has_category);
  hpo_mem_free(f);
}

static hpo_status damaged(hpo_error *err, const char *what, size_t tree) {
  return hpo_error_set(err, HPO_ESTUDY, "the model is damaged: %s of tree %zu",
                       what, tree);
}

/* --- Reading ---------------------------------------------------------- */

typedef struct arrays {
  const hpo_doc *left, *feature, *cut, *default_left, *type;
  size_t n;
} arrays;

static hpo_status find_arrays(const hpo_doc *tree, size_t id, arrays *a,
                              hpo_error *err) {
  const hpo_doc **to[] = {&a->left, &a->feature, &a->cut, &a->default_left,
                          &a->type};
  static const char *const name[] = {"left_children", "split_indices",
                                     "split_conditions", "default_left",
                                     "split_type"};

  for (size_t i = 0; i < 5; i++) {
    *to[i] = hpo_doc_find(tree, name[i]);
    if (!hpo_doc_is_array(*to[i]) || (*to[i])->n != (*to[0])->n)
      return damaged(err, name[i], id);
  }
  a->n = a->left->n;
  return a->n > 0 && a->n < 1U << 30 ? HPO_OK
                                     : damaged(err, "number of nodes", id);
}

/* Children stand behind their parent, so walks end; right is left + 1. */
static hpo_status read_node(const arrays *a, size_t i, size_t id, size_t root,
                            forest *f, hpo_error *err) {
  double left = hpo_doc_item(a->left, i);
  double feature = hpo_doc_item(a->feature, i);
  forest_node *to = &f->node[root + i];

  if (left == -1) {
    *to = (forest_node){.cut = NAN,
                        .left = (uint32_t)(root + i),
                        .value = (float)hpo_doc_item(a->cut, i)};
    return isfinite(to->value) ? HPO_OK : damaged(err, "a leaf", id);
  }
  if (!(left > (double)i && left + 1 < (double)a->n && left == floor(left)))
    return damaged(err, "left_children", id);
  if (!(feature >= 0 && feature < (double)f->columns &&
        feature == floor(feature)))
    return damaged(err, "split_indices", id);
  *to = (forest_node){
      .cut = (float)hpo_doc_item(a->cut, i),
      .feature = (uint32_t)feature |
                 (hpo_doc_item(a->default_left, i) == 1 ? 0 : MISSING_RIGHT),
      .left = (uint32_t)(root + (size_t)left),
      .value = hpo_doc_item(a->type, i) == 1 ? 1.0F : 0.0F};
  return HPO_OK;
}

/* The one category of each node that asks for one. */
static hpo_status read_categories(const hpo_doc *tree, size_t id, size_t root,
                                  const arrays *a, forest *f, hpo_error *err) {
  const hpo_doc *node = hpo_doc_find(tree, "categories_nodes");
  const hpo_doc *value = hpo_doc_find(tree, "categories");

  if (hpo_doc_is_array(node) != hpo_doc_is_array(value))
    return damaged(err, "categories", id);
  for (size_t i = 0; hpo_doc_is_array(node) && i < node->n; i++) {
    double at = hpo_doc_item(node, i);
    double category = hpo_doc_item(value, i);
    if (!(at >= 0 && at < (double)a->n && category >= 0) ||
        node->n != value->n ||
        f->node[root + (size_t)at].left == root + (size_t)at ||
        f->node[root + (size_t)at].value != 1.0F)
      return damaged(err, "categories", id);
    f->node[root + (size_t)at].cut = (float)category;
    f->has_category[id] = 1;
  }
  for (size_t i = 0; i < a->n; i++)
    if (isnan(f->node[root + i].cut) &&
        f->node[root + i].left != (uint32_t)(root + i))
      return damaged(err, "split_conditions", id);
  return HPO_OK;
}

/* Parents come first, so one pass gives every node's depth. */
static hpo_status find_depth(const forest *f, size_t root, size_t n,
                             uint32_t *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint32_t *depth = NULL, most = 0;

  HPO_TRY(status, hpo_mem_new(n, sizeof *depth, &depth, err));
  for (size_t i = 0; i < n; i++) {
    size_t left = f->node[root + i].left - root;
    most = depth[i] > most ? depth[i] : most;
    for (size_t c = left; left != i && c < left + 2; c++)
      depth[c] = depth[c] > depth[i] + 1 ? depth[c] : depth[i] + 1;
  }
  *out = most;
done:
  hpo_mem_free(depth);
  return status;
}

static hpo_status read_tree(const hpo_doc *tree, size_t id, forest *f,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t root = f->n;
  arrays a = {.n = 0};

  HPO_TRY(status, find_arrays(tree, id, &a, err));
  if (root + a.n > UINT32_MAX / 2)
    return damaged(err, "number of nodes", id);
  HPO_TRY(status,
          hpo_mem_grow(&f->node, &f->room, root + a.n, sizeof *f->node, err));
  for (size_t i = 0; i < a.n; i++)
    HPO_TRY(status, read_node(&a, i, id, root, f, err));
  HPO_TRY(status, read_categories(tree, id, root, &a, f, err));
  f->n += a.n;
  f->root[id] = (uint32_t)root;
  HPO_TRY(status, find_depth(f, root, a.n, &f->depth[id], err));
done:
  return status;
}

static hpo_status read_learner(const hpo_doc *d, const hpo_dataset *facts,
                               forest *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_objective o = GBT_SQUARED;
  const char *name = hpo_doc_text(hpo_doc_at(d, "learner/objective/name"));
  double base =
      hpo_doc_number(hpo_doc_at(d, "learner/learner_model_param/base_score"));
  double columns =
      hpo_doc_number(hpo_doc_at(d, "learner/learner_model_param/num_feature"));

  if (!name || !gbt_objective_find(name, &o) ||
      !gbt_objective_fits(o, facts->task))
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the model's objective is \"%s\", which does not fit this "
             "study's task \"%s\"",
             name ? name : "", hpo_task_name(facts->task));
  if (!(columns == (double)facts->columns) || !isfinite(base))
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the model is damaged: num_feature or base_score");
  f->columns = facts->columns;
  f->k = hpo_dataset_outputs(facts);
  f->objective = o;
  f->base = gbt_loss_base_margin(o, (float)base);
done:
  return status;
}

static hpo_status load(const hpo_doc *d, const hpo_dataset *facts, void **self,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  forest *f = NULL;
  const hpo_doc *trees = hpo_doc_at(d, "learner/gradient_booster/model/trees");

  HPO_TRY(status, hpo_mem_new(1, sizeof *f, &f, err));
  HPO_TRY(status, read_learner(d, facts, f, err));
  if (!trees || trees->kind != HPO_DOC_ARRAY || trees->n % f->k != 0)
    HPO_FAIL(status, err, HPO_ESTUDY, "the model is damaged: its trees");
  HPO_TRY(status, hpo_mem_new(trees->n, sizeof *f->root, &f->root, err));
  HPO_TRY(status, hpo_mem_new(trees->n, sizeof *f->depth, &f->depth, err));
  HPO_TRY(status, hpo_mem_new(trees->n, 1, &f->has_category, err));
  f->n_tree = trees->n;
  for (size_t t = 0; t < trees->n; t++)
    HPO_TRY(status, read_tree(&trees->child[t], t, f, err));
  *self = f;
  f = NULL;
done:
  if (f)
    destroy(f);
  return status;
}

/* --- Predicting ------------------------------------------------------- */

static inline uint32_t goes_right(const forest_node *node, float x) {
  uint32_t missing = (uint32_t)(x != x) & node->feature >> 31;

  return (uint32_t)(x >= node->cut) | missing;
}

static inline uint32_t goes_right_any(const forest_node *node, float x) {
  uint32_t missing = (uint32_t)(x != x) & node->feature >> 31;

  if (node->value == 1.0F && node->cut == node->cut)
    return (uint32_t)(x == node->cut) | missing;
  return (uint32_t)(x >= node->cut) | missing;
}

/* LANES rows at most down one tree. */
static void walk(const forest *f, size_t tree, const float *x, size_t n,
                 uint32_t *restrict at) {
  const forest_node *nodes = f->node;
  const size_t columns = f->columns;

  for (size_t i = 0; i < n; i++)
    at[i] = f->root[tree];
  for (uint32_t step = 0; step < f->depth[tree]; step++)
    for (size_t i = 0; i < n; i++) {
      const forest_node *node = &nodes[at[i]];
      at[i] =
          node->left +
          goes_right(node, x[i * columns + (node->feature & ~MISSING_RIGHT)]);
    }
}

static void walk_any(const forest *f, size_t tree, const float *x, size_t n,
                     uint32_t *at) {
  for (size_t i = 0; i < n; i++) {
    const forest_node *node = &f->node[f->root[tree]];
    while (node != &f->node[node->left])
      node =
          &f->node[node->left +
                   goes_right_any(node, x[i * f->columns +
                                          (node->feature & ~MISSING_RIGHT)])];
    at[i] = (uint32_t)(node - f->node);
  }
}

/* Adds one tree to the sums of up to BLOCK rows. */
static void add_tree(const forest *f, size_t tree, const float *x, size_t n,
                     float *sum) {
  uint32_t at[LANES];

  for (size_t from = 0; from < n; from += LANES) {
    size_t rows = n - from < LANES ? n - from : LANES;
    float *to = sum + from * f->k + tree % f->k;
    (f->has_category[tree] ? walk_any : walk)(f, tree, x + from * f->columns,
                                              rows, at);
    for (size_t i = 0; i < rows; i++)
      to[i * f->k] += f->node[at[i]].value;
  }
}

static hpo_status margins(const void *self, const float *x, size_t n,
                          double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const forest *f = self;
  float *sum = NULL; /* [BLOCK][k] */

  HPO_TRY(status, hpo_mem_new(BLOCK * f->k, sizeof *sum, &sum, err));
  for (size_t from = 0; from < n; from += BLOCK) {
    size_t rows = n - from < BLOCK ? n - from : BLOCK;
    for (size_t i = 0; i < rows * f->k; i++)
      sum[i] = f->base;
    for (size_t t = 0; t < f->n_tree; t++)
      add_tree(f, t, x + from * f->columns, rows, sum);
    for (size_t i = 0; i < rows * f->k; i++)
      out[from * f->k + i] = (double)sum[i];
  }
done:
  hpo_mem_free(sum);
  return status;
}

static bool is_log(const void *self) {
  const forest *f = self;

  return f->objective == GBT_POISSON;
}

/* --- C ---------------------------------------------------------------- */

static hpo_status put_node(const forest_node *node, size_t i, hpo_buffer *out,
                           hpo_error *err) {
  bool is_leaf = node->left == i;
  double cut = is_leaf ? (double)node->value : (double)node->cut;
  unsigned flags = (node->feature & MISSING_RIGHT ? 0U : DEFAULT_LEFT) |
                   (!is_leaf && node->value == 1.0F ? CATEGORY : 0U);
  char text[40];

  if (isinf(cut))
    snprintf(text, sizeof text, "%sINFINITY", cut < 0 ? "-" : "");
  else
    snprintf(text, sizeof text, "(float)%.9g", cut);
  return hpo_buffer_format(out, err, "  {%s, %u, %u, %u},\n", text,
                           node->feature & ~MISSING_RIGHT, node->left, flags);
}

static hpo_status write_c(const void *self, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const forest *f = self;

  HPO_TRY(status, hpo_buffer_format(
                      out, err,
                      "/* cut or leaf, feature, left child (a leaf: itself; "
                      "right is left + 1), flags: 1 missing\n * goes left, 2 "
                      "cut is a category that goes right */\n"
                      "static const struct { float cut; unsigned feature, "
                      "left, flags; } node[] = {\n"));
  for (size_t i = 0; i < f->n; i++)
    HPO_TRY(status, put_node(&f->node[i], i, out, err));
  HPO_TRY(status,
          hpo_buffer_format(out, err, "};\nstatic const unsigned root[] = {"));
  for (size_t t = 0; t < f->n_tree; t++)
    HPO_TRY(status, hpo_buffer_format(out, err, "%s%u,", t % 12 ? " " : "\n  ",
                                      f->root[t]));
  HPO_TRY(status,
          hpo_buffer_format(
              out, err,
              "\n};\n\nstatic void margins(const float *x, double *m) {\n"
              "  float sum[HPOTUNE_OUTPUTS];\n  unsigned t, i;\n"
              "  for (t = 0; t < HPOTUNE_OUTPUTS; t++)\n"
              "    sum[t] = (float)%.9g;\n"
              "  for (t = 0; t < %zu; t++) {\n"
              "    for (i = root[t]; node[i].left != i;) {\n"
              "      float v = x[node[i].feature], cut = node[i].cut;\n"
              "      int right = node[i].flags & 2 ? v == cut : !(v < cut);\n"
              "      if (isnan(v))\n"
              "        right = !(node[i].flags & 1);\n"
              "      i = node[i].left + (unsigned)right;\n    }\n"
              "    sum[t %% HPOTUNE_OUTPUTS] += node[i].cut;\n  }\n"
              "  for (t = 0; t < HPOTUNE_OUTPUTS; t++)\n"
              "    m[t] = sum[t];\n}\n",
              (double)f->base, f->n_tree));
done:
  return status;
}

const hpo_predict_kind hpo_predict_gbt = {load,   destroy, margins,
                                          is_log, write_c, false};
