/* SPDX-License-Identifier: BSD-3-Clause */
/* What options.c (values) and options_text.c (words, messages) share. */
#ifndef HPO_OPTIONS_PRIVATE_H
#define HPO_OPTIONS_PRIVATE_H

#include "hpo/options.h"

/** Whether word is one of the blank-separated words of list. */
bool hpo_options_has_word(const char *list, const char *word);
/** Whether x lies outside the row's range; NaN lies in every range. */
bool hpo_options_out_of_range(const hpo_option *row, double x);

/** Each writes one sentence and returns HPO_EINVAL (or HPO_EMEM). */
hpo_status hpo_options_refuse_name(const hpo_option *table, size_t n,
                                   const char *name, hpo_error *err);
hpo_status hpo_options_refuse_kind(const hpo_option *row, const char *value,
                                   hpo_error *err);
hpo_status hpo_options_refuse_range(const hpo_option *row, const char *value,
                                    hpo_error *err);

#endif
