/* SPDX-License-Identifier: BSD-3-Clause */
/* The manager's pen: rows of the study file, in batches. */
#include "roles/books.h"
#include "roles/books_image.h"

#include <string.h>

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"

hpo_status hpo_books_start(hpo_books *b, const hpo_plan *plan,
                           hpo_store *store, const hpo_ledger *ledger,
                           double sync_seconds, hpo_error *err) {
  hpo_status status = HPO_OK;

  memset(b, 0, sizeof *b);
  b->plan = plan;
  b->store = store;
  b->sync_seconds = sync_seconds;
  b->flushed = b->synced = hpo_clock_seconds();
  b->has_tallies = hpo_store_has(store, HPO_TABLE_CONFUSION) &&
                   hpo_store_has(store, HPO_TABLE_ROC);
  b->has_artifacts = hpo_store_has(store, HPO_TABLE_ARTIFACTS) &&
                     hpo_store_has(store, HPO_TABLE_ARTIFACT_BYTES);
  HPO_TRY(status, hpo_store_rows(store, HPO_TABLE_TRIALS, &b->rows, err));
  if (b->rows != hpo_ledger_trials(ledger))
    HPO_FAIL(status, err, HPO_EBUG,
             "the file has %zu trials, the ledger read from it %zu", b->rows,
             hpo_ledger_trials(ledger));
  HPO_TRY(status, hpo_mem_grow(&b->row, &b->row_room, b->rows + 1,
                               sizeof *b->row, err));
  for (size_t i = 0; i < b->rows; i++) {
    const hpo_trial *t = hpo_ledger_get(ledger, (hpo_id)i);
    b->row[i] = (hpo_books_row){.is_final = hpo_trial_is_final(t->state),
                                .is_paused = t->state == HPO_TRIAL_PAUSED,
                                .curve_offset = t->curve_offset,
                                .curve_length = t->curve_length};
  }
  HPO_TRY(status,
          hpo_books_pareto_start(&b->pareto, plan, store, ledger, err));
done:
  return status;
}

void hpo_books_clear(hpo_books *b) {
  for (size_t i = 0; i < b->n; i++) {
    hpo_trial_destroy(b->entry[i].trial);
    hpo_buffer_free(&b->entry[i].model);
    hpo_tally_free(&b->entry[i].tally);
    hpo_buffer_free(&b->entry[i].output);
  }
  b->n = 0;
}

void hpo_books_free(hpo_books *b) {
  hpo_books_clear(b);
  hpo_mem_free(b->entry);
  hpo_mem_free(b->row);
  hpo_mem_free(b->waiting);
  hpo_books_pareto_free(&b->pareto);
  memset(b, 0, sizeof *b);
}

hpo_status hpo_books_add(hpo_books *b, hpo_action *write, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_trial *t = write->written;
  hpo_trial *copy = NULL;

  HPO_TRY(status,
          hpo_mem_grow(&b->entry, &b->room, b->n + 1, sizeof *b->entry, err));
  HPO_TRY(status, hpo_trial_copy(t, &copy, err));
  if (t->state == HPO_TRIAL_RUNNING) {
    copy->start = hpo_clock_wall_ns();
    copy->end = -1;
    copy->wall = copy->cpu = 0;
    if (copy->n_curve == 0)
      copy->steps = 0;
  }
  if (hpo_trial_is_final(t->state) && t->end <= 0) /* of a lost team */
    copy->start = copy->end = hpo_clock_wall_ns();
  copy->curve_offset = copy->model_offset = copy->model_crc = -1;
  copy->curve_length = copy->model_length = 0;
  b->entry[b->n++] = (hpo_books_entry){.trial = copy,
                                       .model = write->model,
                                       .tally = write->tally,
                                       .output = write->output};
  write->model = (hpo_buffer){0}; /* now the entry's */
  write->tally = (hpo_tally){0};
  write->output = (hpo_buffer){0};
done:
  return status;
}

hpo_status hpo_books_decide(hpo_books *b, const hpo_action *a,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_id window = b->plan->window > 0 ? b->plan->window : 1;
  hpo_id seen = a->job.job - window;
  hpo_layout_decision d = {.job = a->job.job,
                           .trial = a->job.trial,
                           .attempt = a->job.attempt,
                           .kind = hpo_layout_decision_kind(a->decision),
                           .from_step = a->job.from_step,
                           .to_step = a->job.to_step,
                           .horizon = !b->plan->strict ? INT64_MAX
                                      : seen < 0       ? -1
                                                       : seen,
                           .time = hpo_clock_wall_ns(),
                           .image_offset = -1};

  if (d.kind == HPO_DECISION_PROMOTE) {
    HPO_TRY(status, hpo_mem_grow(&b->waiting, &b->waiting_room,
                                 b->n_waiting + 1, sizeof *b->waiting, err));
    b->waiting[b->n_waiting++] = d;
  } else {
    HPO_TRY(status, hpo_books_append_decision(b, &d, err));
  }
done:
  return status;
}

/* --- the batch --------------------------------------------------------- */

/* A line for /refits. */
static hpo_status append_refit(hpo_books *b, const hpo_trial *t,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  hpo_layout_refit f = {.trial = t->number,
                        .rows = b->refit_rows,
                        .model_offset = t->model_offset,
                        .model_length = t->model_length,
                        .model_format =
                            hpo_layout_model_format(t->model_format),
                        .model_crc = t->model_crc,
                        .time = t->end};

  HPO_TRY(status, hpo_layout_refit_row(&f, &row, err));
  HPO_TRY(status,
          hpo_store_append(b->store, HPO_TABLE_REFITS, row, NULL, err));
done:
  hpo_record_destroy(row);
  return status;
}

/* What the stored model's predictions add up to. */
static hpo_status append_tally(hpo_books *b, const hpo_books_entry *e,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *confusion = NULL, *roc = NULL;

  HPO_TRY(status,
          hpo_layout_tally_rows(e->trial, &e->tally, &confusion, &roc, err));
  HPO_TRY(status, hpo_store_append(b->store, HPO_TABLE_CONFUSION, confusion,
                                   NULL, err));
  HPO_TRY(status, hpo_store_append(b->store, HPO_TABLE_ROC, roc, NULL, err));
done:
  hpo_record_destroy(confusion);
  hpo_record_destroy(roc);
  return status;
}

/* What a trial's program printed, as a file attached to the trial. */
static hpo_status append_output(hpo_books *b, const hpo_books_entry *e,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  size_t first = 0;

  b->has_outputs = true;
  HPO_TRY(status,
          hpo_store_append_bytes(b->store, HPO_TABLE_ARTIFACT_BYTES,
                                 e->output.byte, e->output.n, &first, err));
  const hpo_layout_artifact a = {
      .trial = e->trial->number,
      .name = "output.log",
      .media_type = "text/plain",
      .offset = (int64_t)first,
      .length = (int64_t)e->output.n,
      .content_crc = (int64_t)hpo_file_crc32(0, e->output.byte, e->output.n),
      .time = hpo_clock_wall_ns()};
  HPO_TRY(status, hpo_layout_artifact_row(&a, &row, err));
  HPO_TRY(status,
          hpo_store_append(b->store, HPO_TABLE_ARTIFACTS, row, NULL, err));
done:
  hpo_record_destroy(row);
  return status;
}

/* Curve and model of a trial that is final or paused; the entry learns where
 * they are. */
static hpo_status append_parts(hpo_books *b, hpo_books_entry *e,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *curve = NULL;
  hpo_trial *t = e->trial;
  size_t first = 0;

  if (t->n_curve > 0) {
    HPO_TRY(status, hpo_layout_curve_rows(t, b->plan, &curve, err));
    HPO_TRY(status,
            hpo_store_append(b->store, HPO_TABLE_CURVES, curve, &first, err));
    t->curve_offset = (int64_t)first;
    t->curve_length = (int64_t)t->n_curve;
  }
  if (e->model.n > 0) {
    HPO_TRY(status,
            hpo_store_append_bytes(b->store, HPO_TABLE_MODELS, e->model.byte,
                                   e->model.n, &first, err));
    t->model_offset = (int64_t)first;
    t->model_length = (int64_t)e->model.n;
    t->model_crc = (int64_t)hpo_file_crc32(0, e->model.byte, e->model.n);
    if (b->refit_rows > 0)
      HPO_TRY(status, append_refit(b, t, err));
    if (b->has_tallies)
      HPO_TRY(status, append_tally(b, e, err));
  } else {
    t->model_format[0] = 0;
  }
  if (e->output.n > 0 && b->has_artifacts)
    HPO_TRY(status, append_output(b, e, err));
done:
  hpo_record_destroy(curve);
  return status;
}

static hpo_status write_row(hpo_books *b, const hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  size_t number = (size_t)t->number;

  HPO_ASSERT(number <= b->rows);                             /* invariant 2 */
  HPO_ASSERT(number == b->rows || !b->row[number].is_final); /* invariant 3 */
  HPO_TRY(status, hpo_trial_record(t, b->plan, &row, err));
  if (number < b->rows) {
    HPO_TRY(status,
            hpo_store_put(b->store, HPO_TABLE_TRIALS, number, row, err));
  } else {
    HPO_TRY(status,
            hpo_store_append(b->store, HPO_TABLE_TRIALS, row, NULL, err));
    b->rows++;
  }
  b->row[number].is_final = hpo_trial_is_final(t->state);
  b->is_dirty = true;
done:
  hpo_record_destroy(row);
  return status;
}

static hpo_status flush_parts(hpo_books *b, hpo_error *err) {
  static const char *const parts[] = {HPO_TABLE_CURVES, HPO_TABLE_MODELS,
                                      HPO_TABLE_DECISIONS,
                                      HPO_TABLE_DECISION_IMAGES};
  static const char *const refits[] = {HPO_TABLE_REFITS};
  static const char *const front[] = {HPO_TABLE_PARETO};
  static const char *const tallies[] = {HPO_TABLE_CONFUSION, HPO_TABLE_ROC};
  static const char *const outputs[] = {HPO_TABLE_ARTIFACT_BYTES,
                                        HPO_TABLE_ARTIFACTS};
  hpo_status status = HPO_OK;

  b->has_decisions = false;
  HPO_TRY(status, hpo_store_flush(b->store, parts, 4, err));
  if (b->pareto.is_new)
    HPO_TRY(status, hpo_store_flush(b->store, front, 1, err));
  b->pareto.is_new = false;
  if (b->refit_rows > 0)
    HPO_TRY(status, hpo_store_flush(b->store, refits, 1, err));
  if (b->has_tallies)
    HPO_TRY(status, hpo_store_flush(b->store, tallies, 2, err));
  if (b->has_outputs)
    HPO_TRY(status, hpo_store_flush(b->store, outputs, 2, err));
  b->has_outputs = false;
done:
  return status;
}

static hpo_status flush_rows(hpo_books *b, hpo_error *err) {
  static const char *const rows[] = {HPO_TABLE_TRIALS};

  b->is_dirty = false;
  b->is_unsynced = true;
  b->flushed = hpo_clock_seconds();
  return hpo_store_flush(b->store, rows, 1, err);
}

/* What has to stand in the file before the entry's row does.
 * *must: it has to be flushed first. */
static hpo_status prepare(hpo_books *b, hpo_books_entry *e, bool *must,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = e->trial;
  size_t number = (size_t)t->number;
  hpo_books_row *row;

  HPO_TRY(status, hpo_mem_grow(&b->row, &b->row_room, number + 1,
                               sizeof *b->row, err));
  row = &b->row[number];
  if (hpo_trial_is_final(t->state) || t->state == HPO_TRIAL_PAUSED) {
    HPO_TRY(status, append_parts(b, e, err));
    *must = true;
    row->curve_offset = t->curve_offset;
    row->curve_length = t->curve_length;
  } else if (t->n_curve > 0) { /* goes on from a pause */
    t->curve_offset = row->curve_offset;
    t->curve_length = row->curve_length;
  }
  if (row->is_paused) {
    HPO_TRY(status, hpo_books_append_image(b, t, err));
    *must = true;
  }
  row->is_paused = t->state == HPO_TRIAL_PAUSED;
done:
  return status;
}

hpo_status hpo_books_commit(hpo_books *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool must = false;

  for (size_t i = 0; i < b->n; i++)
    HPO_TRY(status, prepare(b, &b->entry[i], &must, err));
  if (must)
    HPO_TRY(status, flush_parts(b, err));
  for (size_t i = 0; i < b->n; i++)
    HPO_TRY(status, write_row(b, b->entry[i].trial, err));
  for (size_t i = 0; i < b->n; i++)
    HPO_TRY(status, hpo_books_pareto_add(&b->pareto, b->entry[i].trial, err));
  if (must)
    HPO_TRY(status, flush_rows(b, err));
done:
  return status;
}

hpo_status hpo_books_tick(hpo_books *b, bool now, hpo_error *err) {
  hpo_status status = HPO_OK;
  double time = hpo_clock_seconds();

  if (now)
    HPO_TRY(status, hpo_books_pareto_end(&b->pareto, err));
  if ((b->is_dirty || b->has_decisions || b->pareto.is_new) &&
      (now || time - b->flushed > 1)) {
    HPO_TRY(status, flush_parts(b, err));
    HPO_TRY(status, flush_rows(b, err));
  }
  if (b->is_unsynced && b->sync_seconds > 0 &&
      (now || time - b->synced > b->sync_seconds)) {
    HPO_TRY(status, hpo_store_sync(b->store, err));
    b->is_unsynced = false;
    b->synced = hpo_clock_seconds();
  }
done:
  return status;
}
