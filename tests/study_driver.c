/* SPDX-License-Identifier: BSD-3-Clause */
/* Reads a study file with the names that the program really has, or with
 * those of studynames.c (--small), and prints the plan or the faults.
 *
 *   study_driver [--small] FILE [PATH=VALUE]... */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "hpo/mem.h"
#include "hpo/study.h"
#include "studynames.h"

int main(int argc, char **argv) {
  hpo_status status = HPO_OK;
  hpo_error err = {0};
  hpo_catalog all = {0};
  hpo_plan *plan = NULL;
  char *text = NULL;
  int at = argc > 1 && strcmp(argv[1], "--small") == 0 ? 2 : 1;

  if (at >= argc)
    HPO_FAIL(status, &err, HPO_EINVAL, "usage: study_driver [--small] FILE");
  HPO_TRY(status, hpo_cmd_catalog(&all, &err));
  hpo_catalog small = studynames();
  HPO_TRY(status, hpo_study_read(argv[at], at == 2 ? &small : &all,
                                 (const char *const *)(argv + at + 1),
                                 (size_t)(argc - at - 1), &plan, NULL, &err));
  HPO_TRY(status, hpo_plan_text(plan, &text, &err));
  fputs(text, stdout);
done:
  if (status != HPO_OK)
    fprintf(stderr, "%s\n", err.text);
  hpo_mem_free(text);
  hpo_plan_destroy(plan);
  hpo_mem_free(all.entry);
  return hpo_status_exit(status);
}
