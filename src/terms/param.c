/* SPDX-License-Identifier: BSD-3-Clause */
/* The values that one parameter can take.
 *
 * Contents: the grid of integers and stepped floats; the unit interval;
 * texts.
 *
 * A grid is low, low + step, ... up to the last that is not above high (by
 * more than 1e-9 of a step).  A float's grid point is the decimal of 15
 * digits next to low + k step, so 0.1 + 2 * 0.1 is 0.3 as the user reads
 * it. */
#include "hpo/space.h"

#include "hpo/num.h"
#include "hpo/options.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double clamp(double x, double low, double high) {
  return x < low ? low : x > high ? high : x;
}

static bool has_grid(const hpo_param *p) { return p->step > 0; }

/** Number of the last grid point. */
static double grid_last(const hpo_param *p) {
  double t = (p->high - p->low) / p->step;

  return t > 0 ? floor(t + 1e-9) : 0;
}

static double grid_value(const hpo_param *p, double k) {
  double raw = p->low + k * p->step, value = raw;
  char text[32];

  if (k <= 0)
    return p->low;
  if (p->kind == HPO_PARAM_INT)
    return raw;
  if (fabs(raw - p->high) <= 1e-9 * p->step)
    return p->high;
  snprintf(text, sizeof text, "%.15g", raw);
  if (!hpo_options_parse_float(text, &value))
    value = raw;
  return clamp(value, p->low, p->high);
}

/** Number of the grid point nearest to value, ties down. */
static double grid_index(const hpo_param *p, double value) {
  double t = clamp((value - p->low) / p->step, 0, grid_last(p));
  double k = floor(t);

  return t - k > 0.5 ? k + 1 : k;
}

bool hpo_param_is_unordered(const hpo_param *p) {
  return p->kind == HPO_PARAM_CATEGORICAL && !p->ordered;
}

bool hpo_param_is_numeric(const hpo_param *p) {
  double number;

  for (size_t i = 0; i < p->n_choice; i++)
    if (!hpo_options_parse_float(p->choice[i], &number))
      return false;
  return p->kind == HPO_PARAM_CATEGORICAL && p->n_choice > 0;
}

bool hpo_param_is_disordered(const hpo_param *p) {
  double last = 0, number = 0;
  bool ascends = false, descends = false;

  if (!hpo_param_is_numeric(p))
    return false;
  for (size_t i = 0; i < p->n_choice; i++, last = number)
    if (hpo_options_parse_float(p->choice[i], &number) && i > 0) {
      ascends = ascends || number > last;
      descends = descends || number < last;
    }
  return ascends && descends;
}

double hpo_param_cardinality(const hpo_param *p) {
  if (p->kind == HPO_PARAM_CATEGORICAL)
    return (double)p->n_choice;
  if (has_grid(p))
    return grid_last(p) + 1;
  return p->low < p->high ? (double)INFINITY : 1;
}

double hpo_param_round(const hpo_param *p, double value) {
  if (isnan(value))
    return value;
  if (p->kind == HPO_PARAM_CATEGORICAL) {
    double k = floor(clamp(value, 0, (double)p->n_choice - 1));
    return value - k > 0.5 && k + 1 < (double)p->n_choice ? k + 1 : k;
  }
  value = clamp(value, p->low, p->high);
  return has_grid(p) ? grid_value(p, grid_index(p, value)) : value;
}

/** The log scale of a parameter: its ends, widened by half a step (but never
 *  to 0) on a grid. */
static void log_ends(const hpo_param *p, double *low, double *high) {
  double half = has_grid(p) ? p->step / 2 : 0;
  double top = has_grid(p) ? grid_value(p, grid_last(p)) : p->high;

  *low = hpo_num_log(fmax(p->low - half, p->low / 2));
  *high = hpo_num_log(top + half);
}

static double linear(double low, double high, double u) {
  double range = high - low;

  return isfinite(range) ? low + u * range : low * (1 - u) + high * u;
}

double hpo_param_from_unit(const hpo_param *p, double u) {
  double low, high;

  if (p->kind == HPO_PARAM_CATEGORICAL)
    return clamp(floor(u * (double)p->n_choice), 0, (double)p->n_choice - 1);
  if (p->log) {
    log_ends(p, &low, &high);
    return hpo_param_round(p, hpo_num_exp(linear(low, high, u)));
  }
  if (has_grid(p)) {
    double last = grid_last(p);
    return grid_value(p, clamp(floor(u * (last + 1)), 0, last));
  }
  return clamp(linear(p->low, p->high, u), p->low, p->high);
}

/** Share of [low, high] that lies below value, in [0, 1). */
static double share(double low, double high, double value) {
  double range = high - low;
  double u = isfinite(range) ? (value - low) / range
                             : (value / 2 - low / 2) / (high / 2 - low / 2);

  return range > 0 ? clamp(u, 0, 1 - 0x1p-53) : 0;
}

double hpo_param_to_unit(const hpo_param *p, double value) {
  double low, high, half;

  if (isnan(value))
    return value;
  value = hpo_param_round(p, value);
  if (p->kind == HPO_PARAM_CATEGORICAL)
    return (value + 0.5) / (double)p->n_choice;
  if (p->log) {
    log_ends(p, &low, &high);
    if (!has_grid(p))
      return share(low, high, hpo_num_log(value));
    half = p->step / 2;
    return (share(low, high, hpo_num_log(fmax(value - half, value / 2))) +
            share(low, high, hpo_num_log(value + half))) /
           2;
  }
  if (has_grid(p))
    return (grid_index(p, value) + 0.5) / (grid_last(p) + 1);
  return share(p->low, p->high, value);
}

char *hpo_param_format(const hpo_param *p, double value, char *text,
                       size_t room) {
  char number[32];

  HPO_ASSERT(room > 0);
  if (isnan(value))
    snprintf(text, room, "%s", "");
  else if (p->kind == HPO_PARAM_CATEGORICAL)
    snprintf(text, room, "%s",
             value >= 0 && value < (double)p->n_choice
                 ? p->choice[(size_t)value]
                 : "");
  else if (p->kind == HPO_PARAM_INT)
    snprintf(text, room, "%.0f", value);
  else
    snprintf(text, room, "%s", hpo_options_format_float(value, number));
  return text;
}

const char *hpo_param_end(const hpo_param *p, double end, char number[32]) {
  return p->kind == HPO_PARAM_CATEGORICAL && end >= 0 &&
                 end < (double)p->n_choice
             ? p->choice[(size_t)end]
             : hpo_options_format_float(end, number);
}

static hpo_status wrong_choice(const hpo_param *p, const char *text,
                               hpo_error *err) {
  char all[1024] = "";
  size_t used = 0;
  const char *near =
      hpo_options_nearest(text, (const char *const *)p->choice, p->n_choice);

  for (size_t i = 0; i < p->n_choice && used < sizeof all - 8; i++) {
    int n = snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "",
                     p->choice[i]);
    used += n > 0 ? (size_t)n : 0;
  }
  return hpo_error_set(
      err, HPO_EINVAL, "%s has no choice \"%s\"%s%s%s; its choices are %s",
      p->full_name, text, near != NULL ? " (\"" : "", near != NULL ? near : "",
      near != NULL ? "\" is near)" : "", all);
}

static hpo_status wrong_number(const hpo_param *p, const char *text,
                               hpo_error *err) {
  char low[32], high[32], step[32], steps[64] = "";

  hpo_param_format(p, p->low, low, sizeof low);
  hpo_param_format(p, p->high, high, sizeof high);
  if (has_grid(p) && !(p->kind == HPO_PARAM_INT && p->step == 1))
    snprintf(steps, sizeof steps, " in steps of %s",
             hpo_param_format(p, p->step, step, sizeof step));
  return hpo_error_set(
      err, HPO_EINVAL, "%s cannot be \"%s\": it takes a %s from %s to %s%s",
      p->full_name, text, p->kind == HPO_PARAM_INT ? "whole number" : "number",
      low, high, steps);
}

hpo_status hpo_param_parse(const hpo_param *p, const char *text, double *out,
                           hpo_error *err) {
  double value = (double)NAN, near;
  int64_t whole = 0;

  if (p->kind == HPO_PARAM_CATEGORICAL) {
    for (size_t i = 0; i < p->n_choice; i++)
      if (strcmp(p->choice[i], text) == 0) {
        *out = (double)i;
        return HPO_OK;
      }
    return wrong_choice(p, text, err);
  }
  if (p->kind == HPO_PARAM_INT) {
    if (!hpo_options_parse_int(text, &whole))
      return wrong_number(p, text, err);
    value = (double)whole;
  } else if (!hpo_options_parse_float(text, &value)) {
    return wrong_number(p, text, err);
  }
  near = hpo_param_round(p, value);
  if (!(value == near || fabs(value - near) <= 1e-9 * p->step))
    return wrong_number(p, text, err);
  *out = near;
  return HPO_OK;
}
