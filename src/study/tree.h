/* SPDX-License-Identifier: BSD-3-Clause */
/* An XML document as plain nodes: elements, attributes, text.
 *
 * The study file and the schema both stand in such trees, so the checks see
 * no XML library.  A node owns its names, values and children. */
#ifndef HPO_STUDY_TREE_H
#define HPO_STUDY_TREE_H

#include "hpo/status.h"

#define HPO_NODE_FROM_FILE (-1)

typedef struct hpo_attr {
  char *name, *value;
  int option; /* the --set that it comes from, or HPO_NODE_FROM_FILE */
  bool bad;   /* a fault was told: checks of meaning leave it out */
} hpo_attr;

typedef struct hpo_node hpo_node;
struct hpo_node {
  char *name;
  char *text;       /* all its own text, "" where there is none */
  int line;         /* where its start tag begins */
  int option;       /* as in hpo_attr */
  bool bad;         /* a fault was told: checks of meaning leave it out */
  bool skip;        /* unknown or not built: all checks leave it out */
  hpo_attr *attr;   /* [n_attr] in the order of the file */
  hpo_node **child; /* [n_child], owned */
  size_t n_attr, attr_room, n_child, child_room;
  hpo_node *parent; /* borrowed; NULL for the root */
};

/** A new node; hung on parent, which then owns it, unless that is NULL. */
HPO_MUST_USE hpo_status hpo_node_create(const char *name, int line,
                                        hpo_node *parent, hpo_node **out,
                                        hpo_error *err);
void hpo_node_destroy(hpo_node *node);
/** Sets an attribute, new or not. */
HPO_MUST_USE hpo_status hpo_node_set(hpo_node *node, const char *name,
                                     const char *value, int option,
                                     hpo_error *err);
HPO_MUST_USE hpo_status hpo_node_set_text(hpo_node *node, const char *text,
                                          hpo_error *err);
/** Drops the attributes of the file that are not called keep. */
void hpo_node_keep(hpo_node *node, const char *keep);
hpo_attr *hpo_node_find(const hpo_node *node, const char *name);
/** The value of an attribute that is not marked bad, or NULL. */
const char *hpo_node_get(const hpo_node *node, const char *name);
/** The i-th child of a name (any where name is NULL), or NULL. */
hpo_node *hpo_node_child(const hpo_node *node, const char *name, size_t i);
/** The first child of a name that no fault was told of, or NULL. */
hpo_node *hpo_node_good(const hpo_node *node, const char *name);
size_t hpo_node_count(const hpo_node *node, const char *name);

#endif
