/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune tag: names and values, or a note, for a study or a trial. */
#include "cmd/attached.h"
#include "cmd/cmd.h"
#include "hpo/mem.h"

#include <stdio.h>
#include <string.h>

static hpo_status check_words(const hpo_args *args, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *note = hpo_args_get(args, "note");

  if (args->word.n < (note ? 1 : 2))
    HPO_FAIL(status, err, HPO_EINVAL,
             "a study file and tags are wanted: hpotune tag FILE.h5 "
             "NAME=VALUE");
  if (note && strlen(note) > HPO_INBOX_NOTE_ROOM)
    HPO_FAIL(status, err, HPO_EINVAL,
             "the note has %zu bytes; allowed: %d, or attach a file",
             strlen(note), (int)HPO_INBOX_NOTE_ROOM);
  for (size_t i = 1; i < args->word.n; i++) {
    const char *word = args->word.item[i], *equals = strchr(word, '=');
    if (!equals || equals == word)
      HPO_FAIL(status, err, HPO_EINVAL,
               "\"%s\" is no tag; allowed: NAME=VALUE (of a trial: with "
               "--trial N)",
               word);
    if (equals - word > HPO_INBOX_NAME || strlen(equals + 1) > HPO_INBOX_VALUE)
      HPO_FAIL(status, err, HPO_EINVAL,
               "\"%s\" is too long; allowed: a name of %d bytes, a value of "
               "%d",
               word, (int)HPO_INBOX_NAME, (int)HPO_INBOX_VALUE);
  }
done:
  return status;
}

/* The words as items: each name ends where its value begins. */
static hpo_status make_items(const hpo_args *args, int64_t trial,
                             char *const *name, hpo_inbox_item *item,
                             size_t *n) {
  const char *note = hpo_args_get(args, "note");

  for (size_t i = 1; i < args->word.n; i++)
    item[(*n)++] =
        (hpo_inbox_item){.kind = HPO_INBOX_TAG,
                         .trial = trial,
                         .name = name[i],
                         .text = strchr(args->word.item[i], '=') + 1};
  if (note)
    item[(*n)++] =
        (hpo_inbox_item){.kind = HPO_INBOX_NOTE, .trial = trial, .text = note};
  return HPO_OK;
}

static hpo_status tag(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_inbox_item *item = NULL;
  char **name = NULL;
  int64_t trial = -1;
  size_t n = 0;

  *exit_code = 0;
  HPO_TRY(status, check_words(args, err));
  HPO_TRY(status, hpo_attached_find_trial(args, &trial, err));
  HPO_TRY(status, hpo_mem_new(args->word.n + 1, sizeof *item, &item, err));
  HPO_TRY(status, hpo_mem_new(args->word.n, sizeof *name, &name, err));
  for (size_t i = 1; i < args->word.n; i++)
    HPO_TRY(status, hpo_mem_format(&name[i], err, "%.*s",
                                   (int)strcspn(args->word.item[i], "="),
                                   args->word.item[i]));
  HPO_TRY(status, make_items(args, trial, name, item, &n));
  HPO_TRY(status, hpo_attached_deliver(args->word.item[0], item, n, err));
done:
  for (size_t i = 0; name && i < args->word.n; i++)
    hpo_mem_free(name[i]);
  hpo_mem_free(name);
  hpo_mem_free(item);
  return status;
}

static const hpo_arg arguments[] = {
    {"trial", "N", "of this trial, or best; of the study unless given"},
    {"note", "TEXT", "a note, instead of tags or beside them"}};

const hpo_command hpo_cmd_tag = {
    .name = "tag",
    .words = "FILE.h5 NAME=VALUE",
    .summary = "a tag or a note for the study or a trial",
    .help = "Tags stand in the table /tags; of a name the latest counts; "
            "notes in /notes.\n`show N` prints those of a trial.  A study "
            "that runs takes them in within a second.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = tag};
