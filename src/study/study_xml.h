/* SPDX-License-Identifier: BSD-3-Clause */
/* XML text to a tree, and a tree against an XSD: the one place that calls
 * libxml2. */
#ifndef HPO_STUDY_XML_H
#define HPO_STUDY_XML_H

#include "faults.h"
#include "tree.h"

/** Parses n bytes.  DTDs are refused (so no entities), nothing outside the
 *  text is read.  What is wrong goes to faults; *root stays untouched then.
 */
HPO_MUST_USE hpo_status hpo_xml_read(const void *text, size_t n,
                                     hpo_faults *faults, hpo_node **root,
                                     hpo_error *err);

/** Called for each place that the schema does not allow: attr is NULL where
 *  the element itself is wrong; words are the validator's own. */
typedef hpo_status (*hpo_xml_told)(void *self, hpo_node *node,
                                   const char *attr, const char *words,
                                   hpo_error *err);

/** Validates the tree, without nodes and attributes that are marked bad,
 *  against an XSD.  HPO_EBUG: the XSD itself is wrong. */
HPO_MUST_USE hpo_status hpo_xml_check(const char *schema, hpo_node *root,
                                      hpo_xml_told told, void *self,
                                      hpo_error *err);

/** Whether the text may stand in XML: UTF-8 without control characters. */
bool hpo_xml_is_text(const char *text);

#endif
