/* SPDX-License-Identifier: BSD-3-Clause */
/** \file process.h
 *  A short helper program, run for what it prints.
 */
#ifndef HPO_PROCESS_H
#define HPO_PROCESS_H

#include "hpo/status.h"

#include <stddef.h>

/** Runs argv[0] (found on PATH) without input and without error output, and
 *  waits for its end, at most some seconds: then it is killed.
 *  \param [in]  argv ends with NULL
 *  \param [out] text [room] what it printed, cut to fit, ends with NUL
 *  \return HPO_OK: it ended with 0; HPO_EIO: it could not be run, failed, or
 *  was killed (err says which) */
HPO_MUST_USE hpo_status hpo_process_read(const char *const *argv,
                                         double seconds, char *text,
                                         size_t room, hpo_error *err);

#endif
