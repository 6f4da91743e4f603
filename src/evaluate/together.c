/* SPDX-License-Identifier: BSD-3-Clause */
/* One step of several trials side by side.
 *
 * Each trial is judged as if it were alone; only the steps of the models are
 * taken together, those of one kind at once, so that a kind may make one pass
 * over the rows for all. */
#include "evaluate/prefix.h"
#include "hpo/clock.h"
#include "hpo/mem.h"

#include <string.h>

/* The models to be stepped in a turn; room for all that the trials have. */
typedef struct turn {
  hpo_fit **fit;       /* [n], not yet stepped */
  hpo_evaluation **of; /* [n] whose it is */
  size_t n;
  hpo_fit **group; /* [n] of one kind, and: */
  hpo_evaluation **owner;
  void **model;
  hpo_status *came; /* [n] of their steps */
  hpo_error *why;   /* [n] */
} turn;

static void turn_free(turn *t) {
  hpo_mem_free(t->fit);
  hpo_mem_free(t->of);
  hpo_mem_free(t->group);
  hpo_mem_free(t->owner);
  hpo_mem_free(t->model);
  hpo_mem_free(t->came);
  hpo_mem_free(t->why);
}

/* An error that is not the trial's own ends the turn. */
static hpo_status take(hpo_evaluation *v, hpo_status came, hpo_error *own,
                       hpo_error *err) {
  hpo_status status = hpo_evaluation_take_failure(v, came, own);

  return status == HPO_OK ? HPO_OK
                          : hpo_error_set(err, status, "%s", own->text);
}

/* The CPU time since before is the trial's own. */
static void charge(hpo_evaluation *v, double before) {
  v->cpu += hpo_clock_cpu() - before;
}

static void list(turn *t, hpo_evaluation *v) {
  const bool is_refit = v->is_refit;
  hpo_fit *fit;

  if (!is_refit && hpo_prefix_has(v, v->trial->steps + 1))
    return; /* it is trained already */
  for (size_t f = is_refit ? v->n_fit : 0;
       (fit = hpo_evaluation_fit(v, f)) != NULL; f++)
    if (hpo_fit_can_step(fit) &&
        (!is_refit || fit->steps < hpo_evaluation_refit_steps(v))) {
      t->fit[t->n] = fit;
      t->of[t->n++] = v;
    }
}

static hpo_status begin(hpo_evaluation *const *v, size_t n, turn *t,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};
  size_t room = 0;

  for (size_t i = 0; i < n; i++) {
    const double before = hpo_clock_cpu();
    HPO_TRY(status,
            take(v[i], hpo_evaluation_begin_step(v[i], &own), &own, err));
    v[i]->steps_now = v[i]->steps_now && !v[i]->over;
    charge(v[i], before);
    room += v[i]->n_fit + 1;
  }
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->fit, &t->fit, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->of, &t->of, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->group, &t->group, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->owner, &t->owner, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->model, &t->model, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->came, &t->came, err));
  HPO_TRY(status, hpo_mem_new(room, sizeof *t->why, &t->why, err));
  for (size_t i = 0; i < n; i++)
    if (v[i]->steps_now)
      list(t, v[i]);
done:
  return status;
}

/* Takes those out that are stepped together with the first; returns how
 * many. */
static size_t take_group(turn *t) {
  const hpo_model_kind *kind = t->fit[0]->from->kind;
  size_t n = 0, left = 0;

  for (size_t i = 0; i < t->n; i++)
    if (i == 0 || (kind->step_together && t->fit[i]->from->kind == kind)) {
      t->group[n] = t->fit[i];
      t->owner[n++] = t->of[i];
    } else {
      t->fit[left] = t->fit[i];
      t->of[left++] = t->of[i];
    }
  t->n = left;
  return n;
}

/* The sentence of a fault of all. */
static const hpo_error *find_fault(const turn *t, size_t n) {
  size_t i = 0;

  while (i + 1 < n && !t->why[i].text[0])
    i++;
  return &t->why[i];
}

static hpo_status step_group(turn *t, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK, all = HPO_OK;
  const double began = hpo_clock_seconds(), cpu = hpo_clock_cpu();

  all = hpo_fit_step_together(t->group, n, t->model, t->came, t->why);
  const double share = (hpo_clock_seconds() - began) / (double)n;
  const double cpu_share = (hpo_clock_cpu() - cpu) / (double)n;
  if (all != HPO_OK)
    HPO_FAIL(status, err, all, "%s", find_fault(t, n)->text);
  for (size_t i = 0; i < n; i++) {
    hpo_evaluation *v = t->owner[i];
    v->cpu += cpu_share;
    if (!v->is_refit)
      v->train_seconds += share;
    HPO_TRY(status, take(v, t->came[i], &t->why[i], err));
  }
done:
  return status;
}

hpo_status hpo_evaluation_step_together(hpo_evaluation *const *v, size_t n,
                                        hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error own = {0};
  turn t = {.fit = NULL};

  HPO_ASSERT(n == 0 || n == 1 || v[0]->e->team->size == 1);
  HPO_TRY(status, begin(v, n, &t, err));
  while (t.n > 0)
    HPO_TRY(status, step_group(&t, take_group(&t), err));
  for (size_t i = 0; i < n; i++) {
    const double before = hpo_clock_cpu();
    if (!v[i]->steps_now || v[i]->over)
      continue;
    HPO_TRY(status,
            take(v[i], hpo_evaluation_end_step(v[i], &own), &own, err));
    charge(v[i], before);
  }
done:
  turn_free(&t);
  return status;
}

hpo_status hpo_evaluation_step(hpo_evaluation *v, bool *over, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_evaluation_step_together(&v, 1, err));
  *over = v->over;
done:
  return status;
}

bool hpo_evaluation_is_over(const hpo_evaluation *v) { return v->over; }
