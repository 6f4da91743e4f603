/* SPDX-License-Identifier: BSD-3-Clause */
/* A small catalog for tests of the study file: enough names of each kind to
 * meet every rule, apart from what the wings really have. */
#ifndef HPO_TESTS_STUDYNAMES_H
#define HPO_TESTS_STUDYNAMES_H

#include "hpo/catalog.h"

/** The catalog; static. */
hpo_catalog studynames(void);

#endif
