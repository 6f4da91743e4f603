/* SPDX-License-Identifier: BSD-3-Clause */
/* Rank 0 of a team runs the solvers; for each pass over the rows it sends the
 * others what is asked and the points, and all take their part.  So only one
 * rank decides on steps, stops and errors. */
#include "linear.h"

#include "hpo/mem.h"

#include <string.h>

enum { NOTHING = -1 };

/* What a member asks in this round. */
typedef struct request {
  int32_t what; /* newton_wish or NOTHING */
  int64_t share;
} request;

/* How a member's step ended. */
typedef struct outcome {
  int32_t status, is_done;
  char text[sizeof((hpo_error *)0)->text];
} outcome;

/* A step of n members under way. */
typedef struct step {
  linear_member *const *member;
  size_t n;
  const hpo_coll *coll;
  request *request;   /* [n] */
  outcome *outcome;   /* [n] */
  newton_ask *ask;    /* [n] as the others have them */
  linear_question *q; /* [n] of this round */
  size_t size;        /* of a point */
} step;

static void step_free(step *s) {
  hpo_mem_free(s->request);
  hpo_mem_free(s->outcome);
  hpo_mem_free(s->ask);
  hpo_mem_free(s->q);
}

static hpo_status step_create(linear_member *const *member, size_t n, step *s,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const linear_objective *o = member[0]->objective;

  *s = (step){
      .member = member, .n = n, .coll = o->frame->coll, .size = o->k * o->ld};
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->request, &s->request, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->outcome, &s->outcome, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->ask, &s->ask, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *s->q, &s->q, err));
done:
  return status;
}

/* Rank 0: the others get to know a round's requests, and the points. */
static hpo_status tell(const step *s, newton_ask *const *ask, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = s->coll;

  if (c->size == 1)
    return HPO_OK;
  HPO_TRY(status,
          c->broadcast(c->self, s->request, s->n * sizeof *s->request, err));
  for (size_t i = 0; i < s->n; i++) {
    if (ask[i] == NULL)
      continue;
    double *u = s->member[i]->u;
    memcpy(u, ask[i]->at, s->size * sizeof *u);
    HPO_TRY(status, c->broadcast(c->self, u, s->size * sizeof *u, err));
  }
done:
  return status;
}

/* Rank 0: asks the solvers and answers them until all are at their end. */
static hpo_status solve(step *s, newton_ask **ask, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < s->n; i++)
    newton_begin(s->member[i]->solver);
  for (size_t asked = 1; asked > 0;) {
    asked = 0;
    for (size_t i = 0; i < s->n; i++) {
      ask[i] = newton_next(s->member[i]->solver);
      s->request[i] = (request){.what = NOTHING};
      if (ask[i] == NULL)
        continue;
      s->request[i].what = (int32_t)ask[i]->what;
      s->request[i].share = ask[i]->share;
      s->q[asked++] = (linear_question){.objective = s->member[i]->objective,
                                        .ask = ask[i]};
    }
    HPO_TRY(status, tell(s, ask, err));
    if (asked > 0)
      HPO_TRY(status, linear_batch_answer(s->q, asked, err));
  }
done:
  return status;
}

/* After a fault of its own rank 0 ends the round that the others wait for. */
static hpo_status tell_end(step *s, hpo_error *err) {
  const hpo_coll *c = s->coll;

  for (size_t i = 0; i < s->n; i++)
    s->request[i] = (request){.what = NOTHING};
  return c->broadcast(c->self, s->request, s->n * sizeof *s->request, err);
}

static hpo_status lead(step *s, hpo_error *err) {
  hpo_status status = HPO_OK, fault = HPO_OK;
  hpo_error own = {0};
  newton_ask **ask = NULL;

  HPO_TRY(status, hpo_mem_new(s->n, sizeof *ask, &ask, err));
  fault = solve(s, ask, &own);
  if (fault != HPO_OK && fault != HPO_EPEER && s->coll->size > 1)
    HPO_TRY(status, tell_end(s, err));
  if (fault == HPO_EPEER)
    HPO_FAIL(status, err, fault, "%s", own.text);
  for (size_t i = 0; i < s->n; i++) {
    const linear_member *m = s->member[i];
    hpo_status one = fault;
    if (fault == HPO_OK)
      one = newton_end(m->solver, &own);
    s->outcome[i].status = (int32_t)one;
    s->outcome[i].is_done = newton_is_done(m->solver);
    memcpy(s->outcome[i].text, own.text, sizeof own.text);
    memcpy(m->u, newton_x(m->solver), s->size * sizeof *m->u);
  }
done:
  hpo_mem_free(ask);
  return status;
}

/* A round of the others; *asked: how many members asked something. */
static hpo_status serve_round(step *s, size_t *asked, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = s->coll;

  *asked = 0;
  HPO_TRY(status,
          c->broadcast(c->self, s->request, s->n * sizeof *s->request, err));
  for (size_t i = 0; i < s->n; i++) {
    const linear_member *m = s->member[i];
    const request *r = &s->request[i];

    if (r->what == NOTHING)
      continue;
    HPO_TRY(status, c->broadcast(c->self, m->u, s->size * sizeof *m->u, err));
    s->ask[i] = (newton_ask){
        .what = (newton_wish)r->what, .share = r->share, .at = m->u};
    s->q[(*asked)++] =
        (linear_question){.objective = m->objective, .ask = &s->ask[i]};
  }
  if (*asked > 0)
    HPO_TRY(status, linear_batch_answer(s->q, *asked, err));
done:
  return status;
}

static hpo_status serve(step *s, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t asked = 1; asked > 0;)
    HPO_TRY(status, serve_round(s, &asked, err));
done:
  return status;
}

/* Outcomes and points to all. */
static hpo_status share(step *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = s->coll;

  if (c->size == 1)
    return HPO_OK;
  HPO_TRY(status,
          c->broadcast(c->self, s->outcome, s->n * sizeof *s->outcome, err));
  for (size_t i = 0; i < s->n; i++)
    HPO_TRY(status, c->broadcast(c->self, s->member[i]->u,
                                 s->size * sizeof *s->member[i]->u, err));
done:
  return status;
}

hpo_status linear_team_step(linear_member *const *member, size_t n,
                            hpo_status *status, hpo_error *err) {
  hpo_status all = HPO_OK;
  hpo_error own = {0};
  step s = {0};

  HPO_TRY(all, step_create(member, n, &s, &own));
  HPO_TRY(all, s.coll->rank == 0 ? lead(&s, &own) : serve(&s, &own));
  HPO_TRY(all, share(&s, &own));
  for (size_t i = 0; i < n; i++) {
    const outcome *o = &s.outcome[i];
    member[i]->is_done = o->is_done != 0;
    status[i] = (hpo_status)o->status;
    if (status[i] != HPO_OK)
      (void)hpo_error_set(&err[i], status[i], "%s", o->text);
  }
done:
  for (size_t i = 0; all != HPO_OK && i < n; i++)
    status[i] = hpo_error_set(&err[i], all, "%s", own.text);
  step_free(&s);
  return all;
}
