/* SPDX-License-Identifier: BSD-3-Clause */
/** \file format.h
 *  The format of a data file, by what the study says or by its suffix.
 *  Private to data/.
 */
#ifndef HPO_DATA_FORMAT_H
#define HPO_DATA_FORMAT_H

#include "hpo/status.h"

/** Comma (or what the first line holds) or tab.
 *  \param [in] format "" by suffix
 *  \return HPO_OK; HPO_EINVAL: unknown, or not built yet */
HPO_MUST_USE hpo_status hpo_format_find(const char *format, const char *path,
                                        bool *is_tsv, hpo_error *err);

#endif
