/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune replay: trains a trial again from the study file and the data. */
#include "cmd/replay.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include "hpo/blas.h"
#include "hpo/clock.h"
#include "hpo/comm.h"
#include "hpo/layout.h"
#include "hpo/log.h"
#include "hpo/mem.h"
#include "hpo/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Values (rows times columns) of data that one rank trains on sooner than
 * several do together, above all where these wait for a core. */
static const double FEW = 1e6;

/* What all ranks know before the data are read. */
typedef struct replay {
  hpo_run r;
  hpo_study_file file;
  hpo_replay_stored was;
  char hash[80]; /* of the data then; "" without */
} replay;

static hpo_status read_file(replay *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_args *args = p->r.args;
  hpo_record *data = NULL;
  size_t i = 0;

  if (args->word.n != 2)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a trial and a study file are wanted: hpotune replay 7 FILE.h5");
  HPO_TRY(status,
          hpo_study_file_open_trial(args->word.item[0], args->word.item[1],
                                    &p->file, &i, err));
  HPO_TRY(status, hpo_replay_read_plan(&p->file, &p->r.plan, err));
  HPO_TRY(status, hpo_replay_read_trial(&p->file, i, p->r.plan, &p->was, err));
  p->r.plan->limit_time = 0;
  p->r.plan->limit_memory = 0;
  if (!p->r.plan->has_data)
    goto done;
  HPO_TRY(status, hpo_replay_find_data(p->r.plan, p->file.path,
                                       hpo_args_get(args, "data"), err));
  HPO_TRY(status,
          hpo_store_read_facts(p->file.store, HPO_FACTS_DATA, &data, err));
  hpo_record_text(data, "sha256", p->hash, sizeof p->hash);
done:
  hpo_record_destroy(data);
  return status;
}

/* All ranks share the data or hold a part each, and are one team, or each of
 * them is a team. */
static hpo_status load(replay *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_run *r = &p->r;
  const bool parted = strcmp(r->plan->data_mode, "sharded") == 0;

  r->team = r->plan->has_data ? r->world : hpo_coll_serial();
  if (!r->plan->has_data)
    return hpo_evaluator_create(r->plan, NULL, &r->team, &r->evaluator, err);
  status = parted ? hpo_dataset_load_part(r->plan, &r->world, &r->data, err)
                  : hpo_dataset_load(r->plan, &r->node, &r->data, err);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  if (strcmp(r->data->hash, p->hash) != 0)
    status = hpo_error_set(err, HPO_EDATA,
                           "the data are not those of the study: SHA-256 "
                           "%.12s..., the study's %.12s...",
                           r->data->hash, p->hash);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  if (!parted && (double)r->data->rows * (double)r->data->columns < FEW)
    r->team = hpo_coll_serial();
  r->data->x_is_spare = true;
  status =
      hpo_evaluator_create(r->plan, r->data, &r->team, &r->evaluator, err);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  if (!hpo_evaluator_needs_rows(r->evaluator))
    hpo_dataset_drop_x(r->data);
done:
  return status;
}

/* As many steps as it took, ended as it was. */
static hpo_status train(replay *p, hpo_result *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *was = p->was.trial;
  hpo_evaluation *v = NULL;
  hpo_backoff wait = {0};
  bool over = false;
  const bool is_cut =
      was->state == HPO_TRIAL_PRUNED || was->state == HPO_TRIAL_PAUSED;
  hpo_job job = {.job = was->job,
                 .trial = was->number,
                 .attempt = was->attempt,
                 .to_step = INT64_MAX,
                 .rule = {.lower = NAN, .upper = NAN},
                 .n_param = was->n_param,
                 .send_model =
                     p->was.model.n > 0 ? (double)NAN : (double)INFINITY};

  HPO_TRY(status,
          hpo_mem_copy(was->x, was->n_param * sizeof *was->x, &job.x, err));
  HPO_TRY(status, hpo_evaluation_create(p->r.evaluator, &job, &v, err));
  while (!over) {
    HPO_TRY(status, hpo_evaluation_step(v, &over, err));
    if (!over && is_cut && hpo_evaluation_steps(v) >= was->steps) {
      hpo_evaluation_stop(v, was->state, was->reason);
      over = true;
    }
    hpo_backoff_turn(&wait, !hpo_evaluation_waits(v));
  }
  HPO_TRY(status, hpo_evaluation_result(v, out, err));
done:
  hpo_job_free(&job);
  hpo_evaluation_destroy(v);
  return status;
}

static hpo_status tell(const replay *p, const hpo_result *is, double seconds,
                       bool *same, hpo_error *err) {
  char text[32];

  printf("trial %lld of %s, trained again on %d rank%s in %s\n",
         (long long)p->was.trial->number, p->file.path, p->r.team.size,
         p->r.team.size == 1 ? "" : "s",
         hpo_clock_format_seconds(seconds, text));
  if (p->hash[0])
    printf("  %-9s SHA-256 %.12s...: the same\n", "data", p->hash);
  return hpo_replay_compare(p->r.plan, &p->was, is, same, err);
}

static hpo_status replay_all(replay *p, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_result is = {0};
  double began;
  bool same = true;

  HPO_TRY(status, hpo_run_agree(&p->r, read_file(p, err), err));
  HPO_TRY(status, load(p, err));
  if (p->r.team.size == 1 && p->r.world.rank > 0)
    goto done; /* rank 0 does it alone */
  began = hpo_clock_seconds();
  HPO_TRY(status, train(p, &is, err));
  if (p->r.world.rank == 0)
    HPO_TRY(status, tell(p, &is, hpo_clock_seconds() - began, &same, err));
  *exit_code = same ? 0 : 1;
done:
  hpo_result_free(&is);
  return status;
}

static hpo_status run_replay(const hpo_args *args, int *exit_code,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  replay p = {.r = {.args = args}};

  *exit_code = 0;
  hpo_blas_start();
  HPO_TRY(status, hpo_mpi_start(NULL, NULL, 0, &p.r.mpi, err));
  p.r.world = hpo_mpi_world(p.r.mpi);
  p.r.node = hpo_mpi_node(p.r.mpi);
  hpo_log_set_rank(p.r.world.rank);
  status = replay_all(&p, exit_code, err);
  if (status != HPO_OK && p.r.world.size > 1 && !p.r.agreed) {
    hpo_cmd_complain(err);
    hpo_mpi_abort(p.r.mpi, hpo_status_exit(status));
  }
  if (status != HPO_OK && p.r.agreed && p.r.world.rank == 0) {
    hpo_cmd_complain(err);
    err->text[0] = '\0';
  }
done:
  hpo_run_free(&p.r);
  hpo_replay_free(&p.was);
  hpo_study_file_close(&p.file);
  fflush(stdout);
  hpo_mpi_end(p.r.mpi);
  return status;
}

static const hpo_arg arguments[] = {
    {"data", "FOLDER", "where the data lie now, by the study's names"}};

const hpo_command hpo_cmd_replay = {
    .name = "replay",
    .words = "N FILE.h5",
    .summary = "trains a trial again and compares it bit for bit",
    .help =
        "N is a trial's number or best.  From the study file and its data "
        "alone: end, metrics,\ncurve and model are compared.  Data are looked "
        "for beside the study file, as its XML\nnames them, then where they "
        "lay.  Under mpirun all ranks train it together, with fewer\nthan a "
        "million values in the data rank 0 alone.\nExit codes: 0 the "
        "same; 1 it differs, and what else does; 3 the data have changed "
        "or\nare gone; 2 no such trial; 4 one that can't be trained again (a "
        "program's, a limit's).\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .run = run_replay};
