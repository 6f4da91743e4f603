/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /decisions, and the images of rows that stood for paused trials.
 *
 * Overwriting a row rewrites its chunk, and a kill can tear it.  A paused
 * trial's row holds what can't be had again, so its new content goes to
 * /decision_images first: the row as a record (wire.h), then the CRC-32 of
 * those bytes, little-endian. */
#ifndef ROLES_BOOKS_IMAGE_H
#define ROLES_BOOKS_IMAGE_H

#include "roles/books.h"

HPO_MUST_USE hpo_status hpo_books_append_decision(hpo_books *b,
                                                  const hpo_layout_decision *d,
                                                  hpo_error *err);
/** The image of a row to be written over a paused one, and its line: that of
 *  the promotion that waits for it, else one of kind "end". */
HPO_MUST_USE hpo_status hpo_books_append_image(hpo_books *b,
                                               const hpo_trial *t,
                                               hpo_error *err);

/** The newest valid image of each trial in the file.
 *  \param [out] row [n] one record of one row for each trial, NULL where it
 *                has none; each and the array are the caller's */
HPO_MUST_USE hpo_status hpo_books_read_images(hpo_store *store, size_t n,
                                              hpo_record ***row,
                                              hpo_error *err);

#endif
