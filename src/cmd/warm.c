/* SPDX-License-Identifier: BSD-3-Clause */
/* <warm-start>: what a study takes from others: see warm.h.
 *
 * Contents: the best of them; one file; all of them. */
#include "cmd/warm.h"
#include "cmd/replay.h"

#include "hpo/file.h"
#include "hpo/front.h"
#include "hpo/known.h"
#include "hpo/log.h"
#include "hpo/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- The best of them --------------------------------------------------- */

typedef struct candidate {
  hpo_trial *trial; /* owned, in this study's space */
  size_t front;     /* several objectives: of those that are complete */
  hpo_outcome outcome;
} candidate;

typedef struct harvest {
  candidate *item; /* [n] in the order of their study */
  size_t n, room;
  size_t n_equal; /* points that were dropped: they are tried anyway */
} harvest;

static void harvest_free(harvest *h) {
  for (size_t i = 0; i < h->n; i++)
    hpo_trial_destroy(h->item[i].trial);
  hpo_mem_free(h->item);
}

/* Takes t. */
static hpo_status harvest_add(harvest *h, const hpo_plan *plan, hpo_trial *t,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_mem_grow(&h->item, &h->room, h->n + 1, sizeof *h->item, err));
  h->item[h->n++] =
      (candidate){.trial = t, .outcome = hpo_outcome_of(t, plan)};
  t = NULL;
done:
  hpo_trial_destroy(t);
  return status;
}

static hpo_status sort_fronts(harvest *h, const hpo_plan *plan,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_fronts f = {.d = plan->n_objective};

  if (plan->n_objective < 2)
    return HPO_OK;
  for (size_t i = 0; i < h->n; i++)
    HPO_TRY(status, hpo_fronts_add(&f, &h->item[i].outcome, err));
  for (size_t r = 0; r < f.n_front; r++)
    for (size_t k = 0; k < f.front[r].n; k++)
      h->item[f.front[r].member[k]].front = r;
done:
  hpo_fronts_free(&f);
  return status;
}

static int class_of(const candidate *c) {
  return c->trial->state == HPO_TRIAL_PRUNED ? 1
         : c->outcome.violation > 0          ? 2
                                             : 0;
}

/* As samplers rank them (sampler/merit.h): feasible complete ones by front or
 * value, then pruned ones, those that went further first, then infeasible
 * ones by their violation. */
static int by_merit(const void *a, const void *b) {
  const candidate *c = a, *d = b;
  const int class = class_of(c);

  if (class != class_of(d))
    return class < class_of(d) ? -1 : 1;
  if (class == 1 && c->trial->steps != d->trial->steps)
    return c->trial->steps > d->trial->steps ? -1 : 1;
  if (c->front != d->front)
    return c->front < d->front ? -1 : 1;
  if (c->outcome.violation != d->outcome.violation)
    return c->outcome.violation < d->outcome.violation ? -1 : 1;
  if (c->outcome.loss[0] != d->outcome.loss[0])
    return c->outcome.loss[0] < d->outcome.loss[0] ? -1 : 1;
  return c->trial->number < d->trial->number
             ? -1
             : c->trial->number > d->trial->number;
}

static int by_number(const void *a, const void *b) {
  const candidate *c = a, *d = b;

  return c->trial->number < d->trial->number
             ? -1
             : c->trial->number > d->trial->number;
}

/* Equal points stand together, the best of them first. */
static int by_point(const void *a, const void *b) {
  const candidate *c = a, *d = b;

  for (size_t i = 0; i < c->trial->n_param; i++) {
    const double x = c->trial->x[i], y = d->trial->x[i];
    if (isnan(x) != isnan(y))
      return isnan(x) ? 1 : -1;
    if (x < y || x > y)
      return x < y ? -1 : 1;
  }
  return by_merit(a, b);
}

/* Whether a point is to be tried already: an <enqueue>, or another file's. */
static bool is_tried(const hpo_plan *plan, const double *x) {
  const size_t n = plan->space.n_param;

  for (size_t i = 0; i < plan->n_enqueue; i++)
    if (hpo_space_equal_points(&plan->space, plan->enqueue + i * n, x))
      return true;
  for (size_t k = 0; k < plan->n_known; k++)
    if (!hpo_known_is_seen(plan, k) &&
        hpo_space_equal_points(&plan->space, hpo_known_point(plan, k), x))
      return true;
  return false;
}

/* No point is tried twice. */
static void drop_equal(harvest *h, const hpo_plan *plan) {
  size_t n = 0;

  qsort(h->item, h->n, sizeof *h->item, by_point);
  for (size_t i = 0; i < h->n; i++) {
    hpo_trial *t = h->item[i].trial;
    if (is_tried(plan, t->x) ||
        (n > 0 &&
         hpo_space_equal_points(&plan->space, h->item[n - 1].trial->x, t->x)))
      hpo_trial_destroy(t);
    else
      h->item[n++] = h->item[i];
  }
  h->n_equal = h->n - n;
  h->n = n;
}

/* The best come first, points in this order, the others as they were made. */
static hpo_status choose(harvest *h, const hpo_plan *plan,
                         const hpo_plan_warm *w, size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t most = w->best > 0 ? (size_t)w->best : HPO_KNOWN_MOST;

  HPO_TRY(status, sort_fronts(h, plan, err));
  if (w->is_points)
    drop_equal(h, plan);
  qsort(h->item, h->n, sizeof *h->item, by_merit);
  *n = h->n < most ? h->n : most;
  if (!w->is_points)
    qsort(h->item, *n, sizeof *h->item, by_number);
done:
  return status;
}

/* --- One file ----------------------------------------------------------- */

static hpo_status add_point(hpo_plan *plan, const double *x, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t n = plan->space.n_param;
  size_t room = plan->n_enqueue * n;

  HPO_TRY(status,
          hpo_mem_grow(&plan->enqueue, &room, (plan->n_enqueue + 1) * n,
                       sizeof *plan->enqueue, err));
  memcpy(plan->enqueue + plan->n_enqueue * n, x, n * sizeof *x);
  plan->n_enqueue++;
done:
  return status;
}

static hpo_status gather(const hpo_study_file *f, const hpo_plan *from,
                         const hpo_plan *plan, hpo_bridge *bridge, harvest *h,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_trial *was = NULL, *is = NULL;
  hpo_warm_fate fate;

  for (size_t i = 0; i < f->n; i++) {
    if (f->good[i])
      HPO_TRY(status, hpo_trial_from_record(f->trials, i, from, &was, err));
    HPO_TRY(status, hpo_bridge_cross(bridge, was, &fate, &is, err));
    hpo_trial_destroy(was);
    was = NULL;
    if (fate == HPO_WARM_TAKEN)
      HPO_TRY(status, harvest_add(h, plan, is, err));
  }
done:
  hpo_trial_destroy(was);
  return status;
}

/* "180 of 200 trials known; left out: ...", kept with the study. */
static hpo_status describe(hpo_plan_warm *w, const hpo_study_file *f,
                           const hpo_bridge *bridge, const harvest *h,
                           size_t taken, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};

  HPO_TRY(status,
          hpo_buffer_format(&text, err, "%zu of %zu trials %s", taken, f->n,
                            w->is_points ? "are tried first" : "are known"));
  if (taken < h->n)
    HPO_TRY(status, hpo_buffer_format(&text, err, ", the best of %zu", h->n));
  if (h->n_equal > 0)
    HPO_TRY(status,
            hpo_buffer_format(&text, err, "; %zu equal to other points",
                              h->n_equal));
  HPO_TRY(status, hpo_bridge_text(bridge, &text, err));
  HPO_TRY(status, hpo_buffer_add(&text, "", 1, err));
  hpo_mem_free(w->taken);
  w->taken = (char *)text.byte;
  text = (hpo_buffer){0};
done:
  hpo_buffer_free(&text);
  return status;
}

static bool is_same_file(const char *a, const char *b) {
  struct stat s, t;

  return stat(a, &s) == 0 && stat(b, &t) == 0 && s.st_dev == t.st_dev &&
         s.st_ino == t.st_ino;
}

static hpo_status check_writer(const hpo_plan *plan, const hpo_plan_warm *w,
                               const hpo_study_file *f, hpo_error *err) {
  if (is_same_file(w->path, plan->output))
    return hpo_error_set(err, HPO_EINVAL,
                         "a study can't begin with its own trials; the same "
                         "command without --overwrite goes on with them");
  if (f->is_live)
    return hpo_error_set(err, HPO_ESTUDY,
                         "a running study is still writing it; wait for its "
                         "end, or stop it: hpotune stop %s",
                         w->path);
  return HPO_OK;
}

static void warn_torn(const hpo_plan_warm *w, const hpo_study_file *f) {
  size_t torn = 0;

  for (size_t i = 0; i < f->n; i++)
    torn += !f->good[i];
  if (torn > 0)
    hpo_log(HPO_LOG_WARN, "study",
            "%s: %zu of %zu rows are torn: they were running when that study "
            "was killed, or the file is damaged (hpotune repair %s)",
            w->href, torn, f->n, w->path);
}

static hpo_status take_file(hpo_plan *plan, size_t source, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_warm *w = &plan->warm[source];
  hpo_study_file f = {0};
  hpo_plan *from = NULL;
  hpo_bridge *bridge = NULL;
  harvest h = {0};
  size_t n = 0;

  HPO_TRY(status, hpo_study_file_open(w->path, &f, err));
  HPO_TRY(status, check_writer(plan, w, &f, err));
  HPO_TRY(status, hpo_replay_read_plan(&f, &from, err));
  HPO_TRY(status, hpo_bridge_create(from, plan, source, &bridge, err));
  HPO_TRY(status, gather(&f, from, plan, bridge, &h, err));
  HPO_TRY(status, choose(&h, plan, w, &n, err));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status, hpo_known_add(plan, source, h.item[i].trial, err));
  HPO_TRY(status, describe(w, &f, bridge, &h, n, err));
  warn_torn(w, &f);
  if (n == 0)
    hpo_log(HPO_LOG_WARN, "study", "nothing to begin with in %s: %s", w->href,
            w->taken);
done:
  harvest_free(&h);
  hpo_bridge_destroy(bridge);
  hpo_plan_destroy(from);
  hpo_study_file_close(&f);
  return status;
}

/* --- All of them -------------------------------------------------------- */

/* What the study's own file says that was taken when it was made. */
static hpo_status take_own(hpo_plan *plan, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *store = NULL;
  hpo_plan *own = NULL;

  HPO_TRY(status, hpo_store_open_read(plan->output, &store, err));
  HPO_TRY(status, hpo_replay_decode_plan(store, plan->output, &own, err));
  if (own->n_warm != plan->n_warm ||
      own->space.n_param != plan->space.n_param ||
      own->n_objective != plan->n_objective)
    goto done; /* another study, as is told when it is opened to go on */
  plan->known = own->known;
  plan->n_known = own->n_known;
  plan->known_width = own->known_width;
  plan->known_room = own->known_room;
  own->known = NULL; /* now the plan's */
  for (size_t i = 0; i < plan->n_warm; i++) {
    hpo_mem_free(plan->warm[i].taken);
    plan->warm[i].taken = own->warm[i].taken;
    own->warm[i].taken = NULL; /* now the plan's */
  }
done:
  hpo_plan_destroy(own);
  hpo_store_destroy(store);
  return status;
}

/* Known trials count once. */
static hpo_status check_once(const hpo_plan *plan, size_t i, hpo_error *err) {
  for (size_t k = 0; k < i; k++)
    if (!plan->warm[i].is_points && !plan->warm[k].is_points &&
        is_same_file(plan->warm[i].path, plan->warm[k].path))
      return hpo_error_set(err, HPO_EINVAL,
                           "the same file as in line %d; its trials would "
                           "count twice",
                           plan->warm[k].line);
  return HPO_OK;
}

static hpo_status take_files(hpo_plan *plan, const char *study,
                             hpo_error *err) {
  for (size_t i = 0; i < plan->n_warm; i++) {
    hpo_status status = check_once(plan, i, err);
    if (status == HPO_OK)
      status = take_file(plan, i, err);
    if (status != HPO_OK) {
      hpo_error_prefix(err, "%s:%d: <warm-start href=\"%s\">: ", study,
                       plan->warm[i].line, plan->warm[i].href);
      return status;
    }
  }
  return HPO_OK;
}

hpo_status hpo_warm_fill(hpo_plan *plan, const char *study, bool fresh,
                         hpo_error *err) {
  hpo_status status = HPO_OK;

  if (plan->n_warm == 0)
    return HPO_OK;
  if (!fresh && hpo_file_exists(plan->output))
    HPO_TRY(status, take_own(plan, err));
  else
    HPO_TRY(status, take_files(plan, study, err));
  const size_t own = plan->n_enqueue;
  for (size_t k = 0; k < plan->n_known; k++)
    if (!hpo_known_is_seen(plan, k))
      HPO_TRY(status, add_point(plan, hpo_known_point(plan, k), err));
  if (plan->n_enqueue > own && plan->trials > 0 &&
      plan->n_enqueue >= (size_t)plan->trials)
    hpo_log(HPO_LOG_WARN, "study",
            "%zu points are tried first, of %lld trials in all: the sampler "
            "has none of its own; <warm-start trials=\"best:N\"> takes fewer",
            plan->n_enqueue, (long long)plan->trials);
done:
  return status;
}
