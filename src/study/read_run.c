/* SPDX-License-Identifier: BSD-3-Clause */
/* <budget>, <trial-limits>, <parallel>, <output>. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "reading.h"

enum { MOST_RANKS = 1000000 }; /* of a team */

static hpo_status read_count(hpo_reading *r, const hpo_node *node,
                             const char *attr, int64_t *out, hpo_error *err) {
  const char *text = hpo_node_get(node, attr);

  if (text == NULL || hpo_options_parse_int(text, out))
    return HPO_OK;
  return hpo_faults_add(r->faults, node, attr, err,
                        "%s can't be \"%.40s\"; allowed: up to 2^63 - 1", attr,
                        text);
}

static hpo_status read_duration(hpo_reading *r, const hpo_node *node,
                                const char *attr, double *out,
                                hpo_error *err) {
  const char *text = hpo_node_get(node, attr);

  if (text == NULL ||
      (hpo_options_parse_duration(text, out) && *out > 0 && isfinite(*out)))
    return HPO_OK;
  return hpo_faults_add(r->faults, node, attr, err,
                        "%s can't be \"%.40s\"; allowed: a duration above 0, "
                        "such as 90s, 10m, 2h or 1:30:00",
                        attr, text);
}

static hpo_status read_budget(hpo_reading *r, const hpo_node *node,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *target = hpo_node_get(node, "target");
  const hpo_entry *sampler =
      hpo_catalog_find(r->catalog, HPO_ENTRY_SAMPLER, p->sampler.name);

  HPO_TRY(status, read_count(r, node, "trials", &p->trials, err));
  HPO_TRY(status, read_count(r, node, "patience", &p->patience, err));
  HPO_TRY(status, read_duration(r, node, "timeout", &p->timeout, err));
  if (target != NULL &&
      (!hpo_options_parse_float(target, &p->target) || !isfinite(p->target)))
    HPO_TRY(status, hpo_faults_add(r->faults, node, "target", err,
                                   "target can't be \"%.40s\"; allowed: a "
                                   "finite number",
                                   target));
  if (target != NULL && p->n_objective > 1)
    HPO_TRY(status, hpo_faults_add(r->faults, node, "target", err,
                                   "target= is for one objective, and the "
                                   "study has %zu; allowed: trials=, "
                                   "timeout=, patience=",
                                   p->n_objective));
  if (node->n_attr == 0 && (sampler == NULL || !sampler->ends))
    HPO_TRY(status, hpo_faults_add(r->faults, node, NULL, err,
                                   "no limit, so the study would never end; "
                                   "give one or more of trials=, timeout=, "
                                   "target=, patience="));
done:
  return status;
}

static hpo_status read_trial_limits(hpo_reading *r, const hpo_node *node,
                                    hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *memory = hpo_node_get(node, "memory");
  const char *on_fail = hpo_node_get(node, "on-fail");
  int64_t retries = 0;

  HPO_TRY(status, read_duration(r, node, "time", &p->limit_time, err));
  if (memory != NULL && (!hpo_options_parse_bytes(memory, &p->limit_memory) ||
                         p->limit_memory <= 0))
    HPO_TRY(status, hpo_faults_add(r->faults, node, "memory", err,
                                   "memory can't be \"%.40s\"; allowed: a "
                                   "size above 0, such as 500M or 4G",
                                   memory));
  if (on_fail != NULL && strncmp(on_fail, "retry:", 6) == 0 &&
      hpo_options_parse_int(on_fail + 6, &retries))
    p->retries = (int)retries; /* the schema bounds it */
done:
  return status;
}

/* Whether a metric differs from run to run. */
static bool is_loose(const char *metric) {
  static const char end[] = "_seconds";
  size_t n = strlen(metric), m = sizeof end - 1;

  return (n > m && strcmp(metric + n - m, end) == 0) ||
         strcmp(metric, "peak_memory") == 0;
}

/* An objective or a constraint in seconds differs from run to run. */
static hpo_status check_strict(hpo_reading *r, const hpo_node *node,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_plan *p = r->plan;

  for (size_t i = 0; p->strict && i < p->n_objective + p->n_constraint; i++) {
    bool is_objective = i < p->n_objective;
    const char *metric = is_objective
                             ? p->objective[i].metric
                             : p->constraint[i - p->n_objective].metric;
    if (is_loose(metric))
      HPO_TRY(status,
              hpo_faults_add(
                  r->faults, node, "order", err,
                  "order=\"strict\" can't hold with the %s %s, which "
                  "differs from run to run",
                  is_objective ? "objective" : "constraint on", metric));
  }
done:
  return status;
}

/* local: a rank of its own for each trial, and no claim to one sequence. */
static hpo_status check_local(hpo_reading *r, const hpo_node *node,
                              hpo_error *err) {
  const hpo_plan *p = r->plan;
  bool is_local = strcmp(p->data_mode, "local") == 0;
  bool has_shards = hpo_node_get(node, "shards") != NULL;
  const char *fault = NULL, *where = "data";

  if (!is_local && has_shards) {
    where = "shards";
    fault = "shards= belongs to data=\"local\"";
  } else if (!is_local) {
    return HPO_OK;
  } else if (!has_shards) {
    fault = "data=\"local\" needs shards=, the number of parts into which "
            "the training rows are dealt";
  } else if (!p->has_data) {
    fault = "data=\"local\" needs <data>";
  } else if (p->data.has_folds) {
    fault = "data=\"local\" with <folds> is not built yet in this version; "
            "allowed: <validation>";
  } else if (p->ranks_per_trial != 1) {
    where = "ranks-per-trial";
    fault = "data=\"local\" trains a trial on one rank; allowed: "
            "ranks-per-trial=\"1\"";
  } else if (p->strict) {
    where = "order";
    fault = "data=\"local\" goes with order=\"arrival\" alone";
  }
  return fault ? hpo_faults_add(r->faults, node, where, err, "%s", fault)
               : HPO_OK;
}

/* Trials side by side share a rank; those of a team share its ranks. */
static hpo_status check_batch(hpo_reading *r, const hpo_node *node,
                              hpo_error *err) {
  const hpo_plan *p = r->plan;

  if (p->batch <= 1 || p->ranks_per_trial == 1)
    return HPO_OK;
  return hpo_faults_add(r->faults, node, "batch", err,
                        "batch=\"%d\" trains its trials side by side on one "
                        "rank; allowed: ranks-per-trial=\"1\"",
                        p->batch);
}

static hpo_status read_parallel(hpo_reading *r, const hpo_node *node,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *ranks = hpo_node_get(node, "ranks-per-trial");
  int64_t n = 0, batch = 1;

  if (strcmp(ranks, "all") != 0 &&
      (!hpo_options_parse_int(ranks, &n) || n < 1 || n > MOST_RANKS))
    HPO_TRY(status, hpo_faults_add(r->faults, node, "ranks-per-trial", err,
                                   "ranks-per-trial=\"%.40s\"; allowed: 1 to "
                                   "%d, or all",
                                   ranks, MOST_RANKS));
  p->ranks_per_trial = (int)n;
  p->strict = strcmp(hpo_node_get(node, "order"), "strict") == 0;
  HPO_TRY(status, read_count(r, node, "window", &p->window, err));
  p->reuse = hpo_node_get(node, "reuse") == NULL ||
             strcmp(hpo_node_get(node, "reuse"), "yes") == 0;
  HPO_TRY(status,
          hpo_read_text(hpo_node_get(node, "data"), &p->data_mode, err));
  HPO_TRY(status, read_count(r, node, "shards", &p->shards, err));
  HPO_TRY(status, read_count(r, node, "batch", &batch, err));
  p->batch = (int)batch; /* the schema bounds it */
  HPO_TRY(status, check_batch(r, node, err));
  HPO_TRY(status, check_local(r, node, err));
  HPO_TRY(status, check_strict(r, node, err));
done:
  return status;
}

/* The study file's name with .h5, in the current folder. */
static hpo_status default_output(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *slash = strrchr(r->path, '/');
  const char *name = slash == NULL ? r->path : slash + 1;
  const char *dot = strrchr(name, '.');
  size_t n = dot == NULL || dot == name ? strlen(name) : (size_t)(dot - name);
  char *made = NULL;

  HPO_TRY(status, hpo_mem_format(&made, err, "%.*s.h5", (int)n, name));
  hpo_mem_free(r->plan->output);
  r->plan->output = made;
done:
  return status;
}

static bool ends_in(const char *text, const char *end) {
  size_t n = strlen(text), m = strlen(end);

  return n > m && strcmp(text + n - m, end) == 0;
}

/* The study file's folder must be there before anything is trained. */
static hpo_status check_folder(hpo_reading *r, const hpo_node *node,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  char *file = NULL, *folder = NULL;
  const char *slash;

  HPO_TRY(status, hpo_file_beside(r->plan->output, "", &file, err));
  slash = strrchr(file, '/');
  HPO_TRY(status, hpo_mem_format(&folder, err, "%.*s",
                                 slash ? (int)(slash - file) + 1 : 1,
                                 slash ? file : "."));
  if (access(folder, W_OK | X_OK) != 0)
    HPO_TRY(status, hpo_faults_add(r->faults, node ? node : r->root,
                                   node ? "file" : NULL, err,
                                   "file=\"%.200s\": folder %.200s: %s",
                                   r->plan->output, folder, strerror(errno)));
done:
  hpo_mem_free(file);
  hpo_mem_free(folder);
  return status;
}

static hpo_status read_output(hpo_reading *r, const hpo_node *node,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;
  const char *file = hpo_node_get(node, "file");
  const char *models = hpo_node_get(node, "models");
  struct stat st;

  if (models != NULL && strcmp(models, "all") == 0)
    p->keep_models = -1;
  else if (models != NULL && strcmp(models, "none") == 0)
    p->keep_models = 0;
  else if (models != NULL &&
           !hpo_options_parse_int(models + 5, &p->keep_models))
    HPO_TRY(status,
            hpo_faults_add(r->faults, node, "models", err,
                           "models can't be \"%.40s\": too many", models));
  if (file == NULL)
    goto done;
  HPO_TRY(status, hpo_read_text(file, &p->output, err));
  if (!ends_in(file, ".h5") && !ends_in(file, ".hdf5"))
    HPO_TRY(status,
            hpo_faults_add(r->faults, node, "file", err,
                           "file=\"%.200s\" must end in .h5 or .hdf5", file));
  else if (stat(file, &st) == 0 && S_ISDIR(st.st_mode))
    HPO_TRY(status, hpo_faults_add(r->faults, node, "file", err,
                                   "file=\"%.200s\" is a folder", file));
done:
  return status;
}

hpo_status hpo_read_limits(hpo_reading *r, hpo_error *err) {
  static const struct {
    const char *element;
    hpo_status (*read)(hpo_reading *r, const hpo_node *node, hpo_error *err);
  } part[] = {{"budget", read_budget},
              {"trial-limits", read_trial_limits},
              {"parallel", read_parallel},
              {"output", read_output}};
  hpo_status status = HPO_OK;
  hpo_plan *p = r->plan;

  p->target = NAN;
  p->ranks_per_trial = p->batch = 1;
  p->window = 16;
  p->reuse = true;
  p->keep_models = 1;
  HPO_TRY(status, hpo_read_text("shared", &p->data_mode, err));
  HPO_TRY(status, default_output(r, err));
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    const hpo_node *node = hpo_node_good(r->root, part[i].element);
    if (node != NULL)
      HPO_TRY(status, part[i].read(r, node, err));
  }
  HPO_TRY(status, check_folder(r, hpo_node_child(r->root, "output", 0), err));
done:
  return status;
}
