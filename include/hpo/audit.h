/* SPDX-License-Identifier: BSD-3-Clause */
/** \file audit.h
 *  What stands in a study file, and whether it is whole: rows, models and
 *  attached files against their checksums, curves against their trials.
 *
 *  A torn row is no fault by itself: a kill may tear the row of a trial that
 *  runs, and the same command runs that trial again.
 */
#ifndef HPO_AUDIT_H
#define HPO_AUDIT_H

#include "hpo/plan.h"
#include "hpo/report.h"

enum { HPO_AUDIT_TOLD = 20 };

typedef struct hpo_audit {
  size_t torn;          /* rows of /trials without the right crc */
  size_t curve_rows;    /* of /curves */
  size_t models;        /* that rows of /trials and /refits point to */
  uint64_t model_bytes; /* of those */
  uint64_t room;        /* bytes of /models, those of dropped ones too */
  size_t n_fault;       /* what can't be had again */
  hpo_names fault;      /* a sentence each, the first HPO_AUDIT_TOLD */
} hpo_audit;

/** Looks at everything in an open study file.  O(bytes of the file); holds
 *  one model or attached file at a time.
 *  \param [out] out to be freed with hpo_audit_free
 *  \return HPO_OK also where there are faults; HPO_ESTUDY: not even the
 *          tables can be read; HPO_EMEM */
HPO_MUST_USE hpo_status hpo_audit_make(const hpo_study_file *f, hpo_audit *out,
                                       hpo_error *err);
void hpo_audit_free(hpo_audit *a);

#endif
