/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan from its record (plan_record.c); the record may come from a damaged
 * file or a strange peer, so nothing in it is believed unchecked.  One of an
 * earlier version lacks what came later, which then is as it was before. */
#include "hpo/plan.h"

#include "hpo/known.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "plan_private.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define NAME_ROOM 128
#define ANY SIZE_MAX

static void join(char *to, const char *prefix, const char *name,
                 const char *suffix) {
  snprintf(to, NAME_ROOM, "%s%s%s", prefix, name, suffix);
}

/** The field of a name, type and number of items. */
static hpo_status need(const hpo_record *r, const char *name,
                       hpo_field_type type, size_t n, const hpo_field **out,
                       hpo_error *err) {
  const hpo_field *f = hpo_record_find(r, name);

  if (f == NULL || f->type != type || (n != ANY && f->n != n))
    return hpo_error_set(err, HPO_ESTUDY,
                         "the stored plan has no valid field %s", name);
  *out = f;
  return HPO_OK;
}

/** Item i of a TEXT field as a new string. */
static hpo_status read_text(const hpo_field *f, size_t i, char **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char *text = NULL;

  HPO_TRY(status, hpo_mem_new(f->width + 1, 1, &text, err));
  *out = hpo_field_text(f, i, text, f->width + 1);
done:
  return status;
}

static hpo_status read_names(const hpo_record *r, const char *name,
                             hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  char *text = NULL;

  HPO_TRY(status, need(r, name, HPO_FIELD_TEXT, ANY, &f, err));
  for (size_t i = 0; i < f->n; i++) {
    HPO_TRY(status, read_text(f, i, &text, err));
    HPO_TRY(status, hpo_names_add(out, text, err));
    hpo_mem_free(text);
    text = NULL;
  }
done:
  hpo_mem_free(text);
  return status;
}

static hpo_status read_settings(const hpo_record *r, const char *prefix,
                                const hpo_member *m, hpo_settings *out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[NAME_ROOM];
  hpo_names names = {0}, values = {0};
  const hpo_field *line = NULL;

  join(name, prefix, m->name, ".name");
  HPO_TRY(status, read_names(r, name, &names, err));
  join(name, prefix, m->name, ".value");
  HPO_TRY(status, read_names(r, name, &values, err));
  if (values.n != names.n)
    HPO_FAIL(status, err, HPO_ESTUDY, "the stored plan has no valid field %s",
             name);
  join(name, prefix, m->name, ".line");
  HPO_TRY(status, need(r, name, HPO_FIELD_INT, names.n, &line, err));
  for (size_t i = 0; i < names.n; i++)
    HPO_TRY(status, hpo_settings_add(out, names.item[i], values.item[i],
                                     (int)hpo_field_int(line, i), err));
done:
  hpo_names_free(&names);
  hpo_names_free(&values);
  return status;
}

static hpo_status set_whole(const hpo_member *m, int64_t x, void *at,
                            hpo_error *err) {
  bool good = true;

  switch (m->kind) {
  case HPO_MEMBER_INT:
    good = x >= INT_MIN && x <= INT_MAX;
    *(int *)at = (int)x;
    break;
  case HPO_MEMBER_BOOL:
    good = x == 0 || x == 1;
    *(bool *)at = x == 1;
    break;
  case HPO_MEMBER_TASK:
    good = x >= 0 && x <= HPO_TASK_NONE;
    *(hpo_task *)at = (hpo_task)(good ? x : 0);
    break;
  case HPO_MEMBER_SEED:
    *(uint64_t *)at = (uint64_t)x;
    break;
  default:
    *(int64_t *)at = x;
  }
  return good ? HPO_OK
              : hpo_error_set(err, HPO_ESTUDY,
                              "the stored plan's %s cannot be %lld", m->name,
                              (long long)x);
}

/** Whether a record has nothing of a member. */
static bool is_absent(const hpo_record *r, const char *prefix,
                      const hpo_member *m) {
  static const char *const suffix[] = {"", ".name", ".value", ".line"};
  char name[NAME_ROOM];

  for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
    join(name, prefix, m->name, suffix[i]);
    if (hpo_record_find(r, name) != NULL)
      return false;
  }
  return true;
}

/** The value that a member had before there was one; lists are empty. */
static hpo_status set_before(const hpo_member *m, void *at, hpo_error *err) {
  int64_t x = 0;
  bool is_whole = hpo_options_parse_int(m->before, &x);

  if (m->kind == HPO_MEMBER_SETTINGS)
    return HPO_OK;
  if (m->kind == HPO_MEMBER_TEXT)
    return hpo_mem_string(m->before, at, err);
  HPO_ASSERT(is_whole);
  return set_whole(m, x, at, err);
}

static hpo_status read_member(const hpo_record *r, const char *prefix,
                              const hpo_member *m, void *at, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[NAME_ROOM];
  const hpo_field *f = NULL;

  if (m->before != NULL && is_absent(r, prefix, m))
    return set_before(m, at, err);
  join(name, prefix, m->name, "");
  switch (m->kind) {
  case HPO_MEMBER_TEXT:
    HPO_TRY(status, need(r, name, HPO_FIELD_TEXT, 1, &f, err));
    HPO_TRY(status, read_text(f, 0, at, err));
    break;
  case HPO_MEMBER_NAMES:
    HPO_TRY(status, read_names(r, name, at, err));
    break;
  case HPO_MEMBER_SETTINGS:
    HPO_TRY(status, read_settings(r, prefix, m, at, err));
    break;
  case HPO_MEMBER_FLOAT:
    HPO_TRY(status, need(r, name, HPO_FIELD_FLOAT, 1, &f, err));
    *(double *)at = hpo_field_number(f, 0);
    break;
  default:
    HPO_TRY(status, need(r, name, HPO_FIELD_INT, 1, &f, err));
    HPO_TRY(status, set_whole(m, hpo_field_int(f, 0), at, err));
  }
done:
  return status;
}

static hpo_status read_members(const hpo_record *r, const char *prefix,
                               const hpo_member *table, void *base,
                               hpo_error *err) {
  hpo_status status = HPO_OK;

  for (const hpo_member *m = table; m->name != NULL; m++)
    HPO_TRY(status, read_member(r, prefix, m, (char *)base + m->offset, err));
done:
  return status;
}

/** Reads <what>.count structs of size bytes into *array (a pointer to the
 *  pointer) and counts *n up, so that a half-read plan can be destroyed. */
static hpo_status read_array(const hpo_record *r, const char *what,
                             const hpo_member *table, size_t size, void *array,
                             size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  char name[NAME_ROOM];
  size_t room = 0, count;
  char *base = NULL;

  join(name, what, ".count", "");
  HPO_TRY(status, need(r, name, HPO_FIELD_INT, 1, &f, err));
  if (hpo_field_int(f, 0) < 0 || hpo_field_int(f, 0) > (int64_t)r->n_field)
    HPO_FAIL(status, err, HPO_ESTUDY, "the stored plan has no valid field %s",
             name);
  count = (size_t)hpo_field_int(f, 0);
  HPO_TRY(status, hpo_mem_grow(array, &room, count, size, err));
  memcpy(&base, array, sizeof base);
  for (size_t i = 0; i < count; i++) {
    snprintf(name, sizeof name, "%s.%zu.", what, i);
    *n = i + 1;
    HPO_TRY(status, read_members(r, name, table, base + i * size, err));
  }
done:
  return status;
}

/** The columns of the space in a record. */
typedef struct columns {
  const hpo_field *model, *kind, *log, *parent, *parent_choice, *n_choice;
  const hpo_field *low, *high, *step;
  hpo_names name, full_name, choice;
  size_t next_choice; /* of choice, not yet taken */
} columns;

static hpo_status find_columns(const hpo_record *r, columns *c,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n;

  HPO_TRY(status, read_names(r, "space.name", &c->name, err));
  HPO_TRY(status, read_names(r, "space.full_name", &c->full_name, err));
  HPO_TRY(status, read_names(r, "space.choice", &c->choice, err));
  n = c->name.n;
  if (c->full_name.n != n)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the stored plan's parameters have %zu names and %zu full names",
             n, c->full_name.n);
#define COLUMN(field, type)                                                   \
  HPO_TRY(status, need(r, "space." #field, type, n, &c->field, err))
  COLUMN(model, HPO_FIELD_INT);
  COLUMN(kind, HPO_FIELD_INT);
  COLUMN(log, HPO_FIELD_INT);
  COLUMN(parent, HPO_FIELD_INT);
  COLUMN(parent_choice, HPO_FIELD_INT);
  COLUMN(n_choice, HPO_FIELD_INT);
  COLUMN(low, HPO_FIELD_FLOAT);
  COLUMN(high, HPO_FIELD_FLOAT);
  COLUMN(step, HPO_FIELD_FLOAT);
#undef COLUMN
done:
  return status;
}

/** Whether parameter i of the columns can stand after those in s. */
static bool is_valid(const columns *c, size_t i, const hpo_plan *plan) {
  const hpo_space *s = &plan->space;
  int64_t model = hpo_field_int(c->model, i);
  int64_t kind = hpo_field_int(c->kind, i);
  int64_t parent = hpo_field_int(c->parent, i);
  int64_t taken = hpo_field_int(c->parent_choice, i);
  int64_t n_choice = hpo_field_int(c->n_choice, i);
  double low = hpo_field_number(c->low, i);
  double high = hpo_field_number(c->high, i);
  double step = hpo_field_number(c->step, i);

  if (model < -1 || model >= (int64_t)plan->n_model || n_choice < 0 ||
      (uint64_t)n_choice > c->choice.n - c->next_choice)
    return false;
  if (parent < -1 || parent >= (int64_t)i || taken < 0 ||
      (parent >= 0 && taken >= (int64_t)s->param[parent].n_choice))
    return false;
  if (kind == HPO_PARAM_CATEGORICAL || kind == HPO_PARAM_ORDINAL)
    return n_choice > 0;
  if (kind != HPO_PARAM_INT && kind != HPO_PARAM_FLOAT)
    return false;
  if (hpo_field_int(c->log, i) != 0 && !(low > 0))
    return false;
  return isfinite(low) && isfinite(high) && low <= high && isfinite(step) &&
         step >= (kind == HPO_PARAM_INT ? 1 : 0);
}

static hpo_status read_space(const hpo_record *r, hpo_plan *p,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  columns c = {0};

  HPO_TRY(status, find_columns(r, &c, err));
  for (size_t i = 0; i < c.name.n; i++) {
    hpo_param q = {0};
    if (!is_valid(&c, i, p))
      HPO_FAIL(status, err, HPO_ESTUDY,
               "the stored plan's parameter %s is not valid",
               c.full_name.item[i]);
    q.name = c.name.item[i];
    q.full_name = c.full_name.item[i];
    q.model = (int)hpo_field_int(c.model, i);
    q.ordered = hpo_field_int(c.kind, i) == HPO_PARAM_ORDINAL;
    q.kind = q.ordered ? HPO_PARAM_CATEGORICAL
                       : (hpo_param_kind)hpo_field_int(c.kind, i);
    q.low = hpo_field_number(c.low, i);
    q.high = hpo_field_number(c.high, i);
    q.step = hpo_field_number(c.step, i);
    q.log = hpo_field_int(c.log, i) != 0;
    q.n_choice = (size_t)hpo_field_int(c.n_choice, i);
    q.choice = q.n_choice > 0 ? c.choice.item + c.next_choice : NULL;
    c.next_choice += q.n_choice;
    q.parent = (ptrdiff_t)hpo_field_int(c.parent, i);
    q.parent_choice = (size_t)hpo_field_int(c.parent_choice, i);
    HPO_TRY(status, hpo_space_add(&p->space, &q, err));
  }
done:
  hpo_names_free(&c.name);
  hpo_names_free(&c.full_name);
  hpo_names_free(&c.choice);
  return status;
}

static hpo_status read_enqueue(const hpo_record *r, hpo_plan *p,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;

  HPO_TRY(status, need(r, "enqueue", HPO_FIELD_FLOAT, ANY, &f, err));
  if (f->n_shape != 2 || f->shape[1] != p->space.n_param)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the stored plan's enqueued points have %zu values for %zu "
             "parameters",
             f->shape[1], p->space.n_param);
  HPO_TRY(status, hpo_mem_copy(f->data, f->room, &p->enqueue, err));
  p->n_enqueue = p->space.n_param > 0 ? f->shape[0] : 0;
done:
  return status;
}

/* Studies of earlier versions have none. */
static hpo_status read_forbidden(const hpo_record *r, hpo_space *s,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f = NULL;
  double rule = -1;

  if (hpo_record_find(r, "space.forbidden") == NULL)
    return HPO_OK;
  HPO_TRY(status, need(r, "space.forbidden", HPO_FIELD_FLOAT, ANY, &f, err));
  if (f->n_shape != 2 || f->shape[1] != 4)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the stored plan's forbidden combinations are no table of four "
             "columns");
  for (size_t i = 0; i < f->shape[0]; i++) {
    double row[4];
    for (size_t k = 0; k < 4; k++)
      row[k] = hpo_field_number(f, 4 * i + k);
    if (!(row[0] >= rule && row[0] < 1e9 && row[1] >= 0 &&
          row[1] < (double)s->n_param))
      HPO_FAIL(status, err, HPO_ESTUDY,
               "the stored plan's forbidden combination in row %zu is none of "
               "this space",
               i);
    rule = row[0];
    HPO_TRY(status,
            hpo_space_forbid(
                s, (hpo_range){(size_t)row[0], (size_t)row[1], row[2], row[3]},
                err));
  }
done:
  return status;
}

/* Studies of earlier versions have none. */
static hpo_status read_warm(const hpo_record *r, hpo_plan *p, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (hpo_record_find(r, "warm_start.count") == NULL)
    return HPO_OK;
  HPO_TRY(status, read_array(r, "warm_start", hpo_plan_warm_members,
                             sizeof *p->warm, &p->warm, &p->n_warm, err));
  HPO_TRY(status, hpo_known_read(r, p, err));
done:
  return status;
}

hpo_status hpo_plan_from_record(const hpo_record *r, hpo_plan **out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  HPO_TRY(status, read_members(r, "", hpo_plan_members, p, err));
  HPO_TRY(status,
          read_members(r, "data.", hpo_plan_data_members, &p->data, err));
  HPO_TRY(status, read_array(r, "model", hpo_plan_model_members,
                             sizeof *p->model, &p->model, &p->n_model, err));
  HPO_TRY(status, read_array(r, "objective", hpo_plan_objective_members,
                             sizeof *p->objective, &p->objective,
                             &p->n_objective, err));
  HPO_TRY(status, read_array(r, "constraint", hpo_plan_constraint_members,
                             sizeof *p->constraint, &p->constraint,
                             &p->n_constraint, err));
  HPO_TRY(status, read_members(r, "sampler.", hpo_plan_choice_members,
                               &p->sampler, err));
  HPO_TRY(status, read_members(r, "pruner.", hpo_plan_choice_members,
                               &p->pruner, err));
  HPO_TRY(status, read_members(r, "terminator.", hpo_plan_terminator_members,
                               &p->terminator, err));
  if (p->n_model == 0 || p->n_objective == 0 ||
      p->n_objective > HPO_PLAN_OBJECTIVES)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the stored plan has no model, or not 1 to %d objectives",
             HPO_PLAN_OBJECTIVES);
  HPO_TRY(status, read_space(r, p, err));
  HPO_TRY(status, read_enqueue(r, p, err));
  HPO_TRY(status, read_forbidden(r, &p->space, err));
  HPO_TRY(status, read_warm(r, p, err));
  *out = p;
  p = NULL;
done:
  hpo_plan_destroy(p);
  return status;
}
