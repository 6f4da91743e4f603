/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune run, before the first trial: study and data on every rank. */
#include "cmd/deal.h"
#include "cmd/prepare.h"
#include "cmd/run.h"
#include "hpo/clock.h"
#include "hpo/log.h"
#include "hpo/mem.h"
#include "hpo/wire.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hpo_status hpo_run_agree(hpo_run *r, hpo_status mine, hpo_error *err) {
  hpo_status status = hpo_deal_agree(&r->world, mine, err);

  r->agreed = r->agreed || status != HPO_OK;
  return status;
}

static hpo_status read_sync(hpo_run *r, hpo_error *err) {
  const char *sync = hpo_args_get(r->args, "sync");
  r->sync_seconds = 5;
  if (sync && !hpo_options_parse_duration(sync, &r->sync_seconds))
    return hpo_error_set(err, HPO_EINVAL,
                         "--sync %s is no duration; 0 switches it off", sync);
  r->overwrite = hpo_args_get(r->args, "overwrite") != NULL;
  r->quiet = hpo_args_get(r->args, "quiet") != NULL;
  return HPO_OK;
}

static hpo_status read_study(hpo_run *r, hpo_buffer *bytes, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *record = NULL;

  HPO_TRY(status, hpo_prepare_plan(r->args, &r->plan, &r->xml, err));
  HPO_TRY(status, hpo_plan_record(r->plan, &record, err));
  HPO_TRY(status, hpo_wire_encode(record, bytes, err));
done:
  hpo_record_destroy(record);
  return status;
}

static hpo_status receive_plan(hpo_run *r, const hpo_buffer *bytes,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *record = NULL;

  HPO_TRY(status, hpo_wire_decode(bytes->byte, bytes->n, &record, err));
  HPO_TRY(status, hpo_plan_from_record(record, &r->plan, err));
done:
  hpo_record_destroy(record);
  return status;
}

/* Rank 0 alone reads the study file and broadcasts it. */
static hpo_status share_plan(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer bytes = {0};
  const hpo_coll *w = &r->world;
  uint64_t n = 0;

  status = read_sync(r, err);
  if (status == HPO_OK && w->rank == 0)
    status = read_study(r, &bytes, err);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  n = bytes.n;
  HPO_TRY(status, w->broadcast(w->self, &n, sizeof n, err));
  if (w->rank != 0) {
    HPO_TRY(status, hpo_mem_new((size_t)n, 1, &bytes.byte, err));
    bytes.n = bytes.capacity = (size_t)n;
  }
  HPO_TRY(status, w->broadcast(w->self, bytes.byte, (size_t)n, err));
  if (w->rank != 0)
    HPO_TRY(status, receive_plan(r, &bytes, err));
done:
  hpo_buffer_free(&bytes);
  return status;
}

/* With sharded data the ranks of no team (rank 0 among them) hold none. */
static bool is_sharded(const hpo_run *r) {
  return strcmp(r->plan->data_mode, "sharded") == 0;
}

/* The hash of the lowest rank that has data, on all ranks. */
static hpo_status share_hash(hpo_run *r, char *first, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *w = &r->world;
  const size_t n = sizeof r->hash;
  char *all = NULL;
  size_t *count = NULL;

  memset(first, 0, n);
  if (r->data)
    snprintf(first, n, "%s", r->data->hash);
  HPO_TRY(status, hpo_mem_new((size_t)w->size, sizeof *count, &count, err));
  HPO_TRY(status, w->gather(w->self, first, n, &all, count, err));
  for (int i = 0; all && i < w->size && !first[0]; i++)
    memcpy(first, all + (size_t)i * n, n);
  HPO_TRY(status, w->broadcast(w->self, first, n, err));
done:
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

/* Every node's leader, or every team, has read the files itself: they must
 * be the same. */
static hpo_status compare_data(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  char host[64] = "";

  HPO_TRY(status, share_hash(r, r->hash, err));
  hpo_clock_host(host, sizeof host);
  if (r->data && strcmp(r->hash, r->data->hash) != 0)
    status = hpo_error_set(err, HPO_EDATA,
                           "host %s reads other data than the first (SHA-256 "
                           "%.12s... and %.12s...): the files must be the "
                           "same on all nodes",
                           host, r->data->hash, r->hash);
  status = hpo_run_agree(r, status, err);
done:
  return status;
}

/* What rank 0 writes to /data, while it is all there: on a rank that has
 * it. */
static hpo_status record_data(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool mine = is_sharded(r) ? r->team_number == 0 : r->world.rank == 0;

  if (!mine || !r->data)
    return HPO_OK;
  HPO_TRY(status, hpo_dataset_record(r->data, &r->facts, err));
  if (hpo_evaluator_shards(r->evaluator))
    HPO_TRY(status, hpo_shards_record(hpo_evaluator_shards(r->evaluator),
                                      r->data, r->facts, err));
  if (hpo_evaluator_bins(r->evaluator))
    HPO_TRY(status,
            hpo_bins_record(hpo_evaluator_bins(r->evaluator), &r->cuts, err));
done:
  return status;
}

/* A record of the first team's rank 0 to rank 0, which holds no data. */
static hpo_status move_record(hpo_run *r, hpo_record **record,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *w = &r->world;
  hpo_buffer bytes = {0};
  uint8_t *all = NULL;
  size_t *count = NULL, n = 0;

  if (r->team_number == 0 && r->team.rank == 0 && *record)
    HPO_TRY(status, hpo_wire_encode(*record, &bytes, err));
  HPO_TRY(status, hpo_mem_new((size_t)w->size, sizeof *count, &count, err));
  HPO_TRY(status, w->gather(w->self, bytes.byte, bytes.n, &all, count, err));
  hpo_record_destroy(*record);
  *record = NULL;
  for (int i = 0; all && i < w->size; i++)
    n += count[i];
  if (n > 0)
    HPO_TRY(status, hpo_wire_decode(all, n, record, err));
done:
  hpo_buffer_free(&bytes);
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

/* Rank 0 tells of columns that are likelier meant otherwise. */
static hpo_status tell_doubts(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool parted = is_sharded(r) && r->world.size > 1;
  const bool mine =
      parted ? r->team_number == 0 && r->team.rank == 0 : r->world.rank == 0;
  hpo_buffer text = {0}, all = {0};
  size_t *count = NULL;

  for (size_t j = 0; mine && r->data && j < r->data->columns; j++)
    if (r->data->column[j].doubt)
      HPO_TRY(status,
              hpo_buffer_add(&text, r->data->column[j].doubt,
                             strlen(r->data->column[j].doubt) + 1, err));
  if (parted) {
    HPO_TRY(status,
            hpo_mem_new((size_t)r->world.size, sizeof *count, &count, err));
    HPO_TRY(status, r->world.gather(r->world.self, text.byte, text.n,
                                    &all.byte, count, err));
    for (int i = 0; all.byte && i < r->world.size; i++)
      all.n += count[i];
  } else {
    all = text;
    text = (hpo_buffer){0};
  }
  for (size_t at = 0; at < all.n; at += strlen((char *)all.byte + at) + 1)
    hpo_log(HPO_LOG_WARN, "data", "%s", (char *)all.byte + at);
done:
  hpo_buffer_free(&text);
  hpo_buffer_free(&all);
  hpo_mem_free(count);
  return status;
}

static hpo_status describe_data(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_run_agree(r, record_data(r, err), err));
  if (is_sharded(r) && r->world.size > 1) {
    HPO_TRY(status, move_record(r, &r->facts, err));
    HPO_TRY(status, move_record(r, &r->cuts, err));
  }
  HPO_TRY(status, tell_doubts(r, err));
done:
  return status;
}

static hpo_status read_data(hpo_run *r, hpo_error *err) {
  if (!r->plan->has_data)
    return HPO_OK;
  if (!is_sharded(r))
    return hpo_dataset_load(r->plan, &r->node, &r->data, err);
  return r->team_number < 0
             ? HPO_OK
             : hpo_dataset_load_part(r->plan, &r->team, &r->data, err);
}

/* Copies of the rows of a role for rank 0, from whoever holds them. */
static hpo_status hold_role(hpo_run *r, hpo_role role, hpo_exam **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool parted = is_sharded(r) && r->world.size > 1;
  const bool mine = parted ? r->team_number == 0 : r->world.rank == 0;

  status = hpo_exam_create(mine ? r->data : NULL, role, out, err);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  if (parted)
    HPO_TRY(status, hpo_exam_gather(*out, &r->world, err));
done:
  return status;
}

/* What the finale needs once the data are given back. */
static hpo_status hold_rows(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *plan = r->plan;

  if (hpo_plan_has_test(plan))
    HPO_TRY(status, hold_role(r, HPO_ROLE_TEST, &r->test, err));
  if (plan->has_data && plan->winner && plan->winner[0] &&
      plan->bootstrap > 0 && !plan->data.has_folds)
    HPO_TRY(status, hold_role(r, HPO_ROLE_VALID, &r->valid, err));
done:
  return status;
}

/* A rank of a team that runs out of memory may stand alone: its team waits in
 * a collective of its own, where agreeing would wait for ever.  Not agreed
 * on, the failure ends the job. */
static bool is_lone(const hpo_run *r, hpo_status status) {
  return status == HPO_EMEM && is_sharded(r) && r->team.size > 1;
}

/* What the node has left, as its leader sees it, in equal parts to the ranks
 * that train there: all of them have their data by now. */
static hpo_status share_memory(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_shared *node = &r->node;
  bool keeps_books = r->world.size > 1 && r->world.rank == 0;
  struct {
    double left, ranks;
  } told = {hpo_prepare_memory_left(), node->node_size - keeps_books};

  HPO_TRY(status, node->broadcast(node->self, &told, sizeof told, err));
  if (r->evaluator && isfinite(told.left) && told.ranks > 0)
    hpo_evaluator_set_room(r->evaluator, told.left / told.ranks);
done:
  return status;
}

static hpo_status load_data(hpo_run *r, hpo_error *err) {
  hpo_status status = read_data(r, err);

  if (is_lone(r, status))
    return status;
  HPO_TRY(status, hpo_run_agree(r, status, err));
  status = hpo_prepare_check_data(r->plan, r->data, err);
  HPO_TRY(status, hpo_run_agree(r, status, err));
  HPO_TRY(status, compare_data(r, err));
  HPO_TRY(status, hold_rows(r, err));
  if (r->data)
    r->data->x_is_spare = true;
  if (r->data || !r->plan->has_data)
    status =
        hpo_evaluator_create(r->plan, r->data, &r->team, &r->evaluator, err);
  if (is_lone(r, status))
    return status;
  HPO_TRY(status, hpo_run_agree(r, status, err));
  HPO_TRY(status, describe_data(r, err));
  if (r->data && !hpo_evaluator_needs_rows(r->evaluator))
    hpo_dataset_drop_x(r->data);
  hpo_mem_trim();
  HPO_TRY(status, share_memory(r, err));
done:
  return status;
}

/* "node1:32 node2:32": the ranks of each host, on rank 0. */
static hpo_status list_hosts(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  enum { ROOM = 64 };
  char mine[ROOM] = "", *all = NULL;
  size_t *count = NULL;
  hpo_buffer text = {0};
  const hpo_coll *w = &r->world;

  hpo_clock_host(mine, sizeof mine);
  HPO_TRY(status, hpo_mem_new((size_t)w->size, sizeof *count, &count, err));
  HPO_TRY(status, w->gather(w->self, mine, ROOM, &all, count, err));
  for (int i = 0; all && i < w->size; i++) {
    const char *host = all + (size_t)i * ROOM;
    int ranks = 0, before = 0;
    for (int k = 0; k < w->size; k++)
      if (strcmp(all + (size_t)k * ROOM, host) == 0) {
        ranks++;
        before += k < i;
      }
    if (!before)
      HPO_TRY(status, hpo_buffer_format(&text, err, "%s%s:%d",
                                        text.n ? " " : "", host, ranks));
  }
  HPO_TRY(status, hpo_mem_format(&r->hosts, err, "%.*s", (int)text.n,
                                 text.n ? (const char *)text.byte : ""));
done:
  hpo_buffer_free(&text);
  hpo_mem_free(all);
  hpo_mem_free(count);
  return status;
}

static const char *plural(int n) { return n == 1 ? "" : "s"; }

/* What a user who pays for the ranks should know about their use. */
static void tell_teams(const hpo_run *r, int workers) {
  int wanted = r->plan->ranks_per_trial, size = r->team_size;
  int odd = workers - r->n_teams * size;

  if (r->world.rank != 0)
    return;
  if (wanted > size)
    hpo_log(HPO_LOG_WARN, "run",
            "ranks-per-trial is %d, but only %d rank%s can train: a trial "
            "gets %s; mpirun -np %d gives one team of %d",
            wanted, workers, plural(workers), workers == 1 ? "this" : "all",
            wanted + 1, wanted);
  if (odd > 0)
    hpo_log(HPO_LOG_WARN, "run",
            "%d rank%s can train, in %d team%s of %d: %d idle%s; mpirun -np "
            "%d uses all",
            workers, plural(workers), r->n_teams, plural(r->n_teams), size,
            odd, odd == 1 ? "s" : "", r->n_teams * size + 1);
}

/* Teams of as many ranks as the study says, or as there are. */
static hpo_status make_teams(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  int workers = r->world.size > 1 ? r->world.size - 1 : 1;
  int size = r->plan->ranks_per_trial;

  r->team_size = size == 0 || size > workers ? workers : size;
  HPO_TRY(status, hpo_mpi_team(r->mpi, r->team_size, &r->team, &r->team_number,
                               &r->n_teams, err));
  r->lanes = r->plan->batch > 1 ? r->plan->batch : 1;
  tell_teams(r, workers);
done:
  return status;
}

hpo_status hpo_run_setup(hpo_run *r, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, share_plan(r, err));
  HPO_TRY(status, make_teams(r, err));
  HPO_TRY(status, list_hosts(r, err));
  HPO_TRY(status, load_data(r, err));
done:
  return status;
}

void hpo_run_free(hpo_run *r) {
  hpo_evaluator_destroy(r->evaluator);
  hpo_dataset_destroy(r->data);
  hpo_exam_destroy(r->test);
  hpo_exam_destroy(r->valid);
  hpo_record_destroy(r->facts);
  hpo_record_destroy(r->cuts);
  hpo_plan_destroy(r->plan);
  hpo_buffer_free(&r->xml);
  hpo_mem_free(r->hosts);
}
