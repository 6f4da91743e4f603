/* SPDX-License-Identifier: BSD-3-Clause */
/* Rank 0 of a team runs the solver; for each pass over the rows it sends the
 * others what is asked and the point, and all take their part.  So only one
 * rank decides on steps, stops and errors. */
#include "linear.h"

#include <string.h>

typedef enum what { ASK_EVAL, ASK_PRODUCT, ASK_HESSIAN, ASK_END } what;

typedef struct request {
  int32_t what;
  int32_t status, is_done; /* of ASK_END */
  char text[sizeof((hpo_error *)0)->text];
} request;

static hpo_status ask(linear_team *t, what w, const double *u,
                      hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = t->coll;
  request r = {.what = (int32_t)w};

  if (c->size == 1)
    return HPO_OK;
  HPO_TRY(status, c->broadcast(c->self, &r, sizeof r, err));
  if (u != NULL && u != t->u)
    memcpy(t->u, u, t->n * sizeof *u);
  if (w != ASK_HESSIAN)
    HPO_TRY(status, c->broadcast(c->self, t->u, t->n * sizeof *t->u, err));
done:
  return status;
}

static hpo_status lead_eval(void *self, const double *u, double *f,
                            double *gradient, double *diagonal,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_team *t = self;

  HPO_TRY(status, ask(t, ASK_EVAL, u, err));
  HPO_TRY(status, linear_eval(t->objective, u, f, gradient, diagonal, err));
done:
  return status;
}

static hpo_status lead_product(void *self, const double *v, double *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_team *t = self;
  linear_objective *o = t->objective;

  if (o->is_dense && !o->has_hessian) {
    HPO_TRY(status, ask(t, ASK_HESSIAN, NULL, err));
    HPO_TRY(status, linear_hessian(o, err));
  }
  if (!o->has_hessian)
    HPO_TRY(status, ask(t, ASK_PRODUCT, v, err));
  HPO_TRY(status, linear_product(o, v, out, err));
done:
  return status;
}

newton_problem linear_team_problem(linear_team *t, double tol) {
  return (newton_problem){.self = t,
                          .n = t->n,
                          .l1 = t->objective->l1,
                          .tol = tol,
                          .cheap = t->objective->is_dense,
                          .eval = lead_eval,
                          .product = lead_product};
}

/* The solver's step, then its outcome to all. */
static hpo_status lead(linear_team *t, newton *solver, bool *is_done,
                       hpo_error *err) {
  const hpo_coll *c = t->coll;
  hpo_error own = {0};
  hpo_status status = newton_step(solver, &own), sent = HPO_OK;
  request end = {.what = ASK_END, .status = (int32_t)status};

  *is_done = newton_is_done(solver);
  end.is_done = *is_done;
  memcpy(end.text, own.text, sizeof end.text);
  memcpy(t->u, newton_x(solver), t->n * sizeof *t->u);
  if (c->size > 1 && status != HPO_EPEER) {
    HPO_TRY(sent, c->broadcast(c->self, &end, sizeof end, err));
    HPO_TRY(sent, c->broadcast(c->self, t->u, t->n * sizeof *t->u, err));
  }
done:
  if (status != HPO_OK)
    return hpo_error_set(err, status, "%s", own.text);
  return sent;
}

/* Serves requests until the end of the step. */
static hpo_status serve(linear_team *t, bool *is_done, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *c = t->coll;
  request r = {.what = ASK_EVAL};

  while (r.what != ASK_END) {
    HPO_TRY(status, c->broadcast(c->self, &r, sizeof r, err));
    if (r.what != ASK_HESSIAN)
      HPO_TRY(status, c->broadcast(c->self, t->u, t->n * sizeof *t->u, err));
    if (r.what == ASK_EVAL)
      HPO_TRY(status, linear_eval(t->objective, t->u, NULL, NULL, NULL, err));
    if (r.what == ASK_PRODUCT)
      HPO_TRY(status, linear_product(t->objective, t->u, NULL, err));
    if (r.what == ASK_HESSIAN) {
      HPO_TRY(status, linear_hessian(t->objective, err));
      t->objective->has_hessian = false; /* only rank 0 has it */
    }
  }
  if (r.status != HPO_OK)
    HPO_FAIL(status, err, (hpo_status)r.status, "%s", r.text);
  *is_done = r.is_done != 0;
done:
  return status;
}

hpo_status linear_team_step(linear_team *t, newton *solver, bool *is_done,
                            hpo_error *err) {
  return t->coll->rank == 0 ? lead(t, solver, is_done, err)
                            : serve(t, is_done, err);
}
