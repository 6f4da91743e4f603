/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune tag: names and values for a study or a trial, after the fact. */
#include "cmd/cmd.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/report.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { NAME_ROOM = 64, VALUE_ROOM = 256 }; /* as in the table */

static hpo_status check_words(const hpo_args *args, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (args->word.n < 2)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a study file and tags are wanted: hpotune tag FILE.h5 "
             "NAME=VALUE");
  for (size_t i = 1; i < args->word.n; i++) {
    const char *word = args->word.item[i], *equals = strchr(word, '=');
    if (!equals || equals == word)
      HPO_FAIL(status, err, HPO_EINVAL,
               "\"%s\" is no tag; allowed: NAME=VALUE", word);
    if (equals - word > NAME_ROOM || strlen(equals + 1) > VALUE_ROOM)
      HPO_FAIL(status, err, HPO_EINVAL,
               "\"%s\" is too long; allowed: a name of %d bytes, a value of "
               "%d",
               word, (int)NAME_ROOM, (int)VALUE_ROOM);
  }
done:
  return status;
}

/* The file at rest, and which trial; -1: the study. */
static hpo_status check_file(const hpo_args *args, hpo_id *trial,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *text = hpo_args_get(args, "trial");
  hpo_study_file f = {0};
  int64_t number = -1;

  HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
  if (f.is_live)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is being written by a running study; tag it when that has "
             "ended, or end it now: hpotune stop %s",
             f.path, f.path);
  if (text && (!hpo_options_parse_int(text, &number) || number < 0 ||
               (size_t)number >= f.n))
    HPO_FAIL(status, err, HPO_EINVAL, "%s has no trial %s; it has %zu", f.path,
             text, f.n);
  *trial = number;
done:
  hpo_study_file_close(&f);
  return status;
}

static hpo_status add_tag(hpo_store *store, hpo_id trial, const char *word,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;
  struct timespec now = {0};
  char name[NAME_ROOM + 1];

  (void)clock_gettime(CLOCK_REALTIME, &now);
  snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
  const hpo_layout_tag tag = {.time = (int64_t)now.tv_sec * 1000000000 +
                                      (int64_t)now.tv_nsec,
                              .trial = trial,
                              .name = name,
                              .value = strchr(word, '=') + 1};
  HPO_TRY(status, hpo_layout_tag_row(&tag, &row, err));
  HPO_TRY(status, hpo_store_append(store, HPO_TABLE_TAGS, row, NULL, err));
done:
  hpo_record_destroy(row);
  return status;
}

static hpo_status tag(const hpo_args *args, int *exit_code, hpo_error *err) {
  static const char *const tables[] = {HPO_TABLE_TAGS};
  hpo_status status = HPO_OK;
  hpo_store *store = NULL, *closing = NULL;
  hpo_id trial = -1;

  *exit_code = 0;
  HPO_TRY(status, check_words(args, err));
  HPO_TRY(status, check_file(args, &trial, err));
  HPO_TRY(status, hpo_store_open_write(args->word.item[0], &store, err));
  for (size_t i = 1; i < args->word.n; i++)
    HPO_TRY(status, add_tag(store, trial, args->word.item[i], err));
  HPO_TRY(status, hpo_store_flush(store, tables, 1, err));
  closing = store;
  store = NULL;
  HPO_TRY(status, hpo_store_close(closing, err));
done:
  hpo_store_destroy(store);
  return status;
}

static const hpo_arg arguments[] = {
    {"trial", "N", "of this trial; of the study unless given"}};

const hpo_command hpo_cmd_tag = {
    .name = "tag",
    .words = "FILE.h5 NAME=VALUE",
    .summary = "a tag for the study or a trial",
    .help = "Tags stand in the table /tags; of a name the latest counts. "
            "`show N` prints those of a\ntrial. A file that a running study "
            "writes is refused.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = tag};
