/* SPDX-License-Identifier: BSD-3-Clause */
/* The tree-structured Parzen estimator.
 *
 * The trials so far are split into the best few and the rest; a density is
 * fitted to either (parzen.c), points are drawn from the density of the best,
 * and the one where it is largest against that of the rest is tried.
 * Parameters that are always active together form a group with one joint
 * density; a group that hangs on a choice comes after it, and looks only at
 * the trials where it was active.  The choice of a model is such a group.
 *
 * Running and failed trials belong to the rest: the constant liar keeps
 * parallel trials apart.  A point that was tried already gives way to the
 * next best one.
 *
 * Several objectives: the best are whole fronts, and of the last one those
 * with the largest hypervolume; they weigh by what they add to it (merit.h).
 * Constraints: feasible trials are better than others (merit.h), as in
 * S. Watanabe, F. Hutter, c-TPE, IJCAI 2023, section 3, in Optuna's form.
 *
 * J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl, Algorithms for
 * hyper-parameter optimization, NIPS 2011, section 4.
 * S. Falkner, A. Klein, F. Hutter, BOHB, ICML 2018.
 * S. Watanabe, arXiv:2304.11127, 2023. */
#include "hpo/mem.h"
#include "hpo/num.h"
#include "sampler/draw.h"
#include "sampler/history.h"
#include "sampler/kinds.h"
#include "sampler/merit.h"

#include <math.h>
#include <stdlib.h>

#define ATTEMPTS 8

typedef struct group {
  ptrdiff_t parent; /* -1: always active */
  size_t choice;
  size_t *param;        /* [n_param] with more than one value */
  hpo_axis *axis;       /* [n_param] the same */
  const float **column; /* [n_param], set before use */
  size_t n_param;
} group;

typedef struct candidate {
  double score; /* log of good against bad, or not less than that */
  bool is_exact, is_taken;
} candidate;

typedef struct tpe {
  const hpo_plan *plan;
  hpo_history history;
  group *group; /* [n_group] a parent's group before its children's */
  size_t n_group;
  hpo_parzen *good, *bad;
  size_t candidates, startup;
  bool liar;
  uint32_t *row;    /* [2][room] rows of the best, of the rest */
  uint8_t *is_best; /* [room] */
  double *weight;   /* [room] of the best, by row, then in their order */
  size_t row_room, best_room, weight_room;
  double *place;        /* [candidates][n_param] */
  candidate *candidate; /* [candidates] */
} tpe;

static void group_free(group *g) {
  hpo_mem_free(g->param);
  hpo_mem_free(g->axis);
  hpo_mem_free(g->column);
}

static void destroy(void *self) {
  tpe *t = self;

  if (t == NULL)
    return;
  hpo_history_free(&t->history);
  for (size_t g = 0; g < t->n_group; g++)
    group_free(&t->group[g]);
  hpo_mem_free(t->group);
  hpo_parzen_destroy(t->good);
  hpo_parzen_destroy(t->bad);
  hpo_mem_free(t->row);
  hpo_mem_free(t->is_best);
  hpo_mem_free(t->weight);
  hpo_mem_free(t->place);
  hpo_mem_free(t->candidate);
  hpo_mem_free(t);
}

/* The group that parameter i joins, or where a new one begins: all of one
 * condition, or each for itself. */
static size_t group_of(const tpe *t, const hpo_param *p, bool joint) {
  size_t g = joint ? 0 : t->n_group;

  while (g < t->n_group &&
         (t->group[g].parent != p->parent ||
          (p->parent >= 0 && t->group[g].choice != p->parent_choice)))
    g++;
  return g;
}

static hpo_status make_groups(tpe *t, bool joint, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &t->plan->space;
  size_t n = space->n_param;

  HPO_TRY(status, hpo_mem_new(n, sizeof *t->group, &t->group, err));
  for (size_t i = 0; i < n; i++) {
    const hpo_param *p = &space->param[i];
    if (!(hpo_param_cardinality(p) > 1))
      continue;
    group *g = &t->group[group_of(t, p, joint)];
    if (g == &t->group[t->n_group]) {
      t->n_group++;
      g->parent = p->parent;
      g->choice = p->parent_choice;
      HPO_TRY(status, hpo_mem_new(n, sizeof *g->param, &g->param, err));
      HPO_TRY(status, hpo_mem_new(n, sizeof *g->axis, &g->axis, err));
      HPO_TRY(status, hpo_mem_new(n, sizeof *g->column, &g->column, err));
    }
    g->param[g->n_param] = i;
    g->axis[g->n_param++] = t->history.axis[i];
  }
done:
  return status;
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  tpe *t = NULL;
  size_t n;
  hpo_parzen_options parzen = {
      .multivariate = hpo_options_get_bool(options, "multivariate"),
      .consider_endpoints =
          hpo_options_get_bool(options, "consider-endpoints"),
      .magic_clip = hpo_options_get_bool(options, "magic-clip"),
      .prior_weight = hpo_options_get_float(options, "prior-weight")};

  HPO_TRY(status, hpo_mem_new(1, sizeof *t, &t, err));
  t->plan = plan;
  t->candidates = (size_t)hpo_options_get_int(options, "candidates");
  t->startup = (size_t)hpo_options_get_int(options, "startup-trials");
  t->liar = hpo_options_get_bool(options, "constant-liar");
  HPO_TRY(status, hpo_history_init(&t->history, plan, err));
  HPO_TRY(status, make_groups(t, parzen.multivariate, err));
  HPO_TRY(status, hpo_parzen_create(&parzen, &t->bad, err));
  parzen.spread = true;
  HPO_TRY(status, hpo_parzen_create(&parzen, &t->good, err));
  n = t->candidates;
  HPO_TRY(status, hpo_mem_new(n * plan->space.n_param, sizeof *t->place,
                              &t->place, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *t->candidate, &t->candidate, err));
  *self = t;
  t = NULL; /* now the caller's */
done:
  destroy(t);
  return status;
}

/* How many of n trials count as the best: 15 %, rounded up (Watanabe 2023,
 * section 4), at most 25. */
static size_t gamma_of(size_t n) { return n >= 167 ? 25 : (3 * n + 19) / 20; }

/* The best `most` rows in which the group was active; the best of them weigh
 * most, as in CMA-ES (N. Hansen, arXiv:1604.00772, equation 49), 1 in the
 * mean. */
static void take_best(tpe *t, const float *active, size_t most) {
  const hpo_history *h = &t->history;
  double top = hpo_num_log((double)most + 1), sum = 0;
  size_t taken = 0;

  for (size_t i = 1; i <= most; i++)
    sum += top - hpo_num_log((double)i);
  for (size_t i = 0; i < h->n_best && taken < most; i++) {
    size_t row = h->best[i].row;
    if (isnan(active[row]))
      continue;
    t->is_best[row] = 1;
    t->weight[row] = (top - hpo_num_log((double)++taken)) * (double)most / sum;
  }
}

/* Splits the trials in which the group was active: row [0][n_good] and
 * [1][n_bad], oldest first. */
static hpo_status split(tpe *t, const group *g, size_t *n_good, size_t *n_bad,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_history *h = &t->history;
  const float *active = h->column[g->param[0]];
  size_t seen = 0, most, good = 0, bad = 0;
  uint32_t *rest;

  HPO_TRY(status, hpo_mem_grow(&t->row, &t->row_room, 2 * h->n_row,
                               sizeof *t->row, err));
  HPO_TRY(status, hpo_mem_grow(&t->is_best, &t->best_room, h->n_row,
                               sizeof *t->is_best, err));
  HPO_TRY(status, hpo_mem_grow(&t->weight, &t->weight_room, h->n_row,
                               sizeof *t->weight, err));
  for (size_t i = 0; i < h->n_best; i++)
    seen += isnan(active[h->best[i].row]) ? 0 : 1;
  most = gamma_of(seen);
  for (size_t i = 0; i < h->n_row; i++)
    t->is_best[i] = 0;
  if (h->plan->n_objective > 1)
    HPO_TRY(status, hpo_merit_pick(&h->fronts, active, most, t->is_best,
                                   t->weight, err));
  else
    take_best(t, active, most);
  rest = t->row + h->n_row;
  for (size_t i = 0; i < h->n_row; i++) {
    if (h->kind[i] == HPO_ROW_NONE || isnan(active[i]))
      continue;
    if (h->kind[i] == HPO_ROW_OPEN && !t->liar)
      continue;
    if (t->is_best[i]) {
      t->weight[good] = t->weight[i]; /* good <= i */
      t->row[good++] = (uint32_t)i;
    } else
      rest[bad++] = (uint32_t)i;
  }
  *n_good = good;
  *n_bad = bad;
done:
  return status;
}

/* Draws the candidates. */
static hpo_status draw_candidates(tpe *t, group *g, hpo_rng *rng,
                                  const double *given, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n_good = 0, n_bad = 0, n = g->n_param;
  const float *const *column = g->column;

  HPO_TRY(status, split(t, g, &n_good, &n_bad, err));
  for (size_t a = 0; a < n; a++)
    g->column[a] = t->history.column[g->param[a]];
  HPO_TRY(status, hpo_parzen_build(t->good, g->axis, n, column, t->row,
                                   t->weight, n_good, err));
  HPO_TRY(status,
          hpo_parzen_build(t->bad, g->axis, n, column,
                           t->row + t->history.n_row, NULL, n_bad, err));
  for (size_t c = 0; c < t->candidates; c++) {
    double *place = t->place + c * n;
    hpo_parzen_draw(t->good, rng, place);
    for (size_t a = 0; a < n && given != NULL; a++)
      if (!isnan(given[g->param[a]]))
        place[a] = hpo_axis_place(&g->axis[a], given[g->param[a]]);
    t->candidate[c] = (candidate){.score = hpo_parzen_density(t->good, place) -
                                           hpo_parzen_least(t->bad, place)};
  }
done:
  return status;
}

/* The most promising candidate that is not taken, now it is; `candidates`:
 * all are.  The density of the rest, which is the dear part, is asked for
 * only where the bound that the prior gives leaves it open who is best. */
static size_t next_candidate(tpe *t, const group *g) {
  for (;;) {
    size_t best = t->candidates;
    for (size_t c = 0; c < t->candidates; c++)
      if (!t->candidate[c].is_taken &&
          (best == t->candidates ||
           t->candidate[c].score > t->candidate[best].score))
        best = c;
    if (best == t->candidates)
      return best;
    candidate *b = &t->candidate[best];
    const double *place = t->place + best * g->n_param;
    b->is_taken = b->is_exact;
    if (b->is_exact)
      return best;
    b->score +=
        hpo_parzen_least(t->bad, place) - hpo_parzen_density(t->bad, place);
    b->is_exact = true;
  }
}

static bool is_active(const group *g, const double *x) {
  return g->parent < 0 || x[g->parent] == (double)g->choice;
}

/* Parameters with one value only; a parent's may make others active. */
static void set_single(const hpo_space *space, double *x) {
  for (size_t i = 0; i < space->n_param; i++)
    if (isnan(x[i]) && !(hpo_param_cardinality(&space->param[i]) > 1) &&
        hpo_space_active(space, x, i))
      x[i] = hpo_param_from_unit(&space->param[i], 0);
}

static void take(const tpe *t, const group *g, size_t c, const double *given,
                 double *x) {
  for (size_t a = 0; a < g->n_param; a++) {
    size_t i = g->param[a];
    x[i] = given != NULL && !isnan(given[i])
               ? given[i]
               : hpo_axis_value(&g->axis[a], t->place[c * g->n_param + a]);
  }
  hpo_space_mask(&t->plan->space, x); /* what another candidate activated */
  set_single(&t->plan->space, x);
}

static bool is_whole(const tpe *t, const double *x) {
  for (size_t g = 0; g < t->n_group; g++)
    if (isnan(x[t->group[g].param[0]]) && is_active(&t->group[g], x))
      return false;
  return true;
}

/* One point; *is_new: it was not tried before. */
static hpo_status suggest_once(tpe *t, hpo_id number, uint32_t attempt,
                               const double *given, double *x, bool *is_new,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_space *space = &t->plan->space;
  hpo_history *h = &t->history;
  hpo_rng rng = hpo_rng_make(t->plan->seed, HPO_RNG_SAMPLER, (uint64_t)number,
                             HPO_DRAW_TPE | attempt);

  for (size_t i = 0; i < space->n_param; i++)
    x[i] = (double)NAN;
  set_single(space, x);
  for (size_t i = 0; i < t->n_group; i++) {
    group *g = &t->group[i];
    if (!is_active(g, x))
      continue;
    HPO_TRY(status, draw_candidates(t, g, &rng, given, err));
    size_t best = next_candidate(t, g), c = best;
    take(t, g, best, given, x);
    while (is_whole(t, x) && hpo_points_find(&h->points, x) &&
           (c = next_candidate(t, g)) < t->candidates)
      take(t, g, c, given, x);
    if (c == t->candidates) /* none is new: keep the best */
      take(t, g, best, given, x);
  }
  *is_new = !hpo_points_find(&h->points, x);
done:
  return status;
}

static hpo_status suggest(void *self, const hpo_options *options,
                          const hpo_view *view, hpo_id number,
                          const double *given, double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  tpe *t = self;
  hpo_history *h = &t->history;
  bool is_new = false;
  size_t n;

  (void)options;
  HPO_TRY(status, hpo_history_update(h, view, number, err));
  n = h->n_best + h->n_failed;
  for (uint32_t attempt = 0; attempt < ATTEMPTS && !is_new; attempt++) {
    if (n < t->startup || h->n_best == 0) {
      hpo_draw_point(&t->plan->space, t->plan->seed, number, attempt, given,
                     x);
      is_new = !hpo_points_find(&h->points, x);
    } else {
      HPO_TRY(status,
              suggest_once(t, number, attempt, given, x, &is_new, err));
    }
  }
  if (!is_new)
    hpo_points_move(&h->points, t->plan->seed, number, given, x);
done:
  return status;
}

static const hpo_option option[] = {
    {.name = "startup-trials",
     .kind = HPO_OPTION_INT,
     .value = "10",
     .low = 0,
     .high = 1e9,
     .help = "Random trials before the first that learns."},
    {.name = "candidates",
     .kind = HPO_OPTION_INT,
     .value = "96",
     .low = 1,
     .high = 1e6,
     .help = "Points drawn from the density of the best trials; the most "
             "promising one is tried."},
    {.name = "multivariate",
     .kind = HPO_OPTION_BOOL,
     .value = "yes",
     .help = "One joint density over parameters that are active together, "
             "rather than one for each."},
    {.name = "constant-liar",
     .kind = HPO_OPTION_BOOL,
     .value = "yes",
     .help = "Running trials count as bad, so that parallel trials keep "
             "away from each other."},
    {.name = "prior-weight",
     .kind = HPO_OPTION_FLOAT,
     .value = "1",
     .low = 0,
     .high = 1e9,
     .low_open = true,
     .help = "Weight of the prior against that of a recent trial."},
    {.name = "magic-clip",
     .kind = HPO_OPTION_BOOL,
     .value = "yes",
     .help = "Kernels have a least width: 1 / min(100, trials + 2) of the "
             "range, for the best trials of a joint density 0.03."},
    {.name = "consider-endpoints",
     .kind = HPO_OPTION_BOOL,
     .value = "no",
     .help = "The ends of the range count as neighbours when a kernel's "
             "width is taken from gaps (multivariate=\"no\" only)."},
};

const hpo_sampler_kind hpo_sampler_tpe = {
    .name = "tpe",
    .help = "Tree-structured Parzen estimator: learns which regions are "
            "good; for most studies of 30 trials and more, also with "
            "conditional parameters and many ranks.  0.1 ms a point at 1,000 "
            "trials of 10 parameters (Bergstra and others 2011; Watanabe "
            "2023).",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .create = create,
    .destroy = destroy,
    .suggest = suggest};
