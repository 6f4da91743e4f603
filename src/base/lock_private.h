/* SPDX-License-Identifier: BSD-3-Clause */
/* The second way of lock.c, for its test. */
#ifndef HPO_LOCK_PRIVATE_H
#define HPO_LOCK_PRIVATE_H

#include "hpo/file.h"

/** Makes the file held with O_EXCL and names this process in it; *fd stays
 *  open.  HPO_ESTUDY: held, by a process that may be alive. */
HPO_MUST_USE hpo_status hpo_lock_take_exclusive(const char *held, int *fd,
                                                hpo_error *err);
/** Whether the holder is a process of this host that is gone. */
bool hpo_lock_is_stale(const char *holder);

#endif
