/* SPDX-License-Identifier: BSD-3-Clause */
/** \file page.h
 *  Parts of the report page's data.  Private to report/.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "hpo/mem.h"
#include "hpo/report.h"

/** Adds `,"curves":[...],"with_curves":N`: the objective after each step of
 *  the best trial and of an even share of the kept ones, thinned.
 *  \param [in] keep [f->n] trials that are drawn */
HPO_MUST_USE hpo_status hpo_page_curves(const hpo_study_file *f,
                                        const uint8_t *keep,
                                        const char *objective, hpo_buffer *out,
                                        hpo_error *err);

/** Adds `,"classes":[names],"models":[...]`: of the best three trials with a
 *  stored model, the best first, the tally of the validation rows and the
 *  features (importance.h), the first 25 by gain or coefficient. */
HPO_MUST_USE hpo_status hpo_page_models(const hpo_study_file *f,
                                        hpo_buffer *out, hpo_error *err);

/** Adds `,"span":seconds,"teams":[[team,trials,busy seconds],...]` over all
 *  trials; span is the sum over the sessions of the time from the first start
 *  to the last end. */
HPO_MUST_USE hpo_status hpo_page_teams(const hpo_study_file *f,
                                       hpo_buffer *out, hpo_error *err);
/** With several objectives, adds `,"front":[numbers of the trials that no
 *  other dominates]` and, where they keep to the constraints,
 *  `,"hypervolume":x,"reference":[of each objective]`. */
HPO_MUST_USE hpo_status hpo_page_front(const hpo_study_file *f,
                                       hpo_buffer *out, hpo_error *err);
/** Adds `,"space":{"COLUMN":{"log":true,"whole":false},...}`: how the axis of
 *  each number in the space is drawn. */
HPO_MUST_USE hpo_status hpo_page_space(const hpo_study_file *f,
                                       hpo_buffer *out, hpo_error *err);
/** Those trials are drawn, too. */
HPO_MUST_USE hpo_status hpo_page_keep_front(const hpo_study_file *f,
                                            uint8_t *keep, hpo_error *err);

#endif
