/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan as a flat record.
 *
 * Fields: the plan's own members by name; data.<member>; model.count and
 * model.<i>.<member>; objective.count and objective.<i>.<member>;
 * sampler.<member>; pruner.<member>; terminator.<member>; space.<member> with
 * one item for each parameter, space.choice with all choices one after the
 * other; enqueue and known as matrices.  A list of settings takes three
 * fields: .name .value .line. */
#include "hpo/plan.h"

#include "hpo/known.h"
#include "hpo/mem.h"
#include "plan_private.h"

#include <stdio.h>
#include <string.h>

#define NAME_ROOM 128

static void join(char *to, const char *prefix, const char *name,
                 const char *suffix) {
  snprintf(to, NAME_ROOM, "%s%s%s", prefix, name, suffix);
}

static hpo_status add_texts(hpo_record *r, const char *name,
                            const char *const *text, size_t n,
                            const char *description, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t width = 1;

  for (size_t i = 0; i < n; i++)
    if (strlen(text[i]) > width)
      width = strlen(text[i]);
  HPO_TRY(status, hpo_record_add(r, name, HPO_FIELD_TEXT, width, NULL, n, "",
                                 description, err));
  for (size_t i = 0; i < n; i++)
    hpo_field_set_text(&r->field[r->n_field - 1], i, text[i]);
done:
  return status;
}

static hpo_status add_settings(hpo_record *r, const char *prefix,
                               const hpo_member *m, const hpo_settings *s,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[NAME_ROOM];
  const char **text = NULL;
  int64_t *line = NULL;

  HPO_TRY(status, hpo_mem_new(s->n, sizeof *text, &text, err));
  HPO_TRY(status, hpo_mem_new(s->n, sizeof *line, &line, err));
  for (size_t i = 0; i < s->n; i++) {
    text[i] = s->item[i].name;
    line[i] = s->item[i].line;
  }
  join(name, prefix, m->name, ".name");
  HPO_TRY(status, add_texts(r, name, text, s->n, m->description, err));
  for (size_t i = 0; i < s->n; i++)
    text[i] = s->item[i].value;
  join(name, prefix, m->name, ".value");
  HPO_TRY(status, add_texts(r, name, text, s->n, m->description, err));
  join(name, prefix, m->name, ".line");
  HPO_TRY(status, hpo_record_add(r, name, HPO_FIELD_INT, 0, line, s->n, "",
                                 "Lines of the study file.", err));
done:
  hpo_mem_free(text);
  hpo_mem_free(line);
  return status;
}

/** A member that is a single number, as an int64. */
static int64_t whole_of(const hpo_member *m, const void *at) {
  switch (m->kind) {
  case HPO_MEMBER_INT:
    return *(const int *)at;
  case HPO_MEMBER_BOOL:
    return *(const bool *)at;
  case HPO_MEMBER_TASK:
    return (int64_t) * (const hpo_task *)at;
  case HPO_MEMBER_SEED:
    return (int64_t) * (const uint64_t *)at;
  default:
    return *(const int64_t *)at;
  }
}

static hpo_status add_member(hpo_record *r, const char *prefix,
                             const hpo_member *m, const void *at,
                             hpo_error *err) {
  char name[NAME_ROOM];

  join(name, prefix, m->name, "");
  switch (m->kind) {
  case HPO_MEMBER_TEXT: {
    const char *text = *(char *const *)at;
    return hpo_record_add_text(r, name, text != NULL ? text : "", 0,
                               m->description, err);
  }
  case HPO_MEMBER_NAMES: {
    const hpo_names *n = at;
    return add_texts(r, name, (const char *const *)n->item, n->n,
                     m->description, err);
  }
  case HPO_MEMBER_SETTINGS:
    return add_settings(r, prefix, m, at, err);
  case HPO_MEMBER_FLOAT:
    return hpo_record_add_float(r, name, *(const double *)at, m->unit,
                                m->description, err);
  default:
    return hpo_record_add_int(r, name, whole_of(m, at), m->unit,
                              m->description, err);
  }
}

static hpo_status add_members(hpo_record *r, const char *prefix,
                              const hpo_member *table, const void *base,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  for (const hpo_member *m = table; m->name != NULL; m++)
    HPO_TRY(status,
            add_member(r, prefix, m, (const char *)base + m->offset, err));
done:
  return status;
}

/** Members of n structs of size bytes: <what>.count and <what>.<i>.... */
static hpo_status add_array(hpo_record *r, const char *what,
                            const hpo_member *table, const void *base,
                            size_t n, size_t size, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[NAME_ROOM];

  join(name, what, ".count", "");
  HPO_TRY(status, hpo_record_add_int(r, name, (int64_t)n, "",
                                     "How many there are.", err));
  for (size_t i = 0; i < n; i++) {
    snprintf(name, sizeof name, "%s.%zu.", what, i);
    HPO_TRY(status,
            add_members(r, name, table, (const char *)base + i * size, err));
  }
done:
  return status;
}

static hpo_status add_space_texts(hpo_record *r, const hpo_space *s,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  const char **text = NULL;
  size_t n = s->n_param, n_choice = 0;

  for (size_t i = 0; i < n; i++)
    n_choice += s->param[i].n_choice;
  HPO_TRY(status, hpo_mem_new(n + n_choice, sizeof *text, &text, err));
  for (size_t i = 0; i < n; i++)
    text[i] = s->param[i].name;
  HPO_TRY(status, add_texts(r, "space.name", text, n,
                            "The model's name of the parameter.", err));
  for (size_t i = 0; i < n; i++)
    text[i] = s->param[i].full_name;
  HPO_TRY(status, add_texts(r, "space.full_name", text, n,
                            "The study's name of the parameter.", err));
  n_choice = 0;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < s->param[i].n_choice; k++)
      text[n_choice++] = s->param[i].choice[k];
  HPO_TRY(status,
          add_texts(r, "space.choice", text, n_choice,
                    "Choices of all parameters, one after the other.", err));
done:
  hpo_mem_free(text);
  return status;
}

enum { P_MODEL, P_KIND, P_LOG, P_PARENT, P_PARENT_CHOICE, P_N_CHOICE };

static const struct {
  const char *name, *description;
} whole_field[] = {
    {"space.model", "Index of the model; -1: the choice of the model."},
    {"space.kind", "0 int, 1 float, 2 categorical, 3 ordinal."},
    {"space.log", "1: on a logarithmic scale."},
    {"space.parent", "Index of the parent; -1: always active."},
    {"space.parent_choice", "Choice of the parent that makes it active."},
    {"space.n_choice", "How many choices it has."}};
#define N_WHOLE (sizeof whole_field / sizeof *whole_field)

static int64_t whole_get(const hpo_param *p, size_t what) {
  switch (what) {
  case P_MODEL:
    return p->model;
  case P_KIND:
    return p->ordered ? HPO_PARAM_ORDINAL : (int64_t)p->kind;
  case P_LOG:
    return p->log;
  case P_PARENT:
    return p->parent;
  case P_PARENT_CHOICE:
    return (int64_t)p->parent_choice;
  default:
    return (int64_t)p->n_choice;
  }
}

static const struct {
  const char *name, *description;
  size_t offset;
} float_field[] = {
    {"space.low", "Lowest value.", offsetof(hpo_param, low)},
    {"space.high", "Highest value.", offsetof(hpo_param, high)},
    {"space.step", "Distance of values; 0: none.", offsetof(hpo_param, step)}};
#define N_FLOAT (sizeof float_field / sizeof *float_field)

static hpo_status add_space(hpo_record *r, const hpo_space *s,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, add_space_texts(r, s, err));
  for (size_t k = 0; k < N_WHOLE; k++) {
    HPO_TRY(status,
            hpo_record_add(r, whole_field[k].name, HPO_FIELD_INT, 0, NULL,
                           s->n_param, "", whole_field[k].description, err));
    for (size_t i = 0; i < s->n_param; i++)
      hpo_field_set_int(&r->field[r->n_field - 1], i,
                        whole_get(&s->param[i], k));
  }
  for (size_t k = 0; k < N_FLOAT; k++) {
    HPO_TRY(status,
            hpo_record_add(r, float_field[k].name, HPO_FIELD_FLOAT, 0, NULL,
                           s->n_param, "", float_field[k].description, err));
    for (size_t i = 0; i < s->n_param; i++) {
      const char *at = (const char *)&s->param[i] + float_field[k].offset;
      hpo_field_set_number(&r->field[r->n_field - 1], i, *(const double *)at);
    }
  }
done:
  return status;
}

/* [range][rule, parameter, low, high] */
static hpo_status add_forbidden(hpo_record *r, const hpo_space *s,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  double *table = NULL;

  HPO_TRY(status, hpo_mem_new(s->n_forbidden * 4, sizeof *table, &table, err));
  for (size_t i = 0; i < s->n_forbidden; i++) {
    const hpo_range *f = &s->forbidden[i];
    table[4 * i] = (double)f->rule;
    table[4 * i + 1] = (double)f->param;
    table[4 * i + 2] = f->low;
    table[4 * i + 3] = f->high;
  }
  HPO_TRY(status, hpo_record_add_matrix(
                      r, "space.forbidden", HPO_FIELD_FLOAT, table,
                      s->n_forbidden, 4, "",
                      "Forbidden combinations: rule, parameter, and the range "
                      "of it that belongs to the rule.",
                      err));
done:
  hpo_mem_free(table);
  return status;
}

hpo_status hpo_plan_record(const hpo_plan *p, hpo_record **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *r = NULL;

  HPO_TRY(status, hpo_record_create("plan", &r, err));
  HPO_TRY(status, add_members(r, "", hpo_plan_members, p, err));
  HPO_TRY(status,
          add_members(r, "data.", hpo_plan_data_members, &p->data, err));
  HPO_TRY(status, add_array(r, "model", hpo_plan_model_members, p->model,
                            p->n_model, sizeof *p->model, err));
  HPO_TRY(status,
          add_array(r, "objective", hpo_plan_objective_members, p->objective,
                    p->n_objective, sizeof *p->objective, err));
  HPO_TRY(status, add_array(r, "constraint", hpo_plan_constraint_members,
                            p->constraint, p->n_constraint,
                            sizeof *p->constraint, err));
  HPO_TRY(status, add_members(r, "sampler.", hpo_plan_choice_members,
                              &p->sampler, err));
  HPO_TRY(status,
          add_members(r, "pruner.", hpo_plan_choice_members, &p->pruner, err));
  HPO_TRY(status, add_members(r, "terminator.", hpo_plan_terminator_members,
                              &p->terminator, err));
  HPO_TRY(status, add_space(r, &p->space, err));
  HPO_TRY(status, hpo_record_add_matrix(
                      r, "enqueue", HPO_FIELD_FLOAT, p->enqueue, p->n_enqueue,
                      p->space.n_param, "",
                      "Points to try first; NaN: left to the sampler.", err));
  HPO_TRY(status, add_forbidden(r, &p->space, err));
  HPO_TRY(status, add_array(r, "warm_start", hpo_plan_warm_members, p->warm,
                            p->n_warm, sizeof *p->warm, err));
  HPO_TRY(status, hpo_known_record(p, r, err));
  *out = r;
  r = NULL;
done:
  hpo_record_destroy(r);
  return status;
}
