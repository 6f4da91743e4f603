/* SPDX-License-Identifier: BSD-3-Clause */
/* A trial as it was and as it came again, bit for bit. */
#include "cmd/replay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/environment.h"

/* The same bits, or both not a number. */
static bool is_same(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static bool compare_ends(const hpo_trial *was, const hpo_trial *is) {
  if (was->state == is->state && was->steps == is->steps &&
      (was->state != HPO_TRIAL_FAILED ||
       strcmp(was->reason, is->reason) == 0)) {
    printf("  %-9s %s after %lld steps: the same\n", "end",
           hpo_trial_state_name(is->state), (long long)is->steps);
    return true;
  }
  printf("  %-9s %s after %lld steps %s, now %s after %lld %s\n", "end",
         hpo_trial_state_name(was->state), (long long)was->steps, was->reason,
         hpo_trial_state_name(is->state), (long long)is->steps, is->reason);
  return false;
}

/* Metrics but those of the clock; the objectives are among them. */
static bool compare_metrics(const hpo_names *names, const hpo_trial *was,
                            const hpo_trial *is) {
  size_t n = 0, same = 0;

  for (size_t i = 0; i < was->n_metric; i++) {
    if (strcmp(names->item[i], "train_seconds") == 0)
      continue;
    n++;
    if (is_same(was->metric[i], is->metric[i]))
      same++;
    else
      printf("  %-9s %s was %.17g, is %.17g\n", "metric", names->item[i],
             was->metric[i], is->metric[i]);
  }
  for (size_t i = 0; i < was->n_objective; i++)
    if (strcmp(names->item[i], "train_seconds") != 0 &&
        !is_same(was->value[i], is->value[i])) {
      printf("  %-9s %zu was %.17g, is %.17g\n", "value", i, was->value[i],
             is->value[i]);
      same = SIZE_MAX;
    }
  if (same == n)
    printf("  %-9s %zu: the same\n", "metrics", n);
  return same == n;
}

static bool compare_curves(const hpo_trial *was, const hpo_trial *is) {
  const size_t n = was->n_curve < is->n_curve ? was->n_curve : is->n_curve;

  for (size_t i = 0; i < n; i++) {
    const hpo_curve_point *a = &was->curve[i], *b = &is->curve[i];
    if (a->fold == b->fold && a->metric == b->metric && a->step == b->step &&
        is_same(a->value, b->value))
      continue;
    printf("  %-9s differs from step %lld on: was %.17g, is %.17g\n", "curve",
           (long long)a->step, a->value, b->value);
    return false;
  }
  if (was->n_curve != is->n_curve)
    printf("  %-9s had %zu points, has %zu\n", "curve", was->n_curve,
           is->n_curve);
  else
    printf("  %-9s %zu points: the same\n", "curve", n);
  return was->n_curve == is->n_curve;
}

static bool compare_models(const hpo_buffer *was, const hpo_buffer *is) {
  size_t n = was->n < is->n ? was->n : is->n, i = 0;

  if (was->n == 0) {
    printf("  %-9s was not kept\n", "model");
    return true;
  }
  while (i < n && was->byte[i] == is->byte[i])
    i++;
  if (i == was->n && i == is->n) {
    printf("  %-9s %zu bytes: the same\n", "model", i);
    return true;
  }
  printf("  %-9s had %zu bytes, has %zu; they differ from byte %zu on\n",
         "model", was->n, is->n, i);
  return false;
}

/* What is another thing than in the trial's session. */
static void tell_environment(const hpo_record *session) {
  hpo_environment now;
  char text[257];
  bool any = false;

  hpo_environment_take(&now);
  for (const hpo_environment_member *m = hpo_environment_members;
       session && m->column; m++) {
    const char *is = (const char *)&now + m->offset;
    hpo_record_text(session, m->column, text, sizeof text);
    if (strcmp(text, is) == 0)
      continue;
    printf("  %s: %s then, %s now\n", m->says, text, is);
    any = true;
  }
  if (!any)
    printf("  program, libraries and CPU are those of its session\n");
}

hpo_status hpo_replay_compare(const hpo_plan *plan,
                              const hpo_replay_stored *was,
                              const hpo_result *is, bool *same,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names names = {0};
  bool all = true;

  HPO_TRY(status, hpo_plan_metrics(plan, &names, err));
  all = compare_ends(was->trial, is->trial) && all;
  all = compare_metrics(&names, was->trial, is->trial) && all;
  all = compare_curves(was->trial, is->trial) && all;
  all = compare_models(&was->model, &is->model) && all;
  printf(all ? "the same, bit for bit\n" : "it differs; what may be why:\n");
  if (!all)
    tell_environment(was->session);
  *same = all;
done:
  hpo_names_free(&names);
  return status;
}
