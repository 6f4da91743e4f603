/* SPDX-License-Identifier: BSD-3-Clause */
/* study.xsd as tables.  Only the forms of XSD that it uses are known here:
 * named complex types with one choice of elements, attributes and groups of
 * them, simple types as patterns or lists of words. */
#include "schema.h"

#include <string.h>

#include "faults.h"
#include "hpo/mem.h"
#include "hpo/study.h"
#include "study_xml.h"

static const char schema_text[] =
#include "study/study_xsd.h"
    ;

const char *hpo_study_schema(void) { return schema_text; }

hpo_status hpo_schema_create(hpo_schema *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_schema s = {0};
  hpo_faults faults = {.file = "study.xsd"};

  HPO_TRY(status, hpo_xml_read(schema_text, sizeof schema_text - 1, &faults,
                               &s.root, err));
  if (faults.n > 0)
    HPO_FAIL(status, err, HPO_EBUG, "the schema is no XML: %s",
             faults.item[0].text);
  *out = s;
done:
  hpo_faults_free(&faults);
  return status;
}

void hpo_schema_free(hpo_schema *s) {
  hpo_node_destroy(s->root);
  s->root = NULL;
}

static bool is(const hpo_node *node, const char *name) {
  return strcmp(node->name, name) == 0;
}

/* The i-th child of a node that is called `what` and has name="name". */
static const hpo_node *find(const hpo_node *in, const char *what,
                            const char *name) {
  for (size_t i = 0; i < in->n_child; i++) {
    const char *its = hpo_node_get(in->child[i], "name");
    if (is(in->child[i], what) && its != NULL && strcmp(its, name) == 0)
      return in->child[i];
  }
  return NULL;
}

const hpo_node *hpo_schema_root(const hpo_schema *s) {
  return hpo_node_child(s->root, "xs:element", 0);
}

/* The complex type of an element, or NULL where it is plain text. */
static const hpo_node *type_of(const hpo_schema *s, const hpo_node *element) {
  return find(s->root, "xs:complexType", hpo_node_get(element, "type"));
}

const hpo_node *hpo_schema_child_at(const hpo_schema *s,
                                    const hpo_node *element, size_t i) {
  const hpo_node *type = type_of(s, element);
  const hpo_node *list =
      type == NULL ? NULL : hpo_node_child(type, "xs:choice", 0);

  return list == NULL ? NULL : hpo_node_child(list, "xs:element", i);
}

const hpo_node *hpo_schema_child(const hpo_schema *s, const hpo_node *element,
                                 const char *name) {
  const hpo_node *child = NULL;

  for (size_t i = 0; (child = hpo_schema_child_at(s, element, i)) != NULL; i++)
    if (strcmp(hpo_node_get(child, "name"), name) == 0)
      return child;
  return NULL;
}

const hpo_node *hpo_schema_of(const hpo_schema *s, const hpo_node *node) {
  if (node->parent == NULL)
    return hpo_schema_root(s);
  const hpo_node *parent = hpo_schema_of(s, node->parent);
  return parent == NULL ? NULL : hpo_schema_child(s, parent, node->name);
}

hpo_status hpo_schema_children(const hpo_schema *s, const hpo_node *element,
                               hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *child = NULL;

  for (size_t i = 0; (child = hpo_schema_child_at(s, element, i)) != NULL; i++)
    HPO_TRY(status, hpo_names_add(out, hpo_node_get(child, "name"), err));
done:
  return status;
}

hpo_status hpo_schema_parents(const hpo_schema *s, const char *element,
                              hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < s->root->n_child; i++) {
    const hpo_node *type = s->root->child[i];
    const hpo_node *list = is(type, "xs:complexType")
                               ? hpo_node_child(type, "xs:choice", 0)
                               : NULL;
    if (list != NULL && find(list, "xs:element", element) != NULL)
      HPO_TRY(status, hpo_names_add(out, hpo_node_get(type, "name"), err));
  }
done:
  return status;
}

bool hpo_schema_has_text(const hpo_schema *s, const hpo_node *element) {
  const hpo_node *type = type_of(s, element);

  return type == NULL || hpo_node_child(type, "xs:simpleContent", 0) != NULL;
}

/* Where the attributes of an element are declared. */
static const hpo_node *attributes_of(const hpo_schema *s,
                                     const hpo_node *element) {
  const hpo_node *type = type_of(s, element);
  const hpo_node *simple =
      type == NULL ? NULL : hpo_node_child(type, "xs:simpleContent", 0);

  return simple == NULL ? type : hpo_node_child(simple, "xs:extension", 0);
}

bool hpo_schema_is_open(const hpo_schema *s, const hpo_node *element) {
  const hpo_node *in = attributes_of(s, element);

  return in != NULL && hpo_node_count(in, "xs:anyAttribute") > 0;
}

const char *hpo_schema_key(const hpo_schema *s, const hpo_node *element) {
  const hpo_node *type = type_of(s, element);

  return type == NULL ? NULL : hpo_node_get(type, "hpo:key");
}

const hpo_node *hpo_schema_attr_at(const hpo_schema *s,
                                   const hpo_node *element, size_t i) {
  const hpo_node *in = attributes_of(s, element);

  for (size_t k = 0; in != NULL && k < in->n_child; k++) {
    const hpo_node *c = in->child[k];
    if (is(c, "xs:attribute") && i-- == 0)
      return c;
    if (!is(c, "xs:attributeGroup"))
      continue;
    const hpo_node *group =
        find(s->root, "xs:attributeGroup", hpo_node_get(c, "ref"));
    if (i < group->n_child)
      return group->child[i];
    i -= group->n_child;
  }
  return NULL;
}

const hpo_node *hpo_schema_attr(const hpo_schema *s, const hpo_node *element,
                                const char *name) {
  const hpo_node *a = NULL;

  for (size_t i = 0; (a = hpo_schema_attr_at(s, element, i)) != NULL; i++)
    if (strcmp(hpo_node_get(a, "name"), name) == 0)
      return a;
  return NULL;
}

hpo_status hpo_schema_attrs(const hpo_schema *s, const hpo_node *element,
                            hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *a = NULL;

  for (size_t i = 0; (a = hpo_schema_attr_at(s, element, i)) != NULL; i++)
    HPO_TRY(status, hpo_names_add(out, hpo_node_get(a, "name"), err));
done:
  return status;
}

/* The simple type of an attribute, named or its own; NULL: any text. */
static const hpo_node *simple_of(const hpo_schema *s, const hpo_node *attr) {
  const char *name = hpo_node_get(attr, "type");

  return name == NULL ? hpo_node_child(attr, "xs:simpleType", 0)
                      : find(s->root, "xs:simpleType", name);
}

static const hpo_node *words_of(const hpo_schema *s, const hpo_node *attr) {
  const hpo_node *type = simple_of(s, attr);

  return type == NULL ? NULL : hpo_node_child(type, "xs:restriction", 0);
}

hpo_status hpo_schema_words(const hpo_schema *s, const hpo_node *attr,
                            hpo_names *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *in = words_of(s, attr), *word = NULL;

  for (size_t i = 0;
       in != NULL && (word = hpo_node_child(in, "xs:enumeration", i)) != NULL;
       i++)
    HPO_TRY(status, hpo_names_add(out, hpo_node_get(word, "value"), err));
done:
  return status;
}

const char *hpo_schema_says(const hpo_schema *s, const hpo_node *attr) {
  const hpo_node *type = simple_of(s, attr);

  return type == NULL ? NULL : hpo_node_get(type, "hpo:says");
}

bool hpo_schema_is_built(const hpo_node *declaration) {
  const char *built = hpo_node_get(declaration, "hpo:built");

  return built == NULL || strcmp(built, "no") != 0;
}

bool hpo_schema_is_value_built(const hpo_schema *s, const hpo_node *attr,
                               const char *value) {
  const hpo_node *in = words_of(s, attr), *word = NULL;

  for (size_t i = 0;
       in != NULL && (word = hpo_node_child(in, "xs:enumeration", i)) != NULL;
       i++)
    if (strcmp(hpo_node_get(word, "value"), value) == 0)
      return hpo_schema_is_built(word);
  return true;
}
