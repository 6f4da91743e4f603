/* SPDX-License-Identifier: BSD-3-Clause */
/* A model that learns nothing and saves all that it was told, as JSON.  The
 * variable SPY says how it goes wrong once it is loaded. */
#include <hpotune/plugin.h>

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_to(const char *what) {
  const char *told = getenv("SPY");

  return told != NULL && strcmp(told, what) == 0;
}

static void hang(void) {
  (void)fprintf(stderr, "here\n");
  for (;;)
    (void)pause();
}

typedef struct spy {
  const hpotune_input *in;
  char *text;
  bool is_loaded;
} spy;

static int create(const hpotune_input *in, void **model, char *why) {
  spy *s = calloc(1, sizeof *s);

  (void)why;
  s->in = in;
  *model = s;
  return HPOTUNE_OK;
}

static int step(void *model, char *why) {
  (void)model;
  (void)why;
  return HPOTUNE_DONE;
}

static int predict(void *model, const float *x, size_t n, double *out,
                   char *why) {
  const hpotune_input *in = ((spy *)model)->in;

  if (((spy *)model)->is_loaded && is_to("predict"))
    hang();
  (void)x;
  (void)why;
  for (size_t i = 0; i < n * in->outputs; i++)
    out[i] = 1.0 / (double)(in->outputs > 1 ? in->outputs : 2);
  return HPOTUNE_OK;
}

static void put(FILE *f, double x) {
  if (isnan(x))
    (void)fprintf(f, "null");
  else
    (void)fprintf(f, "%.17g", x);
}

static void put_rows(FILE *f, const char *name, const hpotune_rows *r,
                     size_t columns) {
  (void)fprintf(f, ", \"%s\": [", name);
  for (size_t i = 0; i < r->n; i++) {
    (void)fprintf(f, "%s[", i > 0 ? "," : "");
    for (size_t j = 0; j < columns; j++, (void)fprintf(f, ","))
      put(f, (double)r->x[i * columns + j]);
    put(f, r->y[i]);
    (void)fprintf(f, ",");
    put(f, r->weight ? r->weight[i] : NAN);
    (void)fprintf(f, "]");
  }
  (void)fprintf(f, "]");
}

static int save(void *model, const void **bytes, size_t *n, char *why) {
  spy *s = model;
  const hpotune_input *in = s->in;
  FILE *f;

  (void)why;
  free(s->text);
  f = open_memstream(&s->text, n);
  (void)fprintf(f,
                "{\"size\": %u, \"task\": %u, \"outputs\": %zu, "
                "\"classes\": %zu, \"threads\": %d, \"columns\": [",
                in->size, in->task, in->outputs, in->classes, in->threads);
  for (size_t j = 0; j < in->columns; j++)
    (void)fprintf(f, "%s[\"%s\", %zu]", j > 0 ? ", " : "", in->column[j],
                  in->categories[j]);
  (void)fprintf(f, "]");
  put_rows(f, "train", &in->train, in->columns);
  put_rows(f, "valid", &in->valid, in->columns);
  (void)fprintf(f, "}\n");
  (void)fclose(f);
  *bytes = s->text;
  return HPOTUNE_OK;
}

static int load(const hpotune_input *in, const void *bytes, size_t n,
                void **model, char *why) {
  int result = create(in, model, why);

  (void)bytes;
  (void)n;
  ((spy *)*model)->is_loaded = true;
  for (int i = 0; is_to("chatty") && i < 200; i++)
    (void)fprintf(stderr, "%1023d\n", i);
  if (is_to("load"))
    hang();
  return result;
}

static void destroy(void *model) {
  free(((spy *)model)->text);
  free(model);
}

static const hpotune_plugin table = {HPOTUNE_PLUGIN_ABI,
                                     sizeof table,
                                     "spy",
                                     "says what it was told",
                                     HPOTUNE_MULTICLASS,
                                     0,
                                     NULL,
                                     create,
                                     step,
                                     predict,
                                     NULL,
                                     save,
                                     load,
                                     destroy};

const hpotune_plugin *hpotune_plugin_get(void) { return &table; }
