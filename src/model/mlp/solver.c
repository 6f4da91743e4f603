/* SPDX-License-Identifier: BSD-3-Clause */
/* sgd and adam, learning rates, and when training is over. */
#include "hpo/mem.h"
#include "hpo/num.h"
#include "mlp.h"

#include <math.h>

#define LEAST_RATE 1e-6 /* below which adaptive ends */

hpo_status mlp_solver_create(const mlp_config *c, const mlp_net *net,
                             mlp_solver *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  mlp_solver s = {.config = c,
                  .rate = c->rate,
                  .power_1 = 1,
                  .power_2 = 1,
                  .best_loss = INFINITY};

  HPO_TRY(status, hpo_mem_new_aligned(net->n, sizeof *s.first, &s.first, err));
  if (c->is_adam)
    HPO_TRY(status,
            hpo_mem_new_aligned(net->n, sizeof *s.second, &s.second, err));
  *out = s;
  s = (mlp_solver){0};
done:
  mlp_solver_free(&s);
  return status;
}

void mlp_solver_free(mlp_solver *s) {
  hpo_mem_free(s->first);
  hpo_mem_free(s->second);
  *s = (mlp_solver){0};
}

static mlp_change change_of(mlp_solver *s, double total) {
  const mlp_config *c = s->config;
  mlp_change change = {.share = (float)(1 / total),
                       .rate = (float)s->rate,
                       .momentum = (float)c->momentum,
                       .beta_1 = (float)c->beta_1,
                       .beta_2 = (float)c->beta_2,
                       .rest_1 = (float)(1 - c->beta_1),
                       .rest_2 = (float)(1 - c->beta_2),
                       .epsilon = (float)c->epsilon};

  if (c->is_adam) {
    s->power_1 *= c->beta_1;
    s->power_2 *= c->beta_2;
    change.rate = (float)(s->rate * sqrt(1 - s->power_2) / (1 - s->power_1));
  }
  return change;
}

void mlp_solver_step(mlp_solver *s, const mlp_net *net, const float *gradient,
                     double total, float *w) {
  mlp_change c = change_of(s, total);

  for (size_t l = 0; l < net->n_layer; l++)
    for (int part = 0; part < 2; part++) {
      size_t at = part == 0 ? net->w[l] : net->b[l];
      size_t end = part == 0              ? net->b[l]
                   : l + 1 < net->n_layer ? net->w[l + 1]
                                          : net->n;

      c.alpha = part == 0 ? (float)s->config->alpha : 0;
      if (s->config->is_adam)
        mlp_change_adam(&c, gradient + at, s->first + at, s->second + at,
                        w + at, end - at);
      else
        mlp_change_sgd(&c, gradient + at, s->first + at, w + at, end - at,
                       s->config->is_nesterov);
    }
}

bool mlp_solver_end_epoch(mlp_solver *s, double loss, double seen) {
  const mlp_config *c = s->config;
  bool is_adaptive = !c->is_adam && c->schedule == MLP_ADAPTIVE;

  s->n_worse = loss > s->best_loss - c->tol ? s->n_worse + 1 : 0;
  s->best_loss = loss < s->best_loss ? loss : s->best_loss;
  if (!c->is_adam && c->schedule == MLP_INVSCALING)
    s->rate = c->rate / hpo_num_pow(seen + 1, c->power_t);
  if (s->n_worse <= c->patience)
    return false;
  s->n_worse = 0;
  if (is_adaptive && s->rate > LEAST_RATE) {
    s->rate /= 5;
    return false;
  }
  return !c->stops_early;
}
