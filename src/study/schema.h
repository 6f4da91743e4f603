/* SPDX-License-Identifier: BSD-3-Clause */
/* What study.xsd declares, asked by name: the one source of what elements
 * and attributes there are.  Declarations are nodes of the schema's own
 * tree, borrowed from it. */
#ifndef HPO_STUDY_SCHEMA_H
#define HPO_STUDY_SCHEMA_H

#include "hpo/plan.h"
#include "tree.h"

typedef struct hpo_schema {
  hpo_node *root; /* <xs:schema> */
} hpo_schema;

/** From the XSD that is compiled in. */
HPO_MUST_USE hpo_status hpo_schema_create(hpo_schema *out, hpo_error *err);
void hpo_schema_free(hpo_schema *s);

/** The declaration of the root element. */
const hpo_node *hpo_schema_root(const hpo_schema *s);
/** The declaration of a child in an element's declaration, or NULL. */
const hpo_node *hpo_schema_child(const hpo_schema *s, const hpo_node *element,
                                 const char *name);
/** The declaration that a node of a study file has by its place, or NULL. */
const hpo_node *hpo_schema_of(const hpo_schema *s, const hpo_node *node);
/** Child i of an element's declaration, or NULL after the last. */
const hpo_node *hpo_schema_child_at(const hpo_schema *s,
                                    const hpo_node *element, size_t i);
HPO_MUST_USE hpo_status hpo_schema_children(const hpo_schema *s,
                                            const hpo_node *element,
                                            hpo_names *out, hpo_error *err);
/** Adds the elements in which one of that name may stand. */
HPO_MUST_USE hpo_status hpo_schema_parents(const hpo_schema *s,
                                           const char *element, hpo_names *out,
                                           hpo_error *err);
/** Whether text may stand in the element. */
bool hpo_schema_has_text(const hpo_schema *s, const hpo_node *element);
/** Whether attributes of any name may stand there. */
bool hpo_schema_is_open(const hpo_schema *s, const hpo_node *element);
/** The attribute that tells an element from its like, or NULL. */
const char *hpo_schema_key(const hpo_schema *s, const hpo_node *element);

/** Attribute i in the order of the schema, or NULL after the last. */
const hpo_node *hpo_schema_attr_at(const hpo_schema *s,
                                   const hpo_node *element, size_t i);
const hpo_node *hpo_schema_attr(const hpo_schema *s, const hpo_node *element,
                                const char *name);
HPO_MUST_USE hpo_status hpo_schema_attrs(const hpo_schema *s,
                                         const hpo_node *element,
                                         hpo_names *out, hpo_error *err);
/** The words that an attribute allows; empty where it is no list. */
HPO_MUST_USE hpo_status hpo_schema_words(const hpo_schema *s,
                                         const hpo_node *attr, hpo_names *out,
                                         hpo_error *err);
/** What an attribute allows, in words, or NULL. */
const char *hpo_schema_says(const hpo_schema *s, const hpo_node *attr);
/** Whether an element or attribute, or an attribute's value, is built. */
bool hpo_schema_is_built(const hpo_node *declaration);
bool hpo_schema_is_value_built(const hpo_schema *s, const hpo_node *attr,
                               const char *value);

#endif
