/* SPDX-License-Identifier: BSD-3-Clause */
/* The layers of a network, and the weights it begins with. */
#include "hpo/mem.h"
#include "hpo/rng.h"
#include "mlp.h"

#include <math.h>

/* Parameters that BLAS can address, and that no memory is short of bytes
 * for. */
#define MOST_PARAMETERS ((size_t)1 << 30)

hpo_status mlp_net_make(const mlp_config *c, size_t inputs, size_t outputs,
                        mlp_net *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  mlp_net net = {.n_layer = c->n_hidden + 1,
                 .activation = c->activation,
                 .dropout = (float)c->dropout};

  net.unit[0] = inputs;
  for (size_t l = 0; l < c->n_hidden; l++)
    net.unit[l + 1] = c->width[l];
  net.unit[net.n_layer] = outputs;
  for (size_t l = 0; l < net.n_layer; l++) {
    net.w[l] = net.n;
    net.b[l] = net.w[l] + mlp_padded(net.unit[l] * net.unit[l + 1]);
    net.n = net.b[l] + mlp_padded(net.unit[l + 1]);
    if (net.n > MOST_PARAMETERS)
      HPO_FAIL(status, err, HPO_ETRIAL,
               "the network has more than %zu weights in its first %zu "
               "layers; allowed: %zu",
               MOST_PARAMETERS, l + 1, MOST_PARAMETERS);
  }
  *out = net;
done:
  return status;
}

static void draw(hpo_rng *r, float bound, size_t n, float *w) {
  for (size_t i = 0; i < n; i++)
    w[i] = ((float)hpo_rng_next(r) * 2 - 1) * bound;
}

void mlp_net_start(const mlp_net *net, uint64_t seed, float *w) {
  const float factor = net->activation == MLP_LOGISTIC ? 2 : 6;

  for (size_t l = 0; l < net->n_layer; l++) {
    size_t in = net->unit[l], out = net->unit[l + 1];
    float bound = sqrtf(factor / (float)(in + out));
    hpo_rng r = hpo_rng_make(seed, HPO_RNG_WEIGHTS, l, 0);

    draw(&r, bound, in * out, w + net->w[l]);
    draw(&r, bound, out, w + net->b[l]);
  }
}
