/* SPDX-License-Identifier: BSD-3-Clause */
/* The progress display. */
#include "cmd/display.h"
#include "hpo/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Lines of a batch log in one window, then what was left out. */
enum { LINES_PER_WINDOW = 10, WINDOW_SECONDS = 30 };

size_t hpo_display_done(const hpo_ledger *l) {
  return hpo_ledger_count(l, HPO_TRIAL_COMPLETE) +
         hpo_ledger_count(l, HPO_TRIAL_PRUNED) +
         hpo_ledger_count(l, HPO_TRIAL_FAILED);
}

void hpo_display_start(hpo_display *p, const hpo_plan *plan,
                       size_t done_before, bool quiet) {
  memset(p, 0, sizeof *p);
  p->plan = plan;
  p->quiet = quiet;
  p->terminal = isatty(STDERR_FILENO) == 1;
  p->began = hpo_clock_seconds();
  p->window = p->began;
  p->done = p->done_before = done_before;
}

/* "12/50" or "12". */
static void format_count(const hpo_display *p, size_t done, char *text,
                         size_t room) {
  if (p->plan->trials)
    snprintf(text, room, "%zu/%lld", done, (long long)p->plan->trials);
  else
    snprintf(text, room, "%zu", done);
}

/* Time to go at this session's pace, "" where unknown. */
static void format_eta(const hpo_display *p, size_t done, char *text,
                       size_t room) {
  char seconds[32];
  double elapsed = hpo_clock_seconds() - p->began;
  size_t now = done - p->done_before;
  text[0] = 0;
  if (p->plan->trials <= (int64_t)done || now == 0)
    return;
  double left = elapsed * ((double)p->plan->trials - (double)done);
  snprintf(text, room, ", %s to go",
           hpo_clock_format_seconds(left / (double)now, seconds));
}

static void format_best(const hpo_display *p, const hpo_ledger *ledger,
                        char *text, size_t room) {
  const hpo_trial *best = hpo_ledger_best(ledger);
  text[0] = 0;
  if (best && p->plan->n_objective > 1)
    snprintf(text, room, ", front of %zu", hpo_ledger_front_size(ledger));
  else if (best)
    snprintf(text, room, ", best %s %.6g (trial %lld)",
             p->plan->objective[0].metric, best->value[0],
             (long long)best->number);
}

/* "rmse 2.1, train_seconds 0.3". */
void hpo_display_values(const hpo_plan *plan, const double *value, char *text,
                        size_t room) {
  size_t n = 0;

  for (size_t k = 0; k < plan->n_objective && n < room; k++)
    n += (size_t)snprintf(text + n, room - n, "%s%s %.6g", k ? ", " : "",
                          plan->objective[k].metric, value[k]);
}

static void format_trial(const hpo_display *p, const hpo_trial *t, char *text,
                         size_t room) {
  char seconds[32], values[256];
  hpo_clock_format_seconds(t->wall, seconds);
  hpo_display_values(p->plan, t->value, values, sizeof values);
  if (t->state == HPO_TRIAL_COMPLETE)
    snprintf(text, room, "trial %lld complete: %s%s in %s",
             (long long)t->number, values,
             hpo_trial_violation(t, p->plan) > 0 ? " (infeasible)" : "",
             seconds);
  else if (t->state == HPO_TRIAL_PRUNED)
    snprintf(text, room, "trial %lld pruned at step %lld after %s",
             (long long)t->number, (long long)t->steps, seconds);
  else if (t->state == HPO_TRIAL_PAUSED)
    snprintf(text, room, "trial %lld paused at step %lld: %s",
             (long long)t->number, (long long)t->steps, values);
  else
    snprintf(text, room, "trial %lld %s: %s", (long long)t->number,
             hpo_trial_state_name(t->state), t->reason);
}

/* The lines that a batch log was spared. */
static void tell_left_out(hpo_display *p) {
  size_t n = p->complete + p->pruned + p->failed;
  char paused[48] = "";

  if (p->paused > 0)
    snprintf(paused, sizeof paused, "; %zu pause%s", p->paused,
             p->paused == 1 ? "" : "s");
  if (n + p->paused > 0)
    fprintf(stderr,
            "(%zu more trial%s: %zu complete, %zu pruned, %zu failed%s)\n", n,
            n == 1 ? "" : "s", p->complete, p->pruned, p->failed, paused);
  p->complete = p->pruned = p->failed = p->paused = 0;
}

/* Whether a batch log has a line for this trial: the first ten of a window,
 * its first failure, what is best and the last. */
static bool may_print(hpo_display *p, const hpo_trial *t, bool always) {
  double now = hpo_clock_seconds();
  bool failed = t->state == HPO_TRIAL_FAILED, may;

  if (now - p->window > WINDOW_SECONDS) {
    tell_left_out(p);
    p->window = now;
    p->burst = 0;
    p->told_failure = false;
  }
  may = p->burst++ < LINES_PER_WINDOW || (failed && !p->told_failure);
  p->told_failure = p->told_failure || failed;
  if (may || always)
    return true;
  p->complete += t->state == HPO_TRIAL_COMPLETE;
  p->pruned += t->state == HPO_TRIAL_PRUNED;
  p->failed += failed;
  p->paused += t->state == HPO_TRIAL_PAUSED;
  return false;
}

static void show(void *context, const hpo_trial *t, const hpo_ledger *ledger,
                 bool is_best) {
  hpo_display *p = context;
  char count[48], eta[64], best[160], what[448];
  double now = hpo_clock_seconds();
  size_t done = p->done += hpo_trial_is_final(t->state);
  bool last = p->plan->trials && done >= (size_t)p->plan->trials;

  if (p->quiet)
    return;
  format_count(p, done, count, sizeof count);
  format_eta(p, done, eta, sizeof eta);
  format_best(p, ledger, best, sizeof best);
  format_trial(p, t, what, sizeof what);
  if (p->terminal) {
    if (now - p->last > 0.1 || last)
      fprintf(stderr, "\r\033[K%s trials%s%s", count, best, eta);
    p->last = now;
    fflush(stderr);
  } else if (may_print(p, t, is_best || last)) {
    if (last)
      tell_left_out(p);
    fprintf(stderr, "[%s] %s%s%s%s\n", count, what,
            !is_best                   ? ""
            : p->plan->n_objective > 1 ? ", on the front"
                                       : ", the best",
            is_best && p->plan->n_objective == 1 ? "" : best, eta);
  }
}

hpo_listener hpo_display_listener(hpo_display *p) {
  return (hpo_listener){.context = p, .trial = show};
}

void hpo_display_end(hpo_display *p) {
  tell_left_out(p);
  if (p->terminal && !p->quiet && p->last > 0)
    fprintf(stderr, "\n");
}
