/* SPDX-License-Identifier: BSD-3-Clause */
/* The wings' registries as one catalogue, for study/ and describe. */
#include "cmd/cmd.h"
#include "hpo/comm.h"
#include "hpo/mem.h"
#include "hpo/metric.h"
#include "hpo/model.h"
#include "hpo/pruner.h"
#include "hpo/sampler.h"
#include "hpo/terminator.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t add_models(hpo_entry *to) {
  size_t n = 0;
  const hpo_model_kind *const *kinds = hpo_model_kinds(&n);
  for (size_t i = 0; to && i < n; i++)
    to[i] = (hpo_entry){.kind = HPO_ENTRY_MODEL,
                        .name = kinds[i]->name,
                        .help = kinds[i]->help,
                        .option = kinds[i]->option,
                        .n_option = kinds[i]->n_option,
                        .is_built = kinds[i]->is_built,
                        .tasks = kinds[i]->tasks,
                        .free_params = kinds[i]->free_params,
                        .any_params = kinds[i]->any_params,
                        .own_metrics =
                            kinds[i]->metric != NULL && !kinds[i]->free_params,
                        .has_library = kinds[i]->has_library};
  return n;
}

static size_t add_samplers(hpo_entry *to) {
  size_t n = 0;
  const hpo_sampler_kind *const *kinds = hpo_sampler_kinds(&n);
  for (size_t i = 0; to && i < n; i++)
    to[i] = (hpo_entry){.kind = HPO_ENTRY_SAMPLER,
                        .name = kinds[i]->name,
                        .help = kinds[i]->help,
                        .option = kinds[i]->option,
                        .n_option = kinds[i]->n_option,
                        .ends = kinds[i]->count != NULL,
                        .one_objective = kinds[i]->one_objective,
                        .is_built = kinds[i]->is_built};
  return n;
}

static size_t add_pruners(hpo_entry *to) {
  size_t n = 0;
  const hpo_pruner_kind *const *kinds = hpo_pruner_kinds(&n);
  for (size_t i = 0; to && i < n; i++)
    to[i] = (hpo_entry){.kind = HPO_ENTRY_PRUNER,
                        .name = kinds[i]->name,
                        .help = kinds[i]->help,
                        .option = kinds[i]->option,
                        .n_option = kinds[i]->n_option,
                        .one_objective = kinds[i]->needs_reports ||
                                         kinds[i]->rule != NULL ||
                                         kinds[i]->ladder != NULL,
                        .is_built = kinds[i]->is_built};
  return n;
}

static size_t add_terminators(hpo_entry *to) {
  size_t n = 0;
  const hpo_terminator_kind *kinds = hpo_terminator_kinds(&n);
  for (size_t i = 0; to && i < n; i++)
    to[i] = (hpo_entry){.kind = HPO_ENTRY_TERMINATOR,
                        .name = kinds[i].name,
                        .help = kinds[i].help,
                        .option = kinds[i].option,
                        .n_option = kinds[i].n_option,
                        .one_objective = kinds[i].n_option > 0,
                        .check = hpo_terminator_check,
                        .is_built = true};
  return n;
}

static size_t add_metrics(hpo_entry *to) {
  size_t n = 0;
  const hpo_metric *const *kinds = hpo_metric_kinds(&n);
  for (size_t i = 0; to && i < n; i++)
    to[i] = (hpo_entry){.kind = HPO_ENTRY_METRIC,
                        .name = kinds[i]->name,
                        .help = kinds[i]->help,
                        .is_built = true,
                        .tasks = kinds[i]->tasks,
                        .maximize = kinds[i]->maximize,
                        .of_trial = kinds[i]->of_trial,
                        .low = kinds[i]->low,
                        .high = kinds[i]->high};
  return n;
}

hpo_status hpo_cmd_catalog(hpo_catalog *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_entry *entry = NULL;
  size_t n = add_models(NULL) + add_samplers(NULL) + add_pruners(NULL) +
             add_terminators(NULL) + add_metrics(NULL);

  HPO_TRY(status, hpo_mem_new(n, sizeof *entry, &entry, err));
  size_t i = add_models(entry);
  i += add_samplers(entry + i);
  i += add_pruners(entry + i);
  i += add_terminators(entry + i);
  i += add_metrics(entry + i);
  HPO_ASSERT(i == n);
  out->entry = entry;
  out->n = n;
done:
  return status;
}

void hpo_cmd_complain(const hpo_error *err) {
  const char *line = err->text;
  while (*line) {
    size_t n = strcspn(line, "\n");
    fprintf(stderr, "hpotune: error: %.*s\n", (int)n, line);
    line += n + (line[n] == '\n');
  }
}

void hpo_cmd_note_exit(int code) {
  const char *path = getenv("HPOTUNE_EXIT_FILE");
  FILE *f = NULL;

  if (!path || !*path || hpo_mpi_rank_hint() != 0)
    return;
  f = fopen(path, "w");
  if (!f || fprintf(f, "%d\n", code) < 0)
    fprintf(stderr, "hpotune: HPOTUNE_EXIT_FILE: %s: %s\n", path,
            strerror(errno));
  if (f)
    (void)fclose(f);
}
