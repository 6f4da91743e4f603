/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune stop: asks a running study to stop, save and end. */
#include "cmd/cmd.h"
#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/report.h"

#include <stdio.h>

static const hpo_arg arguments[] = {
    {"wait", NULL, "come back only when the study has ended"}};

static hpo_status stop(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  char *request = NULL;

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune stop FILE.h5");
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  *exit_code = 0;
  if (!f.is_live) {
    printf("%s: no study is running here\n", f.path);
    goto done;
  }
  HPO_TRY(status, hpo_file_beside(f.path, ".stop", &request, err));
  HPO_TRY(status, hpo_file_write_all(request, "stop\n", 5, err));
  printf("%s: asked to stop; it saves and ends\n", f.path);
  (void)fflush(stdout);
  while (hpo_args_get(args, "wait") && hpo_store_is_live(f.store))
    hpo_clock_sleep(0.05);
done:
  hpo_mem_free(request);
  hpo_study_file_close(&f);
  return status;
}

const hpo_command hpo_cmd_stop = {
    .name = "stop",
    .words = "FILE.h5",
    .summary = "asks a running study to stop, save and end",
    .help =
        "The run ends as after SIGUSR1: within a step, exit code 75, and the "
        "same command\ngoes on. It works from any node that sees the file. "
        "jobs/study.sbatch does not\nput a job back in the queue that was "
        "stopped so.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = stop};
