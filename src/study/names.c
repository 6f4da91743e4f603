/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and values against the schema.
 *
 * Contents: attributes; elements; values.
 *
 * A validator of XSD knows that a name is wrong but not which one was meant,
 * so names are looked up in the schema first; what is known is then given to
 * libxml2, whose verdicts are put in the schema's own words. */
#include "names.h"

#include <string.h>

#include "hpo/study.h"
#include "study_xml.h"

#define NOT_BUILT "is not built yet in this version"

typedef struct checking {
  const hpo_schema *schema;
  hpo_faults *faults;
} checking;

/* --- Attributes ------------------------------------------------------- */

static hpo_status unknown_attr(checking *c, hpo_node *node,
                               const hpo_node *element, hpo_attr *a,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names allowed = {0};
  hpo_buffer b = {0};

  HPO_TRY(status, hpo_schema_attrs(c->schema, element, &allowed, err));
  HPO_TRY(status, hpo_faults_allowed(&b, a->name, &allowed, "", "", err));
  HPO_TRY(status, hpo_faults_add(c->faults, node, a->name, err,
                                 "<%s> has no attribute \"%.60s\"%s",
                                 node->name, a->name, hpo_faults_text(&b)));
  a->bad = true;
done:
  hpo_names_free(&allowed);
  hpo_buffer_free(&b);
  return status;
}

/* A list of words where one is asked for that is not built. */
static hpo_status unbuilt_value(checking *c, hpo_node *node,
                                const hpo_node *declared, hpo_attr *a,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names words = {0};
  hpo_buffer b = {0};

  HPO_TRY(status, hpo_schema_words(c->schema, declared, &words, err));
  for (size_t i = 0; i < words.n; i++)
    if (hpo_schema_is_value_built(c->schema, declared, words.item[i]))
      HPO_TRY(status, hpo_buffer_format(&b, err, "%s%s", b.n > 0 ? ", " : "",
                                        words.item[i]));
  HPO_TRY(status, hpo_faults_add(c->faults, node, a->name, err,
                                 "%s=\"%s\" " NOT_BUILT "; allowed: %s",
                                 a->name, a->value, hpo_faults_text(&b)));
  a->bad = node->bad = true;
done:
  hpo_names_free(&words);
  hpo_buffer_free(&b);
  return status;
}

static hpo_status check_attrs(checking *c, hpo_node *node,
                              const hpo_node *element, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *d = NULL;

  for (size_t i = 0; i < node->n_attr; i++) {
    hpo_attr *a = &node->attr[i];
    d = hpo_schema_attr(c->schema, element, a->name);
    if (d == NULL && hpo_schema_is_open(c->schema, element) &&
        strchr(a->name, ':') == NULL && strcmp(a->name, "xmlns") != 0)
      continue;
    if (d == NULL) {
      HPO_TRY(status, unknown_attr(c, node, element, a, err));
    } else if (!hpo_schema_is_built(d)) {
      HPO_TRY(status, hpo_faults_add(c->faults, node, a->name, err,
                                     "%s= " NOT_BUILT, a->name));
      a->bad = true;
    } else if (!hpo_schema_is_value_built(c->schema, d, a->value)) {
      HPO_TRY(status, unbuilt_value(c, node, d, a, err));
    }
  }
  for (size_t i = 0; (d = hpo_schema_attr_at(c->schema, element, i)) != NULL;
       i++) {
    const char *name = hpo_node_get(d, "name");
    if (hpo_node_get(d, "use") == NULL || hpo_node_find(node, name) != NULL)
      continue;
    const char *says = hpo_schema_says(c->schema, d);
    HPO_TRY(status, hpo_faults_add(
                        c->faults, node, NULL, err, "%s= is missing%s%s", name,
                        says != NULL ? ": " : "", says != NULL ? says : ""));
    node->bad = true;
  }
done:
  return status;
}

static hpo_status add_defaults(checking *c, hpo_node *node,
                               const hpo_node *element, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *d = NULL;

  for (size_t i = 0; (d = hpo_schema_attr_at(c->schema, element, i)) != NULL;
       i++) {
    const char *name = hpo_node_get(d, "name");
    const char *value = hpo_node_get(d, "default");
    if (value != NULL && hpo_node_find(node, name) == NULL)
      HPO_TRY(status,
              hpo_node_set(node, name, value, HPO_NODE_FROM_FILE, err));
  }
done:
  return status;
}

/* --- Elements --------------------------------------------------------- */

/* *meant: the child that was probably meant, or NULL; of the schema. */
static hpo_status unknown_element(checking *c, hpo_node *node,
                                  const hpo_node *parent, const char **meant,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names allowed = {0}, where = {0};
  hpo_buffer b = {0};

  node->bad = node->skip = true;
  HPO_TRY(status, hpo_schema_children(c->schema, parent, &allowed, err));
  const char *near = hpo_faults_nearest(node->name, &allowed);
  if (near != NULL)
    *meant = hpo_node_get(hpo_schema_child(c->schema, parent, near), "name");
  HPO_TRY(status, hpo_schema_parents(c->schema, node->name, &where, err));
  for (size_t i = 0; i < where.n; i++)
    HPO_TRY(status, hpo_buffer_format(&b, err, "%s<%s>",
                                      i == 0            ? "stands in "
                                      : i + 1 < where.n ? ", "
                                                        : " or ",
                                      where.item[i]));
  if (where.n > 0)
    HPO_TRY(status,
            hpo_buffer_format(&b, err, ", not in <%s>", node->parent->name));
  else if (allowed.n == 0)
    HPO_TRY(status, hpo_buffer_format(&b, err, "<%s> has no elements in it",
                                      node->parent->name));
  else {
    HPO_TRY(status, hpo_buffer_format(&b, err, "unknown element in <%s>",
                                      node->parent->name));
    HPO_TRY(status,
            hpo_faults_allowed(&b, node->name, &allowed, "<", ">", err));
  }
  HPO_TRY(status, hpo_faults_add(c->faults, node, NULL, err, "%s",
                                 hpo_faults_text(&b)));
done:
  hpo_names_free(&allowed);
  hpo_names_free(&where);
  hpo_buffer_free(&b);
  return status;
}

/* `meant` counts for one of its kind, so a slip is told once. */
static hpo_status check_count(checking *c, hpo_node *node,
                              const hpo_node *child, bool is_meant,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *name = hpo_node_get(child, "name");
  char occurs = hpo_node_get(child, "hpo:occurs")[0];
  size_t n = hpo_node_count(node, name);

  if (n == 0 && !is_meant && (occurs == '1' || occurs == '+')) {
    node->bad = node->bad || node->parent != NULL;
    HPO_TRY(status,
            hpo_faults_add(c->faults, node, NULL, err, "<%s> is missing%s",
                           name, occurs == '+' ? ": one or more" : ""));
  }
  if (n < 2 || (occurs != '1' && occurs != '?'))
    goto done;
  for (size_t i = 1; i < n; i++) {
    hpo_node *again = hpo_node_child(node, name, i);
    HPO_TRY(status,
            hpo_faults_add(c->faults, again, NULL, err,
                           "<%s> stands here once only, and is there in "
                           "line %d",
                           name, hpo_node_child(node, name, 0)->line));
    again->bad = true;
  }
done:
  return status;
}

static hpo_status check_text(checking *c, hpo_node *node,
                             const hpo_node *element, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *text = node->text + strspn(node->text, " \t\r\n");
  size_t n = strcspn(text, "\r\n");

  if (*text == '\0' || hpo_schema_has_text(c->schema, element))
    return HPO_OK;
  HPO_TRY(status, hpo_faults_add(c->faults, node, NULL, err,
                                 "no text belongs in here; found \"%.*s\"",
                                 (int)(n < 40 ? n : 40), text));
  HPO_TRY(status, hpo_node_set_text(node, "", err));
done:
  return status;
}

static hpo_status check_node(checking *c, hpo_node *node,
                             const hpo_node *element, hpo_error *err);

static hpo_status check_children(checking *c, hpo_node *node,
                                 const hpo_node *element, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *d = NULL;
  hpo_names meant = {0};

  for (size_t i = 0; i < node->n_child; i++) {
    const char *slip = NULL;
    d = hpo_schema_child(c->schema, element, node->child[i]->name);
    if (d != NULL) {
      HPO_TRY(status, check_node(c, node->child[i], d, err));
      continue;
    }
    HPO_TRY(status, unknown_element(c, node->child[i], element, &slip, err));
    if (slip != NULL)
      HPO_TRY(status, hpo_names_add(&meant, slip, err));
  }
  for (size_t i = 0; (d = hpo_schema_child_at(c->schema, element, i)) != NULL;
       i++) {
    bool is_meant = false;
    for (size_t k = 0; k < meant.n; k++)
      is_meant =
          is_meant || strcmp(meant.item[k], hpo_node_get(d, "name")) == 0;
    HPO_TRY(status, check_count(c, node, d, is_meant, err));
  }
done:
  hpo_names_free(&meant);
  return status;
}

static hpo_status check_node(checking *c, hpo_node *node,
                             const hpo_node *element, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (!hpo_schema_is_built(element)) {
    node->bad = node->skip = true;
    return hpo_faults_add(c->faults, node, NULL, err, "<%s> " NOT_BUILT,
                          node->name);
  }
  HPO_TRY(status, check_attrs(c, node, element, err));
  HPO_TRY(status, check_text(c, node, element, err));
  HPO_TRY(status, check_children(c, node, element, err));
  HPO_TRY(status, add_defaults(c, node, element, err));
done:
  return status;
}

/* --- Values ----------------------------------------------------------- */

/* What libxml2 refuses, in the schema's words. */
static hpo_status tell_value(void *self, hpo_node *node, const char *attr,
                             const char *words, hpo_error *err) {
  checking *c = self;
  hpo_status status = HPO_OK;
  const hpo_node *element = hpo_schema_of(c->schema, node);
  hpo_attr *a = attr == NULL ? NULL : hpo_node_find(node, attr);
  hpo_names allowed = {0};
  hpo_buffer b = {0};

  if ((a == NULL && node->bad) || (a != NULL && a->bad))
    return HPO_OK;
  node->bad = true;
  const hpo_node *d =
      a == NULL ? NULL : hpo_schema_attr(c->schema, element, attr);
  if (d == NULL) {
    size_t n = strcspn(words, "\n");
    return hpo_faults_add(c->faults, node, NULL, err, "%.*s", (int)n, words);
  }
  a->bad = true;
  HPO_TRY(status, hpo_schema_words(c->schema, d, &allowed, err));
  if (hpo_schema_says(c->schema, d) != NULL)
    HPO_TRY(status, hpo_buffer_format(&b, err, "; allowed: %s",
                                      hpo_schema_says(c->schema, d)));
  else
    HPO_TRY(status, hpo_faults_allowed(&b, a->value, &allowed, "", "", err));
  HPO_TRY(status,
          hpo_faults_add(c->faults, node, attr, err, "%s can't be \"%.60s\"%s",
                         attr, a->value, hpo_faults_text(&b)));
done:
  hpo_names_free(&allowed);
  hpo_buffer_free(&b);
  return status;
}

hpo_status hpo_names_check(const hpo_schema *schema, hpo_node *root,
                           hpo_faults *faults, hpo_error *err) {
  hpo_status status = HPO_OK;
  checking c = {.schema = schema, .faults = faults};
  const hpo_node *element = hpo_schema_root(schema);

  if (strcmp(root->name, "study") != 0) {
    root->bad = root->skip = true;
    return hpo_faults_add(faults, root, NULL, err,
                          "a study file's outermost element is <study>");
  }
  HPO_TRY(status, check_node(&c, root, element, err));
  HPO_TRY(status,
          hpo_xml_check(hpo_study_schema(), root, tell_value, &c, err));
done:
  return status;
}
