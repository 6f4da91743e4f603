/* SPDX-License-Identifier: BSD-3-Clause */
/* Weight and gain of a node, and gains of splits where monotone constraints
 * bound the weights (XGBoost, split_evaluator.h).
 *
 * A split of a constrained feature must not have its children's weights in
 * the wrong order; their mean then bounds all that lies below, from above on
 * one side and from below on the other. */
#include "gbt.h"

#include <math.h>

static double weight_of(const gbt_gain *r, double g, double h) {
  double t = g > r->alpha ? g - r->alpha : g < -r->alpha ? g + r->alpha : 0;
  double w = 0, limit = r->max_delta_step;

  if (h >= r->mcw && h > 0) {
    w = -t / (h + r->lambda);
    if (limit > 0)
      w = w > limit ? limit : w < -limit ? -limit : w;
  }
  return w < r->lower ? r->lower : w > r->upper ? r->upper : w;
}

static double gain_at(const gbt_gain *r, double g, double h, double w) {
  return -(2.0 * g * w + (h + r->lambda) * w * w);
}

double gbt_gain_weight(const gbt_gain *r, gbt_sums s) {
  return weight_of(r, (double)s.g * r->unit_g, (double)s.h * r->unit_h);
}

double gbt_gain_node(const gbt_gain *r, gbt_sums s) {
  double g = (double)s.g * r->unit_g, h = (double)s.h * r->unit_h;
  double t = g > r->alpha ? g - r->alpha : g < -r->alpha ? g + r->alpha : 0;

  if (h <= 0)
    return 0;
  if (r->max_delta_step <= 0 && !r->is_bound)
    return t * t / (h + r->lambda);
  return gain_at(r, g, h, weight_of(r, g, h));
}

double gbt_gain_bound(const gbt_gain *r, gbt_sums left, int direction) {
  double gl = (double)left.g * r->unit_g, hl = (double)left.h * r->unit_h;
  double gr = (double)(r->total.g - left.g) * r->unit_g;
  double hr = (double)(r->total.h - left.h) * r->unit_h;
  double wl = 0, wr = 0;

  if (hl < r->min_hess || hr < r->min_hess)
    return (double)-INFINITY;
  wl = weight_of(r, gl, hl);
  wr = weight_of(r, gr, hr);
  if (direction > 0 ? wl > wr : direction < 0 && wl < wr)
    return (double)-INFINITY;
  return gain_at(r, gl, hl, wl) + gain_at(r, gr, hr, wr);
}
