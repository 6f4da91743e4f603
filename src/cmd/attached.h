/* SPDX-License-Identifier: BSD-3-Clause */
/** \file attached.h
 *  Notes and files of a study, for tag, attach and show.
 */
#ifndef CMD_ATTACHED_H
#define CMD_ATTACHED_H

#include "cmd/args.h"
#include "cmd/inbox.h"

/** The trial of --trial, a number or best, in the study file that is the first
 * word; -1: not given.  HPO_EINVAL: there is no such trial. */
HPO_MUST_USE hpo_status hpo_attached_find_trial(const hpo_args *args,
                                                int64_t *trial,
                                                hpo_error *err);
/** hpo_inbox_deliver, and a word where a run did not take them. */
HPO_MUST_USE hpo_status hpo_attached_deliver(const char *study,
                                             const hpo_inbox_item *item,
                                             size_t n, hpo_error *err);

/** A file in a study file. */
typedef struct hpo_attached_file {
  int64_t trial, offset, length, crc, time;
  char name[HPO_INBOX_VALUE + 1], media_type[129];
} hpo_attached_file;
/** All of them, in order of coming; *out is freed with hpo_mem_free. */
HPO_MUST_USE hpo_status hpo_attached_files(hpo_store *store,
                                           hpo_attached_file **out, size_t *n,
                                           hpo_error *err);
/** Notes and files of a trial (-1: the study), in lines for people. */
HPO_MUST_USE hpo_status hpo_attached_text(hpo_store *store, int64_t trial,
                                          hpo_buffer *out, hpo_error *err);

#endif
