/* SPDX-License-Identifier: BSD-3-Clause */
/* What replay needs from the study file, and where its data are. */
#include "cmd/replay.h"

#include <stdio.h>
#include <string.h>

#include "hpo/evaluate.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/model.h"
#include "hpo/wire.h"

void hpo_replay_free(hpo_replay_stored *s) {
  hpo_trial_destroy(s->trial);
  hpo_buffer_free(&s->model);
  hpo_record_destroy(s->session);
  *s = (hpo_replay_stored){0};
}

hpo_status hpo_replay_read_plan(const hpo_study_file *f, hpo_plan **out,
                                hpo_error *err) {
  return hpo_replay_decode_plan(f->store, f->path, out, err);
}

hpo_status hpo_replay_decode_plan(hpo_store *store, const char *path,
                                  hpo_plan **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *attributes = NULL, *study = NULL, *record = NULL;
  char version[40] = "";

  HPO_TRY(status, hpo_store_read_facts(store, "/", &attributes, err));
  hpo_record_text(attributes, "hpotune_version", version, sizeof version);
  HPO_TRY(status, hpo_store_read_facts(store, HPO_FACTS_STUDY, &study, err));
  const hpo_field *plan = hpo_record_find(study, "plan");
  if (!plan)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s was made by an hpotune (%s) that kept no plan to replay from",
             path, version);
  status = hpo_wire_decode(plan->data, plan->n, &record, err);
  if (status == HPO_OK)
    status = hpo_plan_from_record(record, out, err);
  if (status != HPO_OK) {
    hpo_error_prefix(err, "%s, made by hpotune %s: ", path, version);
    status = err->code = HPO_ESTUDY;
  }
done:
  hpo_record_destroy(attributes);
  hpo_record_destroy(study);
  hpo_record_destroy(record);
  return status;
}

/* Whether the trial has come to something that training again can show. */
static hpo_status check_state(const hpo_plan *plan, const hpo_trial *t,
                              hpo_error *err) {
  const hpo_model_kind *kind =
      hpo_model_find(plan->model[hpo_evaluate_model(plan, t->x)].kind);
  const bool has_result =
      hpo_trial_is_final(t->state) || t->state == HPO_TRIAL_PAUSED;

  if (!has_result)
    return hpo_error_set(err, HPO_ESTUDY,
                         "trial %lld is %s: it has no result to compare with",
                         (long long)t->number, hpo_trial_state_name(t->state));
  if (kind->poll && !kind->has_library)
    return hpo_error_set(err, HPO_ESTUDY,
                         "trial %lld was a program's (model %s), whose "
                         "repetition hpotune can't vouch for; hpotune show "
                         "%lld tells its parameters",
                         (long long)t->number, kind->name,
                         (long long)t->number);
  if (t->state == HPO_TRIAL_FAILED && (strncmp(t->reason, "time", 4) == 0 ||
                                       strncmp(t->reason, "memory", 6) == 0))
    return hpo_error_set(err, HPO_ESTUDY,
                         "trial %lld failed by a limit (%s), which depends on "
                         "the machine: there is nothing to compare with",
                         (long long)t->number, t->reason);
  return HPO_OK;
}

static hpo_status read_curve(hpo_study_file *f, hpo_trial *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *points = NULL;

  if (t->curve_offset < 0 || t->curve_length <= 0)
    return HPO_OK;
  HPO_TRY(status, hpo_store_read(
                      f->store, HPO_TABLE_CURVES, (size_t)t->curve_offset,
                      (size_t)t->curve_length, NULL, 0, &points, NULL, err));
  HPO_TRY(status,
          hpo_layout_curve_read(points, 0, (size_t)t->curve_length, t, err));
done:
  hpo_record_destroy(points);
  return status;
}

hpo_status hpo_replay_read_trial(hpo_study_file *f, size_t i,
                                 const hpo_plan *plan, hpo_replay_stored *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_replay_stored s = {0};
  char format[32];
  size_t n = 0;

  HPO_TRY(status, hpo_trial_from_record(f->trials, i, plan, &s.trial, err));
  HPO_TRY(status, check_state(plan, s.trial, err));
  HPO_TRY(status, read_curve(f, s.trial, err));
  if (hpo_study_file_has_model(f, i))
    HPO_TRY(status,
            hpo_study_file_model(f, i, &s.model, format, sizeof format, err));
  HPO_TRY(status, hpo_store_rows(f->store, HPO_TABLE_SESSIONS, &n, err));
  if (s.trial->session >= 0 && (size_t)s.trial->session < n)
    HPO_TRY(status, hpo_store_read(f->store, HPO_TABLE_SESSIONS,
                                   (size_t)s.trial->session, 1, NULL, 0,
                                   &s.session, NULL, err));
  *out = s;
  s = (hpo_replay_stored){0};
done:
  hpo_replay_free(&s);
  return status;
}

/* --- where the data are ------------------------------------------------- */

typedef struct places {
  const char *study_file, *folder;
} places;

/* In the folder, by the path in the study or by name alone. */
static hpo_status look_in(const char *folder, const char *href, char **out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *slash = strrchr(href, '/');

  HPO_TRY(status, hpo_mem_format(out, err, "%s/%s", folder, href));
  if (hpo_file_exists(*out) || !slash)
    goto done;
  hpo_mem_free(*out);
  *out = NULL;
  HPO_TRY(status, hpo_mem_format(out, err, "%s/%s", folder, slash + 1));
done:
  return status;
}

/* Replaces *path, of the file that the study calls href. */
static hpo_status find_file(const places *p, const char *href, char **path,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char *found = NULL;

  if (!*path || !(*path)[0])
    return HPO_OK;
  if (p->folder)
    HPO_TRY(status, look_in(p->folder, href, &found, err));
  else
    HPO_TRY(status, hpo_file_resolve(p->study_file, href, &found, err));
  if (!hpo_file_exists(found) && (p->folder || !hpo_file_exists(*path)))
    HPO_FAIL(status, err, HPO_EDATA,
             "%s does not exist%s%s (\"%s\" as the study file %s names it); "
             "--data FOLDER says where the data lie",
             found, p->folder ? "" : ", nor does ", p->folder ? "" : *path,
             href, p->study_file);
  if (hpo_file_exists(found)) {
    hpo_mem_free(*path);
    *path = found;
    found = NULL;
  }
done:
  hpo_mem_free(found);
  return status;
}

static hpo_status find_files(const places *p, const hpo_names *href,
                             hpo_names *path, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < path->n && i < href->n; i++)
    HPO_TRY(status, find_file(p, href->item[i], &path->item[i], err));
done:
  return status;
}

hpo_status hpo_replay_find_data(hpo_plan *plan, const char *study_file,
                                const char *folder, hpo_error *err) {
  hpo_status status = HPO_OK;
  const places p = {.study_file = study_file, .folder = folder};
  hpo_plan_data *d = &plan->data;

  HPO_TRY(status, find_files(&p, &d->train_href, &d->train, err));
  HPO_TRY(status, find_files(&p, &d->train_label_href, &d->train_label, err));
  HPO_TRY(status, find_file(&p, d->validation_href, &d->validation, err));
  HPO_TRY(status,
          find_file(&p, d->validation_label_href, &d->validation_label, err));
  HPO_TRY(status, find_file(&p, d->test_href, &d->test, err));
  HPO_TRY(status, find_file(&p, d->test_label_href, &d->test_label, err));
done:
  return status;
}
