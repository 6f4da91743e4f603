/* SPDX-License-Identifier: BSD-3-Clause */
/* Paths into the study's tree.
 *
 * Contents: words of a path; elements; the last word. */
#include "set.h"

#include <ctype.h>
#include <string.h>

#include "hpo/options.h"
#include "study_xml.h"

#define MOST_LETTERS 200

typedef struct path_word {
  char name[MOST_LETTERS], key[MOST_LETTERS];
  bool has_key;
} path_word;

typedef struct walk {
  const hpo_schema *schema;
  hpo_faults *faults;
  int option;
  const hpo_node *element; /* declaration of node */
  hpo_node *node;          /* where the path has led; NULL: nowhere */
} walk;

/* --- Words of a path -------------------------------------------------- */

static bool copy(const char *from, size_t n, char *to) {
  if (n == 0 || n >= MOST_LETTERS)
    return false;
  memcpy(to, from, n);
  to[n] = '\0';
  return true;
}

/* Reads "name" or "name[key]"; what follows it is '/' or the end.
   NULL: it is no word of a path. */
static const char *read_word(const char *at, path_word *out) {
  size_t n = 0;

  while (isalnum((unsigned char)at[n]) || at[n] == '_' ||
         (n > 0 && (at[n] == '-' || at[n] == '.')))
    n++;
  *out = (path_word){.has_key = at[n] == '['};
  if (isdigit((unsigned char)at[0]) || !copy(at, n, out->name))
    return NULL;
  at += n;
  if (out->has_key) {
    const char *end = strchr(at, ']');
    if (end == NULL || !copy(at + 1, (size_t)(end - at) - 1, out->key))
      return NULL;
    at = end + 1;
  }
  return *at == '/' || *at == '\0' ? at : NULL;
}

/* --- Elements --------------------------------------------------------- */

static hpo_status no_element(walk *w, const char *name, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_names allowed = {0};
  hpo_buffer b = {0};

  HPO_TRY(status, hpo_schema_children(w->schema, w->element, &allowed, err));
  HPO_TRY(status, hpo_faults_allowed(&b, name, &allowed, "", "", err));
  HPO_TRY(status,
          hpo_faults_add_option(w->faults, w->option, err,
                                "<%s> has no element \"%s\"%s", w->node->name,
                                name, hpo_faults_text(&b)));
  w->node = NULL;
done:
  hpo_names_free(&allowed);
  hpo_buffer_free(&b);
  return status;
}

/* What a user may call an element by. */
static const char *called(const hpo_node *node, const char *key) {
  const char *name = hpo_node_get(node, "name");

  return name != NULL || key == NULL ? name : hpo_node_get(node, key);
}

static hpo_node *find_called(const hpo_node *in, const char *name,
                             const char *by, const char *key) {
  int64_t number = 0;
  hpo_node *child = NULL;

  for (size_t i = 0; (child = hpo_node_child(in, name, i)) != NULL; i++)
    if (called(child, by) != NULL && strcmp(called(child, by), key) == 0)
      return child;
  if (hpo_options_parse_int(key, &number) && number >= 1)
    return hpo_node_child(in, name, (size_t)number - 1);
  return NULL;
}

static hpo_status which_one(walk *w, const path_word *word, const char *by,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer b = {0};
  hpo_node *child = NULL;

  for (size_t i = 0; (child = hpo_node_child(w->node, word->name, i)) != NULL;
       i++)
    HPO_TRY(status,
            hpo_buffer_format(
                &b, err, "%s%s[%s]", i > 0 ? ", " : "", word->name,
                called(child, by) == NULL ? "NUMBER" : called(child, by)));
  HPO_TRY(status,
          hpo_faults_add_option(w->faults, w->option, err,
                                "which <%s> of <%s>? There %s %s", word->name,
                                w->node->name, b.n > 0 ? "are" : "is",
                                b.n > 0 ? hpo_faults_text(&b) : "none"));
  w->node = NULL;
done:
  hpo_buffer_free(&b);
  return status;
}

static hpo_status make(walk *w, const path_word *word, const char *by,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_node *child = NULL;

  HPO_TRY(status, hpo_node_create(word->name, 0, w->node, &child, err));
  child->option = w->option;
  if (word->has_key)
    HPO_TRY(status, hpo_node_set(child, by, word->key, w->option, err));
  w->node = child;
done:
  return status;
}

/* Whether an element is a name with a value, so that both are all of it. */
static bool is_pair(const hpo_schema *schema, const hpo_node *element) {
  return hpo_schema_attr(schema, element, "name") != NULL &&
         (hpo_schema_attr(schema, element, "value") != NULL ||
          hpo_schema_has_text(schema, element));
}

/* One step down, to the element of a word; makes it where it is clear what
   it would be. */
static hpo_status step(walk *w, const path_word *word, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *element =
      hpo_schema_child(w->schema, w->element, word->name);

  if (element == NULL)
    return no_element(w, word->name, err);
  const char *by = hpo_schema_key(w->schema, element);
  size_t n = hpo_node_count(w->node, word->name);
  hpo_node *found = NULL;
  if (word->has_key)
    found = find_called(w->node, word->name, by, word->key);
  else if (n == 1)
    found = hpo_node_child(w->node, word->name, 0);
  if (found != NULL)
    w->node = found;
  else if (word->has_key ? is_pair(w->schema, element) : n == 0)
    HPO_TRY(status, make(w, word, by, err));
  else
    HPO_TRY(status, which_one(w, word, by, err));
  w->element = element;
done:
  return status;
}

/* --- The last word ---------------------------------------------------- */

static hpo_status set_attr(walk *w, const char *name, const char *value,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *old = hpo_node_get(w->node, name);

  /* another sampler, pruner or terminator has other options */
  if (hpo_schema_is_open(w->schema, w->element) && strcmp(name, "name") == 0 &&
      old != NULL && strcmp(old, value) != 0)
    hpo_node_keep(w->node, name);
  HPO_TRY(status, hpo_node_set(w->node, name, value, w->option, err));
done:
  return status;
}

static hpo_status set_last(walk *w, const path_word *last, const char *value,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_node *child = hpo_schema_child(w->schema, w->element, last->name);

  if (!last->has_key &&
      (child == NULL || hpo_schema_attr(w->schema, w->element, last->name)))
    return set_attr(w, last->name, value, err);
  HPO_TRY(status, step(w, last, err));
  if (w->node == NULL)
    goto done;
  if (hpo_schema_has_text(w->schema, w->element))
    return hpo_node_set_text(w->node, value, err);
  if (hpo_schema_attr(w->schema, w->element, "value") != NULL)
    return set_attr(w, "value", value, err);
  HPO_TRY(status, hpo_faults_add_option(
                      w->faults, w->option, err,
                      "<%s> is an element: say which attribute, %s/NAME=%s",
                      last->name, last->name, value));
done:
  return status;
}

static hpo_status not_a_path(hpo_faults *faults, int option, hpo_error *err) {
  return hpo_faults_add_option(
      faults, option, err,
      "PATH=VALUE is wanted, such as budget/trials=20, seed=7 or "
      "model[gbt]/fixed[max_bin]=128");
}

/* The '=' that ends the path: keys may hold one. */
static const char *find_value(const char *text) {
  bool inside = false;

  for (; *text != '\0' && (inside || *text != '='); text++)
    inside = *text == '[' || (inside && *text != ']');
  return *text == '=' ? text : NULL;
}

hpo_status hpo_set_apply(const hpo_schema *schema, hpo_node *root, int option,
                         hpo_faults *faults, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *text = faults->set[option];
  const char *equals = find_value(text), *at = NULL;
  char *path = NULL;
  path_word w = {0};
  walk here = {schema, faults, option, hpo_schema_root(schema), root};

  if (equals == NULL || !hpo_xml_is_text(text))
    return not_a_path(faults, option, err);
  HPO_TRY(status,
          hpo_mem_format(&path, err, "%.*s", (int)(equals - text), text));
  at = path;
  if (strncmp(at, "study/", 6) == 0)
    at += 6;
  while (here.node != NULL && (at = read_word(at, &w)) != NULL && *at == '/') {
    HPO_TRY(status, step(&here, &w, err));
    at++;
  }
  if (here.node == NULL)
    goto done;
  if (at == NULL)
    HPO_TRY(status, not_a_path(faults, option, err));
  else
    HPO_TRY(status, set_last(&here, &w, equals + 1, err));
done:
  hpo_mem_free(path);
  return status;
}
