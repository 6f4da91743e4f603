/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes of an XML document. */
#include "tree.h"

#include <string.h>

#include "hpo/mem.h"

hpo_status hpo_node_create(const char *name, int line, hpo_node *parent,
                           hpo_node **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_node *node = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *node, &node, err));
  node->line = line;
  node->option = HPO_NODE_FROM_FILE;
  HPO_TRY(status, hpo_mem_string(name, &node->name, err));
  HPO_TRY(status, hpo_mem_string("", &node->text, err));
  if (parent != NULL) {
    HPO_TRY(status,
            hpo_mem_grow(&parent->child, &parent->child_room,
                         parent->n_child + 1, sizeof *parent->child, err));
    node->parent = parent;
    parent->child[parent->n_child++] = node;
  }
  *out = node;
  node = NULL;
done:
  hpo_node_destroy(node);
  return status;
}

static void free_attr(hpo_attr *a) {
  hpo_mem_free(a->name);
  hpo_mem_free(a->value);
}

void hpo_node_destroy(hpo_node *node) {
  if (node == NULL)
    return;
  for (size_t i = 0; i < node->n_child; i++)
    hpo_node_destroy(node->child[i]);
  for (size_t i = 0; i < node->n_attr; i++)
    free_attr(&node->attr[i]);
  hpo_mem_free(node->child);
  hpo_mem_free(node->attr);
  hpo_mem_free(node->name);
  hpo_mem_free(node->text);
  hpo_mem_free(node);
}

hpo_status hpo_node_set(hpo_node *node, const char *name, const char *value,
                        int option, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_attr made = {.option = option};
  hpo_attr *old = hpo_node_find(node, name);

  HPO_TRY(status, hpo_mem_string(name, &made.name, err));
  HPO_TRY(status, hpo_mem_string(value, &made.value, err));
  if (old == NULL) {
    HPO_TRY(status, hpo_mem_grow(&node->attr, &node->attr_room,
                                 node->n_attr + 1, sizeof *node->attr, err));
    node->attr[node->n_attr++] = made;
  } else {
    free_attr(old);
    *old = made;
  }
  made = (hpo_attr){0};
done:
  free_attr(&made);
  return status;
}

hpo_status hpo_node_set_text(hpo_node *node, const char *text,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  char *copy = NULL;

  HPO_TRY(status, hpo_mem_string(text, &copy, err));
  hpo_mem_free(node->text);
  node->text = copy;
done:
  return status;
}

void hpo_node_keep(hpo_node *node, const char *keep) {
  size_t n = 0;

  for (size_t i = 0; i < node->n_attr; i++) {
    if (strcmp(node->attr[i].name, keep) == 0 ||
        node->attr[i].option != HPO_NODE_FROM_FILE)
      node->attr[n++] = node->attr[i];
    else
      free_attr(&node->attr[i]);
  }
  node->n_attr = n;
}

hpo_attr *hpo_node_find(const hpo_node *node, const char *name) {
  for (size_t i = 0; i < node->n_attr; i++)
    if (strcmp(node->attr[i].name, name) == 0)
      return &node->attr[i];
  return NULL;
}

const char *hpo_node_get(const hpo_node *node, const char *name) {
  const hpo_attr *a = hpo_node_find(node, name);

  return a == NULL || a->bad ? NULL : a->value;
}

hpo_node *hpo_node_child(const hpo_node *node, const char *name, size_t i) {
  for (size_t k = 0; k < node->n_child; k++)
    if ((name == NULL || strcmp(node->child[k]->name, name) == 0) && i-- == 0)
      return node->child[k];
  return NULL;
}

hpo_node *hpo_node_good(const hpo_node *node, const char *name) {
  for (size_t k = 0; k < node->n_child; k++)
    if (!node->child[k]->bad && strcmp(node->child[k]->name, name) == 0)
      return node->child[k];
  return NULL;
}

size_t hpo_node_count(const hpo_node *node, const char *name) {
  size_t n = 0;

  for (size_t k = 0; k < node->n_child; k++)
    n += strcmp(node->child[k]->name, name) == 0;
  return n;
}
