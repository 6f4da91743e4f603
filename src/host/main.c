/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune-plugin: loads a user's library, so that what goes wrong in it goes
 * wrong here.  Started by hpotune alone:
 *
 *   hpotune-plugin describe LIBRARY
 *   hpotune-plugin train LIBRARY SEED TRIAL THREADS DATA N METRIC... NAME
 *                  VALUE ...
 *   hpotune-plugin predict LIBRARY
 *
 * describe prints the library's table, or "error", a tab and a sentence.
 * The others take requests from file 3 and answer to file 1 (hpo/library.h)
 * until there are none; DATA says whether file 4 holds data.  What the
 * library itself prints goes to the error output. */
#include "hpo/library.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

typedef struct host {
  int answers;
  hpo_library *library;
  hpo_library_model *model;
  hpo_slab view;
  const char *const *metric; /* [n_metric] */
  size_t n_metric;
  double *value; /* of a step: metrics, or predictions */
  size_t n_value;
} host;

/* --- bytes ----------------------------------------------------------------
 */

static bool write_all(int to, const void *from, size_t n) {
  const char *at = from;

  while (n > 0) {
    ssize_t done = write(to, at, n);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

/* false: there is no more. */
static bool read_all(void *to, size_t n) {
  char *at = to;

  while (n > 0) {
    ssize_t done = read(HPO_PLUGIN_REQUESTS, at, n);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += done;
    n -= (size_t)done;
  }
  return true;
}

static int fail(const host *h, const hpo_error *err) {
  hpo_plugin_note note = {.magic = HPO_PLUGIN_MAGIC,
                          .word = HPO_PLUGIN_FAILED,
                          .n = strlen(err->text)};

  return write_all(h->answers, &note, sizeof note) &&
                 write_all(h->answers, err->text, note.n)
             ? 0
             : 1;
}

/* --- answers --------------------------------------------------------------
 */

static hpo_status step(host *h, const hpo_plugin_note *asked, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plugin_note note = {
      .magic = HPO_PLUGIN_MAGIC, .word = asked->word, .n = h->n_value};
  hpo_buffer saved = {0};
  bool is_done = false, is_good;

  HPO_TRY(status, hpo_library_step(h->model, &is_done, err));
  if (h->view.map != NULL)
    HPO_TRY(status, hpo_library_predict(h->model, h->view.x[1],
                                        h->view.n_valid, h->value, err));
  for (size_t i = 0; h->view.map == NULL && i < h->n_metric; i++)
    h->value[i] = hpo_library_metric(h->model, h->metric[i]);
  if (is_done || asked->word == HPO_PLUGIN_STEP_SAVE)
    HPO_TRY(status, hpo_library_save(h->model, &saved, err));
  note.is_done = is_done;
  note.n_saved = saved.n;
  is_good = write_all(h->answers, &note, sizeof note) &&
            write_all(h->answers, h->value, h->n_value * sizeof *h->value) &&
            write_all(h->answers, saved.byte, saved.n);
  if (!is_good)
    HPO_FAIL(status, err, HPO_EPEER, "hpotune does not listen");
done:
  hpo_buffer_free(&saved);
  return status;
}

static hpo_status predict(host *h, const hpo_plugin_note *asked,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plugin_note note = {.magic = HPO_PLUGIN_MAGIC, .word = asked->word};
  size_t n = asked->n;
  float *x = NULL;
  double *out = NULL;

  HPO_TRY(status, hpo_mem_new(n * h->view.columns, sizeof *x, &x, err));
  HPO_TRY(status, hpo_mem_new(n * h->view.outputs, sizeof *out, &out, err));
  if (!read_all(x, n * h->view.columns * sizeof *x))
    HPO_FAIL(status, err, HPO_EPEER, "rows are missing");
  HPO_TRY(status, hpo_library_predict(h->model, x, n, out, err));
  note.n = n * h->view.outputs;
  if (!write_all(h->answers, &note, sizeof note) ||
      !write_all(h->answers, out, note.n * sizeof *out))
    HPO_FAIL(status, err, HPO_EPEER, "hpotune does not listen");
done:
  hpo_mem_free(x);
  hpo_mem_free(out);
  return status;
}

static hpo_status serve(host *h, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plugin_note asked;

  while (read_all(&asked, sizeof asked)) {
    if (asked.word == HPO_PLUGIN_PREDICT)
      HPO_TRY(status, predict(h, &asked, err));
    else
      HPO_TRY(status, step(h, &asked, err));
  }
done:
  return status;
}

/* --- what it is started for ------------------------------------------------
 */

static hpo_status describe(host *h, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};

  HPO_TRY(status, hpo_library_open(path, &h->library, err));
  HPO_TRY(status,
          hpo_library_print(hpo_library_table(h->library), &text, err));
  if (!write_all(h->answers, text.byte, text.n - 1))
    HPO_FAIL(status, err, HPO_EIO, "%s", strerror(errno));
done:
  hpo_buffer_free(&text);
  return status;
}

/* The words from LIBRARY on. */
static hpo_status train(host *h, char **word, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n_setting;
  const char **setting = NULL;
  hpo_library_job job = {0};

  h->n_metric = n > 5 ? strtoull(word[5], NULL, 10) : n;
  if (n < 6 + h->n_metric)
    HPO_FAIL(status, err, HPO_EINVAL, "words are missing");
  h->metric = (const char *const *)word + 6;
  n_setting = (n - 6 - h->n_metric) / 2;
  HPO_TRY(status, hpo_mem_new(2 * n_setting, sizeof *setting, &setting, err));
  for (size_t i = 0; i < n_setting; i++) {
    setting[i] = word[6 + h->n_metric + 2 * i];
    setting[n_setting + i] = word[6 + h->n_metric + 2 * i + 1];
  }
  job = (hpo_library_job){.name = setting,
                          .text = setting + n_setting,
                          .n = n_setting,
                          .seed = strtoull(word[1], NULL, 10),
                          .trial = strtoll(word[2], NULL, 10),
                          .threads = atoi(word[3])};
  HPO_TRY(status, hpo_library_open(word[0], &h->library, err));
  if (strcmp(word[4], "yes") == 0) {
    HPO_TRY(status, hpo_slab_open(HPO_PLUGIN_DATA, &h->view, err));
    job.view = &h->view;
  }
  h->n_value = job.view ? h->view.n_valid * h->view.outputs : h->n_metric;
  HPO_TRY(status, hpo_mem_new(h->n_value, sizeof *h->value, &h->value, err));
  HPO_TRY(status, hpo_library_create(h->library, &job, &h->model, err));
  HPO_TRY(status, serve(h, err));
done:
  hpo_mem_free(setting);
  return status;
}

static hpo_status serve_rows(host *h, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_library_open(path, &h->library, err));
  HPO_TRY(status, hpo_slab_open(HPO_PLUGIN_DATA, &h->view, err));
  HPO_TRY(status, hpo_library_load(h->library, &h->view, &h->model, err));
  HPO_TRY(status, serve(h, err));
done:
  return status;
}

int main(int argc, char **argv) {
  host h = {.view = {.file = -1}};
  hpo_error err = {0};
  hpo_status status = HPO_OK;
  struct rlimit none = {0, 0};
  int code = 0;

  if (argc < 3) {
    (void)fprintf(stderr, "hpotune-plugin is started by hpotune alone\n");
    return 2;
  }
  (void)setrlimit(RLIMIT_CORE, &none);
  h.answers = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
  (void)dup2(STDERR_FILENO, STDOUT_FILENO);
  if (strcmp(argv[1], "describe") == 0) {
    status = describe(&h, argv[2], &err);
    if (status != HPO_OK) {
      char line[sizeof err.text + 8];
      int n = snprintf(line, sizeof line, "error\t%s\n", err.text);
      code = write_all(h.answers, line, (size_t)n) ? 0 : 1;
    }
    _exit(code); /* destructors of a library are not asked about its table */
  }
  if (strcmp(argv[1], "train") == 0)
    status = train(&h, argv + 2, (size_t)argc - 2, &err);
  else
    status = serve_rows(&h, argv[2], &err);
  if (status != HPO_OK)
    code = fail(&h, &err);
  hpo_library_destroy(h.model);
  hpo_library_close(h.library);
  hpo_slab_free(&h.view);
  hpo_mem_free(h.value);
  return code;
}
