/* SPDX-License-Identifier: BSD-3-Clause */
/* Paused trials in memory: see paused.h. */
#include "evaluate/paused.h"

#include "hpo/mem.h"

#include <string.h>

/* Bytes that all of a rank's paused trials may take, and what a fit takes
 * beside its rows and what its model says. */
#define MOST_BYTES (512.0 * 1024 * 1024)
#define FLAT_BYTES (1024.0 * 1024)
/* Margins, gradients and node of a row. */
#define ROW_BYTES 32.0

/* What one takes on this rank, from facts that all ranks of a team share. */
static double bytes_of(const hpo_evaluator *e, const hpo_evaluation *v) {
  const hpo_model_kind *kind = v->recipe.kind;
  double rows = 0, held = FLAT_BYTES;

  for (size_t f = 0; kind && kind->held && f < v->n_fit; f++)
    held += v->fit[f].model ? (double)kind->held(v->fit[f].model) : 0;
  for (size_t f = 0; f < v->n_fit; f++)
    rows += (double)(v->fit[f].rows.n_train + v->fit[f].rows.n_valid) *
            (double)v->fit[f].k;
  return held + ROW_BYTES * rows / e->team->size;
}

static void take_out(hpo_evaluator *e, size_t i) {
  e->n_paused--;
  memmove(e->paused + i, e->paused + i + 1,
          (e->n_paused - i) * sizeof *e->paused);
}

void hpo_paused_remove(hpo_evaluator *e, const hpo_evaluation *v) {
  for (size_t i = 0; i < e->n_paused; i++)
    if (e->paused[i] == v) {
      take_out(e, i);
      return;
    }
}

void hpo_paused_drop(hpo_evaluator *e, size_t left) {
  while (e->n_paused > left) {
    hpo_evaluation_free(e->paused[0]);
    take_out(e, 0);
  }
}

void hpo_paused_shrink(hpo_evaluator *e, double most) {
  double sum = 0;
  size_t left = 0;

  for (; left < e->n_paused; left++) {
    sum += bytes_of(e, e->paused[e->n_paused - 1 - left]);
    if (sum > most)
      break;
  }
  hpo_paused_drop(e, left);
}

void hpo_paused_release(hpo_evaluator *e) {
  hpo_paused_drop(e, 0);
  hpo_mem_trim();
}

void hpo_paused_keep(hpo_evaluator *e, hpo_evaluation *v) {
  if (hpo_mem_grow(&e->paused, &e->paused_room, e->n_paused + 1,
                   sizeof *e->paused, NULL) != HPO_OK) {
    hpo_evaluation_free(v);
    return;
  }
  e->paused[e->n_paused++] = v;
  hpo_paused_drop(e, 1 + (size_t)(MOST_BYTES / bytes_of(e, v)));
}

hpo_evaluation *hpo_paused_take(hpo_evaluator *e, hpo_id trial,
                                int64_t steps) {
  for (size_t i = 0; i < e->n_paused; i++) {
    hpo_evaluation *v = e->paused[i];
    if (v->trial->number != trial || v->trial->state != HPO_TRIAL_PAUSED)
      continue;
    take_out(e, i);
    if (v->trial->steps == steps)
      return v;
    hpo_evaluation_free(v);
    return NULL;
  }
  return NULL;
}
