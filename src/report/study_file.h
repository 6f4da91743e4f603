/* SPDX-License-Identifier: BSD-3-Clause */
/* The objectives of a study file, from its resolved study. */
#ifndef REPORT_STUDY_FILE_H
#define REPORT_STUDY_FILE_H

#include "hpo/report.h"

/** Fills objective and n_objective; resolved is there. */
void hpo_study_file_objectives(hpo_study_file *f);

#endif
