/* SPDX-License-Identifier: BSD-3-Clause */
/* <warm-start>: studies whose trials are taken over. */
#include <string.h>

#include "hpo/file.h"
#include "hpo/known.h"
#include "hpo/options.h"
#include "reading.h"

/* all, best:N; without it all are known, and the best one is a point. */
static hpo_status read_trials(hpo_reading *r, const hpo_node *node,
                              hpo_plan_warm *w, hpo_error *err) {
  const char *trials = hpo_node_get(node, "trials");

  w->best = w->is_points ? 1 : 0;
  if (trials == NULL)
    return HPO_OK;
  w->best = 0;
  if (strcmp(trials, "all") != 0 &&
      (!hpo_options_parse_int(trials + 5, &w->best) ||
       w->best > HPO_KNOWN_MOST))
    return hpo_faults_add(r->faults, node, "trials", err,
                          "trials can't be \"%.40s\"; allowed: all, or best:N "
                          "with N of 1 to %d",
                          trials, HPO_KNOWN_MOST);
  return HPO_OK;
}

static hpo_status read_warm_start(hpo_reading *r, const hpo_node *node,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *href = hpo_node_get(node, "href");
  hpo_plan_warm *w;

  HPO_TRY(status, hpo_mem_grow(&p->warm, &p->warm_room, p->n_warm + 1,
                               sizeof *p->warm, err));
  w = &p->warm[p->n_warm++];
  HPO_TRY(status, hpo_mem_string(href, &w->href, err));
  HPO_TRY(status, hpo_file_resolve(r->path, href, &w->path, err));
  HPO_TRY(status, hpo_mem_string("", &w->taken, err));
  w->is_points = strcmp(hpo_node_get(node, "as"), "points") == 0;
  w->clip = strcmp(hpo_node_get(node, "outside"), "clip") == 0;
  w->line = node->line;
  HPO_TRY(status, read_trials(r, node, w, err));
done:
  return status;
}

hpo_status hpo_read_warm_starts(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *node = NULL;

  for (size_t i = 0; (node = hpo_node_child(r->root, "warm-start", i)) != NULL;
       i++)
    if (!node->bad)
      HPO_TRY(status, read_warm_start(r, node, err));
done:
  return status;
}
