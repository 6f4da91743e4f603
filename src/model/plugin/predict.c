/* SPDX-License-Identifier: BSD-3-Clause */
/* A stored model of a plugin: loaded in a process of its own, asked there. */
#include "model/plugin/hosted.h"
#include "model/plugin/rows.h"

#include "hpo/clock.h"
#include "model/command/place.h"
#include "model/predict.h"

#include <stdio.h>
#include <string.h>

/* Milliseconds of one wait for an answer. */
#define LISTEN 100
/* Seconds for an answer where the study has no limit. */
#define PATIENCE 600.0

typedef struct plugged {
  hpo_slab facts;
  hpo_hosted child;
  size_t columns, k;
  double seconds; /* for an answer */
} plugged;

static void destroy(void *self) {
  plugged *p = self;

  if (p == NULL)
    return;
  hpo_hosted_free(&p->child);
  hpo_slab_free(&p->facts);
  hpo_mem_free(p);
}

static hpo_status start_child(plugged *p, const char *library,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_words words = {0}, env = {0};
  char *path = NULL;

  HPO_TRY(status, hpo_place_absolute(library, &path, err));
  HPO_TRY(status, hpo_words_add(&words, "predict", err));
  HPO_TRY(status, hpo_words_add(&words, path, err));
  HPO_TRY(status, hpo_place_inherit(1, &env, err));
  HPO_TRY(status,
          hpo_hosted_start(&p->child, &words, &env, ".", p->facts.file, err));
done:
  hpo_words_free(&words);
  hpo_words_free(&env);
  hpo_mem_free(path);
  return status;
}

hpo_status hpo_predict_plugin_load(const hpo_predictor_library *library,
                                   const void *bytes, size_t n,
                                   const hpo_dataset *facts, void **self,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  plugged *p = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->facts.file = p->child.requests = p->child.said.log = -1;
  HPO_TRY(status, hpo_plugin_slab(facts, NULL, bytes, n, &p->facts, err));
  p->columns = facts->columns;
  p->seconds = library->seconds > 0 ? library->seconds : PATIENCE;
  p->k = p->facts.outputs;
  HPO_TRY(status, start_child(p, library->path, err));
  *self = p;
  p = NULL;
done:
  destroy(p);
  return status;
}

static hpo_status predict(const void *self, const float *x, size_t n,
                          double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  /* what it says is a function of x, though bytes come and go on the way */
  hpo_hosted *child = (hpo_hosted *)&((const plugged *)self)->child;
  const plugged *p = self;
  const hpo_plugin_note ask = {
      .magic = HPO_PLUGIN_MAGIC, .word = HPO_PLUGIN_PREDICT, .n = n};
  hpo_plugin_note note;
  const uint8_t *values = NULL;
  double end = hpo_clock_seconds() + p->seconds;
  char what[100];

  hpo_hosted_ask(child, &ask, x, n * p->columns * sizeof *x);
  (void)snprintf(what, sizeof what, "the plugin gives no predictions in %g s",
                 p->seconds);
  while (values == NULL) {
    HPO_TRY(status,
            hpo_hosted_hear(child, LISTEN, n * p->k, &note, &values, err));
    if (values == NULL && hpo_clock_seconds() > end)
      HPO_TRY(status, hpo_lines_fail(&child->said, what, err));
  }
  memcpy(out, values, n * p->k * sizeof *out);
done:
  return status;
}

const hpo_predict_kind hpo_predict_plugin = {
    .destroy = destroy, .margins = predict, .has_no_margins = true};
