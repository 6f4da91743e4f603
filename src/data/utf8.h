/* SPDX-License-Identifier: BSD-3-Clause */
/** \file utf8.h
 *  Text from outside: is it UTF-8, and how it looks in a sentence.  Private
 *  to data/.
 */
#ifndef HPO_DATA_UTF8_H
#define HPO_DATA_UTF8_H

#include "hpo/status.h"

enum { HPO_UTF8_SHOWN = 64 };

/** Whether n bytes are well-formed UTF-8 without NUL. */
bool hpo_utf8_check(const char *text, size_t n);

/** At most 60 bytes of a text, on one line, as UTF-8; "..." if there are
 *  more.  Returns to. */
char *hpo_utf8_show(const char *text, size_t n, char to[HPO_UTF8_SHOWN]);

#endif
