/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of a trial's single members, and how one of them becomes a field
 * and is read back. */
#include "trial_private.h"

#include <stdio.h>
#include <string.h>

#define ROW(member, kind, unit, description)                                  \
  {                                                                           \
#member, HPO_TRIAL_##kind, offsetof(hpo_trial, member),                   \
        sizeof(((hpo_trial *)0)->member), unit, description                   \
  }

/* clang-format off */
const hpo_trial_member hpo_trial_members[] = {
    ROW(number, WHOLE, "",
        "Number of the trial, the same as the number of its row."),
    ROW(state, STATE, "",
        "Where the trial is in its life; complete, pruned and failed are "
        "final."),
    ROW(reason, TEXT, "",
        "Why it was pruned, failed or interrupted; else empty."),
    ROW(rung, WHOLE, "",
        "Rung that the trial reached; -1 without a pruner that has rungs."),
    ROW(attempt, WHOLE, "", "How often the trial was started before."),
    ROW(job, WHOLE, "", "Job that ran the trial last; -1 before the first."),
    {"values", HPO_TRIAL_VALUES, 0, 0, "", ""},
    ROW(start, WHOLE, "ns",
        "Start of the last attempt, UTC since 1970; -1 before it."),
    ROW(end, WHOLE, "ns",
        "End of the last attempt, UTC since 1970; -1 before it."),
    ROW(wall, REAL, "s", "Time that the last attempt took."),
    ROW(cpu, REAL, "s", "CPU time that the last attempt took."),
    ROW(peak_memory, WHOLE, "bytes",
        "Highest resident memory of the team's first rank; -1 unknown."),
    ROW(bytes_sent, WHOLE, "bytes",
        "Bytes that the team's first rank sent for the trial; -1 unknown."),
    ROW(steps, WHOLE, "", "Training steps done."),
    ROW(team, WHOLE, "",
        "Team that ran the trial last; with batch, lane: trial slot times "
        "teams plus team; -1 before."),
    ROW(host, TEXT, "", "Host of the team's first rank."),
    ROW(session, WHOLE, "",
        "Row of /sessions in which it ran last; -1 before."),
    ROW(reused, WHOLE, "",
        "Trial of the same parameters, or of the same result by early "
        "stopping, that answered this one; -1: it was trained."),
    ROW(curve_offset, WHOLE, "",
        "First row of the trial in /curves; -1 without a curve."),
    ROW(curve_length, WHOLE, "", "Rows of the trial in /curves."),
    ROW(model_offset, WHOLE, "bytes",
        "First byte of the trial's model in /models; -1 without a model."),
    ROW(model_length, WHOLE, "bytes",
        "Bytes of the trial's model in /models."),
    ROW(model_format, FORMAT, "",
        "How the model is written; -1 (none) without a model."),
    ROW(model_crc, WHOLE, "",
        "CRC-32 of the model's bytes; -1 without a model."),
    {NULL, HPO_TRIAL_WHOLE, 0, 0, "", ""}};
/* clang-format on */

static const char *const formats[] = {"xgboost-ubj", "json", "plugin"};
#define N_FORMATS (sizeof formats / sizeof *formats)

static hpo_status add_state(const hpo_trial_member *m, hpo_trial_state state,
                            hpo_record *r, hpo_error *err) {
  const char *names[HPO_TRIAL_STATES];
  int32_t x = (int32_t)state;

  for (int i = 0; i < HPO_TRIAL_STATES; i++)
    names[i] = hpo_trial_state_name((hpo_trial_state)i);
  return hpo_record_add_enum(r, m->name, names, HPO_TRIAL_STATES, &x, 1,
                             m->description, err);
}

static hpo_status add_format(const hpo_trial_member *m, const char *format,
                             hpo_record *r, hpo_error *err) {
  int32_t x = -1;

  for (size_t i = 0; i < N_FORMATS; i++)
    if (strcmp(formats[i], format) == 0)
      x = (int32_t)i;
  HPO_ASSERT(x >= 0 || format[0] == '\0');
  return hpo_record_add_enum(r, m->name, formats, N_FORMATS, &x, 1,
                             m->description, err);
}

hpo_status hpo_trial_member_add(const hpo_trial_member *m, const hpo_trial *t,
                                hpo_record *r, hpo_error *err) {
  const char *at = (const char *)t + m->offset;

  switch (m->kind) {
  case HPO_TRIAL_WHOLE:
    return hpo_record_add_int(r, m->name, *(const int64_t *)(const void *)at,
                              m->unit, m->description, err);
  case HPO_TRIAL_REAL:
    return hpo_record_add_float(r, m->name, *(const double *)(const void *)at,
                                m->unit, m->description, err);
  case HPO_TRIAL_TEXT:
    return hpo_record_add_text(r, m->name, at, m->room, m->description, err);
  case HPO_TRIAL_STATE:
    return add_state(m, t->state, r, err);
  case HPO_TRIAL_FORMAT:
    return add_format(m, at, r, err);
  case HPO_TRIAL_VALUES:
    break;
  }
  return HPO_OK;
}

hpo_status hpo_record_need(const hpo_record *r, const char *name,
                           hpo_field_type type, size_t i,
                           const hpo_field **out, hpo_error *err) {
  const hpo_field *f = hpo_record_find(r, name);

  if (f == NULL || f->type != type || f->n <= i)
    return hpo_error_set(err, HPO_ESTUDY,
                         "the record %s has no valid column %s", r->name,
                         name);
  *out = f;
  return HPO_OK;
}

hpo_status hpo_trial_member_read(const hpo_trial_member *m,
                                 const hpo_record *r, size_t i, hpo_trial *t,
                                 hpo_error *err) {
  static const hpo_field_type types[] = {HPO_FIELD_INT,  HPO_FIELD_FLOAT,
                                         HPO_FIELD_TEXT, HPO_FIELD_ENUM,
                                         HPO_FIELD_ENUM, HPO_FIELD_INT};
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  char *at = (char *)t + m->offset;

  if (m->kind == HPO_TRIAL_VALUES)
    return HPO_OK;
  HPO_TRY(status, hpo_record_need(r, m->name, types[m->kind], i, &f, err));
  if (m->kind == HPO_TRIAL_WHOLE) {
    *(int64_t *)(void *)at = hpo_field_int(f, i);
  } else if (m->kind == HPO_TRIAL_REAL) {
    *(double *)(void *)at = hpo_field_number(f, i);
  } else if (m->kind == HPO_TRIAL_STATE) {
    int64_t state = hpo_field_int(f, i);
    if (state < 0 || state >= HPO_TRIAL_STATES)
      HPO_FAIL(status, err, HPO_ESTUDY, "a trial has the unknown state %d",
               (int)state);
    t->state = (hpo_trial_state)state;
  } else {
    hpo_field_text(f, i, at, m->room);
  }
done:
  return status;
}
