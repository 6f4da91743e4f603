/* SPDX-License-Identifier: BSD-3-Clause */
/* The ledger, read back from the study file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/layout.h"
#include "hpo/log.h"
#include "hpo/manager.h"
#include "hpo/mem.h"
#include "roles/books_image.h"

/* What the file holds, in columns. */
typedef struct loading {
  const hpo_plan *plan;
  hpo_store *store;
  hpo_ledger *ledger;
  hpo_record *trials, *curves; /* curves NULL: not needed */
  uint8_t *good;               /* [n] crc of the trial's row is right */
  hpo_record **image; /* [n] beside the rows of trials that once paused, or
                         NULL; NULL: no row is torn */
  size_t n, n_torn;
  int64_t *last; /* [n_session] latest end of its trials, ns; -1 none */
  size_t n_session;
} loading;

/* A row that a kill has torn: all that is known is that the trial ran. */
static hpo_status make_torn(const loading *l, size_t i, hpo_trial **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};

  HPO_TRY(status, hpo_plan_metrics(l->plan, &metrics, err));
  HPO_TRY(status, hpo_trial_create(l->plan->space.n_param,
                                   l->plan->n_objective, metrics.n, out, err));
  (*out)->number = (hpo_id)i;
  (*out)->state = HPO_TRIAL_INTERRUPTED;
done:
  hpo_names_free(&metrics);
  return status;
}

static hpo_status check_row(const hpo_trial *t, size_t i, hpo_error *err) {
  if (t->number != (hpo_id)i)
    return hpo_error_set(err, HPO_ESTUDY,
                         "the study file is damaged: row %zu of %s says it "
                         "is trial %lld",
                         i, HPO_TABLE_TRIALS, (long long)t->number);
  for (size_t k = 0; k < t->n_objective; k++)
    if (t->state == HPO_TRIAL_COMPLETE && !isfinite(t->value[k]))
      return hpo_error_set(err, HPO_ESTUDY,
                           "the study file is damaged: trial %zu is complete "
                           "without a value",
                           i);
  return HPO_OK;
}

static hpo_status load_row(loading *l, size_t i, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *t = NULL;

  if (l->good[i]) {
    HPO_TRY(status, hpo_trial_from_record(l->trials, i, l->plan, &t, err));
    HPO_TRY(status, check_row(t, i, err));
  } else if (l->image && l->image[i]) {
    HPO_TRY(status, hpo_trial_from_record(l->image[i], 0, l->plan, &t, err));
    HPO_TRY(status, check_row(t, i, err));
  } else {
    l->n_torn++;
    HPO_TRY(status, make_torn(l, i, &t, err));
  }
  if (t->state == HPO_TRIAL_RUNNING)
    t->state = HPO_TRIAL_INTERRUPTED;
  if (l->curves && t->curve_length > 0)
    HPO_TRY(status, hpo_layout_curve_read(l->curves, (size_t)t->curve_offset,
                                          (size_t)t->curve_length, t, err));
  if (t->session >= 0 && (size_t)t->session < l->n_session &&
      t->end > l->last[t->session])
    l->last[t->session] = t->end;
  HPO_TRY(status, hpo_ledger_put(l->ledger, t, err));
  t = NULL; /* now the ledger's */
done:
  hpo_trial_destroy(t);
  return status;
}

/* Wall time of earlier sessions; one that was killed counts up to the end of
 * the last trial that it finished. */
static hpo_status add_seconds(const loading *l, const hpo_record *sessions,
                              const uint8_t *good, double *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *start = hpo_record_find(sessions, "start");
  const hpo_field *end = hpo_record_find(sessions, "end");
  const hpo_field *wall = hpo_record_find(sessions, "wall");
  double total = 0;

  if (!start || !end || !wall)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the study file is damaged: %s lacks "
             "start, end or wall",
             HPO_TABLE_SESSIONS);
  for (size_t i = 0; i < l->n_session; i++) {
    int64_t from = hpo_field_int(start, i);
    if (!good[i])
      continue;
    if (hpo_field_int(end, i) >= 0)
      total += fmax(hpo_field_number(wall, i), 0);
    else if (l->last[i] > from)
      total += (double)(l->last[i] - from) * 1e-9;
  }
  *out = total;
done:
  return status;
}

static hpo_status read_tables(loading *l, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_store_rows(l->store, HPO_TABLE_TRIALS, &l->n, err));
  HPO_TRY(status, hpo_store_read(l->store, HPO_TABLE_TRIALS, 0, l->n, NULL, 0,
                                 &l->trials, &l->good, err));
  if (hpo_sched_needs_curves(l->plan))
    HPO_TRY(status, hpo_store_read(l->store, HPO_TABLE_CURVES, 0, SIZE_MAX,
                                   NULL, 0, &l->curves, NULL, err));
done:
  return status;
}

/* Images stand in for rows that are torn. */
static hpo_status read_images(loading *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_torn = false;

  for (size_t i = 0; i < l->n; i++)
    is_torn = is_torn || !l->good[i];
  if (is_torn)
    HPO_TRY(status, hpo_books_read_images(l->store, l->n, &l->image, err));
done:
  return status;
}

static void loading_free(loading *l) {
  for (size_t i = 0; l->image && i < l->n; i++)
    hpo_record_destroy(l->image[i]);
  hpo_mem_free(l->image);
  hpo_ledger_destroy(l->ledger);
  hpo_record_destroy(l->trials);
  hpo_record_destroy(l->curves);
  hpo_mem_free(l->good);
  hpo_mem_free(l->last);
}

hpo_status hpo_manager_load(const hpo_plan *plan, hpo_store *store,
                            hpo_ledger **out, double *seconds,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  loading l = {.plan = plan, .store = store};
  hpo_record *sessions = NULL;
  uint8_t *good = NULL;
  const char *const times[] = {"start", "end", "wall"};
  double total = 0;

  HPO_TRY(status, hpo_ledger_create(plan, &l.ledger, err));
  HPO_TRY(status, read_tables(&l, err));
  HPO_TRY(status, read_images(&l, err));
  HPO_TRY(status,
          hpo_store_rows(store, HPO_TABLE_SESSIONS, &l.n_session, err));
  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_SESSIONS, 0, l.n_session,
                                 times, 3, &sessions, &good, err));
  HPO_TRY(status, hpo_mem_new(l.n_session, sizeof *l.last, &l.last, err));
  for (size_t i = 0; i < l.n_session; i++)
    l.last[i] = -1;
  for (size_t i = 0; i < l.n; i++)
    HPO_TRY(status, load_row(&l, i, err));
  HPO_TRY(status, add_seconds(&l, sessions, good, &total, err));
  if (l.n_torn > 0)
    hpo_log(HPO_LOG_INFO, "manager",
            "%zu trials that a kill interrupted will run again", l.n_torn);
  *out = l.ledger;
  *seconds = total;
  l.ledger = NULL; /* now the caller's */
done:
  loading_free(&l);
  hpo_record_destroy(sessions);
  hpo_mem_free(good);
  return status;
}
