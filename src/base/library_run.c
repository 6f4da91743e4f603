/* SPDX-License-Identifier: BSD-3-Clause */
/* A plugin's models: its functions called, and what they give checked. */
#include "hpo/library.h"

#include <math.h>
#include <string.h>

/* Numbers behind those that predict may write. */
#define FENCE 8

struct hpo_library_model {
  const hpotune_plugin *table;
  void *self;
  hpotune_input in;
  hpotune_value *value; /* [n_option] */
  hpo_options *options; /* whose texts they are */
  const char **column;  /* [columns] */
  double *out;          /* [room + FENCE] */
  size_t room;
};

/* --- what it is told ---------------------------------------------------- */

static double number_of(const hpo_options *o, const hpo_option *row,
                        const char *text) {
  double number = NAN;
  size_t at = 0;

  if (row->kind == HPO_OPTION_TEXT || text == NULL)
    return NAN;
  if (row->kind != HPO_OPTION_CHOICE)
    return hpo_options_get_float(o, row->name);
  for (const char *word = row->choices; *word != '\0'; at++) {
    size_t n = strcspn(word, " ");
    if (n == strlen(text) && strncmp(word, text, n) == 0)
      number = (double)at;
    word += n + strspn(word + n, " ");
  }
  return number;
}

static hpo_status make_values(hpo_library_model *m, const hpo_library_job *job,
                              const hpo_library_facts *f, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status,
          hpo_options_create(f->option, f->n_option, &m->options, err));
  for (size_t i = 0; i < job->n; i++)
    HPO_TRY(status,
            hpo_options_set(m->options, job->name[i], job->text[i], err));
  HPO_TRY(status, hpo_mem_new(f->n_option, sizeof *m->value, &m->value, err));
  for (size_t i = 0; i < f->n_option; i++) {
    const char *text = hpo_options_get_text(m->options, f->option[i].name);
    m->value[i] = (hpotune_value){
        .text = text, .number = number_of(m->options, &f->option[i], text)};
  }
  m->in.value = m->value;
  m->in.n_value = (int32_t)f->n_option;
  m->in.seed = job->seed;
  m->in.trial = job->trial;
  m->in.threads = job->threads;
done:
  return status;
}

static hpo_status see_data(hpo_library_model *m, const hpo_slab *v,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *at = v->name;

  HPO_TRY(status, hpo_mem_new(v->columns, sizeof *m->column, &m->column, err));
  for (size_t i = 0; i < v->columns; i++, at += strlen(at) + 1)
    m->column[i] = at;
  m->in.task = v->task;
  m->in.columns = v->columns;
  m->in.outputs = v->outputs;
  m->in.classes = v->classes;
  m->in.column = m->column;
  m->in.categories = v->categories;
  m->in.train = (hpotune_rows){
      .n = v->n_train, .x = v->x[0], .y = v->y[0], .weight = v->w[0]};
  m->in.valid = (hpotune_rows){
      .n = v->n_valid, .x = v->x[1], .y = v->y[1], .weight = v->w[1]};
done:
  return status;
}

static hpo_status make_model(const hpo_library *lib, const hpo_slab *view,
                             hpo_library_model **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_library_model *m = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  m->table = hpo_library_table(lib);
  m->in = (hpotune_input){.size = sizeof m->in,
                          .task = HPOTUNE_NO_DATA,
                          .trial = -1,
                          .threads = 1};
  if (view != NULL)
    HPO_TRY(status, see_data(m, view, err));
  *out = m;
  m = NULL;
done:
  hpo_library_destroy(m);
  return status;
}

/* --- its answers -------------------------------------------------------- */

/* What a function gave, where good ones are HPOTUNE_OK to most. */
static hpo_status judge(const char *function, int result, int most, char *why,
                        hpo_error *err) {
  why[HPOTUNE_WHY - 1] = '\0';
  if (result >= HPOTUNE_OK && result <= most)
    return HPO_OK;
  for (char *c = why; *c != '\0'; c++)
    if ((unsigned char)*c < ' ')
      *c = ' ';
  if (result == HPOTUNE_FAILED)
    return hpo_error_set(err, HPO_ETRIAL, "%s", *why ? why : "it failed");
  return hpo_error_set(err, HPO_ETRIAL, "%s of the plugin gives %d", function,
                       result);
}

static hpo_status check_self(const char *function, const void *self,
                             hpo_error *err) {
  return self != NULL ? HPO_OK
                      : hpo_error_set(err, HPO_ETRIAL,
                                      "%s of the plugin gives no model "
                                      "(NULL)",
                                      function);
}

hpo_status hpo_library_create(const hpo_library *lib,
                              const hpo_library_job *job,
                              hpo_library_model **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_library_model *m = NULL;
  hpo_library_facts facts = {0};
  hpo_buffer text = {0};
  char why[HPOTUNE_WHY] = "";

  HPO_TRY(status, make_model(lib, job->view, &m, err));
  HPO_TRY(status, hpo_library_print(m->table, &text, err));
  HPO_TRY(status, hpo_library_read((const char *)text.byte, &facts, err));
  HPO_TRY(status, make_values(m, job, &facts, err));
  HPO_TRY(status, judge("create", m->table->create(&m->in, &m->self, why),
                        HPOTUNE_OK, why, err));
  HPO_TRY(status, check_self("create", m->self, err));
  *out = m;
  m = NULL;
done:
  hpo_library_destroy(m);
  hpo_library_facts_free(&facts);
  hpo_buffer_free(&text);
  return status;
}

hpo_status hpo_library_load(const hpo_library *lib, const hpo_slab *view,
                            hpo_library_model **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_library_model *m = NULL;
  char why[HPOTUNE_WHY] = "";

  HPO_TRY(status, make_model(lib, view, &m, err));
  if (m->table->load == NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "the plugin has no function load");
  HPO_TRY(status, judge("load",
                        m->table->load(&m->in, view->blob, view->n_blob,
                                       &m->self, why),
                        HPOTUNE_OK, why, err));
  HPO_TRY(status, check_self("load", m->self, err));
  *out = m;
  m = NULL;
done:
  hpo_library_destroy(m);
  return status;
}

void hpo_library_destroy(hpo_library_model *m) {
  if (m == NULL)
    return;
  if (m->self != NULL)
    m->table->destroy(m->self);
  hpo_options_destroy(m->options);
  hpo_mem_free(m->value);
  hpo_mem_free(m->column);
  hpo_mem_free(m->out);
  hpo_mem_free(m);
}

hpo_status hpo_library_step(hpo_library_model *m, bool *is_done,
                            hpo_error *err) {
  char why[HPOTUNE_WHY] = "";
  int result = m->table->step(m->self, why);

  *is_done = result == HPOTUNE_DONE;
  return judge("step", result, HPOTUNE_DONE, why, err);
}

hpo_status hpo_library_predict(hpo_library_model *m, const float *x, size_t n,
                               double *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t all = n * m->in.outputs;
  char why[HPOTUNE_WHY] = "";

  if (all == 0)
    return HPO_OK;
  if (m->room < all) {
    hpo_mem_free(m->out);
    m->out = NULL;
    m->room = 0;
    HPO_TRY(status, hpo_mem_new(all + FENCE, sizeof *m->out, &m->out, err));
    m->room = all;
  }
  for (size_t i = 0; i < all + FENCE; i++)
    m->out[i] = NAN;
  HPO_TRY(status,
          judge("predict", m->table->predict(m->self, x, n, m->out, why),
                HPOTUNE_OK, why, err));
  for (size_t i = all; i < all + FENCE; i++)
    if (!isnan(m->out[i]))
      HPO_FAIL(status, err, HPO_ETRIAL,
               "predict of the plugin wrote more than %zu x %zu numbers", n,
               m->in.outputs);
  for (size_t i = 0; i < all; i++)
    if (!isfinite(m->out[i]))
      HPO_FAIL(status, err, HPO_ETRIAL,
               "predict of the plugin left number %zu of %zu not finite", i,
               all);
  memcpy(out, m->out, all * sizeof *out);
done:
  return status;
}

double hpo_library_metric(hpo_library_model *m, const char *name) {
  double value = NAN;

  return m->table->metric(m->self, name, &value) == HPOTUNE_OK ? value
                                                               : (double)NAN;
}

hpo_status hpo_library_save(hpo_library_model *m, hpo_buffer *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const void *bytes = NULL;
  size_t n = 0;
  char why[HPOTUNE_WHY] = "";

  if (m->table->save == NULL)
    return HPO_OK;
  HPO_TRY(status, judge("save", m->table->save(m->self, &bytes, &n, why),
                        HPOTUNE_OK, why, err));
  if ((bytes == NULL && n > 0) || n > HPO_PLUGIN_MOST)
    HPO_FAIL(status, err, HPO_ETRIAL,
             "save of the plugin gives %zu bytes%s; allowed: up to 2^30", n,
             bytes == NULL ? " at NULL" : "");
  if (n > 0)
    HPO_TRY(status, hpo_buffer_add(out, bytes, n, err));
done:
  return status;
}
