/* SPDX-License-Identifier: BSD-3-Clause */
/* A plan as lines "name = value", and the identity that is the hash of those
 * lines that make a study the same study.
 *
 * Backslash and newline in texts are written as \\ and \n, words of a list
 * stand in double quotes, so different plans have different lines. */
#include "hpo/plan.h"

#include "hpo/file.h"
#include "hpo/known.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "plan_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/** Where the lines go. */
typedef struct writer {
  hpo_buffer to;
  bool identity; /* only what counts */
} writer;

static hpo_status add_escaped(hpo_buffer *to, const char *text, bool quoted,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  for (; *text != '\0'; text++) {
    if (*text == '\n')
      HPO_TRY(status, hpo_buffer_add(to, "\\n", 2, err));
    else if (*text == '\\' || (quoted && *text == '"'))
      HPO_TRY(status, hpo_buffer_format(to, err, "\\%c", *text));
    else
      HPO_TRY(status, hpo_buffer_add(to, text, 1, err));
  }
done:
  return status;
}

static hpo_status add_line(writer *w, const char *prefix, const char *name,
                           const char *value, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, add_escaped(&w->to, prefix, false, err));
  HPO_TRY(status, add_escaped(&w->to, name, false, err));
  HPO_TRY(status, hpo_buffer_format(&w->to, err, " = "));
  HPO_TRY(status, add_escaped(&w->to, value, false, err));
  HPO_TRY(status, hpo_buffer_format(&w->to, err, "\n"));
done:
  return status;
}

static hpo_status add_words(writer *w, const char *prefix, const char *name,
                            char *const *word, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, add_escaped(&w->to, prefix, false, err));
  HPO_TRY(status, hpo_buffer_format(&w->to, err, "%s =", name));
  for (size_t i = 0; i < n; i++) {
    HPO_TRY(status, hpo_buffer_format(&w->to, err, " \""));
    HPO_TRY(status, add_escaped(&w->to, word[i], true, err));
    HPO_TRY(status, hpo_buffer_format(&w->to, err, "\""));
  }
  HPO_TRY(status, hpo_buffer_format(&w->to, err, "\n"));
done:
  return status;
}

static hpo_status add_settings(writer *w, const char *prefix, const char *name,
                               const hpo_settings *s, hpo_error *err) {
  hpo_status status = HPO_OK;
  char longer[160];

  snprintf(longer, sizeof longer, "%s%s.", prefix, name);
  for (size_t i = 0; i < s->n; i++)
    HPO_TRY(status,
            add_line(w, longer, s->item[i].name, s->item[i].value, err));
done:
  return status;
}

static hpo_status add_member(writer *w, const char *prefix,
                             const hpo_member *m, const void *at,
                             hpo_error *err) {
  char text[32] = "";

  switch (m->kind) {
  case HPO_MEMBER_TEXT: {
    const char *own = *(char *const *)at;
    return add_line(w, prefix, m->name, own != NULL ? own : "", err);
  }
  case HPO_MEMBER_NAMES: {
    const hpo_names *n = at;
    return add_words(w, prefix, m->name, n->item, n->n, err);
  }
  case HPO_MEMBER_SETTINGS:
    return add_settings(w, prefix, m->name, at, err);
  case HPO_MEMBER_FLOAT:
    hpo_options_format_float(*(const double *)at, text);
    break;
  case HPO_MEMBER_WHOLE:
    snprintf(text, sizeof text, "%" PRId64, *(const int64_t *)at);
    break;
  case HPO_MEMBER_SEED:
    snprintf(text, sizeof text, "%" PRIu64, *(const uint64_t *)at);
    break;
  case HPO_MEMBER_INT:
    snprintf(text, sizeof text, "%d", *(const int *)at);
    break;
  case HPO_MEMBER_BOOL:
    snprintf(text, sizeof text, "%s", *(const bool *)at ? "yes" : "no");
    break;
  case HPO_MEMBER_TASK:
    snprintf(text, sizeof text, "%s", hpo_task_name(*(const hpo_task *)at));
    break;
  }
  return add_line(w, prefix, m->name, text, err);
}

static hpo_status add_members(writer *w, const char *prefix,
                              const hpo_member *table, const void *base,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  for (const hpo_member *m = table; m->name != NULL; m++)
    if (m->counts || !w->identity)
      HPO_TRY(status,
              add_member(w, prefix, m, (const char *)base + m->offset, err));
done:
  return status;
}

static hpo_status add_param(writer *w, const hpo_space *s, size_t i,
                            hpo_error *err) {
  static const char *const kinds[] = {"int", "float", "categorical"};
  hpo_status status = HPO_OK;
  const hpo_param *p = &s->param[i];
  char prefix[160], text[32];

  snprintf(prefix, sizeof prefix, "space.%zu.", i);
  HPO_TRY(status, add_line(w, prefix, "name", p->full_name, err));
  HPO_TRY(status, add_line(w, prefix, "kind",
                           p->ordered ? "ordinal" : kinds[p->kind], err));
  if (p->kind == HPO_PARAM_CATEGORICAL) {
    HPO_TRY(status,
            add_words(w, prefix, "choices", p->choice, p->n_choice, err));
  } else {
    HPO_TRY(status, add_line(w, prefix, "low",
                             hpo_options_format_float(p->low, text), err));
    HPO_TRY(status, add_line(w, prefix, "high",
                             hpo_options_format_float(p->high, text), err));
    HPO_TRY(status, add_line(w, prefix, "step",
                             hpo_options_format_float(p->step, text), err));
    HPO_TRY(status, add_line(w, prefix, "log", p->log ? "yes" : "no", err));
  }
  if (p->parent >= 0) {
    const hpo_param *parent = &s->param[p->parent];
    HPO_TRY(status, add_line(w, prefix, "parent", parent->full_name, err));
    HPO_TRY(status, add_line(w, prefix, "when",
                             parent->choice[p->parent_choice], err));
  }
done:
  return status;
}

static hpo_status add_enqueued(writer *w, const hpo_plan *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = p->space.n_param;
  char prefix[64], number[32];

  for (size_t i = 0; i < p->n_enqueue; i++) {
    snprintf(prefix, sizeof prefix, "enqueue.%zu.", i);
    HPO_TRY(status, add_line(w, prefix, "given", "yes", err));
    for (size_t k = 0; k < n; k++) {
      const hpo_param *q = &p->space.param[k];
      double x = p->enqueue[i * n + k];
      const char *text =
          q->kind == HPO_PARAM_CATEGORICAL && x >= 0 && x < (double)q->n_choice
              ? q->choice[(size_t)x]
              : hpo_options_format_float(x, number);
      if (!isnan(x))
        HPO_TRY(status, add_line(w, prefix, q->full_name, text, err));
    }
  }
done:
  return status;
}

static hpo_status add_forbidden(writer *w, const hpo_space *s,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  char prefix[64], low[32], high[32], *text = NULL;

  for (size_t i = 0; i < s->n_forbidden; i++) {
    const hpo_range *f = &s->forbidden[i];
    const hpo_param *p = &s->param[f->param];
    snprintf(prefix, sizeof prefix, "forbidden.%zu.", f->rule);
    hpo_mem_free(text);
    text = NULL;
    if (p->kind == HPO_PARAM_CATEGORICAL && !(f->low < f->high))
      HPO_TRY(status,
              hpo_mem_string(hpo_param_end(p, f->low, low), &text, err));
    else
      HPO_TRY(status, hpo_mem_format(&text, err, "%s to %s",
                                     hpo_param_end(p, f->low, low),
                                     hpo_param_end(p, f->high, high)));
    HPO_TRY(status, add_line(w, prefix, p->full_name, text, err));
  }
done:
  hpo_mem_free(text);
  return status;
}

/* What was taken over, in short; all of it stands in /known. */
static hpo_status add_known(writer *w, const hpo_plan *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  char hex[65], text[128];

  HPO_TRY(status, hpo_known_hash(p, hex, err));
  snprintf(text, sizeof text, "%zu trials, sha256 %s", p->n_known, hex);
  HPO_TRY(status, add_line(w, "", "known", text, err));
done:
  return status;
}

static hpo_status add_plan(writer *w, const hpo_plan *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  char prefix[64];

  HPO_TRY(status, add_members(w, "", hpo_plan_members, p, err));
  if (p->has_data)
    HPO_TRY(status,
            add_members(w, "data.", hpo_plan_data_members, &p->data, err));
  for (size_t i = 0; i < p->n_model; i++) {
    snprintf(prefix, sizeof prefix, "model.%zu.", i);
    HPO_TRY(status,
            add_members(w, prefix, hpo_plan_model_members, &p->model[i], err));
  }
  for (size_t i = 0; i < p->space.n_param; i++)
    HPO_TRY(status, add_param(w, &p->space, i, err));
  for (size_t i = 0; i < p->n_objective; i++) {
    snprintf(prefix, sizeof prefix, "objective.%zu.", i);
    HPO_TRY(status, add_members(w, prefix, hpo_plan_objective_members,
                                &p->objective[i], err));
  }
  for (size_t i = 0; i < p->n_constraint; i++) {
    snprintf(prefix, sizeof prefix, "constraint.%zu.", i);
    HPO_TRY(status, add_members(w, prefix, hpo_plan_constraint_members,
                                &p->constraint[i], err));
  }
  HPO_TRY(status, add_members(w, "sampler.", hpo_plan_choice_members,
                              &p->sampler, err));
  HPO_TRY(status,
          add_members(w, "pruner.", hpo_plan_choice_members, &p->pruner, err));
  HPO_TRY(status, add_members(w, "terminator.", hpo_plan_terminator_members,
                              &p->terminator, err));
  HPO_TRY(status, add_enqueued(w, p, err));
  HPO_TRY(status, add_forbidden(w, &p->space, err));
  for (size_t i = 0; i < p->n_warm; i++) {
    snprintf(prefix, sizeof prefix, "warm_start.%zu.", i);
    HPO_TRY(status,
            add_members(w, prefix, hpo_plan_warm_members, &p->warm[i], err));
  }
  if (p->n_warm > 0)
    HPO_TRY(status, add_known(w, p, err));
done:
  return status;
}

hpo_status hpo_plan_text(const hpo_plan *p, char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  writer w = {0};

  HPO_TRY(status, add_plan(&w, p, err));
  HPO_TRY(status, hpo_buffer_add(&w.to, "", 1, err));
  *out = (char *)w.to.byte;
  w.to = (hpo_buffer){0};
done:
  hpo_buffer_free(&w.to);
  return status;
}

hpo_status hpo_plan_identity(const hpo_plan *p, const char *data_hash,
                             char hex[65], hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_sha256 hash;
  writer w = {.identity = true};
  const char *mode = p->data_mode != NULL ? p->data_mode : "";
  char shards[32];
  const char *file = p->data.validation != NULL ? p->data.validation : "";

  HPO_TRY(status, add_plan(&w, p, err));
  HPO_TRY(status, add_line(&w, "", "data_local",
                           strcmp(mode, "local") == 0 ? "yes" : "no", err));
  if (strcmp(mode, "local") == 0) {
    snprintf(shards, sizeof shards, "%lld", (long long)p->shards);
    HPO_TRY(status, add_line(&w, "", "shards", shards, err));
  }
  HPO_TRY(status, add_line(&w, "", "validation_file",
                           file[0] != '\0' ? "yes" : "no", err));
  HPO_TRY(status, add_line(&w, "", "data_hash", data_hash, err));
  hpo_sha256_start(&hash);
  hpo_sha256_add(&hash, w.to.byte, w.to.n);
  hpo_sha256_end(&hash, hex);
done:
  hpo_buffer_free(&w.to);
  return status;
}

bool hpo_plan_counts(const char *name) {
  static const struct {
    const char *prefix;
    const hpo_member *member; /* NULL: all of it counts */
  } part[] = {{"space.", NULL},
              {"enqueue.", NULL},
              {"forbidden.", NULL},
              {"known", NULL},
              {"warm_start.", hpo_plan_warm_members},
              {"data.", hpo_plan_data_members},
              {"model.", hpo_plan_model_members},
              {"objective.", hpo_plan_objective_members},
              {"constraint.", hpo_plan_constraint_members},
              {"sampler.", hpo_plan_choice_members},
              {"pruner.", hpo_plan_choice_members},
              {"terminator.", hpo_plan_terminator_members},
              {"", hpo_plan_members}};
  size_t i = 0, n;

  while (strncmp(name, part[i].prefix, strlen(part[i].prefix)) != 0)
    i++;
  if (part[i].member == NULL)
    return true;
  name += strlen(part[i].prefix);
  n = strspn(name, "0123456789");
  name += name[n] == '.' ? n + 1 : 0;
  n = strcspn(name, ".");
  for (const hpo_member *m = part[i].member; m->name != NULL; m++)
    if (strlen(m->name) == n && strncmp(m->name, name, n) == 0)
      return m->counts;
  return false;
}
