/* SPDX-License-Identifier: BSD-3-Clause */
/* Values, gradients, products and Hessians of many models over the same rows:
 * each tile is decoded once, and all margins are one product, as are all
 * gradients.  Each model's part is what it would be alone (kernels.h). */
#include "linear.h"

#include "hpo/mem.h"

#include <string.h>

/* One pass.  Its sums: [outputs][ld] gradients or diagonals, then [n] losses
 * padded to 8; with codes [outputs][dense columns] gradients, losses, and what
 * coded.c adds; or of Hessians [n][ld][ld + 8 in all], with the weight of the
 * rows behind. */
typedef struct batch {
  linear_question *q; /* [n]; diagonals last */
  size_t n;
  linear_frame *frame; /* all have it */
  linear_loss loss;
  size_t k;
  size_t margins; /* outputs that need them: not the diagonals' */
  size_t outputs;
  bool is_coded; /* one-hot columns go by their codes */
  size_t ld;     /* of the tiles */
} batch;

static size_t padded(size_t n) { return (n + 7) / 8 * 8; }

bool linear_batch_joins(const linear_objective *a, const linear_objective *b) {
  return a->frame == b->frame && a->loss == b->loss;
}

/* --- A tile's rows ------------------------------------------------------ */

/* Targets and own weights; 0 behind the rows. */
static void read_rows(const linear_question *q, const linear_part *t,
                      double *y, double *own) {
  const hpo_dataset *d = q->objective->data;
  const hpo_row *id = q->objective->frame->rows.row + t->first;

  for (size_t i = 0; i < LINEAR_TILE; i++) {
    bool is_there = i < t->n;
    hpo_row row = id[is_there ? i : 0];
    y[i] = is_there ? d->y[row] : 0;
    own[i] = !is_there ? 0 : d->weight != NULL ? d->weight[row] : 1;
  }
}

/* What they count for one model. */
static void weigh_rows(const linear_objective *o, const double *y,
                       const double *own, double *w) {
  bool by_class = o->loss != LINEAR_SQUARED;

  for (size_t i = 0; i < LINEAR_TILE; i++)
    w[i] = own[i] * o->class_weight[by_class ? (size_t)y[i] : 0];
}

/* The tile's part of p, from it (to: false) or to it. */
static void move_p(const linear_objective *o, const linear_part *t, double *p,
                   bool to) {
  for (size_t c = 0; c < o->k; c++) {
    double *kept = o->p + c * o->frame->rows.n + t->first;
    double *here = p + c * LINEAR_TILE;
    memcpy(to ? kept : here, to ? here : kept, t->n * sizeof *p);
  }
}

/* --- Gradients and products --------------------------------------------- */

static void link_one(const linear_question *q, const linear_part *t,
                     const linear_tile_rows *rows, double *m, double *loss) {
  linear_objective *o = q->objective;
  double *p = o->kept;

  if (q->ask->what == NEWTON_EVAL) {
    *loss += linear_link_loss(o->loss, rows, o->k, m, p);
    if (p != NULL)
      move_p(o, t, p, true);
    return;
  }
  move_p(o, t, p, false);
  if (q->ask->what == NEWTON_PRODUCT)
    linear_link_product(o->loss, rows, o->k, p, m);
  else
    linear_link_curve(o->loss, rows, o->k, p, m);
}

static void visit(void *self, const linear_part *t, double *sums) {
  const batch *b = self;
  linear_frame *f = b->frame;
  double y[LINEAR_TILE] __attribute__((aligned(64)));
  double own[LINEAR_TILE] __attribute__((aligned(64)));
  double w[LINEAR_TILE] __attribute__((aligned(64)));
  const linear_tile_rows rows = {.y = y, .w = w, .n = t->n};
  size_t ld = b->ld;
  double *m = f->margin, *loss = sums + b->outputs * ld;

  read_rows(b->q, t, y, own);
  linear_forward(t->z, t->n, ld, f->point, b->margins, m);
  if (b->is_coded)
    linear_coded_forward(&f->coded, &f->rows, t, b->margins, m);
  for (size_t i = 0; i < b->n; i++) {
    weigh_rows(b->q[i].objective, y, own, w);
    link_one(&b->q[i], t, &rows, m + i * b->k * LINEAR_TILE, loss + i);
  }
  linear_backward(t->z, t->n, ld, m, b->margins, sums);
  if (b->is_coded)
    linear_coded_backward(&f->coded, t, b->margins, m, loss + padded(b->n));
  if (b->outputs == b->margins)
    return;
  linear_square(t->z, t->n, ld);
  linear_backward(t->z, t->n, ld, m + b->margins * LINEAR_TILE,
                  b->outputs - b->margins, sums + b->margins * ld);
}

/* --- The start ----------------------------------------------------------- */

/* What is known at 0 of questions like q; NULL: it is not asked there. */
static linear_start *start_of(const linear_question *q) {
  const linear_objective *o = q->objective;
  newton_wish what = q->ask->what;

  if ((what != NEWTON_EVAL || o->p != NULL) && what != NEWTON_HESSIAN)
    return NULL;
  for (size_t i = 0; i < o->k * o->ld; i++)
    if (q->ask->at[i] != 0)
      return NULL;
  return &o->frame->start[o->is_balanced];
}

static bool is_known(const linear_start *s, const newton_ask *a) {
  return a->what == NEWTON_EVAL ? s->has_gradient : s->share == a->share;
}

/* Keeps the sums of an answer at 0, as they are without penalties. */
static void keep_start(const linear_question *q, const double *sums,
                       double loss) {
  const linear_objective *o = q->objective;
  linear_start *s = start_of(q);
  bool is_eval = q->ask->what == NEWTON_EVAL;
  size_t n = is_eval ? o->k * o->ld : o->ld * o->ld + 8;

  if (s == NULL)
    return;
  if (o->frame->coll->rank == 0)
    memcpy(is_eval ? s->gradient : s->hessian, sums, n * sizeof *sums);
  if (o->frame->coll->rank == 0 && is_eval)
    s->gradient[n] = loss;
  if (is_eval)
    s->has_gradient = true;
  else
    s->share = q->ask->share;
}

/* The penalty's part, and the answer. */
static void finish(const linear_question *q, const double *sums, double loss) {
  const linear_objective *o = q->objective;
  newton_ask *a = q->ask;
  size_t n = o->k * o->ld;
  double penalty = 0;

  for (size_t i = 0; i < n; i++)
    a->out[i] =
        sums[i] + o->l2[i] * (a->what == NEWTON_DIAGONAL ? 1 : a->at[i]);
  if (a->what != NEWTON_EVAL)
    return;
  for (size_t i = 0; i < n; i++)
    penalty += o->l2[i] * a->at[i] * a->at[i];
  a->value = loss + penalty / 2;
}

/* The points of those that need margins, as the pass takes them. */
static void pack(batch *b) {
  linear_frame *f = b->frame;
  size_t n = b->k * f->rows.ld;
  double *to = b->is_coded ? f->total : f->point; /* total is free yet */

  b->margins = 0;
  for (size_t i = 0; i < b->n; i++) {
    if (b->q[i].ask->what == NEWTON_DIAGONAL)
      break;
    memcpy(to + i * n, b->q[i].ask->at, n * sizeof *to);
    b->margins += b->k;
  }
  if (b->is_coded)
    linear_coded_pack(&f->coded, &f->scaler, to, b->margins, f->point);
}

/* Gradients as if no column went by its code. */
static void spread(const batch *b, const linear_question *q, size_t i) {
  const linear_frame *f = b->frame;
  const double *behind = f->total + b->outputs * b->ld + padded(b->n);

  for (size_t c = i * b->k; c < (i + 1) * b->k; c++)
    linear_coded_gather(&f->coded, &f->scaler, f->total + c * b->ld, behind, c,
                        b->outputs, q->ask->out + (c - i * b->k) * f->rows.ld);
}

static hpo_status answer_vectors(batch *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_frame *f = b->frame;
  linear_work w = {.visit = visit, .self = b, .share = 1};

  b->is_coded = f->has_codes && b->q[0].ask->what != NEWTON_DIAGONAL;
  b->ld = b->is_coded ? 8 * f->coded.n_group : f->rows.ld;
  b->outputs = b->n * b->k;
  HPO_ASSERT(b->outputs <= f->most_outputs &&
             b->outputs * f->rows.ld <= f->most_sums);
  pack(b);
  w.m = b->outputs * b->ld + padded(b->n);
  if (b->is_coded) {
    w.m += linear_coded_sums(&f->coded, b->outputs);
    w.coded = &f->coded;
  }
  HPO_ASSERT(w.m <= f->most_sums);
  HPO_TRY(status, linear_pass(&f->rows, &w, f->total, err));
  for (size_t i = 0; i < b->n; i++) {
    const linear_question *q = &b->q[i];
    const double *sums = f->total + i * b->k * b->ld;
    if (b->is_coded && f->coll->rank == 0) {
      spread(b, q, i);
      sums = q->ask->out;
    }
    keep_start(q, sums, f->total[b->outputs * b->ld + i]);
    if (f->coll->rank == 0)
      finish(q, sums, f->total[b->outputs * b->ld + i]);
  }
done:
  return status;
}

/* --- Hessians ------------------------------------------------------------ */

static void visit_hessian(void *self, const linear_part *t, double *sums) {
  const batch *b = self;
  const linear_frame *f = b->frame;
  double y[LINEAR_TILE] __attribute__((aligned(64)));
  double own[LINEAR_TILE] __attribute__((aligned(64)));
  double w[LINEAR_TILE] __attribute__((aligned(64)));
  double p[LINEAR_TILE] __attribute__((aligned(64))) = {0};
  const linear_tile_rows rows = {.y = y, .w = w, .n = t->n};
  size_t ld = f->rows.ld, each = ld * ld + 8;
  double *m = f->margin;

  read_rows(b->q, t, y, own);
  linear_forward(t->z, t->n, ld, f->point, b->n, m);
  for (size_t i = 0; i < b->n; i++) {
    double *mine = m + i * LINEAR_TILE, *to = sums + i * each;
    weigh_rows(b->q[i].objective, y, own, w);
    (void)linear_link_loss(b->loss, &rows, 1, mine, p);
    linear_link_curve(b->loss, &rows, 1, p, mine);
    linear_weigh(t->z, t->n, ld, mine, f->weighed);
    linear_outer(f->weighed, t->z, t->n, ld, to);
    for (size_t r = 0; r < t->n; r++)
      to[ld * ld] += w[r];
  }
}

/* Of all rows, by those of the share; both halves; and the penalty. */
static void finish_hessian(const linear_question *q, const double *sums) {
  const linear_objective *o = q->objective;
  size_t ld = o->ld;
  double weight = sums[ld * ld], whole = weight > 0 ? 1 / weight : 0;
  double *h = q->ask->out;

  for (size_t i = 0; i < ld; i++)
    for (size_t j = i; j < ld; j++)
      h[i * ld + j] = h[j * ld + i] = sums[i * ld + j] * whole;
  for (size_t i = 0; i < ld; i++)
    h[i * ld + i] += o->l2[i];
}

static hpo_status answer_hessians(batch *b, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_frame *f = b->frame;
  size_t ld = f->rows.ld, each = ld * ld + 8;
  const linear_work w = {.visit = visit_hessian,
                         .self = b,
                         .m = b->n * each,
                         .share = b->q[0].ask->share};

  HPO_ASSERT(b->n <= f->most_outputs && w.m <= f->most_sums);
  for (size_t i = 0; i < b->n; i++)
    memcpy(f->point + i * ld, b->q[i].ask->at, ld * sizeof *f->point);
  HPO_TRY(status, linear_pass(&f->rows, &w, f->total, err));
  for (size_t i = 0; i < b->n; i++) {
    keep_start(&b->q[i], f->total + i * each, 0);
    if (f->coll->rank == 0)
      finish_hessian(&b->q[i], f->total + i * each);
  }
done:
  return status;
}

/* --- Passes ---------------------------------------------------------------
 */

/* Questions in the order of passes: margins, diagonals, Hessians by share. */
static int64_t rank_of(const newton_ask *a) {
  return a->what == NEWTON_HESSIAN    ? 1 + a->share
         : a->what == NEWTON_DIAGONAL ? 1
                                      : 0;
}

/* Stable, and of few. */
static void sort(linear_question *q, size_t n) {
  for (size_t i = 1; i < n; i++) {
    linear_question one = q[i];
    size_t at = i;

    for (; at > 0 && rank_of(q[at - 1].ask) > rank_of(one.ask); at--)
      q[at] = q[at - 1];
    q[at] = one;
  }
}

/* How many questions the frame has room for in one pass: of margins always, of
 * sums too where they are Hessians. */
static size_t most_of(const linear_objective *o, bool is_hessian) {
  size_t wide = o->frame->most_outputs / o->k,
         most = is_hessian ? o->frame->most_sums / (o->ld * o->ld + 8) : wide;

  return most < wide ? most : wide;
}

static hpo_status answer_all(linear_question *q, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t taken = 0;

  sort(q, n);
  for (size_t i = 0; i < n; i += taken) {
    const linear_objective *o = q[i].objective;
    batch b = {.q = q + i, .frame = o->frame, .loss = o->loss, .k = o->k};
    bool is_hessian = q[i].ask->what == NEWTON_HESSIAN;
    int64_t kind = rank_of(q[i].ask);
    size_t most = most_of(o, is_hessian);

    for (taken = 1; i + taken < n && taken < most; taken++) {
      int64_t other = rank_of(q[i + taken].ask);
      if (is_hessian || o->frame->has_codes ? other != kind : other > 1)
        break;
    }
    b.n = taken;
    HPO_TRY(status,
            is_hessian ? answer_hessians(&b, err) : answer_vectors(&b, err));
  }
done:
  return status;
}

/* Answers what is known at 0. */
static void answer_start(const linear_question *q) {
  const linear_objective *o = q->objective;
  const linear_start *s = &o->frame->start[o->is_balanced];

  if (o->frame->coll->rank != 0)
    return;
  if (q->ask->what == NEWTON_EVAL)
    finish(q, s->gradient, s->gradient[o->k * o->ld]);
  else
    finish_hessian(q, s->hessian);
}

/* Whether an earlier question finds out what this one asks. */
static bool is_asked(const linear_question *q, size_t n,
                     const linear_question *one) {
  for (size_t i = 0; i < n; i++)
    if (start_of(&q[i]) == start_of(one) && q[i].ask->what == one->ask->what &&
        q[i].ask->share == one->ask->share)
      return true;
  return false;
}

hpo_status linear_batch_answer(linear_question *q, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t asked = 0;

  for (size_t i = 0; i < n; i++) {
    const linear_start *s = start_of(&q[i]);
    linear_question one = q[i];
    if (s != NULL && (is_known(s, one.ask) || is_asked(q, asked, &one)))
      continue;
    q[i] = q[asked]; /* those answered by others go behind */
    q[asked++] = one;
  }
  HPO_TRY(status, answer_all(q, asked, err));
  for (size_t i = asked; i < n; i++)
    if (is_known(start_of(&q[i]), q[i].ask))
      answer_start(&q[i]);
    else /* a Hessian of another share came after it */
      HPO_TRY(status, answer_all(&q[i], 1, err));
done:
  return status;
}
