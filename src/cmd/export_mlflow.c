/* SPDX-License-Identifier: BSD-3-Clause */
/* A study in the layout of MLflow's file store (mlflow/store/tracking/
 * file_store.py): one experiment, one run per trial, one file per parameter,
 * metric and tag. */
#include "cmd/interchange.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hpo/file.h"

enum { FINISHED = 3, STATUS_FAILED = 4, STATUS_RUNNING = 1 };

typedef struct run {
  const hpo_traded *t;
  size_t trial;
  char *folder; /* of the run */
  char id[33];
  int64_t start, end; /* ms */
} run;

static hpo_status make_folder(const char *path, hpo_error *err) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST)
    return HPO_OK;
  return hpo_error_set(err, HPO_EIO, "%s: can't be made: %s", path,
                       strerror(errno));
}

/* FOLDER/NAME with the text; a slash in the name would be a folder. */
static hpo_status write_file(const char *folder, const char *group,
                             const char *name, const hpo_buffer *text,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char *path = NULL;

  HPO_TRY(status, hpo_mem_format(&path, err, "%s/%s%s%s", folder, group,
                                 *group ? "/" : "", name));
  for (char *p = path + strlen(path) - strlen(name); *p; p++)
    if (*p == '/')
      *p = '_';
  HPO_TRY(status,
          hpo_file_write_all(path, text->byte ? (void *)text->byte : "",
                             text->n, err));
done:
  hpo_mem_free(path);
  return status;
}

static hpo_status write_text(const char *folder, const char *group,
                             const char *name, const char *text,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};

  HPO_TRY(status, hpo_buffer_add(&b, text, strlen(text), err));
  HPO_TRY(status, write_file(folder, group, name, &b, err));
done:
  hpo_buffer_free(&b);
  return status;
}

static int status_of(const run *r) {
  char text[32];

  hpo_study_file_state(&r->t->file, r->trial, text, sizeof text);
  if (strcmp(text, "complete") == 0 || strcmp(text, "pruned") == 0)
    return FINISHED;
  return strcmp(text, "running") == 0 || strcmp(text, "paused") == 0
             ? STATUS_RUNNING
             : STATUS_FAILED;
}

static hpo_status write_params(const run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[256];

  for (size_t k = 0; k < r->t->n_param; k++) {
    const hpo_traded_param *p = &r->t->param[k];
    if (isnan(hpo_traded_value(p, r->trial)))
      continue;
    hpo_field_text(p->field, r->trial, text, sizeof text);
    HPO_TRY(status, write_text(r->folder, "params", p->name, text, err));
  }
done:
  return status;
}

/* As what a column is a metric; NULL: it is none. */
static const char *metric_name(const hpo_field *f) {
  if (strncmp(f->name, "metrics.", 8) == 0)
    return f->name + 8;
  return strcmp(f->name, "violation") == 0 ? f->name : NULL;
}

/* The objective's curve, then its value as the last line. */
static hpo_status put_curve(const run *r, const char *metric, hpo_buffer *b,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_record *c = r->t->curves;
  const hpo_field *fold = hpo_record_find(c, "fold");
  const hpo_field *step = hpo_record_find(c, "step");
  const hpo_field *of = hpo_record_find(c, "metric");
  const hpo_field *value = hpo_record_find(c, "value");
  size_t at = 0, n = hpo_traded_curve(r->t, r->trial, &at);
  char name[64], text[64];

  for (size_t k = at; k < at + n; k++) {
    hpo_field_text(of, k, name, sizeof name);
    if (hpo_field_int(fold, k) != 0 || strcmp(name, metric) != 0)
      continue;
    hpo_field_text(value, k, text, sizeof text);
    HPO_TRY(status,
            hpo_buffer_format(b, err, "%lld %s %lld\n", (long long)r->end,
                              text, (long long)hpo_field_int(step, k)));
  }
done:
  return status;
}

static hpo_status write_metrics(const run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_record *trials = r->t->file.trials;
  int64_t steps = hpo_traded_int(r->t, "steps", r->trial);
  hpo_buffer b = {0};
  char text[64];

  for (size_t c = 0; c < trials->n_field; c++) {
    const hpo_field *f = &trials->field[c];
    const char *name = metric_name(f);
    if (!name)
      continue;
    b.n = 0;
    HPO_TRY(status, put_curve(r, name, &b, err));
    if (b.n == 0 && !isnan(hpo_field_number(f, r->trial))) {
      hpo_field_text(f, r->trial, text, sizeof text);
      HPO_TRY(status,
              hpo_buffer_format(&b, err, "%lld %s %lld\n", (long long)r->end,
                                text, (long long)(steps > 0 ? steps : 0)));
    }
    if (b.n > 0)
      HPO_TRY(status, write_file(r->folder, "metrics", name, &b, err));
  }
done:
  hpo_buffer_free(&b);
  return status;
}

static hpo_status write_tags(const run *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[256], name[64];

  snprintf(name, sizeof name, "trial %zu", r->trial);
  HPO_TRY(status, write_text(r->folder, "tags", "mlflow.runName", name, err));
  HPO_TRY(status,
          write_text(r->folder, "tags", "mlflow.source.name", "hpotune", err));
  hpo_study_file_state(&r->t->file, r->trial, text, sizeof text);
  HPO_TRY(status, write_text(r->folder, "tags", "hpotune.state", text, err));
  const hpo_field *reason = hpo_record_find(r->t->file.trials, "reason");
  if (reason)
    hpo_field_text(reason, r->trial, text, sizeof text);
  if (reason && *text)
    HPO_TRY(status,
            write_text(r->folder, "tags", "hpotune.reason", text, err));
done:
  return status;
}

static hpo_status write_run_meta(const run *r, const char *experiment,
                                 const char *uri, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};
  int state = status_of(r);
  char end[32] = "null";

  if (state != STATUS_RUNNING)
    snprintf(end, sizeof end, "%lld", (long long)r->end);
  HPO_TRY(status,
          hpo_buffer_format(
              &b, err,
              "artifact_uri: \"%s/%s/artifacts\"\nend_time: %s\n"
              "entry_point_name: ''\nexperiment_id: '%s'\n"
              "lifecycle_stage: active\nrun_id: %s\nrun_name: trial %zu\n"
              "run_uuid: %s\nsource_name: ''\nsource_type: 4\n"
              "source_version: ''\nstart_time: %lld\nstatus: %d\ntags: []\n"
              "user_id: hpotune\n",
              uri, r->id, end, experiment, r->id, r->trial, r->id,
              (long long)r->start, state));
  HPO_TRY(status, write_file(r->folder, "", "meta.yaml", &b, err));
done:
  hpo_buffer_free(&b);
  return status;
}

/* The same trial of the same study is always the same run. */
static void name_run(run *r) {
  char hex[65], text[96];
  hpo_sha256 sha;

  snprintf(text, sizeof text, "%s trial %zu", r->t->uuid, r->trial);
  hpo_sha256_start(&sha);
  hpo_sha256_add(&sha, text, strlen(text));
  hpo_sha256_end(&sha, hex);
  memcpy(r->id, hex, 32);
  r->id[32] = '\0';
}

static hpo_status write_run(run *r, const char *folder, const char *experiment,
                            const char *uri, hpo_error *err) {
  static const char *const part[] = {"params", "metrics", "tags", "artifacts"};
  hpo_status status = HPO_OK;
  char *path = NULL;
  int64_t start = hpo_traded_int(r->t, "start", r->trial);
  int64_t end = hpo_traded_int(r->t, "end", r->trial);

  r->start = start > 0 ? start / 1000000 : 0;
  r->end = end > start ? end / 1000000 : r->start;
  name_run(r);
  HPO_TRY(status, hpo_mem_format(&r->folder, err, "%s/%s", folder, r->id));
  HPO_TRY(status, make_folder(r->folder, err));
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    HPO_TRY(status, hpo_mem_format(&path, err, "%s/%s", r->folder, part[i]));
    HPO_TRY(status, make_folder(path, err));
    hpo_mem_free(path);
    path = NULL;
  }
  HPO_TRY(status, write_run_meta(r, experiment, uri, err));
  HPO_TRY(status, write_params(r, err));
  HPO_TRY(status, write_metrics(r, err));
  HPO_TRY(status, write_tags(r, err));
done:
  hpo_mem_free(path);
  hpo_mem_free(r->folder);
  r->folder = NULL;
  return status;
}

static hpo_status write_experiment(const hpo_traded *t, const char *folder,
                                   const char *id, const char *uri,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};
  int64_t made = t->file.n > 0 ? hpo_traded_int(t, "start", 0) / 1000000 : 0;

  HPO_TRY(status, hpo_buffer_format(&b, err,
                                    "artifact_location: \"%s\"\n"
                                    "creation_time: %lld\n"
                                    "experiment_id: '%s'\n"
                                    "last_update_time: %lld\n"
                                    "lifecycle_stage: active\nname: ",
                                    uri, (long long)(made > 0 ? made : 0), id,
                                    (long long)(made > 0 ? made : 0)));
  HPO_TRY(status, hpo_put_json_text(&b, t->name, err));
  HPO_TRY(status, hpo_buffer_add(&b, "\n", 1, err));
  HPO_TRY(status, write_file(folder, "", "meta.yaml", &b, err));
done:
  hpo_buffer_free(&b);
  return status;
}

hpo_status hpo_export_mlflow(const hpo_traded *t, const char *folder,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char *path = NULL, *uri = NULL, *whole = NULL;
  char id[32];

  snprintf(id, sizeof id, "%lu",
           1 + (unsigned long)hpo_file_crc32(0, t->uuid, strlen(t->uuid)));
  HPO_TRY(status, make_folder(folder, err));
  whole = realpath(folder, NULL);
  if (!whole)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", folder, strerror(errno));
  HPO_TRY(status, hpo_mem_format(&path, err, "%s/%s", folder, id));
  HPO_TRY(status, hpo_mem_format(&uri, err, "file://%s/%s", whole, id));
  HPO_TRY(status, make_folder(path, err));
  HPO_TRY(status, write_experiment(t, path, id, uri, err));
  for (size_t i = 0; i < t->file.n; i++) {
    run r = {.t = t, .trial = i};
    if (t->file.good[i])
      HPO_TRY(status, write_run(&r, path, id, uri, err));
  }
done:
  free(whole);
  hpo_mem_free(uri);
  hpo_mem_free(path);
  return status;
}
