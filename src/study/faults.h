/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a study file, gathered and told at once by line. */
#ifndef HPO_STUDY_FAULTS_H
#define HPO_STUDY_FAULTS_H

#include "hpo/mem.h"
#include "hpo/plan.h"
#include "tree.h"

typedef struct hpo_fault {
  int line; /* 0: of a --set */
  size_t order;
  bool of_data; /* a data file that can't be read */
  char *text;   /* whole line: place, element, sentence */
} hpo_fault;

typedef struct hpo_faults {
  const char *file;       /* borrowed, as the user wrote it */
  const char *const *set; /* the --set options; borrowed */
  hpo_fault *item;        /* [n], owned */
  size_t n, room;
  size_t untold; /* more than are kept */
} hpo_faults;

/** Adds "FILE:LINE: <ELEMENT key="...">: sentence".
 *  \param [in] attr the attribute at fault: where it comes from a --set that
 *              is named instead of the line; NULL: the element itself */
HPO_MUST_USE hpo_status hpo_faults_add(hpo_faults *f, const hpo_node *node,
                                       const char *attr, hpo_error *err,
                                       const char *fmt, ...) HPO_PRINTF(5, 6);
/** Same, of a data file. */
HPO_MUST_USE hpo_status hpo_faults_add_data(hpo_faults *f,
                                            const hpo_node *node,
                                            const char *attr, hpo_error *err,
                                            const char *fmt, ...)
    HPO_PRINTF(5, 6);
/** Adds a fault of a --set option, no element in view. */
HPO_MUST_USE hpo_status hpo_faults_add_option(hpo_faults *f, int option,
                                              hpo_error *err, const char *fmt,
                                              ...) HPO_PRINTF(4, 5);
/** Adds a fault of a place in the file: "FILE:LINE:COLUMN: sentence". */
HPO_MUST_USE hpo_status hpo_faults_add_place(hpo_faults *f, int line,
                                             int column, hpo_error *err,
                                             const char *fmt, ...)
    HPO_PRINTF(5, 6);
/** HPO_OK where there is none; else err is filled with up to 20, sorted by
 *  line: HPO_EDATA if all are of data files, HPO_EINVAL. */
HPO_MUST_USE hpo_status hpo_faults_check(hpo_faults *f, hpo_error *err);
void hpo_faults_free(hpo_faults *f);

/** Adds `; did you mean "X"? Allowed: a, b, c` to b. Each word is written
 *  with before and after around it ("<", ">"). */
HPO_MUST_USE hpo_status hpo_faults_allowed(hpo_buffer *b, const char *word,
                                           const hpo_names *names,
                                           const char *before,
                                           const char *after, hpo_error *err);
/** The nearest of names: a slip of the hand, or a longer or shorter form;
 *  NULL if none is near. */
const char *hpo_faults_nearest(const char *word, const hpo_names *names);
/** The text of a buffer, "" where it is empty. */
const char *hpo_faults_text(const hpo_buffer *b);

#endif
