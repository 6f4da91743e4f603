/* SPDX-License-Identifier: BSD-3-Clause */
/* Which rows train and which validate.
 *
 * Sizes: scikit-learn's model_selection.train_test_split and, stratified,
 * StratifiedShuffleSplit, except that equal remainders are broken by class
 * and not at random. */

#include "split.h"

#include <math.h>

#include "hpo/mem.h"
#include "hpo/rng.h"
#include "ticket.h"

/* How many of each group validate: n_valid shared out in proportion, the
 * largest remainders up. */
static hpo_status share_out(const hpo_row *count, size_t groups, hpo_row n,
                            hpo_row n_valid, hpo_row *take, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_row left = n_valid;
  uint64_t *rest = NULL;

  HPO_TRY(status, hpo_mem_new(groups, sizeof *rest, &rest, err));
  for (size_t k = 0; k < groups; k++) {
    const uint64_t share = (uint64_t)n_valid * (uint64_t)count[k];

    take[k] = (hpo_row)(share / (uint64_t)n);
    rest[k] = share % (uint64_t)n + 1; /* 0: has had its row */
    left -= take[k];
  }
  for (; left > 0; left--) {
    size_t best = 0;

    for (size_t k = 1; k < groups; k++)
      if (rest[k] > rest[best])
        best = k;
    take[best]++;
    rest[best] = 0;
  }
done:
  hpo_mem_free(rest);
  return status;
}

uint8_t hpo_split_role(const hpo_split_options *o) {
  return o->is_test ? HPO_ROLE_TEST : HPO_ROLE_VALID;
}

static hpo_status check(const hpo_split_options *o, const hpo_row *count,
                        hpo_row n, hpo_row n_valid, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row least = o->n_class > 0 ? (hpo_row)o->n_class : 1;

  if (n_valid < least || n - n_valid < least)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s fraction %g of %lld rows leaves %lld to %s and %lld to "
             "train; each side needs %lld or more%s",
             o->is_test ? "test" : "validation", o->fraction, (long long)n,
             (long long)n_valid, o->is_test ? "test" : "validate",
             (long long)(n - n_valid), (long long)least,
             o->n_class > 0 ? " (one for each class)" : "");
  for (size_t k = 0; k < o->n_class; k++)
    if (count[k] < 2)
      HPO_FAIL(status, err, HPO_EDATA,
               "class '%s' has %lld row%s, too few to stratify; allowed: "
               "2 or more, or stratify=\"no\"",
               o->class_name != NULL ? o->class_name[k] : "",
               (long long)count[k], count[k] == 1 ? "" : "s");
done:
  return status;
}

hpo_status hpo_split_sizes(const hpo_split_options *o, const hpo_row *count,
                           hpo_row n, hpo_row *take, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_row n_valid = (hpo_row)ceil(o->fraction * (double)n);

  HPO_TRY(status, check(o, count, n, n_valid, err));
  HPO_TRY(status, share_out(count, o->n_class > 0 ? o->n_class : 1, n, n_valid,
                            take, err));
done:
  return status;
}

/* A row's place in the order of keys, and the bucket that it falls into. */
enum { BUCKET_BITS = 12, BUCKETS = 1 << BUCKET_BITS };

static uint64_t key_of(const hpo_split_options *o, hpo_row row) {
  return hpo_rng_hash(hpo_rng_key_make(o->seed, HPO_RNG_SPLIT), (uint64_t)row,
                      0);
}

static size_t bucket_of(uint64_t key) {
  return (size_t)(key >> (64 - BUCKET_BITS));
}

static size_t group_of(const hpo_split_options *o, const double *y,
                       hpo_row row) {
  return o->n_class > 0 ? (size_t)y[row] : 0;
}

/* The bucket of each group in which its last row to take is; take becomes
 * how many there.  *n: rows in those buckets. */
static void find_edges(const uint32_t *bucket, size_t groups, hpo_row *take,
                       size_t *edge, size_t *n) {
  *n = 0;
  for (size_t g = 0; g < groups; g++) {
    const uint32_t *of = bucket + g * BUCKETS;

    edge[g] = 0;
    while (edge[g] + 1 < BUCKETS && of[edge[g]] < take[g])
      take[g] -= of[edge[g]++];
    *n += of[edge[g]];
  }
}

/* Takes all rows below the edges, and of those on them the first ones. */
static hpo_status take_rows(const hpo_split_options *o, const double *y,
                            hpo_row n, const size_t *edge, hpo_row *take,
                            size_t on_edge, uint8_t *role, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_ticket *list = NULL;
  size_t m = 0;

  HPO_TRY(status, hpo_mem_new(on_edge, sizeof *list, &list, err));
  for (hpo_row i = 0; i < n; i++) {
    const size_t group = group_of(o, y, i);
    const uint64_t key = key_of(o, i);

    if (role[i] != HPO_ROLE_TRAIN || bucket_of(key) > edge[group])
      continue;
    if (bucket_of(key) < edge[group])
      role[i] = hpo_split_role(o);
    else
      list[m++] = (hpo_ticket){key, i, (uint32_t)group};
  }
  hpo_ticket_sort(list, m);
  for (size_t i = 0; i < m; i++)
    if (take[list[i].group]-- > 0)
      role[list[i].row] = hpo_split_role(o);
done:
  hpo_mem_free(list);
  return status;
}

/* As if the rows stood sorted by (group, key, row id) and the first ones of
 * each group were taken; only those whose keys share their first bits with
 * the last one's are sorted. */
hpo_status hpo_split_fraction(const hpo_split_options *o, const double *y,
                              hpo_row n, uint8_t *role, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t groups = o->n_class > 0 ? o->n_class : 1;
  hpo_row *count = NULL, *take = NULL, m = 0;
  uint32_t *bucket = NULL;
  size_t *edge = NULL, on_edge = 0;

  HPO_ASSERT(n >= 0 && (uint64_t)n <= UINT32_MAX);
  HPO_TRY(status, hpo_mem_new(groups, sizeof *count, &count, err));
  HPO_TRY(status, hpo_mem_new(groups, sizeof *take, &take, err));
  HPO_TRY(status, hpo_mem_new(groups, sizeof *edge, &edge, err));
  HPO_TRY(status, hpo_mem_new(groups, BUCKETS * sizeof *bucket, &bucket, err));
  for (hpo_row i = 0; i < n; i++) {
    const size_t group = group_of(o, y, i);

    if (role[i] != HPO_ROLE_TRAIN)
      continue;
    bucket[group * BUCKETS + bucket_of(key_of(o, i))]++;
    count[group]++;
    m++;
  }
  HPO_TRY(status, hpo_split_sizes(o, count, m, take, err));
  find_edges(bucket, groups, take, edge, &on_edge);
  HPO_TRY(status, take_rows(o, y, n, edge, take, on_edge, role, err));
done:
  hpo_mem_free(count);
  hpo_mem_free(take);
  hpo_mem_free(edge);
  hpo_mem_free(bucket);
  return status;
}
