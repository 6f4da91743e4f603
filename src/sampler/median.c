/* SPDX-License-Identifier: BSD-3-Clause */
/* The median pruner: a trial whose best value so far is worse than the median
 * of what complete trials had at this step is stopped.
 *
 * D. Golovin and others, Google Vizier, KDD 2017, section 3.2.2.  As there
 * and in Optuna the trial's best so far is compared with the others' values
 * at this very step.
 *
 * Values of a step stand in two heaps with the median between them, so a new
 * trial costs a logarithm per step; the median does not depend on the order
 * in which they came. */
#include "hpo/mem.h"
#include "sampler/kinds.h"
#include "sampler/seen.h"

#include <math.h>

/* A heap with the largest of sign * value on top. */
typedef struct heap {
  double *value; /* [n] sign * value */
  size_t n, room;
} heap;

/* The lower half of a step's values and the upper, as many or one less. */
typedef struct halves {
  heap low, high;
} halves;

typedef struct median {
  hpo_seen seen;
  halves *step; /* [n_step]: after step i + 1 */
  size_t n_step, room;
  size_t n_complete;
  int64_t startup, warmup, interval, least; /* the options */
} median;

static hpo_status heap_add(heap *h, double value, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t i;

  HPO_TRY(status,
          hpo_mem_grow(&h->value, &h->room, h->n + 1, sizeof *h->value, err));
  for (i = h->n++; i > 0 && h->value[(i - 1) / 2] < value; i = (i - 1) / 2)
    h->value[i] = h->value[(i - 1) / 2];
  h->value[i] = value;
done:
  return status;
}

static double heap_take(heap *h) {
  double top = h->value[0], last = h->value[--h->n];
  size_t i = 0, child;

  while ((child = 2 * i + 1) < h->n) {
    if (child + 1 < h->n && h->value[child + 1] > h->value[child])
      child++;
    if (h->value[child] <= last)
      break;
    h->value[i] = h->value[child];
    i = child;
  }
  h->value[i] = last;
  return top;
}

static hpo_status halves_add(halves *s, double value, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (s->low.n == 0 || value <= s->low.value[0])
    HPO_TRY(status, heap_add(&s->low, value, err));
  else
    HPO_TRY(status, heap_add(&s->high, -value, err));
  if (s->low.n > s->high.n + 1)
    HPO_TRY(status, heap_add(&s->high, -heap_take(&s->low), err));
  if (s->high.n > s->low.n)
    HPO_TRY(status, heap_add(&s->low, -heap_take(&s->high), err));
done:
  return status;
}

static double halves_median(const halves *s) {
  double low = s->low.value[0];

  if (s->low.n > s->high.n)
    return low;
  return low + (-s->high.value[0] - low) / 2;
}

static void destroy(void *self) {
  median *m = self;

  if (m == NULL)
    return;
  for (size_t i = 0; i < m->room; i++) {
    hpo_mem_free(m->step[i].low.value);
    hpo_mem_free(m->step[i].high.value);
  }
  hpo_mem_free(m->step);
  hpo_seen_free(&m->seen);
  hpo_mem_free(m);
}

static hpo_status create(const hpo_options *options, const hpo_plan *plan,
                         void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  median *m = NULL;

  (void)plan;
  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->startup = hpo_options_get_int(options, "startup-trials");
  m->warmup = hpo_options_get_int(options, "warmup-steps");
  m->interval = hpo_options_get_int(options, "interval-steps");
  m->least = hpo_options_get_int(options, "min-trials");
  *self = m;
done:
  return status;
}

static hpo_status add_trial(median *m, const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (t->state != HPO_TRIAL_COMPLETE)
    goto done;
  m->n_complete++;
  for (size_t i = 0; i < t->n_curve; i++) {
    const hpo_curve_point *c = &t->curve[i];
    size_t n = (size_t)c->step;
    if (c->metric != 0 || c->fold != 0 || c->step < 1 || isnan(c->value))
      continue;
    HPO_TRY(status, hpo_mem_grow(&m->step, &m->room, n, sizeof *m->step, err));
    if (n > m->n_step)
      m->n_step = n;
    HPO_TRY(status, halves_add(&m->step[n - 1], c->value, err));
  }
done:
  return status;
}

static hpo_status update(median *m, const hpo_view *view, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool reset = false;

  HPO_TRY(status, hpo_seen_update(&m->seen, view, &reset, err));
  if (reset) {
    for (size_t i = 0; i < m->n_step; i++)
      m->step[i].low.n = m->step[i].high.n = 0;
    m->n_step = m->n_complete = 0;
  }
  for (size_t i = 0; i < m->seen.n_fresh; i++)
    HPO_TRY(status, add_trial(m, hpo_view_trial(view, m->seen.fresh[i]), err));
  m->seen.n_fresh = 0;
done:
  return status;
}

static bool is_seen(const hpo_seen *s, const hpo_view *view) {
  return s->ledger == view->ledger && s->horizon == view->horizon &&
         s->trials == view->trials &&
         s->version == hpo_ledger_version(view->ledger);
}

static hpo_status threshold(void *self, const hpo_options *options,
                            const hpo_view *view, hpo_id number, int64_t step,
                            hpo_pruner_verdict *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  median *m = self;
  const halves *at;

  (void)number, (void)options;
  if (!is_seen(&m->seen, view))
    HPO_TRY(status, update(m, view, err));
  *out = (hpo_pruner_verdict){.threshold = (double)NAN,
                              .steps = (int64_t)m->n_step};
  if ((int64_t)m->n_complete < m->startup || step <= m->warmup ||
      step > (int64_t)m->n_step || (step - 1 - m->warmup) % m->interval != 0)
    goto done;
  at = &m->step[step - 1];
  out->trials = at->low.n + at->high.n;
  if (out->trials > 0 && (int64_t)out->trials >= m->least)
    out->threshold = halves_median(at);
done:
  return status;
}

static const hpo_option option[] = {
    {.name = "startup-trials",
     .kind = HPO_OPTION_INT,
     .value = "5",
     .low = 0,
     .high = 1e9,
     .help = "Complete trials before the first that is pruned."},
    {.name = "warmup-steps",
     .kind = HPO_OPTION_INT,
     .value = "0",
     .low = 0,
     .high = 1e12,
     .help = "Steps of a trial after which it can't be pruned yet."},
    {.name = "interval-steps",
     .kind = HPO_OPTION_INT,
     .value = "1",
     .low = 1,
     .high = 1e12,
     .help = "Steps from one check to the next."},
    {.name = "min-trials",
     .kind = HPO_OPTION_INT,
     .value = "1",
     .low = 1,
     .high = 1e9,
     .help = "Complete trials that must have reached the step."},
};

const hpo_pruner_kind hpo_pruner_median = {
    .name = "median",
    .help = "Stops a trial whose best value so far is worse than the median "
            "of the complete trials at this step (Vizier; as in Optuna).",
    .option = option,
    .n_option = sizeof option / sizeof *option,
    .is_built = true,
    .needs_reports = true,
    .create = create,
    .destroy = destroy,
    .threshold = threshold};
