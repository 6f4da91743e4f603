/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two kinds of Parzen estimator share: see parzen.h. */
#ifndef HPO_SAMPLER_PARZEN_PRIVATE_H
#define HPO_SAMPLER_PARZEN_PRIVATE_H

#include "sampler/parzen.h"

/* Observations are handled in blocks of this size; arrays are padded. */
#define HPO_PARZEN_BLOCK 32
#define HPO_PARZEN_KNOTS 1024
/* The table of Phi: 64 steps to a deviation, up to 6. */
#define HPO_PARZEN_CDF_STEPS 64
#define HPO_PARZEN_CDF (6 * HPO_PARZEN_CDF_STEPS)
#define SQRT_2 1.41421356237309504880

struct hpo_parzen {
  hpo_parzen_options options;
  const hpo_axis *axis;           /* [n_axis], borrowed */
  size_t n_axis, n, pad;          /* observations; n rounded up to blocks */
  double *weight;                 /* [n] not normalised */
  double total;                   /* of all weights and the prior's */
  double log_total, log_prior;    /* logs of it and of the prior's weight */
  double cdf[HPO_PARZEN_CDF + 1]; /* Phi(k / HPO_PARZEN_CDF_STEPS) */
  double hit, miss; /* CHOICE: extra mass of the observed level in a
                       kernel, mass of each level; before division by
                       1 + levels * miss */
  /* product kernels */
  double *sigma;   /* [n_axis] bandwidths, shares of the range */
  float *at;       /* [n_axis][pad] UNIT: place / (sigma sqrt 2) */
  uint16_t *level; /* [n_axis][pad] LEVEL, CHOICE */
  float *offset;   /* [pad] minus log of the kernel's mass within the bounds,
                      -inf in the padding */
  float *fall;     /* [n_axis][HPO_AXIS_LEVELS] LEVEL: log of a kernel's mass
                      on the level that is so many away */
  const hpo_axis *prior_axis; /* those that prior is of */
  double *prior; /* [n_axis][HPO_AXIS_LEVELS] LEVEL: log of the prior */
  float *knot;   /* log mass within the bounds of a kernel at k / n_knot,
                    all having one bandwidth; n_knot 0: no table */
  size_t n_knot;
  /* one axis, each kernel with its own bandwidth */
  double *mu, *sd; /* [n] */
  double *scale;   /* [n] log of 1 / (sd mass within the bounds) */
  uint32_t *order; /* [n + 1] */
  /* workspace of a density */
  float *own;     /* [n_axis] of one point: place / (sigma sqrt 2) */
  float *table;   /* [n_axis][most] of one point, by level */
  size_t most;    /* levels of an axis */
  double *e, *ee; /* [pad] */
  uint32_t *who;  /* [pad] */
  size_t room_n, room_cells, room_knot, room_fall, room_prior, room_table,
      room_sigma, room_own;
};

/** log(Phi(b) - Phi(a)), a < b, floored far out in the tails. */
double hpo_parzen_log_mass(double a, double b);
/** A normal of mean mu and deviation sd within [0, 1]. */
double hpo_parzen_truncated(hpo_rng *rng, double mu, double sd);

/** Fills the table of Phi. */
void hpo_parzen_set_cdf(hpo_parzen *p);
/** The estimator on one axis. */
HPO_MUST_USE hpo_status hpo_parzen_one_build(hpo_parzen *p,
                                             const float *column,
                                             const uint32_t *row,
                                             hpo_error *err);
double hpo_parzen_one_density(const hpo_parzen *p, double x);

/** log density of the prior on an axis, and of a product of them. */
double hpo_parzen_prior(const hpo_axis *a, double x);

#endif
