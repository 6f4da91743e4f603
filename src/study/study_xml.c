/* SPDX-License-Identifier: BSD-3-Clause */
/* The only calls of libxml2.
 *
 * Contents: reading; validating.
 *
 * A study file may come from anyone, so nothing that a document can ask for
 * is switched on: no DTD (refused where it starts), hence no entities, no
 * network, no XInclude, and libxml2's own limits of depth and length. */
#include "study_xml.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <limits.h>
#include <string.h>

#include "hpo/mem.h"

#define MOST_ELEMENTS 100000
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

static hpo_status no_memory(hpo_error *err) {
  return hpo_error_set(err, HPO_EMEM, "no memory to read XML");
}

/* --- Reading ---------------------------------------------------------- */

typedef struct reading {
  hpo_faults *faults;
  size_t elements;
  bool has_dtd, is_wrong;
  hpo_status status; /* of adding a fault */
  hpo_error *err;
} reading;

/* Line where the start tag begins that the parser has just read to its
   end: values hold no bare '<', so the last one opens the tag. */
static int tag_line(const xmlParserInput *input) {
  int line = input->line;

  for (const xmlChar *c = input->cur; c > input->base && *c != '<';)
    line -= *--c == '\n';
  return line;
}

static void start_element(void *ctx, const xmlChar *local,
                          const xmlChar *prefix, const xmlChar *uri,
                          int n_space, const xmlChar **space, int n_attr,
                          int n_default, const xmlChar **attr) {
  xmlParserCtxt *c = ctx;
  reading *r = c->_private;

  if (++r->elements > MOST_ELEMENTS) {
    if (!r->is_wrong && r->status == HPO_OK)
      r->status = hpo_faults_add_place(
          r->faults, c->input->line, c->input->col, r->err,
          "more than %d elements are no study file", MOST_ELEMENTS);
    r->is_wrong = true;
    xmlStopParser(c);
    return;
  }
  xmlSAX2StartElementNs(ctx, local, prefix, uri, n_space, space, n_attr,
                        n_default, attr);
  if (c->node != NULL)
    c->node->_private = (void *)(intptr_t)tag_line(c->input);
}

static void refuse_dtd(void *ctx, const xmlChar *name, const xmlChar *public,
                       const xmlChar *system) {
  xmlParserCtxt *c = ctx;
  reading *r = c->_private;

  (void)name;
  (void)public;
  (void)system;
  if (!r->has_dtd && r->status == HPO_OK)
    r->status = hpo_faults_add_place(
        r->faults, c->input->line, c->input->col, r->err,
        "a study file has no DTD: remove <!DOCTYPE ...> and its entities");
  r->has_dtd = true;
  xmlStopParser(c);
}

static void note_error(void *ctx, xmlError *e) {
  xmlParserCtxt *c = ctx;
  reading *r = c->_private;

  if (e->level < XML_ERR_ERROR || r->has_dtd || r->is_wrong ||
      r->status != HPO_OK)
    return;
  r->is_wrong = true;
  const char *words = e->message == NULL ? "" : e->message;
  const char *hint = strstr(words, " use XML_PARSE_HUGE"); /* no user can */
  size_t n = hint != NULL ? (size_t)(hint - words) : strcspn(words, "\n");
  r->status = hpo_faults_add_place(r->faults, e->line, e->int2, r->err,
                                   "not well-formed XML: %.*s", (int)n, words);
}

/* "prefix:name" of what has a namespace, else the name. */
static hpo_status full_name(const xmlNs *ns, const xmlChar *name, char **out,
                            hpo_error *err) {
  if (ns == NULL || ns->prefix == NULL)
    return hpo_mem_string((const char *)name, out, err);
  return hpo_mem_format(out, err, "%s:%s", (const char *)ns->prefix,
                        (const char *)name);
}

static hpo_status convert_attr(xmlDoc *doc, const xmlAttr *a, hpo_node *to,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;
  xmlChar *value = xmlNodeListGetString(doc, a->children, 1);

  HPO_TRY(status, full_name(a->ns, a->name, &name, err));
  HPO_TRY(status,
          hpo_node_set(to, name, value == NULL ? "" : (const char *)value,
                       HPO_NODE_FROM_FILE, err));
done:
  hpo_mem_free(name);
  xmlFree(value);
  return status;
}

/* Attributes as they are; a namespace that is declared counts as one, but
   for what editors need to find a schema. */
static hpo_status convert_attrs(xmlDoc *doc, const xmlNode *from, hpo_node *to,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;

  for (const xmlAttr *a = from->properties; a != NULL; a = a->next)
    if (a->ns == NULL || strcmp((const char *)a->ns->href, XSI) != 0)
      HPO_TRY(status, convert_attr(doc, a, to, err));
  for (const xmlNs *ns = from->nsDef; ns != NULL; ns = ns->next) {
    const char *href = ns->href == NULL ? "" : (const char *)ns->href;
    if (strcmp(href, XSI) == 0)
      continue;
    HPO_TRY(status, hpo_mem_format(
                        &name, err, "xmlns%s%s", ns->prefix == NULL ? "" : ":",
                        ns->prefix == NULL ? "" : (char *)ns->prefix));
    HPO_TRY(status, hpo_node_set(to, name, href, HPO_NODE_FROM_FILE, err));
    hpo_mem_free(name);
    name = NULL;
  }
done:
  hpo_mem_free(name);
  return status;
}

/* The depth is bounded by the parser (256). */
static hpo_status convert(xmlDoc *doc, const xmlNode *from, hpo_node *parent,
                          hpo_node **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *name = NULL;
  hpo_node *node = NULL, *child = NULL;
  hpo_buffer text = {0};

  HPO_TRY(status, full_name(from->ns, from->name, &name, err));
  HPO_TRY(status, hpo_node_create(name, (int)(intptr_t)from->_private, parent,
                                  &node, err));
  HPO_TRY(status, convert_attrs(doc, from, node, err));
  for (const xmlNode *c = from->children; c != NULL; c = c->next) {
    if (c->type == XML_ELEMENT_NODE)
      HPO_TRY(status, convert(doc, c, node, &child, err));
    else if (c->type == XML_TEXT_NODE || c->type == XML_CDATA_SECTION_NODE)
      HPO_TRY(status,
              hpo_buffer_format(&text, err, "%s", (const char *)c->content));
  }
  HPO_TRY(status, hpo_node_set_text(node, hpo_faults_text(&text), err));
  *out = node;
  node = NULL;
done:
  hpo_mem_free(name);
  hpo_buffer_free(&text);
  if (parent == NULL)
    hpo_node_destroy(node);
  return status;
}

hpo_status hpo_xml_read(const void *text, size_t n, hpo_faults *faults,
                        hpo_node **root, hpo_error *err) {
  hpo_status status = HPO_OK;
  reading r = {.faults = faults, .err = err};
  xmlDoc *doc = NULL;
  xmlParserCtxt *c = xmlNewParserCtxt();

  if (c == NULL)
    HPO_TRY(status, no_memory(err));
  HPO_ASSERT(n <= INT_MAX);
  c->_private = &r;
  c->sax->startElementNs = start_element;
  c->sax->internalSubset = refuse_dtd;
  c->sax->serror = note_error;
  doc = xmlCtxtReadMemory(c, text, (int)n, NULL, NULL,
                          XML_PARSE_NONET | XML_PARSE_BIG_LINES);
  HPO_TRY(status, r.status);
  if (r.has_dtd || r.is_wrong)
    goto done;
  if (doc == NULL || xmlDocGetRootElement(doc) == NULL)
    HPO_TRY(status, no_memory(err));
  HPO_TRY(status, convert(doc, xmlDocGetRootElement(doc), NULL, root, err));
done:
  xmlFreeDoc(doc);
  xmlFreeParserCtxt(c);
  return status;
}

bool hpo_xml_is_text(const char *text) {
  for (const char *c = text; *c != '\0'; c++)
    if ((unsigned char)*c < ' ' && *c != '\t')
      return false;
  return xmlCheckUTF8((const unsigned char *)text) == 1;
}

/* --- Validating ------------------------------------------------------- */

typedef struct checking {
  hpo_xml_told told;
  void *self;
  hpo_status status;
  hpo_error *err;
} checking;

static void no_words(void *self, xmlError *e) {
  (void)self;
  (void)e;
}

/* The attribute that an error is about; libxml2 tells it in words only:
   "Element 'budget', attribute 'trials': ...". */
static const xmlAttr *attr_of(const xmlNode *element, const char *words) {
  static const char before[] = ", attribute '";
  const char *name = strstr(words, before);

  for (const xmlAttr *a = element->properties; name != NULL && a != NULL;
       a = a->next) {
    size_t n = strlen((const char *)a->name);
    const char *its = name + sizeof before - 1;
    if (strncmp(its, (const char *)a->name, n) == 0 && its[n] == '\'')
      return a;
  }
  return NULL;
}

static void note_invalid(void *self, xmlError *e) {
  checking *c = self;
  const xmlNode *at = e->node;
  const char *words = e->message == NULL ? "" : e->message;

  if (at != NULL && at->type == XML_ATTRIBUTE_NODE)
    at = at->parent;
  if (c->status != HPO_OK || at == NULL || at->type != XML_ELEMENT_NODE ||
      at->_private == NULL)
    return;
  const xmlAttr *attr = attr_of(at, words);
  c->status =
      c->told(c->self, at->_private,
              attr == NULL ? NULL : (const char *)attr->name, words, c->err);
}

static hpo_status build(xmlDoc *doc, xmlNode *parent, hpo_node *from,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  xmlNode *node = xmlNewDocNode(doc, NULL, (const xmlChar *)from->name, NULL);

  if (node == NULL)
    return no_memory(err);
  node->_private = from;
  if (parent == NULL)
    xmlDocSetRootElement(doc, node);
  else
    xmlAddChild(parent, node);
  for (size_t i = 0; i < from->n_attr; i++)
    if (!from->attr[i].bad &&
        xmlNewProp(node, (const xmlChar *)from->attr[i].name,
                   (const xmlChar *)from->attr[i].value) == NULL)
      return no_memory(err);
  if (from->text[0] != '\0') {
    xmlNode *text = xmlNewDocText(doc, (const xmlChar *)from->text);
    if (text == NULL)
      return no_memory(err);
    xmlAddChild(node, text);
  }
  for (size_t i = 0; i < from->n_child; i++)
    if (!from->child[i]->skip)
      HPO_TRY(status, build(doc, node, from->child[i], err));
done:
  return status;
}

static hpo_status parse_schema(const char *text, xmlSchema **out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  xmlSchemaParserCtxt *c = xmlSchemaNewMemParserCtxt(text, (int)strlen(text));

  if (c == NULL)
    HPO_TRY(status, no_memory(err));
  xmlSchemaSetParserStructuredErrors(c, no_words, NULL);
  *out = xmlSchemaParse(c);
  if (*out == NULL)
    HPO_FAIL(status, err, HPO_EBUG, "the schema of study files is no XSD");
done:
  xmlSchemaFreeParserCtxt(c);
  return status;
}

hpo_status hpo_xml_check(const char *schema, hpo_node *root, hpo_xml_told told,
                         void *self, hpo_error *err) {
  hpo_status status = HPO_OK;
  checking c = {.told = told, .self = self, .err = err};
  xmlSchema *xsd = NULL;
  xmlSchemaValidCtxt *valid = NULL;
  xmlDoc *doc = xmlNewDoc((const xmlChar *)"1.0");

  if (doc == NULL)
    HPO_TRY(status, no_memory(err));
  HPO_TRY(status, build(doc, NULL, root, err));
  HPO_TRY(status, parse_schema(schema, &xsd, err));
  valid = xmlSchemaNewValidCtxt(xsd);
  if (valid == NULL)
    HPO_TRY(status, no_memory(err));
  xmlSchemaSetValidStructuredErrors(valid, note_invalid, &c);
  if (xmlSchemaValidateDoc(valid, doc) < 0)
    HPO_FAIL(status, err, HPO_EBUG, "the schema cannot be applied");
  HPO_TRY(status, c.status);
done:
  xmlSchemaFreeValidCtxt(valid);
  xmlSchemaFree(xsd);
  xmlFreeDoc(doc);
  return status;
}
