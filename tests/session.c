/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions of a study in one process, for tests: see session.h. */
#include "session.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/rng.h"
#include "tinyplan.h"

#define MUST(call) must((call), &err, __LINE__)

static void must(hpo_status status, const hpo_error *err, int line) {
  if (status == HPO_OK)
    return;
  fprintf(stderr, "session.c:%d: %s\n", line, err->text);
  abort();
}

static void hear(void *context, const hpo_trial *t, const hpo_ledger *ledger,
                 bool is_best) {
  session_heard *h = context;

  h->trials++;
  h->best += is_best;
  if (is_best != (hpo_ledger_best(ledger) &&
                  hpo_ledger_best(ledger)->number == t->number))
    abort();
}

/* --- a session --------------------------------------------------------- */

hpo_store *session_create_file(const hpo_plan *plan, const char *path) {
  hpo_error err = {0};
  hpo_layout_table *tables = NULL;
  hpo_store_table table[32] = {{0}};
  hpo_record *attributes = NULL, *study = NULL, *columns = NULL;
  hpo_store *store = NULL;
  size_t n = 0;

  MUST(hpo_layout_tables(plan, &tables, &n, &err));
  for (size_t i = 0; i < n; i++)
    table[i] = (hpo_store_table){.path = tables[i].path,
                                 .row = tables[i].row,
                                 .chunk = tables[i].chunk,
                                 .crc = tables[i].crc,
                                 .description = tables[i].description};
  MUST(hpo_layout_attributes(plan, "uuid", "now", "0", "id", &attributes,
                             &err));
  MUST(hpo_layout_study(plan, "<study/>", 8, &study, &err));
  MUST(hpo_layout_columns(plan, &columns, &err));
  const hpo_store_facts facts[] = {{HPO_FACTS_STUDY, study},
                                   {HPO_FACTS_COLUMNS, columns}};
  MUST(hpo_store_create(path, false, table, n, facts, 2, attributes, &store,
                        &err));
  hpo_layout_destroy(tables, n);
  hpo_record_destroy(attributes);
  hpo_record_destroy(study);
  hpo_record_destroy(columns);
  return store;
}

hpo_id session_add(hpo_store *store) {
  hpo_error err = {0};
  hpo_layout_session row = {.start = hpo_clock_wall_ns(), .end = -1};
  hpo_record *r = NULL;
  size_t n = 0;
  const char *const path[] = {HPO_TABLE_SESSIONS};

  MUST(hpo_store_rows(store, HPO_TABLE_SESSIONS, &n, &err));
  row.number = (int64_t)n;
  MUST(hpo_layout_session_row(&row, &r, &err));
  MUST(hpo_store_append(store, HPO_TABLE_SESSIONS, r, NULL, &err));
  MUST(hpo_store_flush(store, path, 1, &err));
  hpo_record_destroy(r);
  return (hpo_id)n;
}

typedef struct crew {
  hpo_coll team;
  hpo_comm *comms;
  hpo_evaluator *evaluator[SESSION_MOST_WORKERS];
  hpo_worker *worker[SESSION_MOST_WORKERS];
  bool over[SESSION_MOST_WORKERS];
  int rank[SESSION_MOST_WORKERS];
} crew;

static int lanes_of(const session *s) { return s->lanes > 1 ? s->lanes : 1; }

static void hire(const session *s, crew *c) {
  hpo_error err = {0};
  hpo_error why = {.code = HPO_EDATA, .text = "white.csv is not here"};

  c->team = hpo_coll_serial();
  MUST(hpo_comm_local_create(s->n + 1, &c->comms, &err));
  for (int i = 0; i < s->n; i++) {
    c->rank[i] = i + 1;
    MUST(
        hpo_evaluator_create(s->plan, NULL, &c->team, &c->evaluator[i], &err));
    hpo_worker_input in = {.comm = c->comms[i + 1],
                           .team = i,
                           .evaluator = c->evaluator[i],
                           .coll = &c->team,
                           .lanes = lanes_of(s),
                           .delay_seed = s->seed};
    if (s->is_unready && i == s->n - 1)
      in.not_ready = &why;
    MUST(hpo_worker_create(&in, &c->worker[i], &err));
  }
}

static void dismiss(const session *s, crew *c) {
  for (int i = 0; i < s->n; i++) {
    hpo_worker_destroy(c->worker[i]);
    hpo_evaluator_destroy(c->evaluator[i]);
  }
  hpo_comm_local_destroy(c->comms);
}

static bool hangs(const session *s, const session_heard *h, int who) {
  return who < s->lose && h->trials >= s->lose_after;
}

/* Lost ones that wake: they are told to leave, and nobody hears them. */
static void wake_late(const session *s, crew *c, hpo_manager *m) {
  hpo_error err = {0};
  bool worked = false, over = false;
  size_t before = hpo_ledger_trials(hpo_manager_ledger(m));

  for (int i = 0; i < s->lose; i++)
    assert_int_equal(hpo_worker_poll(c->worker[i], &worked, &c->over[i], &err),
                     HPO_EPEER);
  MUST(hpo_manager_poll(m, &worked, &over, &err));
  assert_true(over);
  assert_int_equal(hpo_ledger_trials(hpo_manager_ledger(m)), before);
}

/* Turns in random order until all is over, or it is time for the kill. */
static hpo_status take_turns(const session *s, crew *c, hpo_manager *m,
                             const session_heard *h, bool *stop,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_rng rng = hpo_rng_make(s->seed, HPO_RNG_TEST, 99, 0);
  bool over = false, worked = false;
  hpo_backoff wait = {0};

  while (!over) {
    int who = (int)(hpo_rng_next32(&rng) % (uint32_t)(s->n + 1));
    if (who == s->n)
      HPO_TRY(status, hpo_manager_poll(m, &worked, &over, err));
    else if (!c->over[who] && !hangs(s, h, who))
      HPO_TRY(status,
              hpo_worker_poll(c->worker[who], &worked, &c->over[who], err));
    if (s->kill_after > 0 && h->trials >= s->kill_after) {
      if (s->drop)
        break;
      _exit(0);
    }
    *stop = s->stop_after > 0 && h->trials >= s->stop_after;
    hpo_backoff_turn(&wait, worked || s->lose > 0);
  }
done:
  return status;
}

/* A whole session; returns how it ended.  expect: HPO_OK, or the error that
 * the manager must return, in *err. */
hpo_end session_run(const session *s, session_heard *h, hpo_status expect,
                    hpo_error *err_out) {
  hpo_error err = {0};
  crew c = {0};
  hpo_ledger *ledger = NULL;
  hpo_manager *m = NULL;
  hpo_store *store = NULL;
  bool stop = false;
  double seconds = -1;
  hpo_end end;

  if (access(s->path, F_OK) == 0)
    MUST(hpo_store_open_write(s->path, &store, &err));
  else
    store = session_create_file(s->plan, s->path);
  MUST(hpo_manager_load(s->plan, store, &ledger, &seconds, &err));
  hire(s, &c);
  hpo_manager_input in = {.plan = s->plan,
                          .store = store,
                          .ledger = ledger,
                          .comm = c.comms[0],
                          .n_teams = s->n,
                          .team_rank = c.rank,
                          .lanes = lanes_of(s),
                          .seconds_before = seconds,
                          .session = session_add(store),
                          .sync_seconds = 0.01,
                          .listener = {.context = h, .trial = hear},
                          .stop_asked = &stop,
                          .stop_reason = "told to stop",
                          .team_size = 1,
                          .lost_after = s->lose > 0 ? 0.1 : 0,
                          .stuck_after = s->stuck_after};
  MUST(hpo_manager_create(&in, &m, &err));
  hpo_status status = take_turns(s, &c, m, h, &stop, &err);
  if (status != expect)
    must(status == HPO_OK ? HPO_EBUG : status, &err, __LINE__);
  if (err_out)
    *err_out = err;
  end = hpo_manager_end(m);
  if (s->return_late)
    wake_late(s, &c, m);
  assert_int_equal(hpo_manager_lost(m) > 0, s->lose > 0);
  hpo_manager_destroy(m);
  dismiss(s, &c);
  if (s->drop && s->kill_after > 0 && end == HPO_END_NONE)
    hpo_store_destroy(store);
  else
    MUST(hpo_store_close(store, &err));
  return end;
}

/* The same in a child; -1: it died early, else its hpo_end. */
int session_child(const session *s, int *heard_trials) {
  int state = -1, pipes[2];
  session_heard h = {0};
  pid_t child;

  assert_int_equal(pipe(pipes), 0);
  fflush(NULL);
  child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    (void)signal(SIGSEGV, SIG_DFL); /* cmocka would go on in the child */
    (void)signal(SIGABRT, SIG_DFL);
    hpo_end end = session_run(s, &h, HPO_OK, NULL);
    if (write(pipes[1], &h, sizeof h) != sizeof h)
      abort();
    _exit(100 + (int)end);
  }
  close(pipes[1]);
  if (read(pipes[0], &h, sizeof h) != sizeof h)
    h.trials = 0;
  close(pipes[0]);
  assert_int_equal(waitpid(child, &state, 0), child);
  if (!WIFEXITED(state))
    fail_msg("a session died of signal %d", WTERMSIG(state));
  if (heard_trials)
    *heard_trials = h.trials;
  return WEXITSTATUS(state) == 0 ? -1 : WEXITSTATUS(state) - 100;
}

/* --- what is in the file ----------------------------------------------- */

hpo_ledger *session_load(const hpo_plan *plan, const char *path,
                         hpo_store **store, double *seconds) {
  hpo_error err = {0};
  hpo_ledger *ledger = NULL;

  MUST(hpo_store_open_read(path, store, &err));
  MUST(hpo_manager_load(plan, *store, &ledger, seconds, &err));
  return ledger;
}

static uint32_t add_trial(uint32_t crc, hpo_store *store, const hpo_trial *t,
                          bool strict) {
  hpo_error err = {0};
  uint8_t model[4096];
  int64_t fixed[] = {t->number, strict ? t->job : 0, (int64_t)t->state,
                     t->steps, t->model_length};

  crc = hpo_file_crc32(crc, fixed, sizeof fixed);
  crc = hpo_file_crc32(crc, t->x, t->n_param * sizeof *t->x);
  crc = hpo_file_crc32(crc, t->value, sizeof *t->value);
  crc = hpo_file_crc32(crc, t->reason, strlen(t->reason));
  for (size_t i = 0; i < t->n_curve; i++) {
    crc = hpo_file_crc32(crc, &t->curve[i].step, sizeof(int64_t));
    crc = hpo_file_crc32(crc, &t->curve[i].value, sizeof(double));
  }
  if (t->model_length > 0) {
    assert_true((size_t)t->model_length <= sizeof model);
    MUST(hpo_store_read_bytes(store, HPO_TABLE_MODELS, (size_t)t->model_offset,
                              (size_t)t->model_length, model, &err));
    assert_int_equal(hpo_file_crc32(0, model, (size_t)t->model_length),
                     t->model_crc);
    crc = hpo_file_crc32(crc, model, (size_t)t->model_length);
  }
  return crc;
}

/* Over all trials, which must be final. */
uint32_t session_digest(const hpo_plan *plan, const char *path) {
  hpo_store *store = NULL;
  double seconds = -1;
  hpo_ledger *ledger = session_load(plan, path, &store, &seconds);
  uint32_t crc = 0;
  size_t n = hpo_ledger_trials(ledger), pruned = 0, models = 0;

  assert_int_equal(n, plan->trials);
  for (size_t i = 0; i < n; i++) {
    const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
    if (!hpo_trial_is_final(t->state))
      fail_msg("trial %zu is %s", i, hpo_trial_state_name(t->state));
    assert_true(t->end >= t->start && t->start > 0 && t->session >= 0);
    assert_true(t->team >= 0 && t->host[0] != 0);
    assert_int_equal(t->n_curve, t->state == HPO_TRIAL_FAILED ? 0 : t->steps);
    pruned += t->state == HPO_TRIAL_PRUNED;
    models += t->model_length > 0;
    crc = add_trial(crc, store, t, plan->strict);
  }
  if (strcmp(plan->pruner.name, "median") == 0)
    assert_in_range(pruned, 1, n - 2); /* the test sees prunings */
  assert_true(models >= 3);
  hpo_ledger_destroy(ledger);
  hpo_store_destroy(store);
  return crc;
}

/* --- plans ------------------------------------------------------------- */

static void add_setting(hpo_settings *s, const char *name, const char *value) {
  hpo_error err = {0};
  MUST(hpo_settings_add(s, name, value, 0, &err));
}

hpo_plan *session_plan(bool strict) {
  hpo_error err = {0};
  hpo_plan *p = tinyplan_make();
  hpo_plan_model *model = NULL;

  tinyplan_text(&p->name, "roles");
  tinyplan_text(&p->description, "");
  p->trials = 24;
  p->strict = strict;
  p->window = 4;
  p->seed = 3;
  p->data.task = HPO_TASK_NONE;
  MUST(hpo_mem_grow(&p->model, &p->model_room, 1, sizeof *p->model, &err));
  p->n_model = 1;
  model = &p->model[0];
  tinyplan_text(&model->kind, "function");
  tinyplan_text(&model->name, "function");
  add_setting(&model->fixed, "objective", "rastrigin");
  add_setting(&model->fixed, "steps", "6");
  tinyplan_float(p, -5, 5, false, -1, 0);
  tinyplan_float(p, -5, 5, false, -1, 0);
  tinyplan_int(p, -3, 3, -1, 0);
  tinyplan_text(&p->sampler.name, "tpe");
  add_setting(&p->sampler.options, "startup-trials", "5");
  tinyplan_text(&p->pruner.name, "median");
  add_setting(&p->pruner.options, "startup-trials", "4");
  return p;
}

/* A path for a study of this test, with nothing there. */
const char *session_fresh(char path[64]) {
  char lock[80];

  snprintf(path, 64, "test_session_%ld.h5", (long)getpid());
  snprintf(lock, sizeof lock, "%s.lock", path);
  (void)unlink(path);
  (void)unlink(lock);
  return path;
}
