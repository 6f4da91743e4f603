/* SPDX-License-Identifier: BSD-3-Clause */
/** \file inbox.h
 *  Tags, notes and files for a study, also while it runs.
 *
 *  Only one process writes a study file, so what is to be added is laid
 *  beside it as FILE.add-TIME-PID-N, whole (write and rename).  Whoever holds
 *  the file takes it in: the running study once a second and at its start and
 *  end, else the command itself.
 *
 *      put --> beside the file --merge--> rows appended, flushed --> removed
 *
 *  A kill between the flush and the removal leaves a file whose rows are
 *  there already; the next merge sees that by trial and time, and drops it.
 */
#ifndef CMD_INBOX_H
#define CMD_INBOX_H

#include "hpo/mem.h"
#include "hpo/status.h"
#include "hpo/store.h"

typedef enum hpo_inbox_kind {
  HPO_INBOX_TAG,
  HPO_INBOX_NOTE,
  HPO_INBOX_FILE
} hpo_inbox_kind;

/** One thing to add; borrowed. */
typedef struct hpo_inbox_item {
  hpo_inbox_kind kind;
  int64_t trial;    /* -1: the study */
  const char *name; /* of a tag or file */
  const char *text; /* value, note, media type */
  const void *byte; /* [n] of a file */
  size_t n;
} hpo_inbox_item;

enum {
  HPO_INBOX_NAME = 64,
  HPO_INBOX_VALUE = 256,
  HPO_INBOX_NOTE_ROOM = 1024
};
/** Bytes of a file at most. */
#define HPO_INBOX_MOST ((size_t)256 << 20)

/** Adds the items to a study file, itself or by the run that writes it, and
 *  waits until they are there.
 *  \param [out] taken  false: a run has the file and did not take them in
 *                two minutes; they stay beside it
 *  HPO_ESTUDY, HPO_EIO: nothing was added. */
HPO_MUST_USE hpo_status hpo_inbox_deliver(const char *study,
                                          const hpo_inbox_item *item, size_t n,
                                          bool *taken, hpo_error *err);
/** Takes in all that lies beside the file; what is damaged or of no trial is
 *  set aside with a warning.  path: as the store was opened. */
HPO_MUST_USE hpo_status hpo_inbox_merge(hpo_store *store, const char *path,
                                        hpo_error *err);
/** Removes what lies there for an earlier study of this name. */
HPO_MUST_USE hpo_status hpo_inbox_clear(const char *path, hpo_error *err);

#endif
