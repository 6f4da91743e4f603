/* SPDX-License-Identifier: BSD-3-Clause */
/* higgs-like: a table in the shape of HIGGS (P. Baldi, P. Sadowski, D.
 * Whiteson, Searching for exotic particles in high-energy physics with deep
 * learning, 2014): 21 measured features and 7 masses that follow from them.
 * The label depends on the masses, so trees on the others learn slowly. */
#include "generate.h"

#include "hpo/num.h"

#include <math.h>

enum { PARTICLES = 6, MEASURED = 21, FEATURES = 28 };

#define N3(word)                                                              \
  { .name = word, .decimals = 3 }
static const hpo_made_column columns[FEATURES + 1] = {
    N3("lepton_pt"),   N3("lepton_eta"), N3("lepton_phi"), N3("missing_pt"),
    N3("missing_phi"), N3("jet1_pt"),    N3("jet1_eta"),   N3("jet1_phi"),
    N3("jet1_b_tag"),  N3("jet2_pt"),    N3("jet2_eta"),   N3("jet2_phi"),
    N3("jet2_b_tag"),  N3("jet3_pt"),    N3("jet3_eta"),   N3("jet3_phi"),
    N3("jet3_b_tag"),  N3("jet4_pt"),    N3("jet4_eta"),   N3("jet4_phi"),
    N3("jet4_b_tag"),  N3("m_jj"),       N3("m_jjj"),      N3("m_lv"),
    N3("m_jlv"),       N3("m_bb"),       N3("m_wbb"),      N3("m_wwbb"),
    {.name = "signal"}};

/* A massless particle's momentum. */
typedef struct momentum {
  double e, x, y, z;
} momentum;

static momentum of(double pt, double eta, double phi) {
  double up = hpo_num_exp(eta), down = 1 / up;

  return (momentum){pt * (up + down) / 2, pt * hpo_num_cos(phi),
                    pt * hpo_num_sin(phi), pt * (up - down) / 2};
}

/* Mass of some of the particles together: bits of which. */
static double mass(const momentum *p, unsigned which) {
  momentum s = {0, 0, 0, 0};

  for (unsigned i = 0; i < PARTICLES; i++)
    if (which >> i & 1) {
      s.e += p[i].e;
      s.x += p[i].x;
      s.y += p[i].y;
      s.z += p[i].z;
    }
  double m = s.e * s.e - s.x * s.x - s.y * s.y - s.z * s.z;
  return m > 0 ? sqrt(m) : 0;
}

static double draw_pt(hpo_rng *r, double scale) {
  return scale * hpo_num_exp(0.5 * hpo_rng_normal(r));
}

static double draw_phi(hpo_rng *r) {
  return 3.1415926535897932 * (2 * hpo_rng_next(r) - 1);
}

/* Particles 0 lepton, 1 neutrino, 2..5 jets. */
static void make_particles(hpo_rng *r, double *x, momentum *p) {
  static const double scale[] = {1.0, 0.9, 0.75, 0.55};

  x[0] = draw_pt(r, 0.8);
  x[1] = hpo_rng_normal(r);
  x[2] = draw_phi(r);
  x[3] = draw_pt(r, 0.8);
  x[4] = draw_phi(r);
  p[0] = of(x[0], x[1], x[2]);
  p[1] = of(x[3], 0, x[4]);
  for (size_t j = 0; j < 4; j++) {
    double *jet = x + 5 + 4 * j;
    jet[0] = draw_pt(r, scale[j]);
    jet[1] = hpo_rng_normal(r);
    jet[2] = draw_phi(r);
    jet[3] = (double)hpo_rng_below(r, 3) * 1.1;
    p[2 + j] = of(jet[0], jet[1], jet[2]);
  }
}

static double bump(double x, double at, double width) {
  double d = (x - at) / width;
  return hpo_num_exp(-0.5 * d * d);
}

static double signal_margin(const double *x) {
  const double *m = x + MEASURED;

  return -0.5 + 2.2 * bump(m[4], 1.2, 0.45) + 1.3 * bump(m[0], 0.9, 0.3) -
         1.0 * bump(m[1], 2.4, 0.6) + 1.2 * bump(m[5], 2.6, 0.7) -
         0.8 * bump(m[3], 1.6, 0.5) - 0.9 * (m[6] > 5) +
         0.5 * (x[8] > 0) * (x[12] > 0) + 0.4 * (x[0] - 0.9) -
         0.3 * bump(m[2], 1.0, 0.4);
}

static void make(hpo_rng *r, uint64_t seed, size_t features, double *x) {
  static const unsigned together[] = {
      1u << 4 | 1u << 5,    1u << 3 | 1u << 4 | 1u << 5,
      1u << 0 | 1u << 1,    1u << 0 | 1u << 1 | 1u << 4,
      1u << 2 | 1u << 3,    1u << 2 | 1u << 3 | 1u << 4 | 1u << 5,
      (1u << PARTICLES) - 1};
  momentum p[PARTICLES];

  (void)seed;
  (void)features;
  make_particles(r, x, p);
  for (size_t i = 0; i < FEATURES - MEASURED; i++)
    x[MEASURED + i] = mass(p, together[i]);
  double u = hpo_rng_next(r);
  x[FEATURES] = u < hpo_num_sigmoid(1.2 * signal_margin(x)) ? 1 : 0;
}

const hpo_generator hpo_made_higgs = {
    .name = "higgs-like",
    .help = "two classes, 28 numeric features, slow to learn for trees",
    .task = HPO_TASK_BINARY,
    .column = columns,
    .n_column = FEATURES + 1,
    .usual_features = FEATURES,
    .make = make};
