/* SPDX-License-Identifier: BSD-3-Clause */
/* Rank 0 alone: the manager, with a real study file, and workers over
 * mailboxes whose trials take so many milliseconds of waiting.
 *
 *   bench_rank0 SAMPLER TRIALS [workers=64] [ms=1] [parameters=5]
 *               [pruner=none] [keep=FILE.h5]
 *
 * prints how many trials per second rank 0 would serve (from the CPU time
 * that it took), how many came through with these workers on the same core,
 * microseconds of rank 0 per trial, and of its last tenth of trials; bytes per
 * trial in the file, and resident bytes per trial. */
#include "hpo/clock.h"
#include "hpo/proto.h"
#include "session.h"
#include "tinyplan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(hpo_status status, const hpo_error *err) {
  if (status == HPO_OK)
    return;
  fprintf(stderr, "%s\n", err->text);
  exit(1);
}

typedef struct options {
  const char *sampler, *pruner, *keep;
  int64_t trials;
  int workers, parameters;
  double ms;
} options;

/* A worker: at most one trial, done when its time has come. */
typedef struct idler {
  hpo_message job; /* job.job.x NULL: none */
  double due;
} idler;

static bool take_option(const char *word, options *o) {
  const char *value = strchr(word, '=');
  size_t n = value ? (size_t)(value - word) : 0;

  if (!value++)
    return false;
  if (strncmp(word, "workers", n) == 0)
    o->workers = atoi(value);
  else if (strncmp(word, "parameters", n) == 0)
    o->parameters = atoi(value);
  else if (strncmp(word, "ms", n) == 0)
    o->ms = atof(value);
  else if (strncmp(word, "pruner", n) == 0)
    o->pruner = value;
  else if (strncmp(word, "keep", n) == 0)
    o->keep = value;
  else
    return false;
  return o->workers > 0 && o->parameters > 0;
}

static hpo_plan *make_plan(const options *o) {
  hpo_plan *p = session_plan(false);

  p->trials = o->trials;
  p->keep_models = 0;
  hpo_settings_free(&p->sampler.options);
  hpo_settings_free(&p->pruner.options);
  tinyplan_text(&p->sampler.name, o->sampler);
  tinyplan_text(&p->pruner.name, o->pruner);
  for (int i = (int)p->space.n_param; i < o->parameters; i++)
    tinyplan_float(p, -5, 5, false, -1, 0);
  return p;
}

/* The value is the distance from a point of the inside. */
static void answer(const hpo_plan *plan, const hpo_comm *comm, idler *w) {
  hpo_error err = {0};
  hpo_names metrics = {0};
  hpo_message msg = {.tag = HPO_TAG_RESULT};
  hpo_trial *t = NULL;
  double sum = 0;

  must(hpo_plan_metrics(plan, &metrics, &err), &err);
  must(hpo_trial_create(plan->space.n_param, plan->n_objective, metrics.n, &t,
                        &err),
       &err);
  for (size_t i = 0; i < plan->space.n_param; i++) {
    t->x[i] = w->job.job.x[i];
    sum += (t->x[i] - 1) * (t->x[i] - 1);
  }
  t->number = w->job.job.trial;
  t->state = HPO_TRIAL_COMPLETE;
  t->steps = 1;
  t->value[0] = sum;
  t->end = hpo_clock_wall_ns();
  t->start = t->end - (int64_t)1e6;
  must(
      hpo_trial_add_curve(t, (hpo_curve_point){.step = 1, .value = sum}, &err),
      &err);
  msg.result.trial = t;
  must(hpo_proto_send(comm, 0, &msg, &err), &err);
  hpo_message_free(&msg);
  hpo_message_free(&w->job);
  hpo_names_free(&metrics);
}

/* One turn of a worker. */
static void idle(const options *o, const hpo_plan *plan, const hpo_comm *comm,
                 idler *w, hpo_buffer *scratch) {
  hpo_error err = {0};
  hpo_message msg = {0}, bye = {.tag = HPO_TAG_BYE};
  bool have = false;
  int from;

  must(hpo_proto_receive(comm, true, scratch, &have, &from, &msg, &err), &err);
  if (have && msg.tag == HPO_TAG_JOB) {
    w->job = msg;
    w->due = hpo_clock_seconds() + 1e-3 * o->ms;
  } else if (have && msg.tag == HPO_TAG_QUIT) {
    must(hpo_proto_send(comm, 0, &bye, &err), &err);
  }
  if (w->job.job.x && hpo_clock_seconds() >= w->due)
    answer(plan, comm, w);
}

typedef struct course {
  int64_t done;
  double busy, busy_late; /* CPU seconds of rank 0, of the last tenth */
} course;

static void hear(void *context, const hpo_trial *t, const hpo_ledger *ledger,
                 bool is_best) {
  (void)t, (void)ledger, (void)is_best;
  ((course *)context)->done++;
}

static double run(const options *o, const hpo_plan *plan, hpo_manager *m,
                  hpo_comm *comms, course *c) {
  hpo_error err = {0};
  hpo_buffer scratch = {0};
  idler *worker = calloc((size_t)o->workers, sizeof *worker);
  const double began = hpo_clock_seconds();
  bool over = false, worked = false;

  if (!worker)
    exit(1);
  while (!over) {
    const bool is_late = c->done >= o->trials - o->trials / 10;
    const double before = hpo_clock_cpu();
    must(hpo_manager_poll(m, &worked, &over, &err), &err);
    const double spent = hpo_clock_cpu() - before;
    if (worked)
      c->busy += spent;
    if (worked && is_late)
      c->busy_late += spent;
    for (int i = 0; i < o->workers && !over; i++)
      idle(o, plan, &comms[i + 1], &worker[i], &scratch);
  }
  free(worker);
  hpo_buffer_free(&scratch);
  return hpo_clock_seconds() - began;
}

int main(int argc, char **argv) {
  options o = {.workers = 64, .ms = 1, .parameters = 5, .pruner = "none"};
  hpo_error err = {0};
  hpo_comm *comms = NULL;
  hpo_ledger *ledger = NULL;
  hpo_manager *m = NULL;
  char path[64];
  struct stat st;
  course c = {0};
  int rank[4096];
  bool good = argc >= 3 && (o.trials = atoll(argv[2])) > 0;

  o.sampler = argc > 1 ? argv[1] : "";
  for (int i = 3; good && i < argc; i++)
    good = take_option(argv[i], &o);
  if (!good || o.workers > 4096) {
    fprintf(stderr, "see the head of %s\n", __FILE__);
    return 2;
  }
  hpo_plan *plan = make_plan(&o);
  const char *file = o.keep ? o.keep : session_fresh(path);
  hpo_store *store = session_create_file(plan, file);
  must(hpo_comm_local_create(o.workers + 1, &comms, &err), &err);
  must(hpo_ledger_create(plan, &ledger, &err), &err);
  for (int i = 0; i < o.workers; i++) {
    rank[i] = i + 1;
    must(hpo_proto_send(&comms[i + 1], 0, &(hpo_message){.tag = HPO_TAG_READY},
                        &err),
         &err);
  }
  hpo_manager_input in = {.plan = plan,
                          .store = store,
                          .ledger = ledger,
                          .comm = comms[0],
                          .n_teams = o.workers,
                          .team_rank = rank,
                          .lanes = 1,
                          .team_size = 1,
                          .session = session_add(store),
                          .sync_seconds = 5,
                          .listener = {.context = &c, .trial = hear}};
  const int64_t rss = hpo_clock_rss();
  must(hpo_manager_create(&in, &m, &err), &err);
  const double seconds = run(&o, plan, m, comms, &c);
  const double n = (double)o.trials, late = (double)(o.trials / 10);
  const int64_t grown = hpo_clock_rss() - rss;
  hpo_manager_destroy(m);
  must(hpo_store_close(store, &err), &err);
  if (stat(file, &st) != 0)
    return 1;
  double sent = 0;
  for (int i = 0; i <= o.workers; i++)
    sent += (double)comms[i].bytes_sent(comms[i].self);
  printf("%s %lld trials: %.0f per s at most, %.0f came; us per trial %.1f, "
         "late %.1f; bytes per trial: file %.0f, memory %.0f, sent %.0f\n",
         o.sampler, (long long)o.trials, n / c.busy, n / seconds,
         1e6 * c.busy / n, 1e6 * c.busy_late / (late > 0 ? late : 1),
         (double)st.st_size / n, (double)grown / n, sent / n);
  hpo_comm_local_destroy(comms);
  hpo_plan_destroy(plan);
  if (!o.keep)
    session_fresh(path);
  return 0;
}
