/* SPDX-License-Identifier: BSD-3-Clause */
/* Exact quantile cuts with ties.
 *
 * A run is a stretch of equal values; a bin is made of whole runs.  If the
 * runs are no more than the bins, each has its own.  Otherwise:
 *
 * 1. A run that alone fills a bin is heavy and has a bin of its own: with L
 *    light rows left for K bins, a run of c rows is heavy if c >= L/K.  To
 *    take heavy runs out makes L/K smaller, so this repeats until no more
 *    are found.
 * 2. Light rows are numbered without the heavy ones.  A light run belongs to
 *    bin floor(m K / L) where m is the middle of its row numbers: without
 *    ties the cuts lie at the ranks i n / b, rounded, and with ties each cut
 *    goes to the nearer end of the run it falls into.
 * 3. A heavy run may part a bin in two, so there may be more bins than
 *    allowed: then the same is done for fewer bins, found by bisection.
 *
 * Runs are found by binary search around the ranks of interest, so this
 * takes O(b log n log b) at most, and never a pass over all values. */

#include "hpo/bins.h"

/* The run that holds position i. */
typedef struct run {
  size_t from, to;
} run;

typedef struct sizes {
  uint64_t light; /* L: rows in light runs */
  uint64_t bins;  /* K: bins for them */
} sizes;

static size_t run_end(const float *x, size_t n, size_t i) {
  size_t low = i, step = 1; /* x[low] == x[i] */

  while (low + step < n && x[low + step] <= x[i]) {
    low += step;
    step *= 2;
  }
  for (; step > 0; step /= 2)
    if (low + step < n && x[low + step] <= x[i])
      low += step;
  return low + 1;
}

static run run_at(const float *x, size_t n, size_t i) {
  size_t low = i, step = 1;

  while (low >= step && x[low - step] >= x[i]) {
    low -= step;
    step *= 2;
  }
  for (; step > 0; step /= 2)
    if (low >= step && x[low - step] >= x[i])
      low -= step;
  return (run){low, run_end(x, n, i)};
}

static bool is_heavy(run r, sizes s) {
  return (uint64_t)(r.to - r.from) * s.bins >= s.light;
}

/* Step 1 for a number of bins.  A heavy run is at least `step` long, so it
 * holds a multiple of it. */
static sizes find_heavy(const float *x, size_t n, size_t bins) {
  sizes s = {n, bins};

  for (;;) {
    const size_t step = (size_t)((s.light + s.bins - 1) / s.bins);
    sizes next = {n, bins};

    for (size_t i = step - 1; i < n;) {
      const run r = run_at(x, n, i);

      if (is_heavy(r, s)) {
        next.light -= r.to - r.from;
        next.bins--;
      }
      i += (r.to - i + step - 1) / step * step;
    }
    if (next.bins == s.bins)
      return s;
    s = next;
  }
}

/* Bin of a light run that begins at light row `rank`. */
static uint64_t bin_of(run r, uint64_t rank, sizes s) {
  return (2 * rank + (r.to - r.from)) * s.bins / (2 * s.light);
}

/* Step 2: sets at most `room` cuts; returns how many there would be, or
 * room + 1 if more. */
static size_t walk(const float *x, size_t n, sizes s, float *cut,
                   size_t room) {
  size_t cuts = 0, at = 0; /* at: first row of the bin being made */
  uint64_t rank = 0;       /* light rows before it */

  while (at < n) {
    run r = {at, run_end(x, n, at)};

    if (!is_heavy(r, s)) {
      /* The last light row before the next bin's first row number. */
      const uint64_t edge = (bin_of(r, rank, s) + 1) * s.light;
      const uint64_t ahead = (edge + s.bins - 1) / s.bins - 1 - rank;

      r = run_at(x, n, ahead < n - at ? at + (size_t)ahead : n - 1);
      if (is_heavy(r, s))
        r.to = r.from;
      else if (bin_of(r, rank + (r.from - at), s) * s.light >= edge)
        r.to = r.from;
      rank += r.to - at;
    }
    at = r.to;
    if (at < n && cuts++ < room)
      cut[cuts - 1] = x[at];
    if (cuts > room)
      break;
  }
  return cuts;
}

/* A cut before each run but the first; room + 1 if they are more. */
static size_t cut_each(const float *x, size_t n, float *cut, size_t room) {
  size_t cuts = 0;

  for (size_t at = n > 0 ? run_end(x, n, 0) : n; at < n && cuts <= room;
       at = run_end(x, n, at))
    if (cuts++ < room)
      cut[cuts - 1] = x[at];
  return cuts;
}

void hpo_bins_cuts(const float *sorted, size_t n, int max_bin, float *cut,
                   size_t *n_cut) {
  const size_t room = (size_t)max_bin - 1;
  size_t low = 1, bins = (size_t)max_bin, high = bins + 1;

  HPO_ASSERT(max_bin >= 2 && n <= UINT32_MAX);
  *n_cut = cut_each(sorted, n, cut, room);
  if (*n_cut <= room)
    return;
  while (high - low > 1) { /* low fits, high does not */
    if (walk(sorted, n, find_heavy(sorted, n, bins), cut, room) <= room)
      low = bins;
    else
      high = bins;
    bins = low + (high - low) / 2;
  }
  *n_cut = walk(sorted, n, find_heavy(sorted, n, low), cut, room);
}
