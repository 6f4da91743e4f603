/* SPDX-License-Identifier: BSD-3-Clause */
/* <winner> and <refit>: what is done once the search is over. */
#include <string.h>

#include "hpo/options.h"
#include "reading.h"

enum { MOST_SAMPLES = 100000 };

static hpo_status read_rule(hpo_reading *r, const hpo_node *node,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *rule = hpo_node_get(node, "rule");
  const char *simpler = hpo_node_get(node, "simpler");
  const char *bootstrap = hpo_node_get(node, "bootstrap");

  HPO_TRY(status,
          hpo_read_text(rule == NULL ? "best" : rule, &p->winner, err));
  p->bootstrap = 1000;
  if (bootstrap != NULL && (!hpo_options_parse_int(bootstrap, &p->bootstrap) ||
                            p->bootstrap > MOST_SAMPLES))
    HPO_TRY(status, hpo_faults_add(r->faults, node, "bootstrap", err,
                                   "bootstrap can't be %.40s; allowed: 0 to "
                                   "%d samples",
                                   bootstrap, MOST_SAMPLES));
  if (simpler != NULL && strcmp(p->winner, "one-se") != 0)
    HPO_TRY(status, hpo_faults_add(r->faults, node, "simpler", err,
                                   "simpler= goes with rule=\"one-se\""));
  HPO_TRY(status, hpo_read_text(simpler == NULL ? "model_bytes" : simpler,
                                &p->simpler, err));
done:
  return status;
}

/* Whether a column of numbers is a function of the study: a metric that is
 * recorded, or a numeric parameter. */
static hpo_status is_measure(const hpo_plan *p, const char *name, bool *is,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names metrics = {0};
  ptrdiff_t i = hpo_space_find(&p->space, name);

  HPO_TRY(status, hpo_plan_metrics(p, &metrics, err));
  *is =
      (hpo_read_holds(&metrics, name) && strcmp(name, "train_seconds") != 0) ||
      (i >= 0 && p->space.param[i].kind != HPO_PARAM_CATEGORICAL);
done:
  hpo_names_free(&metrics);
  return status;
}

static hpo_status check_simpler(hpo_reading *r, const hpo_node *node,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *text = r->plan->simpler;
  bool is = false;

  HPO_TRY(status, is_measure(r->plan, text + (*text == '-'), &is, err));
  if (!is)
    HPO_TRY(status,
            hpo_faults_add(r->faults, node, "simpler", err,
                           "simpler can't be \"%.60s\"; allowed: "
                           "model_bytes, a recorded metric but train_seconds, "
                           "or a parameter that is a number; with - before it "
                           "more is simpler",
                           text));
done:
  return status;
}

static hpo_status check_rule(hpo_reading *r, const hpo_node *node,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *p = r->plan;

  if (p->n_objective > 1)
    HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                   "with several objectives there is no one "
                                   "winner: the Pareto front is /pareto"));
  if (strcmp(p->winner, "one-se") != 0)
    goto done;
  if (!p->data.has_folds)
    HPO_TRY(status, hpo_faults_add(r->faults, node, "rule", err,
                                   "rule=\"one-se\" takes the standard error "
                                   "over folds; say <folds count=\"5\"/>, or "
                                   "rule=\"best\""));
  if (r->knows_params)
    HPO_TRY(status, check_simpler(r, node, err));
done:
  return status;
}

hpo_status hpo_read_winner(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const hpo_node *winner = hpo_node_good(r->root, "winner");
  const hpo_node *refit = hpo_node_good(r->root, "refit");
  const hpo_node *data = hpo_node_child(r->root, "data", 0);
  const hpo_node *test = data == NULL ? NULL : hpo_node_child(data, "test", 0);

  p->refit = refit != NULL;
  if (winner != NULL) {
    HPO_TRY(status, read_rule(r, winner, err));
    HPO_TRY(status, check_rule(r, winner, err));
  }
  if (refit != NULL && !p->has_data)
    HPO_TRY(status, hpo_faults_add(r->faults, refit, NULL, err,
                                   "<refit> needs <data> to train on"));
  if (refit != NULL && p->n_objective > 1)
    HPO_TRY(status, hpo_faults_add(r->faults, refit, NULL, err,
                                   "with several objectives there is no one "
                                   "winner to train again"));
  if (test != NULL && !test->bad && p->keep_models == 0)
    HPO_TRY(status, hpo_faults_add(r->faults, test, NULL, err,
                                   "the test is for models that are kept, and "
                                   "<output models=\"none\"> keeps none; say "
                                   "models=\"best:1\""));
done:
  return status;
}
