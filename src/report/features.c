/* SPDX-License-Identifier: BSD-3-Clause */
/* Which features a stored model uses, and how much. */
#include "hpo/doc.h"
#include "hpo/importance.h"
#include "hpo/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const of_trees[] = {"gain", "cover", "weight", "total_gain",
                                       "total_cover"};
static const char *const of_linear[] = {"coef"};
enum { GAIN, COVER, WEIGHT, TOTAL_GAIN, TOTAL_COVER, N_TREE_KINDS };

/* A model's features before they are put in order. */
typedef struct found {
  size_t n, kinds;
  double *score; /* [n][kinds] */
  const hpo_doc *names;
} found;

static size_t items(const hpo_doc *d) { return d ? d->n : 0; }

static hpo_status make_room(found *m, size_t n, size_t kinds, hpo_error *err) {
  m->n = n;
  m->kinds = kinds;
  return hpo_mem_new(n * kinds, sizeof *m->score, &m->score, err);
}

/* The splits of a tree. */
static hpo_status add_tree(found *m, const hpo_doc *tree, hpo_error *err) {
  const hpo_doc *left = hpo_doc_find(tree, "left_children");
  const hpo_doc *feature = hpo_doc_find(tree, "split_indices");
  const hpo_doc *gain = hpo_doc_find(tree, "loss_changes");
  const hpo_doc *cover = hpo_doc_find(tree, "sum_hessian");
  size_t n = items(left);

  if (items(feature) != n || items(gain) != n || items(cover) != n)
    return hpo_error_set(err, HPO_ESTUDY,
                         "the model's trees have no statistics");
  for (size_t i = 0; i < n; i++) {
    double j = hpo_doc_item(feature, i);
    if (hpo_doc_item(left, i) < 0)
      continue;
    if (!(j >= 0 && j < (double)m->n))
      return hpo_error_set(err, HPO_ESTUDY,
                           "the model splits by a feature that it has not");
    double *to = m->score + (size_t)j * m->kinds;
    to[WEIGHT]++;
    to[TOTAL_GAIN] += hpo_doc_item(gain, i);
    to[TOTAL_COVER] += hpo_doc_item(cover, i);
  }
  return HPO_OK;
}

static hpo_status read_trees(const hpo_doc *d, found *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_doc *trees = hpo_doc_at(d, "learner/gradient_booster/model/trees");
  double n =
      hpo_doc_number(hpo_doc_at(d, "learner/learner_model_param/num_feature"));

  m->names = hpo_doc_at(d, "learner/feature_names");
  if (!trees || trees->kind != HPO_DOC_ARRAY || !(n >= 1 && n < 1e9))
    HPO_FAIL(status, err, HPO_ESTUDY, "the model holds no trees");
  HPO_TRY(status, make_room(m, (size_t)n, N_TREE_KINDS, err));
  for (size_t t = 0; t < trees->n; t++)
    HPO_TRY(status, add_tree(m, &trees->child[t], err));
  for (size_t j = 0; j < m->n; j++) {
    double *s = m->score + j * m->kinds;
    s[GAIN] = s[WEIGHT] > 0 ? s[TOTAL_GAIN] / s[WEIGHT] : 0;
    s[COVER] = s[WEIGHT] > 0 ? s[TOTAL_COVER] / s[WEIGHT] : 0;
  }
done:
  return status;
}

/* Mean over the classes of each coefficient's size. */
static hpo_status read_linear(const hpo_doc *d, found *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_doc *coef = hpo_doc_find(d, "coef_");

  m->names = hpo_doc_find(d, "feature_names");
  if (!coef || coef->kind != HPO_DOC_ARRAY || coef->n == 0 ||
      items(m->names) == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "models of this kind don't say how much each feature counts; "
             "gbt, logistic and linear do");
  HPO_TRY(status, make_room(m, m->names->n, 1, err));
  for (size_t c = 0; c < coef->n; c++) {
    if (items(&coef->child[c]) != m->n)
      HPO_FAIL(status, err, HPO_ESTUDY,
               "the model has not one coefficient for each feature");
    for (size_t j = 0; j < m->n; j++)
      m->score[j] += fabs(hpo_doc_item(&coef->child[c], j)) / (double)coef->n;
  }
done:
  return status;
}

typedef struct place {
  double score;
  size_t at;
} place;

static int highest_first(const void *a, const void *b) {
  const place *x = a, *y = b;
  if (x->score != y->score)
    return x->score > y->score ? -1 : 1;
  return x->at < y->at ? -1 : x->at > y->at;
}

/* Those that are used, the most important first. */
static hpo_status put_in_order(const found *m, hpo_features *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  place *order = NULL;
  char plain[32];
  size_t n = 0;

  HPO_TRY(status, hpo_mem_new(m->n, sizeof *order, &order, err));
  for (size_t j = 0; j < m->n; j++)
    if (m->score[j * m->kinds] > 0 ||
        (m->kinds > 1 && m->score[j * m->kinds + WEIGHT] > 0))
      order[n++] = (place){m->score[j * m->kinds], j};
  if (n > 0)
    qsort(order, n, sizeof *order, highest_first);
  HPO_TRY(status,
          hpo_mem_new(n * m->kinds, sizeof *out->score, &out->score, err));
  for (size_t k = 0; k < n; k++) {
    size_t j = order[k].at;
    const char *name = j < items(m->names) && m->names->kind == HPO_DOC_ARRAY
                           ? hpo_doc_text(&m->names->child[j])
                           : NULL;
    snprintf(plain, sizeof plain, "f%zu", j);
    HPO_TRY(status, hpo_names_add(&out->name, name ? name : plain, err));
    memcpy(out->score + k * m->kinds, m->score + j * m->kinds,
           m->kinds * sizeof *m->score);
  }
done:
  hpo_mem_free(order);
  return status;
}

hpo_status hpo_study_features(const hpo_study_file *f, size_t trial,
                              hpo_features *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer bytes = {0};
  hpo_doc d = {.kind = HPO_DOC_NULL};
  found m = {.n = 0};
  hpo_features h = {.n_kind = 0};
  char format[32];

  HPO_TRY(status,
          hpo_study_file_model(f, trial, &bytes, format, sizeof format, err));
  if (strcmp(format, "plugin") == 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a plugin's model does not say what its features weigh");
  bool trees = strcmp(format, "xgboost-ubj") == 0;
  if (trees)
    HPO_TRY(status, hpo_doc_read_ubjson(bytes.byte, bytes.n, &d, err));
  else
    HPO_TRY(status, hpo_doc_read_json(bytes.byte, bytes.n, &d, err));
  HPO_TRY(status, trees ? read_trees(&d, &m, err) : read_linear(&d, &m, err));
  h.kind = trees ? of_trees : of_linear;
  h.n_kind = m.kinds;
  HPO_TRY(status, put_in_order(&m, &h, err));
  *out = h;
  h = (hpo_features){.n_kind = 0};
done:
  hpo_mem_free(m.score);
  hpo_features_free(&h);
  hpo_doc_free(&d);
  hpo_buffer_free(&bytes);
  return status;
}

void hpo_features_free(hpo_features *h) {
  hpo_names_free(&h->name);
  hpo_mem_free(h->score);
  *h = (hpo_features){.n_kind = 0};
}
