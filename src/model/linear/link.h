/* SPDX-License-Identifier: BSD-3-Clause */
/** \file link.h
 *  From margins to losses, derivatives and predictions, a tile at a time.
 *
 *  Margins and what they become are [k][LINEAR_TILE], k outputs of a model;
 *  values of a row are [LINEAR_TILE], of which a tile's n rows are there and
 *  weigh w, and those behind them weigh 0.  64-byte aligned; each row by
 *  itself, so the same bits wherever it stands.
 */
#ifndef HPO_LINEAR_LINK_H
#define HPO_LINEAR_LINK_H

#include <stddef.h>

typedef enum linear_loss {
  LINEAR_SQUARED,
  LINEAR_LOGISTIC,
  LINEAR_MULTINOMIAL
} linear_loss;

typedef struct linear_tile_rows {
  const double *y, *w; /* [LINEAR_TILE] */
  size_t n;            /* of them there */
} linear_tile_rows;

/** The weighted loss of the tile; m becomes w times the derivatives by the
 *  margins; p [k][LINEAR_TILE]: probabilities, as linear_curve takes them;
 *  NULL: not wanted. */
double linear_link_loss(linear_loss loss, const linear_tile_rows *t, size_t k,
                        double *m, double *p);
/** m: margins of a direction, become w times the second derivatives times
 *  them. */
void linear_link_product(linear_loss loss, const linear_tile_rows *t, size_t k,
                         const double *p, double *m);
/** q [k][LINEAR_TILE] = w times the second derivative by each margin. */
void linear_link_curve(linear_loss loss, const linear_tile_rows *t, size_t k,
                       const double *p, double *q);
/** Margins to predictions, as in metric.h. */
void linear_link(linear_loss loss, size_t k, double *m);

#endif
