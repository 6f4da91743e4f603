/* SPDX-License-Identifier: BSD-3-Clause */
/* In which fold each row validates: scikit-learn's KFold, StratifiedKFold,
 * GroupKFold, StratifiedGroupKFold and TimeSeriesSplit, with equal choices
 * broken by (random key, row id) and by group, never by the order of rows. */
#include "folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "ticket.h"

/* --- Rows one by one --------------------------------------------------- */

static hpo_status deal_rows(const hpo_folds_options *o, const double *y,
                            hpo_row n, uint8_t *fold, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_rng_key key = hpo_rng_key_make(o->seed, HPO_RNG_SPLIT);
  hpo_ticket *list = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof *list, &list, err));
  for (hpo_row i = 0; i < n; i++)
    list[i] = (hpo_ticket){hpo_rng_hash(key, (uint64_t)i, 0), i,
                           o->n_class > 0 ? (uint32_t)y[i] : 0};
  hpo_ticket_sort(list, (size_t)n);
  for (hpo_row i = 0; i < n; i++)
    fold[list[i].row] = (uint8_t)((size_t)i % o->count + 1);
done:
  hpo_mem_free(list);
  return status;
}

/* The last count * size rows validate in blocks of size. */
static void deal_time(const hpo_folds_options *o, hpo_row n, uint8_t *fold) {
  const hpo_row count = (hpo_row)o->count, size = n / (count + 1);
  const hpo_row first = n - count * size;

  for (hpo_row i = 0; i < n; i++) {
    const hpo_row block = i < first ? 0 : (i - first) / size + 1;
    fold[i] = (uint8_t)block;
  }
}

/* --- Whole groups ------------------------------------------------------ */

typedef struct group {
  double first; /* the higher, the sooner it is dealt */
  uint64_t rows;
  uint32_t key;
} group;

typedef struct dealer {
  const hpo_folds_options *o;
  size_t classes;   /* at least 1 */
  group *list;      /* [n_key] in the order of dealing */
  uint64_t *in_key; /* [n_key][classes] rows */
  uint64_t *in_all; /* [classes] */
  uint64_t *dealt;  /* [count][classes] */
  uint64_t *rows;   /* [count] */
  uint8_t *to;      /* [n_key] fold of each group */
} dealer;

static int by_first_key(const void *a, const void *b) {
  const group *x = a, *y = b;

  if (x->first != y->first)
    return x->first > y->first ? -1 : 1;
  return (x->key > y->key) - (x->key < y->key);
}

/* Standard deviation of n values, step apart, each over `of`. */
static double spread(const uint64_t *x, size_t n, size_t step, uint64_t of) {
  double mean = 0, sum = 0;

  if (of == 0)
    return 0;
  for (size_t i = 0; i < n; i++)
    mean += (double)x[i * step] / (double)of;
  mean /= (double)n;
  for (size_t i = 0; i < n; i++) {
    const double d = (double)x[i * step] / (double)of - mean;
    sum += d * d;
  }
  return sqrt(sum / (double)n);
}

static hpo_status dealer_create(const hpo_folds_options *o, dealer *d,
                                hpo_error *err) {
  hpo_status status = HPO_OK;

  *d = (dealer){.o = o, .classes = o->n_class > 0 ? o->n_class : 1};
  HPO_TRY(status, hpo_mem_new(o->n_key, sizeof *d->list, &d->list, err));
  HPO_TRY(status, hpo_mem_new(o->n_key, d->classes * sizeof *d->in_key,
                              &d->in_key, err));
  HPO_TRY(status, hpo_mem_new(d->classes, sizeof *d->in_all, &d->in_all, err));
  HPO_TRY(status, hpo_mem_new(o->count, d->classes * sizeof *d->dealt,
                              &d->dealt, err));
  HPO_TRY(status, hpo_mem_new(o->count, sizeof *d->rows, &d->rows, err));
  HPO_TRY(status, hpo_mem_new(o->n_key, sizeof *d->to, &d->to, err));
done:
  return status;
}

static void dealer_free(dealer *d) {
  hpo_mem_free(d->list);
  hpo_mem_free(d->in_key);
  hpo_mem_free(d->in_all);
  hpo_mem_free(d->dealt);
  hpo_mem_free(d->rows);
  hpo_mem_free(d->to);
}

static void count_groups(dealer *d, const double *y, hpo_row n) {
  const hpo_folds_options *o = d->o;

  for (hpo_row i = 0; i < n; i++) {
    const size_t c = o->n_class > 0 ? (size_t)y[i] : 0;

    d->in_key[o->key[i] * d->classes + c]++;
    d->in_all[c]++;
    d->list[o->key[i]].rows++;
  }
  for (size_t g = 0; g < o->n_key; g++) {
    d->list[g].key = (uint32_t)g;
    d->list[g].first =
        o->n_class > 0 ? spread(d->in_key + g * d->classes, d->classes, 1, 1)
                       : (double)d->list[g].rows;
  }
  qsort(d->list, o->n_key, sizeof *d->list, by_first_key);
}

/* How uneven the classes are over the folds with one more group in fold f;
 * without classes, how many rows the fold then has. */
static double unevenness(dealer *d, const uint64_t *more, size_t f) {
  const size_t n = d->classes;
  double sum = 0;

  if (d->o->n_class == 0)
    return (double)(d->rows[f] + more[0]);
  for (size_t c = 0; c < n; c++)
    d->dealt[f * n + c] += more[c];
  for (size_t c = 0; c < n; c++)
    sum += spread(d->dealt + c, d->o->count, n, d->in_all[c]);
  for (size_t c = 0; c < n; c++)
    d->dealt[f * n + c] -= more[c];
  return sum / (double)n;
}

/* numpy.isclose with its defaults */
static bool is_close(double a, double b) {
  return fabs(a - b) <= 1e-8 + 1e-5 * fabs(b);
}

static size_t best_fold(dealer *d, const uint64_t *more) {
  size_t best = 0;
  double least = INFINITY;

  for (size_t f = 0; f < d->o->count; f++) {
    const double x = unevenness(d, more, f);
    const bool ties = d->o->n_class > 0 && isfinite(least) &&
                      is_close(x, least) && d->rows[f] < d->rows[best];

    if (x < least || ties) {
      best = f;
      least = x;
    }
  }
  return best;
}

static hpo_status deal_groups(const hpo_folds_options *o, const double *y,
                              hpo_row n, uint8_t *fold, hpo_error *err) {
  hpo_status status = HPO_OK;
  dealer d = {0};

  HPO_TRY(status, dealer_create(o, &d, err));
  count_groups(&d, y, n);
  for (size_t i = 0; i < o->n_key; i++) {
    const group *g = &d.list[i];
    const uint64_t *more = d.in_key + g->key * d.classes;
    const size_t f = best_fold(&d, more);

    d.to[g->key] = (uint8_t)(f + 1);
    d.rows[f] += g->rows;
    for (size_t c = 0; c < d.classes; c++)
      d.dealt[f * d.classes + c] += more[c];
  }
  for (hpo_row i = 0; i < n; i++)
    fold[i] = d.to[o->key[i]];
done:
  dealer_free(&d);
  return status;
}

hpo_status hpo_folds_deal(const hpo_folds_options *o, const double *y,
                          hpo_row n, uint8_t *fold, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row least = (hpo_row)o->count + o->in_time;

  HPO_ASSERT(o->count >= 2 && o->count <= HPO_FOLDS_MOST);
  if (o->key != NULL && o->n_key < o->count)
    HPO_FAIL(status, err, HPO_EDATA,
             "%zu folds need as many groups or more; column '%s' has %zu",
             o->count, o->key_name, o->n_key);
  if (n < least)
    HPO_FAIL(status, err, HPO_EDATA,
             "%zu folds need %lld rows or more to deal; there are %lld",
             o->count, (long long)least, (long long)n);
  if (o->in_time)
    deal_time(o, n, fold);
  else if (o->key != NULL)
    HPO_TRY(status, deal_groups(o, y, n, fold, err));
  else
    HPO_TRY(status, deal_rows(o, y, n, fold, err));
done:
  return status;
}
