/* SPDX-License-Identifier: BSD-3-Clause */
/* The percentile pruner, and the median as its middle: a trial whose best
 * value so far is worse than a percentile of what complete trials had at this
 * step is stopped.  The patient pruner asks them only once a trial no longer
 * gets better by itself.
 *
 * D. Golovin and others, Google Vizier, KDD 2017, section 3.2.2.  As there
 * and in Optuna the trial's best so far is compared with the others' values
 * at this very step.
 *
 * Values of a step stand in two heaps, which part them where the percentile
 * lies, so a new trial costs a logarithm per step; it does not depend on the
 * order in which they came. */
#include "hpo/mem.h"
#include "sampler/kinds.h"
#include "sampler/seen.h"

#include <math.h>
#include <string.h>

/* A heap with the largest of sign * value on top. */
typedef struct heap {
  double *value; /* [n] sign * value */
  size_t n, room;
} heap;

/* A step's values up to the percentile, and those above. */
typedef struct parts {
  heap low, high;
} parts;

typedef struct pruner {
  hpo_seen seen;
  parts *step; /* [n_step]: after step i + 1 */
  size_t n_step, room;
  size_t n_complete;
  double share; /* of values that stand below, 0 to 1 */
  int64_t startup, warmup, interval, least; /* the options */
} pruner;

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

/* Where the percentile lies among n ascending values, from 0. */
static double position(double share, size_t n) {
  return (double)(n - 1) * share;
}

static hpo_status parts_add(parts *s, double value, double share,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t low = (size_t)position(share, s->low.n + s->high.n + 1) + 1;

  if (s->low.n == 0 || value <= s->low.value[0])
    HPO_TRY(status, heap_add(&s->low, value, err));
  else
    HPO_TRY(status, heap_add(&s->high, -value, err));
  while (s->low.n > low)
    HPO_TRY(status, heap_add(&s->high, -heap_take(&s->low), err));
  while (s->low.n < low)
    HPO_TRY(status, heap_add(&s->low, -heap_take(&s->high), err));
done:
  return status;
}

/* Linear between the two values beside it, with NumPy's rounding. */
static double parts_value(const parts *s, double share) {
  double at = position(share, s->low.n + s->high.n), t = at - floor(at);
  double low = s->low.value[0], high;

  if (s->high.n == 0 || t <= 0)
    return low;
  high = -s->high.value[0];
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}

static void destroy(void *self) {
  pruner *m = self;

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

/* percent: of the trials that are good enough, the best ones. */
static hpo_status make(const hpo_options *options, const hpo_plan *plan,
                       double percent, void **self, hpo_error *err) {
  hpo_status status = HPO_OK;
  pruner *m = NULL;
  bool maximize = plan->objective[0].maximize;

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->share = (maximize ? 100 - percent : percent) / 100;
  m->startup = hpo_options_get_int(options, "startup-trials");
  m->warmup = hpo_options_get_int(options, "warmup-steps");
  m->interval = hpo_options_get_int(options, "interval-steps");
  m->least = hpo_options_get_int(options, "min-trials");
  *self = m;
done:
  return status;
}

static hpo_status create_median(const hpo_options *options,
                                const hpo_plan *plan, void **self,
                                hpo_error *err) {
  return make(options, plan, 50, self, err);
}

static hpo_status create_percentile(const hpo_options *options,
                                    const hpo_plan *plan, void **self,
                                    hpo_error *err) {
  return make(options, plan, hpo_options_get_float(options, "percentile"),
              self, err);
}

static hpo_status create_patient(const hpo_options *options,
                                 const hpo_plan *plan, void **self,
                                 hpo_error *err) {
  const char *inner = hpo_options_get_text(options, "inner");

  return strcmp(inner, "percentile") == 0
             ? create_percentile(options, plan, self, err)
             : create_median(options, plan, self, err);
}

static void patient_rule(const hpo_options *options, hpo_rule *out) {
  out->has_patience = true;
  out->patience = hpo_options_get_int(options, "patience");
  out->min_delta = hpo_options_get_float(options, "min-delta");
  out->is_alone = strcmp(hpo_options_get_text(options, "inner"), "none") == 0;
}

static hpo_status add_trial(pruner *m, const hpo_trial *t, hpo_error *err) {
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
    HPO_TRY(status, parts_add(&m->step[n - 1], c->value, m->share, err));
  }
done:
  return status;
}

static hpo_status update(pruner *m, const hpo_view *view, hpo_error *err) {
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
  pruner *m = self;
  const parts *at;

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
    out->threshold = parts_value(at, m->share);
done:
  return status;
}

/* One table: the kinds take rows of it from where theirs begin to where they
 * end. */
static const hpo_option option[] = {
    {.name = "patience",
     .kind = HPO_OPTION_INT,
     .value = "10",
     .low = 0,
     .high = 1e9,
     .help = "A trial goes on while its last patience + 1 steps have a value "
             "better than all before them."},
    {.name = "min-delta",
     .kind = HPO_OPTION_FLOAT,
     .value = "0",
     .low = 0,
     .high = (double)INFINITY,
     .help = "Steps that are worse by no more than this count as better."},
    {.name = "inner",
     .kind = HPO_OPTION_CHOICE,
     .value = "median",
     .choices = "median percentile none",
     .help = "Pruner that is asked then, with the options below; none: the "
             "trial is stopped at once."},
    {.name = "percentile",
     .kind = HPO_OPTION_FLOAT,
     .value = "25",
     .low = 0,
     .high = 100,
     .help = "Percent of the trials that are good enough: 25 keeps the best "
             "quarter."},
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
     .help = "Complete trials that must have reached the step."}};
#define N_OPTION (sizeof option / sizeof *option)
#define PATIENT 0
#define PERCENTILE 3
#define MEDIAN 4

const hpo_pruner_kind hpo_pruner_median = {
    .name = "median",
    .help =
        "Stops a trial whose best value so far is worse than the median "
        "of the complete trials at this step (as in Optuna).\nA safe first "
        "choice. Costs a logarithm per step of a complete trial (Golovin "
        "and others, Google Vizier, KDD 2017).",
    .option = option + MEDIAN,
    .n_option = N_OPTION - MEDIAN,
    .is_built = true,
    .needs_reports = true,
    .create = create_median,
    .destroy = destroy,
    .threshold = threshold};

const hpo_pruner_kind hpo_pruner_percentile = {
    .name = "percentile",
    .help =
        "Stops a trial whose best value so far is worse than a "
        "percentile of the complete trials at this step (as in Optuna; "
        "50 is the median).\nFor many trials whose early values tell much: "
        "the default, 25, stops three in four. Costs a logarithm per step "
        "of a complete trial (Golovin and others, Google Vizier, KDD "
        "2017).",
    .option = option + PERCENTILE,
    .n_option = N_OPTION - PERCENTILE,
    .is_built = true,
    .needs_reports = true,
    .create = create_percentile,
    .destroy = destroy,
    .threshold = threshold};

const hpo_pruner_kind hpo_pruner_patient = {
    .name = "patient",
    .help =
        "Asks another pruner only once a trial has not got better for "
        "some steps (as in Optuna); for curves that go up and down.\nCosts "
        "what the other costs, and looks at so many steps (Prechelt, "
        "Early stopping - but when?, 1998).",
    .option = option + PATIENT,
    .n_option = N_OPTION - PATIENT,
    .is_built = true,
    .needs_reports = true,
    .rule = patient_rule,
    .create = create_patient,
    .destroy = destroy,
    .threshold = threshold};
