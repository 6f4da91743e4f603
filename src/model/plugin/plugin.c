/* SPDX-License-Identifier: BSD-3-Clause */
/* A model in a user's own library (hpotune/plugin.h).
 *
 *   create: view of the rows, process (or the library in this one)
 *     poll --no answer--> wait;  --answer--> step
 *     settle: the process ends
 *
 * The team's rank 0 has the library; the others follow its words. */
#include "model/plugin/hosted.h"
#include "model/plugin/rows.h"

#include "hpo/clock.h"
#include "model/command/place.h"
#include "model/kinds.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Milliseconds that a poll listens, so that short steps lose no time. */
#define LISTEN 1
/* Bytes that a paused model counts for. */
#define HELD ((int64_t)32 << 20)

typedef struct plugin {
  hpo_model_input in; /* borrowed parts */
  hpo_slab view;      /* map NULL: no data */
  size_t k;           /* numbers of a prediction */
  double *value;      /* [n_value] metrics, or on rank 0 all predictions of
                         the validation rows, after the last step */
  size_t n_value;
  hpo_buffer saved;
  int64_t steps;
  bool is_asked, is_heard; /* the next step, its answer */
  bool is_last;            /* that answer says so */
  bool is_done;            /* the last step is taken */
  hpo_hosted child;        /* unless in this process: */
  hpo_library *library;
  hpo_library_model *model;
} plugin;

static const hpo_option options[] = {
    {"library", HPO_OPTION_TEXT, NULL, -INFINITY, INFINITY, false, NULL,
     "path of the shared library, as seen from the study file's folder; its "
     "own options come beside these",
     NULL},
    {"in_process", HPO_OPTION_BOOL, "no", -INFINITY, INFINITY, false, NULL,
     "whether the library runs in hpotune itself: a little faster, but a "
     "crash is hpotune's and a step that hangs can't be stopped",
     NULL},
};

/* --- made, destroyed ------------------------------------------------------
 */

static hpo_status plugin_check(const hpo_options *o, hpo_task task,
                               const hpo_dataset *data, hpo_error *err) {
  (void)task;
  (void)data;
  return hpo_options_get_text(o, "library") != NULL
             ? HPO_OK
             : hpo_error_set(err, HPO_EINVAL,
                             "model plugin needs library=\"./LIBRARY.so\"");
}

static int64_t plugin_steps(const hpo_options *o) {
  (void)o;
  return INT64_MAX; /* the library says which is the last */
}

static bool is_here(const plugin *p) {
  return hpo_options_get_bool(p->in.options, "in_process");
}

static void plugin_destroy(void *self) {
  plugin *p = self;

  if (p == NULL)
    return;
  hpo_hosted_free(&p->child);
  hpo_library_destroy(p->model);
  hpo_library_close(p->library);
  hpo_slab_free(&p->view);
  hpo_buffer_free(&p->saved);
  hpo_mem_free(p->value);
  hpo_mem_free(p);
}

static hpo_status add_number(hpo_words *w, long long number, hpo_error *err) {
  char text[32];

  (void)snprintf(text, sizeof text, "%lld", number);
  return hpo_words_add(w, text, err);
}

/* "train LIBRARY SEED TRIAL THREADS DATA N METRIC... NAME VALUE ..." */
static hpo_status make_words(const plugin *p, const char *library,
                             hpo_words *w, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_input *in = &p->in;
  char seed[32];

  (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)in->seed);
  HPO_TRY(status, hpo_words_add(w, "train", err));
  HPO_TRY(status, hpo_words_add(w, library, err));
  HPO_TRY(status, hpo_words_add(w, seed, err));
  HPO_TRY(status, add_number(w, in->trial.number, err));
  HPO_TRY(status, add_number(w, in->coll->size, err));
  HPO_TRY(status, hpo_words_add(w, p->view.map ? "yes" : "no", err));
  HPO_TRY(status, add_number(w, (long long)in->trial.n_metric, err));
  for (size_t i = 0; i < in->trial.n_metric; i++)
    HPO_TRY(status, hpo_words_add(w, in->trial.metric[i], err));
  for (size_t i = 0; i < in->n_free; i++) {
    HPO_TRY(status, hpo_words_add(w, in->free_name[i], err));
    HPO_TRY(status, hpo_words_add(w, in->free_text[i], err));
  }
done:
  return status;
}

static hpo_status start_child(plugin *p, const char *library, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_words words = {0}, env = {0};

  HPO_TRY(status, make_words(p, library, &words, err));
  HPO_TRY(status, hpo_place_inherit(p->in.coll->size, &env, err));
  HPO_TRY(status,
          hpo_hosted_start(&p->child, &words, &env, p->in.trial.study_folder,
                           p->view.map ? p->view.file : -1, err));
done:
  hpo_words_free(&words);
  hpo_words_free(&env);
  return status;
}

static hpo_status start_here(plugin *p, const char *library, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_library_job job = {.name = p->in.free_name,
                               .text = p->in.free_text,
                               .n = p->in.n_free,
                               .seed = p->in.seed,
                               .trial = p->in.trial.number,
                               .threads = p->in.coll->size,
                               .view = p->view.map ? &p->view : NULL};

  HPO_TRY(status, hpo_library_open(library, &p->library, err));
  HPO_TRY(status, hpo_library_create(p->library, &job, &p->model, err));
done:
  return status;
}

hpo_status hpo_plugin_path(const char *folder, const char *library, char **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  char *seen = NULL;

  HPO_TRY(status, library[0] == '/'
                      ? hpo_mem_string(library, &seen, err)
                      : hpo_mem_format(&seen, err, "%s/%s", folder, library));
  HPO_TRY(status, hpo_place_absolute(seen, out, err));
done:
  hpo_mem_free(seen);
  return status;
}

/* On rank 0. */
static hpo_status start(plugin *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *library = NULL;

  HPO_TRY(status,
          hpo_plugin_path(p->in.trial.study_folder,
                          hpo_options_get_text(p->in.options, "library"),
                          &library, err));
  if (p->in.part.data != NULL)
    HPO_TRY(status, hpo_plugin_slab(p->in.part.data, &p->in.part.rows, NULL, 0,
                                    &p->view, err));
  HPO_TRY(status, is_here(p) ? start_here(p, library, err)
                             : start_child(p, library, err));
done:
  hpo_mem_free(library);
  return status;
}

static hpo_status plugin_create(const hpo_model_input *in, void **self,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  plugin *p = NULL;
  const hpo_dataset *d = in->part.data;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->in = *in;
  p->view.file = -1;
  p->child = (hpo_hosted){.requests = -1, .said = {.log = -1}};
  p->k = d ? hpo_dataset_outputs(d) : 1;
  p->n_value = d ? (size_t)in->part.rows.n_valid * p->k : in->trial.n_metric;
  HPO_TRY(status, hpo_mem_new(p->n_value, sizeof *p->value, &p->value, err));
  if (in->coll->rank == 0)
    status = hpo_model_of_trial(start(p, err), err);
  HPO_TRY(status, hpo_model_agree(in->coll, status, err));
  *self = p;
  p = NULL;
done:
  plugin_destroy(p);
  return status;
}

/* --- steps ----------------------------------------------------------------
 */

static hpo_status hear(plugin *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plugin_note note;
  const uint8_t *values = NULL;
  size_t n = p->n_value * sizeof *p->value;

  HPO_TRY(status,
          hpo_hosted_hear(&p->child, LISTEN, p->n_value, &note, &values, err));
  if (values == NULL)
    goto done;
  memcpy(p->value, values, n);
  p->saved.n = 0;
  if (note.n_saved > 0)
    HPO_TRY(status, hpo_buffer_add(&p->saved, values + n, note.n_saved, err));
  p->is_last = note.is_done != 0;
  p->is_heard = true;
done:
  return status;
}

static hpo_status plugin_poll(void *self, hpo_model_turn *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  plugin *p = self;
  const hpo_plugin_note ask = {.magic = HPO_PLUGIN_MAGIC,
                               .word = p->steps + 1 == p->in.last_step
                                           ? HPO_PLUGIN_STEP_SAVE
                                           : HPO_PLUGIN_STEP};

  *out = HPO_TURN_STEP;
  if (is_here(p) || p->is_done || p->is_heard)
    goto done;
  if (!p->is_asked)
    hpo_hosted_ask(&p->child, &ask, NULL, 0);
  p->is_asked = true;
  HPO_TRY(status, hear(p, err));
  *out = p->is_heard ? HPO_TURN_STEP : HPO_TURN_WAIT;
done:
  return status;
}

/* A step in this process. */
static hpo_status step_here(plugin *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_slab *v = &p->view;

  HPO_TRY(status, hpo_library_step(p->model, &p->is_last, err));
  if (v->map != NULL)
    HPO_TRY(status,
            hpo_library_predict(p->model, v->x[1], v->n_valid, p->value, err));
  for (size_t i = 0; v->map == NULL && i < p->n_value; i++)
    p->value[i] = hpo_library_metric(p->model, p->in.trial.metric[i]);
  p->saved.n = 0;
  if (p->is_last || p->steps + 1 == p->in.last_step)
    HPO_TRY(status, hpo_library_save(p->model, &p->saved, err));
done:
  return status;
}

static hpo_status plugin_step(void *self, hpo_error *err) {
  hpo_status status = HPO_OK;
  plugin *p = self;
  const hpo_coll *team = p->in.coll;

  if (team->rank == 0 && is_here(p))
    status = step_here(p, err);
  HPO_TRY(status, hpo_model_agree(team, status, err));
  if (team->size > 1)
    HPO_TRY(status,
            team->broadcast(team->self, &p->is_last, sizeof p->is_last, err));
  p->is_done = p->is_last;
  p->is_asked = p->is_heard = false;
  p->steps++;
done:
  return status;
}

static bool plugin_is_done(void *self) {
  const plugin *p = self;

  return p->is_done;
}

/* Every rank gets all, and keeps the predictions of its rows. */
static hpo_status plugin_predict_valid(void *self, double *out,
                                       hpo_error *err) {
  hpo_status status = HPO_OK;
  plugin *p = self;
  const hpo_coll *team = p->in.coll;

  if (team->size > 1)
    HPO_TRY(status, team->broadcast(team->self, p->value,
                                    p->n_value * sizeof *p->value, err));
  memcpy(out, p->value + (size_t)p->in.part.valid_first * p->k,
         p->in.part.n_valid * p->k * sizeof *out);
done:
  return status;
}

static double plugin_metric(void *self, const char *name) {
  const plugin *p = self;

  for (size_t i = 0; i < p->in.trial.n_metric; i++)
    if (strcmp(p->in.trial.metric[i], name) == 0)
      return p->value[i];
  return NAN;
}

static hpo_status plugin_value(void *self, double *out, hpo_error *err) {
  const plugin *p = self;

  (void)err;
  *out = p->value[0];
  return HPO_OK;
}

static hpo_status plugin_save(void *self, hpo_buffer *out, hpo_error *err) {
  const plugin *p = self;

  return hpo_buffer_add(out, p->saved.byte, p->saved.n, err);
}

/* --- beside and after -----------------------------------------------------
 */

static bool plugin_settle(void *self, bool is_failed) {
  plugin *p = self;

  (void)is_failed;
  return hpo_hosted_settle(&p->child, p->is_asked && !p->is_heard);
}

static int64_t plugin_memory(void *self) {
  plugin *p = self;

  return is_here(p) ? hpo_clock_rss() : hpo_hosted_memory(&p->child);
}

/* Paused models are processes: not hundreds of them. */
static int64_t plugin_held(void *self) {
  (void)self;
  return HELD;
}

static void plugin_usage(void *self, double *cpu, int64_t *peak) {
  const plugin *p = self;

  *cpu += p->child.end.cpu;
  *peak = p->child.end.peak;
}

const hpo_model_kind hpo_model_plugin = {
    .name = "plugin",
    .help = "a model or an objective in a shared library of your own",
    .option = options,
    .n_option = sizeof options / sizeof *options,
    .is_built = true,
    .tasks = 1U << HPO_TASK_BINARY | 1U << HPO_TASK_MULTICLASS |
             1U << HPO_TASK_REGRESSION | 1U << HPO_TASK_NONE,
    .needs_rows = true,
    .any_params = true,
    .has_library = true,
    .can_pause = true,
    .format = "plugin",
    .check = plugin_check,
    .steps = plugin_steps,
    .create = plugin_create,
    .destroy = plugin_destroy,
    .step = plugin_step,
    .is_done = plugin_is_done,
    .predict_valid = plugin_predict_valid,
    .value = plugin_value,
    .poll = plugin_poll,
    .metric = plugin_metric,
    .held = plugin_held,
    .settle = plugin_settle,
    .memory = plugin_memory,
    .usage = plugin_usage,
    .save = plugin_save,
};
