/* SPDX-License-Identifier: BSD-3-Clause */
/* The split of rows that a team holds together.
 *
 * The last (key, id) of a group that validates is found digit by digit: for
 * each group the ranks count their rows whose earlier digits are those found
 * so far by their next digit, the counts are summed, and the digit is the
 * one in which the wanted number falls. */

#include "split.h"

#include "hpo/mem.h"
#include "hpo/rng.h"

enum { DIGITS = 12, VALUES = 256 }; /* 8 bytes of key, then 4 of id */

typedef struct search {
  size_t groups;
  const double *y; /* NULL: one group */
  const uint8_t *role;
  hpo_row first, m;
  hpo_rng_key key;
  int64_t *count;  /* [groups][VALUES] */
  hpo_row *left;   /* [groups] rows to take behind the digits found */
  uint64_t *found; /* [groups] digits of the key */
  uint32_t *id;    /* [groups] digits of the id */
} search;

static size_t group_of(const search *s, hpo_row i) {
  return s->groups > 1 ? (size_t)s->y[i] : 0;
}

static uint64_t key_of(const search *s, hpo_row i) {
  return hpo_rng_hash(s->key, (uint64_t)(s->first + i), 0);
}

/* A number's digits before digit d of n bytes. */
static uint64_t before(uint64_t x, unsigned n, unsigned d) {
  return d == 0 ? 0 : x >> 8 * (n - d);
}

/* Whether row i agrees with its group in the first d digits; its next. */
static bool next_digit(const search *s, hpo_row i, unsigned d, size_t *out) {
  const size_t g = group_of(s, i);
  const uint64_t key = key_of(s, i), id = (uint64_t)(s->first + i);

  if (d < 8) {
    *out = key >> 8 * (7 - d) & 0xff;
    return before(key, 8, d) == before(s->found[g], 8, d);
  }
  *out = id >> 8 * (11 - d) & 0xff;
  return key == s->found[g] &&
         before(id, 4, d - 8) == before(s->id[g], 4, d - 8);
}

static void take_digit(search *s, size_t g, unsigned d) {
  const int64_t *count = s->count + g * VALUES;
  uint64_t v = 0;

  while (v < VALUES - 1 && s->left[g] > count[v])
    s->left[g] -= count[v++];
  if (d < 8)
    s->found[g] |= v << 8 * (7 - d);
  else
    s->id[g] |= (uint32_t)(v << 8 * (11 - d));
}

static hpo_status find_last(search *s, const hpo_coll *team, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = s->groups * VALUES;

  for (unsigned d = 0; d < DIGITS; d++) {
    for (size_t i = 0; i < n; i++)
      s->count[i] = 0;
    for (hpo_row i = 0; i < s->m; i++) {
      size_t v = 0;

      if (s->role[i] == HPO_ROLE_TRAIN && next_digit(s, i, d, &v))
        s->count[group_of(s, i) * VALUES + v]++;
    }
    HPO_TRY(status, team->sum(team->self, s->count, n, err));
    for (size_t g = 0; g < s->groups; g++)
      take_digit(s, g, d);
  }
done:
  return status;
}

static bool is_taken(const search *s, const hpo_row *take, hpo_row i) {
  const size_t g = group_of(s, i);
  const uint64_t key = key_of(s, i);

  return take[g] > 0 &&
         (key < s->found[g] ||
          (key == s->found[g] && (uint64_t)(s->first + i) <= s->id[g]));
}

hpo_status hpo_split_team(const hpo_split_options *o, const hpo_coll *team,
                          const double *y, hpo_row first, hpo_row m, hpo_row n,
                          uint8_t *role, hpo_error *err) {
  hpo_status status = HPO_OK;
  search s = {.groups = o->n_class > 0 ? o->n_class : 1,
              .y = y,
              .role = role,
              .first = first,
              .m = m,
              .key = hpo_rng_key_make(o->seed, HPO_RNG_SPLIT)};
  hpo_row *take = NULL, *all = NULL, n_all = 0;

  HPO_ASSERT(n >= 0 && (uint64_t)n <= UINT32_MAX);
  HPO_TRY(status,
          hpo_mem_new(s.groups * VALUES, sizeof *s.count, &s.count, err));
  HPO_TRY(status, hpo_mem_new(s.groups, sizeof *s.left, &s.left, err));
  HPO_TRY(status, hpo_mem_new(s.groups, sizeof *s.found, &s.found, err));
  HPO_TRY(status, hpo_mem_new(s.groups, sizeof *s.id, &s.id, err));
  HPO_TRY(status, hpo_mem_new(s.groups, sizeof *take, &take, err));
  HPO_TRY(status, hpo_mem_new(s.groups, sizeof *all, &all, err));
  for (hpo_row i = 0; i < m; i++)
    all[group_of(&s, i)] += role[i] == HPO_ROLE_TRAIN;
  HPO_TRY(status, team->sum(team->self, all, s.groups, err));
  for (size_t g = 0; g < s.groups; g++)
    n_all += all[g];
  HPO_TRY(status, hpo_split_sizes(o, all, n_all, take, err));
  for (size_t g = 0; g < s.groups; g++)
    s.left[g] = take[g];
  HPO_TRY(status, find_last(&s, team, err));
  for (hpo_row i = 0; i < m; i++)
    if (role[i] == HPO_ROLE_TRAIN && is_taken(&s, take, i))
      role[i] = hpo_split_role(o);
done:
  hpo_mem_free(s.count);
  hpo_mem_free(s.left);
  hpo_mem_free(s.found);
  hpo_mem_free(s.id);
  hpo_mem_free(take);
  hpo_mem_free(all);
  return status;
}
