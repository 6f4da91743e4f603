/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a trial's program runs and what it is told: see place.h. */
#include "model/command/place.h"
#include "model/json.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* --- folders --------------------------------------------------------------
 */

hpo_status hpo_place_absolute(const char *path, char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char here[4096];

  if (path[0] == '/')
    return hpo_mem_string(path, out, err);
  if (getcwd(here, sizeof here) == NULL)
    HPO_FAIL(status, err, HPO_EIO, "the current folder: %s", strerror(errno));
  HPO_TRY(status, strcmp(path, ".") == 0
                      ? hpo_mem_string(here, out, err)
                      : hpo_mem_format(out, err, "%s/%s", here, path));
done:
  return status;
}

/* "NAME.trials" beside NAME.h5, or in the folder dir. */
static hpo_status name_base(const char *output, const char *dir, char **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *slash = strrchr(output, '/');
  const char *name = slash == NULL ? output : slash + 1;
  const char *dot = strrchr(name, '.');
  int n = (int)(dot == NULL ? strlen(name) : (size_t)(dot - name));
  char *relative = NULL;

  if (dir != NULL && dir[0] != '\0')
    HPO_TRY(status,
            hpo_mem_format(&relative, err, "%s/%.*s.trials", dir, n, name));
  else
    HPO_TRY(status, hpo_mem_format(&relative, err, "%.*s%.*s.trials",
                                   (int)(name - output), output, n, name));
  HPO_TRY(status, hpo_place_absolute(relative, out, err));
done:
  hpo_mem_free(relative);
  return status;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *where) {
  (void)st;
  (void)kind;
  (void)where;
  (void)remove(path);
  return 0; /* what can't be removed stays, the rest goes */
}

void hpo_place_remove(const hpo_place *p) {
  if (p->folder == NULL)
    return;
  (void)nftw(p->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  (void)rmdir(p->base); /* unless others have theirs in it */
}

/* Others may remove the empty base between the two. */
static hpo_status make_folder(const hpo_place *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  int failed = -1;

  (void)nftw(p->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  for (int i = 0; failed != 0 && i < 100; i++) {
    if (mkdir(p->base, 0777) != 0 && errno != EEXIST)
      break;
    failed = mkdir(p->folder, 0777);
    if (failed != 0 && errno != ENOENT)
      break;
  }
  if (failed != 0)
    HPO_FAIL(status, err, HPO_EIO, "the trial's folder %s: %s", p->folder,
             strerror(errno));
done:
  return status;
}

/* --- the file of parameters -----------------------------------------------
 */

/* Whether it is a number as JSON writes it. */
static bool is_json_number(const char *t) {
  t += *t == '-';
  if (!isdigit((unsigned char)*t) ||
      (*t == '0' && isdigit((unsigned char)t[1])))
    return false;
  t += strspn(t, "0123456789");
  if (*t == '.') {
    if (!isdigit((unsigned char)*++t))
      return false;
    t += strspn(t, "0123456789");
  }
  if (*t == 'e' || *t == 'E') {
    t += t[1] == '+' || t[1] == '-' ? 2 : 1;
    if (!isdigit((unsigned char)*t))
      return false;
    t += strspn(t, "0123456789");
  }
  return *t == '\0';
}

static hpo_status write_params(const hpo_model_input *in, const char *path,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};
  FILE *f = NULL;

  HPO_TRY(status, hpo_buffer_add(&b, "{", 1, err));
  for (size_t i = 0; i < in->n_free; i++) {
    HPO_TRY(status, hpo_buffer_format(&b, err, "%s", i > 0 ? ", " : ""));
    HPO_TRY(status, hpo_json_add_text(&b, in->free_name[i], err));
    HPO_TRY(status, hpo_buffer_format(&b, err, ": "));
    if (is_json_number(in->free_text[i]))
      HPO_TRY(status, hpo_buffer_format(&b, err, "%s", in->free_text[i]));
    else
      HPO_TRY(status, hpo_json_add_text(&b, in->free_text[i], err));
  }
  HPO_TRY(status, hpo_buffer_add(&b, "}\n", 2, err));
  f = fopen(path, "wbe");
  if (f == NULL || fwrite(b.byte, 1, b.n, f) != b.n || fclose(f) != 0)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", path, strerror(errno));
done:
  hpo_buffer_free(&b);
  return status;
}

/* --- words ----------------------------------------------------------------
 */

typedef struct values {
  const hpo_model_input *in;
  const hpo_place *place;
  char text[32];
} values;

/* Parameters first; a searched one that is inactive now is absent: names
   were checked when the study was read. */
static bool value_of(void *self, const char *name, const char **out) {
  values *v = self;
  const hpo_model_trial *t = &v->in->trial;

  *out = NULL;
  for (size_t i = 0; i < v->in->n_free; i++)
    if (strcmp(v->in->free_name[i], name) == 0) {
      *out = v->in->free_text[i];
      return true;
    }
  if (strcmp(name, "trial") == 0)
    (void)snprintf(v->text, sizeof v->text, "%lld", (long long)t->number);
  else if (strcmp(name, "attempt") == 0)
    (void)snprintf(v->text, sizeof v->text, "%lld", (long long)t->attempt);
  else if (strcmp(name, "seed") == 0)
    (void)snprintf(v->text, sizeof v->text, "%llu",
                   (unsigned long long)v->in->seed);
  if (strcmp(name, "trial") == 0 || strcmp(name, "attempt") == 0 ||
      strcmp(name, "seed") == 0)
    *out = v->text;
  else if (strcmp(name, "workdir") == 0)
    *out = v->place->folder;
  else if (strcmp(name, "study") == 0)
    *out = v->place->study;
  else if (strcmp(name, "params") == 0)
    *out = v->place->params;
  return true;
}

/* A program with a slash in its name is seen from the study's folder. */
static hpo_status make_words(const hpo_model_input *in, hpo_place *p,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  values v = {.in = in, .place = p};
  char *path = NULL;

  HPO_TRY(status, hpo_words_make(hpo_options_get_text(in->options, "run"),
                                 value_of, &v, &p->argv, err));
  if (p->argv.word[0][0] == '/' || strchr(p->argv.word[0], '/') == NULL)
    goto done;
  HPO_TRY(status,
          hpo_mem_format(&path, err, "%s/%s", p->study, p->argv.word[0]));
  hpo_mem_free(p->argv.word[0]);
  p->argv.word[0] = path;
done:
  return status;
}

/* --- environment ----------------------------------------------------------
 */

/* Variables by which Open MPI, PMIx and PMI know this rank again: a program
   that uses MPI itself would take itself for it.  What a user sets for all
   of his mpiruns stays. */
static bool is_ours(const char *variable) {
  static const char *const gone[] = {"OMPI_", "PMIX_", "PMI_", "PRTE_",
                                     "ORTE_", "OPAL_", "HPO_"};
  static const char *const kept[] = {"OMPI_ALLOW_RUN_AS_ROOT",
                                     "OMPI_MCA_rmaps_base_oversubscribe",
                                     "PRTE_MCA_rmaps_default_mapping_policy"};

  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (strncmp(variable, kept[i], strlen(kept[i])) == 0)
      return false;
  for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
    if (strncmp(variable, gone[i], strlen(gone[i])) == 0)
      return true;
  return false;
}

hpo_status hpo_place_set(hpo_words *env, const char *name, const char *value,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  char *text = NULL;

  HPO_TRY(status, hpo_mem_format(&text, err, "%s=%s", name, value));
  HPO_TRY(status, hpo_words_add(env, text, err));
done:
  hpo_mem_free(text);
  return status;
}

static hpo_status add_param(hpo_words *env, const char *name,
                            const char *value, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *text = NULL;

  HPO_TRY(status, hpo_mem_format(&text, err, "HPO_PARAM_%s", name));
  for (char *c = text; *c != '\0'; c++)
    if (!isalnum((unsigned char)*c))
      *c = '_';
  HPO_TRY(status, hpo_place_set(env, text, value, err));
done:
  hpo_mem_free(text);
  return status;
}

hpo_status hpo_place_inherit(int cores, hpo_words *env, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool has_threads = false;
  char text[16];

  for (char **e = environ; *e != NULL; e++) {
    has_threads = has_threads || strncmp(*e, "OMP_NUM_THREADS=", 16) == 0;
    if (!is_ours(*e))
      HPO_TRY(status, hpo_words_add(env, *e, err));
  }
  (void)snprintf(text, sizeof text, "%d", cores);
  if (!has_threads)
    HPO_TRY(status, hpo_place_set(env, "OMP_NUM_THREADS", text, err));
  HPO_TRY(status, hpo_place_set(env, "HPO_CORES", text, err));
done:
  return status;
}

static hpo_status make_environment(const hpo_model_input *in, hpo_place *p,
                                   hpo_error *err) {
  static const char *const name[][2] = {
      {"HPO_TRIAL", "trial"},     {"HPO_ATTEMPT", "attempt"},
      {"HPO_SEED", "seed"},       {"HPO_WORKDIR", "workdir"},
      {"HPO_STUDY_DIR", "study"}, {"HPO_PARAMS", "params"}};
  hpo_status status = HPO_OK;
  hpo_model_input bare = *in;
  values v = {.in = &bare, .place = p};

  bare.n_free = 0; /* the names below, not parameters called so */
  HPO_TRY(status, hpo_place_inherit(in->coll->size, &p->env, err));
  for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
    const char *value = NULL;
    (void)value_of(&v, name[i][1], &value);
    HPO_TRY(status, hpo_place_set(&p->env, name[i][0], value, err));
  }
  for (size_t i = 0; i < in->n_free; i++)
    HPO_TRY(status,
            add_param(&p->env, in->free_name[i], in->free_text[i], err));
done:
  return status;
}

/* --- all of it ------------------------------------------------------------
 */

hpo_status hpo_place_create(const hpo_model_input *in, hpo_place *p,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_trial *t = &in->trial;
  char again[32] = "";

  *p = (hpo_place){0};
  if (t->attempt > 0)
    (void)snprintf(again, sizeof again, ".%lld", (long long)t->attempt);
  HPO_TRY(status, hpo_place_absolute(t->study_folder, &p->study, err));
  HPO_TRY(status,
          name_base(t->output, hpo_options_get_text(in->options, "dir"),
                    &p->base, err));
  HPO_TRY(status, hpo_mem_format(&p->folder, err, "%s/trial-%lld%s", p->base,
                                 (long long)t->number, again));
  HPO_TRY(status,
          hpo_mem_format(&p->params, err, "%s/params.json", p->folder));
  HPO_TRY(status, make_words(in, p, err));
  HPO_TRY(status, make_environment(in, p, err));
  HPO_TRY(status, make_folder(p, err));
  HPO_TRY(status, hpo_place_tell_data(in, p->folder, &p->env, err));
  HPO_TRY(status, write_params(in, p->params, err));
done:
  return status;
}

void hpo_place_free(hpo_place *p) {
  hpo_mem_free(p->base);
  hpo_mem_free(p->folder);
  hpo_mem_free(p->study);
  hpo_mem_free(p->params);
  hpo_words_free(&p->argv);
  hpo_words_free(&p->env);
  *p = (hpo_place){0};
}
