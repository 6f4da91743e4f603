/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune importance: which parameters mattered. */
#include "hpo/importance.h"
#include "cmd/cmd.h"

#include <stdio.h>
#include <string.h>

static const hpo_arg arguments[] = {
    {"method", "M", "fanova (default) or ped-anova"},
    {"format", "F", "table (default), csv or json"}};

static hpo_status print(const hpo_importance *i, hpo_importance_method method,
                        const char *format, hpo_error *err) {
  bool csv = strcmp(format, "csv") == 0, json = strcmp(format, "json") == 0;

  if (!csv && !json && strcmp(format, "table") != 0)
    return hpo_error_set(err, HPO_EINVAL,
                         "--format %s: allowed are table, csv, json", format);
  if (csv)
    printf("parameter,importance\n");
  for (size_t k = 0; k < i->name.n; k++)
    if (csv)
      printf("%s,%.6f\n", i->name.item[k], i->share[k]);
    else if (json)
      printf("%s\n  {\"parameter\": \"%s\", \"importance\": %.6f}%s",
             k ? "," : "[", i->name.item[k], i->share[k],
             k + 1 == i->name.n ? "\n]\n" : "");
    else
      printf("%-32s %6.1f %%\n", i->name.item[k], 100 * i->share[k]);
  if (csv || json)
    return HPO_OK;
  printf("\n%s over %zu complete trials",
         method == HPO_IMPORTANCE_FANOVA ? "fANOVA" : "PED-ANOVA", i->trials);
  if (i->left_out)
    printf("; %zu parameters that some trial lacks or that do not vary are "
           "left out",
           i->left_out);
  printf("\n");
  return HPO_OK;
}

static hpo_status importance(const hpo_args *args, int *exit_code,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_importance found = {0};
  hpo_importance_method method = HPO_IMPORTANCE_FANOVA;
  const char *name = hpo_args_get(args, "method");
  const char *format = hpo_args_get(args, "format");

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune importance FILE.h5");
  if (name && strcmp(name, "ped-anova") == 0)
    method = HPO_IMPORTANCE_PED_ANOVA;
  else if (name && strcmp(name, "fanova") != 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "--method %s: allowed are fanova, ped-anova", name);
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  HPO_TRY(status, hpo_study_importance(&f, method, &found, err));
  HPO_TRY(status, print(&found, method, format ? format : "table", err));
  *exit_code = 0;
done:
  hpo_importance_free(&found);
  hpo_study_file_close(&f);
  return status;
}

const hpo_command hpo_cmd_importance = {
    .name = "importance",
    .words = "FILE.h5",
    .summary = "which parameters mattered, by fANOVA or PED-ANOVA",
    .help =
        "fANOVA (Hutter and others 2014): the share of the objective's "
        "variance that a\nparameter explains by itself, over the whole space. "
        "PED-ANOVA (Watanabe and\nothers 2023): what sets the best tenth of "
        "the trials apart; fast, and local to\nthe good region.  Shares sum "
        "to 100 %.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = importance};
