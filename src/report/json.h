/* SPDX-License-Identifier: BSD-3-Clause */
/** \file json.h
 *  JSON (RFC 8259) into a buffer, safe inside an HTML script element too.
 *  Private to report/.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "hpo/mem.h"
#include "hpo/record.h"
#include "hpo/status.h"

/** A quoted text; '<' is escaped, so that no </script> can come of it. */
HPO_MUST_USE hpo_status hpo_json_text(hpo_buffer *out, const char *text,
                                      hpo_error *err);
/** A number with 9 digits; null where it is not finite. */
HPO_MUST_USE hpo_status hpo_json_number(hpo_buffer *out, double x,
                                        hpo_error *err);
/** Item i of a field: number, text, or null where there is none. */
HPO_MUST_USE hpo_status hpo_json_item(hpo_buffer *out, const hpo_field *f,
                                      size_t i, hpo_error *err);
/** A row as an object. */
HPO_MUST_USE hpo_status hpo_json_row(hpo_buffer *out, const hpo_record *r,
                                     size_t i, hpo_error *err);

#endif
