/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune report: a study as one HTML page. */
#include "hpo/report.h"
#include "cmd/cmd.h"
#include "config.h"
#include "hpo/file.h"
#include "hpo/mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const hpo_arg arguments[] = {
    {"o", "PAGE.html",
     "where to write it; - is standard output; FILE.html "
     "unless given"}};

/* "x.h5" -> "x.html" */
static hpo_status default_name(const char *file, char **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer name = {0};
  size_t n = strlen(file);

  if (n > 3 && strcmp(file + n - 3, ".h5") == 0)
    n -= 3;
  HPO_TRY(status, hpo_buffer_add(&name, file, n, err));
  HPO_TRY(status, hpo_buffer_add(&name, ".html", 6, err));
  *out = (char *)name.byte;
  name = (hpo_buffer){0};
done:
  hpo_buffer_free(&name);
  return status;
}

static hpo_status report(const hpo_args *args, int *exit_code,
                         hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};
  hpo_buffer page = {0};
  char *name = NULL;
  const char *to = hpo_args_get(args, "o");

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune report FILE.h5 -o PAGE.html");
  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  HPO_TRY(status, hpo_report_page(&f, PACKAGE_VERSION, &page, err));
  if (!to) {
    HPO_TRY(status, default_name(args->word.item[0], &name, err));
    to = name;
  }
  if (strcmp(to, "-") != 0) {
    HPO_TRY(status, hpo_file_write_all(to, page.byte, page.n, err));
    printf("%s: %zu trials, %.1f KiB\n", to, f.n, (double)page.n / 1024);
  } else if (fwrite(page.byte, 1, page.n, stdout) != page.n ||
             fflush(stdout) != 0) {
    HPO_FAIL(status, err, HPO_EIO, "cannot write to standard output: %s",
             strerror(errno));
  }
  *exit_code = 0;
done:
  hpo_mem_free(name);
  hpo_buffer_free(&page);
  hpo_study_file_close(&f);
  return status;
}

const hpo_command hpo_cmd_report = {
    .name = "report",
    .words = "FILE.h5",
    .summary = "the study as one HTML page with charts",
    .help =
        "The page needs no network and no other file: history, learning "
        "curves,\nslices, a contour, parallel coordinates, other metrics, the "
        "Pareto front;\nROC and precision-recall curves, confusion matrices "
        "and feature importance of the\nbest stored models; the time line of "
        "the teams, all trials, the sessions.  Of more\nthan 1,000 trials it "
        "draws 1,000 and says so. It works on a running study.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = report};
