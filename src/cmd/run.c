/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune run: the program's main job.
 *
 * Contents: the manager's and the workers' loops; what is said at the end;
 * the command. */
#include "cmd/run.h"
#include "cmd/cmd.h"
#include "cmd/display.h"
#include "cmd/finale.h"
#include "cmd/inbox.h"
#include "cmd/prepare.h"
#include "hpo/blas.h"
#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/log.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_NO_SUCCESS = 5, EXIT_CAN_GO_ON = 75 };
/* In the time without a step after which a study is stuck. */
enum { PULSES = 8 };
/* Seconds of silence that mean a loss, where the launcher outlives it. */
#define LOST_AFTER 30.0

/* --- loops -------------------------------------------------------------- */

/* Random delays of the workers, which the tests switch on. */
static uint64_t delay_seed(void) {
  const char *text = getenv("HPOTUNE_TEST_DELAY");
  int64_t seed = 0;
  return text && hpo_options_parse_int(text, &seed) ? (uint64_t)seed : 0;
}

static hpo_worker_input worker_input(const hpo_run *r, hpo_comm comm) {
  return (hpo_worker_input){.comm = comm,
                            .manager = 0,
                            .team = r->team_number,
                            .evaluator = r->evaluator,
                            .coll = &r->team,
                            .lanes = r->lanes,
                            .pulse = r->stuck_after / PULSES,
                            .delay_seed = delay_seed()};
}

static hpo_status run_worker(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_worker *worker = NULL;
  hpo_backoff wait = {0};
  bool over = false, worked = false;
  hpo_worker_input in = worker_input(r, hpo_mpi_comm(r->mpi));

  if (r->team.rank > 0) {
    status = hpo_worker_follow(&in, err);
    if (status != HPO_OK)
      hpo_error_prefix(err, "rank %d can't go on: ", r->world.rank);
    return status;
  }
  HPO_TRY(status, hpo_worker_create(&in, &worker, err));
  while (!over) {
    HPO_TRY(status, hpo_worker_poll(worker, &worked, &over, err));
    hpo_backoff_turn(&wait, worked);
  }
done:
  hpo_worker_destroy(worker);
  return status;
}

/* Rank 0's turns; worker is its own where it is alone, else NULL. */
static hpo_status run_turns(hpo_run *r, hpo_store *store, hpo_manager *manager,
                            hpo_worker *worker, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_backoff wait = {0};
  bool over = false;
  double looked = -1; /* what lies beside the file */

  while (!over) {
    bool worked = false, trained = false, quit = false;
    hpo_stopping_poll(&r->stopping);
    if (hpo_clock_seconds() > looked + 1) {
      HPO_TRY(status, hpo_inbox_merge(store, r->plan->output, err));
      HPO_TRY(status, hpo_run_log_write(&r->log, store, err));
      looked = hpo_clock_seconds();
    }
    HPO_TRY(status, hpo_manager_poll(manager, &worked, &over, err));
    if (worker)
      HPO_TRY(status, hpo_worker_poll(worker, &trained, &quit, err));
    hpo_backoff_turn(&wait, worked || trained);
  }
done:
  return status;
}

/* --- rank 0 ------------------------------------------------------------- */

typedef struct books {
  hpo_store *store;
  hpo_ledger *ledger; /* until the manager takes it */
  double seconds_before;
  hpo_id session;
  hpo_finale_work finale;
  ptrdiff_t *steps_param; /* [n_model]; NULL: trials are never reused */
} books;

/* Equal parameters give equal models, but for programs. */
static hpo_status allow_reuse(books *b, const hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool may = plan->reuse && plan->has_data;

  for (size_t i = 0; i < plan->n_model; i++)
    may = may && !hpo_model_find(plan->model[i].kind)->poll;
  if (!may)
    return HPO_OK;
  HPO_TRY(status, hpo_mem_new(plan->n_model, sizeof *b->steps_param,
                              &b->steps_param, err));
  for (size_t i = 0; i < plan->n_model; i++)
    b->steps_param[i] = hpo_evaluate_steps_param(plan, i);
done:
  return status;
}

static hpo_status create_manager(hpo_run *r, books *b, hpo_comm comm,
                                 hpo_display *progress, hpo_manager **out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  int *team_rank = NULL;
  const bool has_others = r->world.size > 1; /* else a step is waited for */
  hpo_manager_input in = {
      .plan = r->plan,
      .store = b->store,
      .ledger = b->ledger,
      .comm = comm,
      .n_teams = r->n_teams,
      .lanes = r->lanes,
      .seconds_before = b->seconds_before,
      .session = b->session,
      .sync_seconds = r->sync_seconds,
      .refit_rows = r->data && r->data->n_fold > 0 ? r->data->n_train : 0,
      .listener = hpo_display_listener(progress),
      .reuse = {b->steps_param, hpo_evaluate_patience},
      .finale = hpo_finale_make(&b->finale),
      .stop_asked = &r->stopping.asked,
      .stop_reason = "stopped early",
      .stop_deadline = r->stopping.deadline,
      .stop_latest = has_others ? &r->stopping.latest : NULL,
      .team_size = r->team_size,
      .lost_after = has_others ? r->lost_after : 0,
      .stuck_after = has_others ? r->stuck_after : 0};

  HPO_TRY(status,
          hpo_mem_new((size_t)r->n_teams, sizeof *team_rank, &team_rank, err));
  for (int t = 0; t < r->n_teams; t++)
    team_rank[t] = 1 + t * r->team_size;
  in.team_rank = team_rank;
  b->ledger = NULL;
  HPO_TRY(status, hpo_manager_create(&in, out, err));
done:
  hpo_mem_free(team_rank);
  return status;
}

static void print_next(const hpo_run *r, bool can_go_on) {
  const char *file = r->plan->output, *name = program_invocation_name;
  bool kept = r->plan->keep_models != 0 && r->plan->has_data;

  if (can_go_on)
    printf("the same command goes on from here\n");
  printf("next: %s best %s\n      %s list %s --sort value\n"
         "      %s report %s\n",
         name, file, name, file, name, file);
  if (kept)
    printf("      %s export %s -o MODEL\n      %s predict %s NEW.csv\n", name,
           file, name, file);
  printf("      python3 -c 'import h5py, pandas; print(pandas.DataFrame("
         "h5py.File(\"%s\", swmr=True)[\"trials\"][:]))'\n",
         file);
}

static void print_best(const hpo_run *r, const hpo_trial *best) {
  const hpo_space *s = &r->plan->space;
  char text[256];
  hpo_display_values(r->plan, best->value, text, sizeof text);
  printf("best trial %lld: %s%s\n", (long long)best->number, text,
         hpo_trial_violation(best, r->plan) > 0
             ? "; it does not keep to the constraints, nor does any other"
             : "");
  for (size_t i = 0; i < s->n_param; i++)
    if (hpo_space_active(s, best->x, i))
      printf("  %-24s %s\n", s->param[i].full_name,
             hpo_param_format(&s->param[i], best->x[i], text, sizeof text));
}

/* The first trials of a front. */
static void print_front(const hpo_run *r, const hpo_ledger *l) {
  enum { SHOWN = 10 };
  size_t n = hpo_ledger_front_size(l);
  char text[256];

  printf("front: %zu trial%s that none is better than in all objectives%s\n",
         n, n == 1 ? "" : "s",
         hpo_ledger_front(l, 0)->violation > 0
             ? "; none keeps to the constraints"
             : "");
  for (size_t i = 0; i < n && i < SHOWN; i++) {
    const hpo_trial *t = hpo_ledger_get(l, hpo_ledger_front(l, i)->number);
    hpo_display_values(r->plan, t->value, text, sizeof text);
    printf("  trial %-6lld %s\n", (long long)t->number, text);
  }
  if (n > SHOWN)
    printf("  ... and %zu more\n", n - SHOWN);
}

static const char *what_ended(const hpo_run *r, hpo_end end) {
  return end == HPO_END_STOPPED || end == HPO_END_REGRET ? r->stopping.reason
         : end == HPO_END_TRIALS                         ? "all done"
         : end == HPO_END_TARGET   ? "the target is reached"
         : end == HPO_END_PATIENCE ? "patience is over"
         : end == HPO_END_TIMEOUT  ? "the timeout is over"
         : end == HPO_END_LOST     ? "all ranks that train are lost"
                                   : hpo_end_name(end);
}

/* "study s: 12 trials (9 complete, 2 pruned, 0 failed, 1 paused)". */
static void print_counts(const hpo_run *r, const hpo_ledger *l) {
  static const hpo_trial_state open[] = {HPO_TRIAL_PAUSED,
                                         HPO_TRIAL_INTERRUPTED};
  const size_t n[] = {hpo_ledger_count(l, open[0]),
                      hpo_ledger_count(l, open[1])};

  printf("study %s: %zu trials (%zu complete, %zu pruned, %zu failed",
         r->plan->name, hpo_display_done(l) + n[0] + n[1],
         hpo_ledger_count(l, HPO_TRIAL_COMPLETE),
         hpo_ledger_count(l, HPO_TRIAL_PRUNED),
         hpo_ledger_count(l, HPO_TRIAL_FAILED));
  for (size_t i = 0; i < 2; i++)
    if (n[i] > 0)
      printf(", %zu %s", n[i], hpo_trial_state_name(open[i]));
  printf(")");
}

static void print_summary(const hpo_run *r, const hpo_ledger *l, hpo_end end,
                          size_t done_before, const hpo_buffer *winner) {
  size_t done = hpo_display_done(l);
  bool can_go_on = end == HPO_END_STOPPED || end == HPO_END_LOST;
  print_counts(r, l);
  printf(", %s\n", what_ended(r, end));
  if (!can_go_on && done == done_before)
    printf("the study was finished before; a %s goes on\n",
           end == HPO_END_TIMEOUT    ? "larger --timeout"
           : end == HPO_END_TARGET   ? "larger target"
           : end == HPO_END_PATIENCE ? "larger patience"
           : end == HPO_END_REGRET
               ? "smaller error or name=\"none\" of the <terminator>"
               : "larger --trials");
  if (hpo_ledger_best(l) && r->plan->n_objective > 1)
    print_front(r, l);
  else if (hpo_ledger_best(l))
    print_best(r, hpo_ledger_best(l));
  else
    printf("no trial has succeeded\n");
  if (winner->n > 0)
    printf("%.*s", (int)winner->n, (const char *)winner->byte);
  printf("file: %s\n", r->plan->output);
  print_next(r, can_go_on);
}

static int exit_code_of(hpo_end end, const hpo_ledger *l) {
  if (end == HPO_END_STOPPED || end == HPO_END_LOST)
    return EXIT_CAN_GO_ON;
  return hpo_ledger_best(l) ? 0 : EXIT_NO_SUCCESS;
}

/* Why the session ends, where the file can still take it. */
static void log_failure(hpo_run *r, hpo_store *store, hpo_status failed,
                        const hpo_error *why) {
  hpo_error ignored = {0};

  if (failed == HPO_EIO || failed == HPO_EMEM)
    return;
  hpo_run_log_add(&r->log, HPO_LOG_ERROR, why->text);
  if (hpo_run_log_write(&r->log, store, &ignored) != HPO_OK)
    hpo_log(HPO_LOG_DEBUG, "run", "%s", ignored.text);
}

/* What a user who pays for the ranks should know about their use. */
static void tell_window(const hpo_run *r) {
  const long long window = r->plan->window;

  if (!r->plan->strict)
    return;
  if (r->n_teams > window)
    hpo_log(HPO_LOG_WARN, "run",
            "%d teams, but strict order with window %lld keeps only so many "
            "busy: the others idle; a larger window is another study",
            r->n_teams, window);
  else if (r->lanes > 1 && (long long)r->n_teams * r->lanes > window)
    hpo_log(HPO_LOG_WARN, "run",
            "batches of %d on %d rank%s are %lld trials at a time, but strict "
            "order with window %lld allows only so many; a larger window is "
            "another study",
            r->lanes, r->n_teams, r->n_teams > 1 ? "s" : "",
            (long long)r->n_teams * r->lanes, window);
}

static hpo_status run_study(hpo_run *r, books *b, hpo_comm comm,
                            hpo_worker *worker, int *exit_code,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_manager *manager = NULL;
  hpo_store *store = NULL;
  hpo_buffer winner = {0};
  hpo_display progress;
  size_t done_before = hpo_display_done(b->ledger);

  tell_window(r);
  hpo_stopping_watch(&r->stopping, r->plan->output);
  b->finale =
      (hpo_finale_work){.r = r, .store = b->store, .stopping = &r->stopping};
  hpo_display_start(&progress, r->plan, done_before, r->quiet);
  HPO_TRY(status, allow_reuse(b, r->plan, err));
  HPO_TRY(status, create_manager(r, b, comm, &progress, &manager, err));
  status = run_turns(r, b->store, manager, worker, err);
  hpo_display_end(&progress);
  r->leaves = hpo_manager_lost(manager) > 0;
  if (status != HPO_OK)
    log_failure(r, b->store, status, err);
  HPO_TRY(status, status);
  hpo_end end = hpo_manager_end(manager);
  if (*hpo_manager_why(manager))
    snprintf(r->stopping.own, sizeof r->stopping.own, "%s",
             hpo_manager_why(manager));
  if (!r->stopping.reason || *r->stopping.own)
    r->stopping.reason = r->stopping.own;
  HPO_TRY(status, hpo_inbox_merge(b->store, r->plan->output, err));
  HPO_TRY(status, hpo_run_log_write(&r->log, b->store, err));
  HPO_TRY(status, hpo_run_close_session(r, b->store, b->session, end, err));
  HPO_TRY(status, hpo_winner_text(b->store, &winner, err));
  store = b->store;
  b->store = NULL; /* it is freed, whatever comes of it */
  HPO_TRY(status, hpo_store_close(store, err));
  if (!hpo_file_exists(r->plan->output))
    HPO_FAIL(status, err, HPO_EIO,
             "%s is gone: it was removed while the study ran, and its results "
             "with it",
             r->plan->output);
  print_summary(r, hpo_manager_ledger(manager), end, done_before, &winner);
  *exit_code = exit_code_of(end, hpo_manager_ledger(manager));
done:
  hpo_buffer_free(&winner);
  hpo_finale_free(&b->finale);
  hpo_manager_destroy(manager);
  hpo_mem_free(b->steps_param);
  return status;
}

/* One rank alone: manager and worker take turns over mailboxes. */
static hpo_status run_alone(hpo_run *r, books *b, int *exit_code,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_comm *comms = NULL;
  hpo_worker *worker = NULL;

  HPO_TRY(status, hpo_comm_local_create(2, &comms, err));
  hpo_worker_input in = worker_input(r, comms[1]);
  HPO_TRY(status, hpo_worker_create(&in, &worker, err));
  HPO_TRY(status, run_study(r, b, comms[0], worker, exit_code, err));
done:
  hpo_worker_destroy(worker);
  hpo_comm_local_destroy(comms);
  return status;
}

/* --- the command -------------------------------------------------------- */

static hpo_status take_role(hpo_run *r, books *b, int *exit_code,
                            hpo_error *err) {
  if (r->world.size == 1)
    return run_alone(r, b, exit_code, err);
  if (r->world.rank == 0)
    return run_study(r, b, hpo_mpi_comm(r->mpi), NULL, exit_code, err);
  return r->team_number >= 0 ? run_worker(r, err) : HPO_OK;
}

/* Those who are done first, or idle all the time, wait asleep. */
static hpo_status run_roles(hpo_run *r, books *b, int *exit_code,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *w = &r->world;
  double done = 0;

  HPO_TRY(status, take_role(r, b, exit_code, err));
  if (!r->leaves)
    HPO_TRY(status, w->max(w->self, &done, 1, err));
done:
  return status;
}

/* ready: what this rank alone knows already. */
static hpo_status run_all(hpo_run *r, hpo_status ready, int *exit_code,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  books b = {0};

  HPO_TRY(status, hpo_run_agree(r, ready, err));
  HPO_TRY(status, hpo_run_setup(r, err));
  if (r->world.rank == 0)
    status = hpo_run_open_books(r, &b.store, &b.ledger, &b.seconds_before,
                                &b.session, err);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  HPO_TRY(status, run_roles(r, &b, exit_code, err));
done:
  hpo_ledger_destroy(b.ledger);
  hpo_store_destroy(b.store);
  if (status != HPO_OK && r->world.size > 1 && !r->agreed) {
    r->leaves = r->lost_after > 0;
    if (r->world.rank <= 1 ? !hpo_mpi_is_dismissed(r->mpi)
                           : !r->leaves || status != HPO_EPEER)
      hpo_cmd_complain(err);
    err->text[0] = '\0';
    if (!r->leaves)
      hpo_mpi_abort(r->mpi, hpo_status_exit(status));
  }
  return status;
}

static hpo_status read_duration(const hpo_args *args, const char *name,
                                double *seconds, hpo_error *err) {
  const char *text = hpo_args_get(args, name);

  if (text && (!hpo_options_parse_duration(text, seconds) || *seconds < 0))
    return hpo_error_set(err, HPO_EINVAL,
                         "--%s %s is no duration; allowed are 30, 30s, 5m, "
                         "2h; 0 switches it off",
                         name, text);
  return HPO_OK;
}

/* What every rank must know before it meets the others. */
static hpo_status read_patience(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;

  r->lost_after = hpo_mpi_outlives() ? LOST_AFTER : 0;
  HPO_TRY(status, hpo_stopping_start(r->args, &r->stopping, err));
  HPO_TRY(status, read_duration(r->args, "lost-after", &r->lost_after, err));
  HPO_TRY(status, read_duration(r->args, "stuck-after", &r->stuck_after, err));
done:
  return status;
}

/* The end of a rank that others may have left, or may still wait for. */
static void leave(const hpo_run *r, int exit_code) {
  hpo_mpi_leave(r->mpi, exit_code);
  _exit(exit_code);
}

/* Where ranks may be lost, one that is lost now is no failure of the study. */
static int exit_code_after(const hpo_run *r, hpo_status status, int code) {
  if (status == HPO_OK)
    return code;
  return status == HPO_EPEER && r->lost_after > 0 ? EXIT_CAN_GO_ON
                                                  : hpo_status_exit(status);
}

static hpo_status run(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_run r = {.args = args,
               .started = hpo_clock_seconds(),
               .started_wall = hpo_clock_wall_ns()};
  hpo_error own = {0};
  hpo_status ready = read_patience(&r, &own);

  *exit_code = 0;
  hpo_run_log_start(&r.log);
  hpo_cmd_note_exit(EXIT_CAN_GO_ON); /* should this process be killed */
  hpo_blas_start();
  HPO_TRY(status, hpo_mpi_start(NULL, NULL, r.lost_after, &r.mpi, err));
  r.world = hpo_mpi_world(r.mpi);
  r.node = hpo_mpi_node(r.mpi);
  hpo_log_set_rank(r.world.rank);
  *err = own;
  HPO_TRY(status, run_all(&r, ready, exit_code, err));
done:
  /* told before any rank leaves: mpirun ends the others with the first that
   * fails, rank 0 among them */
  if (status != HPO_OK && r.agreed && r.world.rank == 0) {
    hpo_cmd_complain(err);
    err->text[0] = '\0';
  }
  hpo_run_log_end(&r.log);
  fflush(stdout);
  hpo_cmd_note_exit(exit_code_after(&r, status, *exit_code));
  if (r.leaves || (r.lost_after > 0 && r.world.size > 1 && hpo_mpi_outlives()))
    leave(&r, exit_code_after(&r, status, *exit_code));
  hpo_run_free(&r);
  hpo_mpi_end(r.mpi);
  return status;
}

static const hpo_arg arguments[] = {
    {"overwrite", NULL, "starts anew where the study file exists"},
    HPO_PREPARE_ARGS,
    {"time-limit", "T",
     "stop before the job's limit, T from now: 55m, 23:50:00"},
    {"sync", "T", "fdatasync at most every T (default 5s; 0: never)"},
    {"lost-after", "T",
     "a rank silent for T is lost, the others go on (default: 30s under "
     "mpirun --enable-recovery, else never)"},
    {"stuck-after", "T",
     "end with 75 when no trial took a step for T (default: never)"},
    {"quiet", NULL, "no progress"}};

const hpo_command hpo_cmd_run = {
    .name = "run",
    .words = "STUDY.xml",
    .summary = "runs a study, or continues it",
    .help =
        "Under \"mpirun -np W+1\" rank 0 samples and keeps the books, W ranks "
        "train;\nalone, one process does both.  The same command on an "
        "existing file goes on;\nSIGUSR1 or the time limit stop it early with "
        "exit code 75.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .run = run};
