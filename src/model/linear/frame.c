/* SPDX-License-Identifier: BSD-3-Clause */
/* What all models of the same training rows share: their blocks, means and
 * scales, weights of classes, and room for passes.  Kept on the evaluator's
 * shelf, in the order in which they were made, the same on all ranks. */
#include "linear.h"

#include "hpo/mem.h"
#include "hpo/num.h"

#include <math.h>
#include <string.h>

/* Outputs in one pass, unless one model has more. */
enum { MOST_WIDE = 128 };

static void frame_free(linear_frame *f) {
  if (f == NULL)
    return;
  for (size_t b = 0; b < 2; b++) {
    hpo_mem_free(f->class_weight[b]);
    hpo_mem_free(f->start[b].gradient);
    hpo_mem_free(f->start[b].hessian);
  }
  hpo_mem_free(f->point);
  hpo_mem_free(f->margin);
  hpo_mem_free(f->total);
  hpo_mem_free(f->weighed);
  linear_coded_free(&f->coded);
  linear_scaler_free(&f->scaler);
  linear_rows_free(&f->rows);
  hpo_mem_free(f);
}

static void shelf_free(void *kept) {
  linear_frame *f = kept;

  while (f != NULL) {
    linear_frame *next = f->next;
    frame_free(f);
    f = next;
  }
}

void linear_frame_release(linear_frame *f) {
  if (f == NULL)
    return;
  f->users--;
  if (f->users == 0 && f->is_private)
    frame_free(f);
}

/* --- Weights ------------------------------------------------------------ */

static double own_weight(const hpo_dataset *d, hpo_row r) {
  return d->weight != NULL ? d->weight[r] : 1;
}

hpo_status linear_class_weights(const hpo_model_input *in, bool is_balanced,
                                double **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_dataset *d = in->part.data;
  size_t k = d->n_class > 0 ? d->n_class : 1;
  int64_t *count = NULL, all = 0;
  double *weight = NULL;

  HPO_TRY(status, hpo_mem_new(k, sizeof *weight, &weight, err));
  HPO_TRY(status, hpo_mem_new(k, sizeof *count, &count, err));
  for (size_t i = 0; d->n_class > 0 && i < in->part.n_train; i++)
    count[(size_t)d->y[in->part.train[i]]]++;
  HPO_TRY(status, in->coll->sum(in->coll->self, count, k, err));
  for (size_t c = 0; c < k; c++)
    all += count[c];
  for (size_t c = 0; c < k; c++)
    weight[c] = is_balanced && count[c] > 0
                    ? (double)all / ((double)k * (double)count[c])
                    : 1;
  *out = weight;
  weight = NULL;
done:
  hpo_mem_free(count);
  hpo_mem_free(weight);
  return status;
}

hpo_status linear_frame_weigh(linear_frame *f, const hpo_model_input *in,
                              bool is_balanced, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_part *part = &in->part;
  const hpo_dataset *d = part->data;
  double *w = NULL, sum = 0;
  hpo_sum s = {{0}, 0, 0};

  if (f->class_weight[is_balanced] != NULL)
    return HPO_OK;
  HPO_TRY(status, linear_class_weights(in, is_balanced, &w, err));
  for (size_t i = 0; i < part->n_train; i++) {
    hpo_row r = part->train[i];
    hpo_sum_add(&s,
                own_weight(d, r) * w[d->n_class > 0 ? (size_t)d->y[r] : 0]);
  }
  HPO_TRY(status,
          in->coll->sum(in->coll->self, (int64_t *)&s, HPO_SUM_WORDS, err));
  sum = hpo_sum_get(&s);
  if (!(sum > 0) || isinf(sum))
    HPO_FAIL(status, err, HPO_ETRIAL,
             "the weights of the training rows sum to %g", sum);
  for (size_t c = 0; c == 0 || c < d->n_class; c++)
    w[c] /= sum;
  f->weight_sum[is_balanced] = sum;
  f->class_weight[is_balanced] = w;
  w = NULL;
done:
  hpo_mem_free(w);
  return status;
}

/* --- Making it ----------------------------------------------------------- */

/* Sums of a pass of so many outputs, with their losses: with codes as well as
 * without, as diagonals have them, whole points taking no more than those. */
static size_t sums_of(const linear_frame *f, size_t outputs) {
  size_t plain = outputs * (f->scaler.ld + 1) + 15, coded = 0;

  if (f->has_codes)
    coded = outputs * 8 * f->coded.n_group + outputs + 15 +
            linear_coded_sums(&f->coded, outputs);
  return plain > coded ? plain : coded;
}

/* Room of passes: of one model, or of as many as one pass takes. */
static hpo_status make_room(const hpo_model_input *in, linear_frame *f,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t blocks = (size_t)in->part.design->rows / HPO_DESIGN_BLOCK + 1;
  size_t ld = f->scaler.ld, k = hpo_dataset_outputs(in->part.data);
  size_t m = LINEAR_MOST_SUMS, own = 0, most = k;

  f->has_codes = linear_coded_pays(in->part.design);
  if (f->has_codes)
    HPO_TRY(status,
            linear_coded_create(in->part.design, &f->scaler,
                                (MOST_WIDE + k + 7) / 8 * 8, &f->coded, err));
  own = sums_of(f, k);
  if (in->coll->size > 1 && m > LINEAR_MOST_DENSE / blocks)
    m = LINEAR_MOST_DENSE / blocks;
  if (k == 1 && ld <= LINEAR_MOST_LD && own < ld * ld + 8)
    own = ld * ld + 8;
  m = (m > own ? m : own) / 8 * 8 + 8;
  while (most < MOST_WIDE && sums_of(f, most + 1) <= m)
    most++;
  f->most_sums = m;
  f->most_outputs = most;
  HPO_TRY(status, hpo_mem_new_aligned(m, sizeof *f->point, &f->point, err));
  HPO_TRY(status, hpo_mem_new_aligned(f->most_outputs * LINEAR_TILE,
                                      sizeof *f->margin, &f->margin, err));
  HPO_TRY(status, hpo_mem_new_aligned(m, sizeof *f->total, &f->total, err));
  HPO_TRY(status, hpo_mem_new_aligned(ld * LINEAR_TILE, sizeof *f->weighed,
                                      &f->weighed, err));
  HPO_TRY(status, linear_rows_reserve(&f->rows, m, err));
  for (size_t b = 0; in->coll->rank == 0 && b < 2; b++) {
    linear_start *s = &f->start[b];
    size_t h = k == 1 && ld <= LINEAR_MOST_LD ? ld * ld + 8 : 0;
    HPO_TRY(status, hpo_mem_new_aligned(k * ld + 8, sizeof *s->gradient,
                                        &s->gradient, err));
    HPO_TRY(status,
            hpo_mem_new_aligned(h, sizeof *s->hessian, &s->hessian, err));
  }
done:
  return status;
}

static hpo_status frame_create(const hpo_model_input *in, bool has_intercept,
                               linear_frame **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  linear_frame *f = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *f, &f, err));
  f->has_intercept = has_intercept;
  f->team_rows = in->part.rows.train;
  f->total_rows = in->part.train_total;
  f->coll = in->coll;
  HPO_TRY(status,
          linear_rows_create(in, in->part.design->stride, &f->rows, err));
  HPO_TRY(status,
          linear_scaler_create(&f->rows, has_intercept, &f->scaler, err));
  HPO_TRY(status, make_room(in, f, err));
  *out = f;
  f = NULL;
done:
  frame_free(f);
  return status;
}

static bool fits(const linear_frame *f, const hpo_model_input *in,
                 bool has_intercept) {
  const hpo_part *p = &in->part;

  return f->has_intercept == has_intercept && f->team_rows == p->rows.train &&
         f->total_rows == p->train_total && f->coll == in->coll &&
         f->rows.row == p->train && f->rows.n == p->n_train &&
         f->rows.design == p->design;
}

/* What rank 0 finds in the list; -1: nothing. */
typedef struct place {
  int64_t fits;
  int64_t goes; /* the oldest unused, of too many */
} place;

static hpo_status find(const linear_frame *first, const hpo_model_input *in,
                       bool has_intercept, place *out, hpo_error *err) {
  const hpo_coll *c = in->coll;
  size_t unused = 0;
  int64_t at = 0;

  *out = (place){.fits = -1, .goes = -1};
  for (const linear_frame *f = first; f != NULL && out->fits < 0; at++) {
    if (fits(f, in, has_intercept))
      out->fits = at;
    if (f->users == 0 && unused++ == 0)
      out->goes = at;
    f = f->next;
  }
  if (out->fits >= 0 || unused < LINEAR_MOST_UNUSED)
    out->goes = -1;
  return c->size > 1 ? c->broadcast(c->self, out, sizeof *out, err) : HPO_OK;
}

/* Where a link to frame i stands; of -1 the list's end. */
static linear_frame **link_to(linear_frame **first, int64_t i) {
  for (; *first != NULL && i != 0; i--)
    first = &(*first)->next;
  return first;
}

/* Off the list; its last user frees it. */
static void take_off(linear_frame **link) {
  linear_frame *f = *link;

  *link = f->next;
  f->next = NULL;
  f->is_private = true;
  if (f->users == 0)
    frame_free(f);
}

hpo_status linear_frame_get(const hpo_model_input *in, bool has_intercept,
                            linear_frame **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_shelf *shelf = in->shelf;
  linear_frame *first = NULL, **at = &first;
  place p = {.fits = -1, .goes = -1};

  if (shelf == NULL || (shelf->kept != NULL && shelf->free != shelf_free)) {
    HPO_TRY(status, frame_create(in, has_intercept, out, err));
    (*out)->is_private = true;
    (*out)->users = 1;
    goto done;
  }
  first = shelf->kept;
  HPO_TRY(status, find(first, in, has_intercept, &p, err));
  if (p.goes >= 0)
    take_off(link_to(&first, p.goes));
  shelf->kept = first;
  at = link_to(&first, p.fits);
  if (*at == NULL)
    HPO_TRY(status, frame_create(in, has_intercept, at, err));
  shelf->kept = first;
  shelf->free = shelf_free;
  *out = *at;
  (*out)->users++;
done:
  return status;
}
