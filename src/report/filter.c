/* SPDX-License-Identifier: BSD-3-Clause */
/* Conditions on columns: a recursive-descent parser and an evaluator.
 *
 *   either  = both { "or" both }
 *   both    = unary { "and" unary }
 *   unary   = "not" unary | "(" either ")" | compare
 *   compare = name operator (number | quoted text)
 */
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/report.h"
#include "hpo/space.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE } node_kind;
typedef enum operator_kind {
  OP_EQ,
  OP_NE,
  OP_LT,
  OP_LE,
  OP_GT,
  OP_GE,
  OP_LIKE
} operator_kind;

typedef struct node {
  node_kind kind;
  struct node *a, *b; /* children */
  size_t field;       /* index of the column, or NO_TAG */
  operator_kind op;
  bool is_text;
  bool is_choice; /* number: one of choices that are all numbers */
  double number;  /* of other choices: the place */
  char *text;
} node;

struct hpo_filter {
  node *root;
};

enum { DEEPEST = 200 };                /* nesting that is parsed */
static const size_t NO_TAG = SIZE_MAX; /* a tag that no trial has */

typedef struct parser {
  const char *text, *at;
  const hpo_record *columns;
  int depth;
} parser;

static void free_node(node *n) {
  if (!n)
    return;
  free_node(n->a);
  free_node(n->b);
  hpo_mem_free(n->text);
  hpo_mem_free(n);
}

void hpo_filter_destroy(hpo_filter *f) {
  if (!f)
    return;
  free_node(f->root);
  hpo_mem_free(f);
}

static void skip_space(parser *p) {
  while (isspace((unsigned char)*p->at))
    p->at++;
}

/* The sentence for a fault at p->at, with a mark below the text; of a long
 * text only what stands around. */
static hpo_status fail_here(const parser *p, const char *what,
                            hpo_error *err) {
  size_t column = (size_t)(p->at - p->text);
  size_t first = column > 60 ? column - 60 : 0;

  while (first > 0 && ((unsigned char)p->text[first] & 0xC0U) == 0x80U)
    first--; /* not inside a UTF-8 letter */
  return hpo_error_set(err, HPO_EINVAL,
                       "--where, column %zu: %s\n  %.100s\n  %*s^", column + 1,
                       what, p->text + first, (int)(column - first), "");
}

static bool take_word(parser *p, const char *word) {
  size_t n = strlen(word);
  skip_space(p);
  if (strncasecmp(p->at, word, n) != 0 || isalnum((unsigned char)p->at[n]) ||
      p->at[n] == '_')
    return false;
  p->at += n;
  return true;
}

static bool take_char(parser *p, char c) {
  skip_space(p);
  if (*p->at != c)
    return false;
  p->at++;
  return true;
}

static hpo_status parse_name(parser *p, size_t *field, hpo_error *err) {
  hpo_status status = HPO_OK;
  char name[256];
  const hpo_field *f = NULL;
  hpo_error why = {0};

  skip_space(p);
  const char *from = p->at;
  size_t n = 0;
  if (*from == '`') {
    n = strcspn(++from, "`");
    if (from[n] != '`')
      return fail_here(p, "a backquote is not closed", err);
    p->at = from + n + 1;
  } else {
    while (isalnum((unsigned char)from[n]) ||
           (from[n] && strchr("._-", from[n])))
      n++;
    p->at = from + n;
  }
  snprintf(name, sizeof name, "%.*s", (int)n, from);
  p->at = n ? p->at : from;
  if (!n)
    return fail_here(p,
                     "a column's name is expected here, such as "
                     "metrics.roc_auc",
                     err);
  if (strncmp(name, "tags.", 5) == 0 && !hpo_record_find(p->columns, name)) {
    *field = NO_TAG;
    return HPO_OK;
  }
  status = hpo_report_find(p->columns, name, &f, &why);
  if (status != HPO_OK) {
    p->at = from;
    return fail_here(p, why.text, err);
  }
  *field = (size_t)(f - p->columns->field);
  return status;
}

static hpo_status parse_operator(parser *p, operator_kind *op,
                                 hpo_error *err) {
  static const struct {
    const char *text;
    operator_kind op;
  } table[] = {{"==", OP_EQ}, {"!=", OP_NE}, {"<>", OP_NE}, {"<=", OP_LE},
               {">=", OP_GE}, {"=", OP_EQ},  {"<", OP_LT},  {">", OP_GT}};
  skip_space(p);
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strncmp(p->at, table[i].text, strlen(table[i].text)) == 0) {
      p->at += strlen(table[i].text);
      *op = table[i].op;
      return HPO_OK;
    }
  if (take_word(p, "like")) {
    *op = OP_LIKE;
    return HPO_OK;
  }
  return fail_here(p, "an operator is expected here: = != < <= > >= like",
                   err);
}

static hpo_status parse_value(parser *p, node *n, hpo_error *err) {
  char number[64];
  skip_space(p);
  if (*p->at == '"' || *p->at == '\'') {
    const char *from = p->at + 1;
    size_t length = strcspn(from, *p->at == '"' ? "\"" : "'");
    if (!from[length])
      return fail_here(p, "a quote is not closed", err);
    p->at = from + length + 1;
    n->is_text = true;
    return hpo_mem_format(&n->text, err, "%.*s", (int)length, from);
  }
  size_t length = strspn(p->at, "+-.0123456789eE");
  snprintf(number, sizeof number, "%.*s", (int)length, p->at);
  if (!hpo_options_parse_float(number, &n->number))
    return fail_here(p, "a number or a quoted text is expected here", err);
  p->at += length;
  return HPO_OK;
}

/* An enum's choices as those of a parameter. */
static hpo_param choices_of(const hpo_field *f) {
  return (hpo_param){.kind = HPO_PARAM_CATEGORICAL,
                     .full_name = f->name,
                     .choice = f->choice,
                     .n_choice = f->n_choice};
}

/* A choice as a number: its own where all are numbers, else its place. */
static hpo_status take_choice(parser *p, node *n, const char *value,
                              hpo_error *err) {
  const hpo_param choices = choices_of(&p->columns->field[n->field]);
  hpo_error why = {0};

  if (n->op == OP_LIKE || !n->is_text)
    return HPO_OK;
  n->is_text = false;
  if (n->is_choice && hpo_options_parse_float(n->text, &n->number))
    return HPO_OK;
  if (hpo_param_parse(&choices, n->text, &n->number, &why) == HPO_OK)
    return HPO_OK;
  p->at = value;
  return fail_here(p, why.text, err);
}

/* What the column n->field is compared with. */
static hpo_status parse_operand(parser *p, node *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *f =
      n->field == NO_TAG ? NULL : &p->columns->field[n->field];
  const bool is_enum = f != NULL && f->type == HPO_FIELD_ENUM;
  const bool takes_text = f == NULL || is_enum || f->type == HPO_FIELD_TEXT;

  if (is_enum) {
    const hpo_param choices = choices_of(f);
    n->is_choice = hpo_param_is_numeric(&choices);
  }
  skip_space(p);
  const char *value = p->at;
  if (takes_text && !n->is_choice && isalnum((unsigned char)*value))
    return fail_here(p, "this column holds text: quote it", err);
  HPO_TRY(status, parse_value(p, n, err));
  if ((n->is_text != takes_text && !n->is_choice) ||
      (n->op == OP_LIKE && !n->is_text)) {
    p->at = value;
    return fail_here(p,
                     takes_text ? "this column holds text, not a number"
                                : "this column holds numbers",
                     err);
  }
  if (is_enum)
    HPO_TRY(status, take_choice(p, n, value, err));
done:
  return status;
}

static hpo_status parse_compare(parser *p, node **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  node *n = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *n, &n, err));
  n->kind = NODE_COMPARE;
  HPO_TRY(status, parse_name(p, &n->field, err));
  HPO_TRY(status, parse_operator(p, &n->op, err));
  HPO_TRY(status, parse_operand(p, n, err));
  *out = n;
  n = NULL;
done:
  free_node(n);
  return status;
}

static hpo_status parse_either(parser *p, node **out, hpo_error *err);

static hpo_status parse_unary(parser *p, node **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  node *n = NULL;

  if (++p->depth > DEEPEST)
    HPO_TRY(status, fail_here(p, "nested too deeply", err));
  if (take_word(p, "not")) {
    HPO_TRY(status, hpo_mem_new(1, sizeof *n, &n, err));
    n->kind = NODE_NOT;
    HPO_TRY(status, parse_unary(p, &n->a, err));
  } else if (take_char(p, '(')) {
    HPO_TRY(status, parse_either(p, &n, err));
    if (!take_char(p, ')'))
      HPO_TRY(status, fail_here(p, "\")\" is expected here", err));
  } else {
    HPO_TRY(status, parse_compare(p, &n, err));
  }
  p->depth--;
  *out = n;
  n = NULL;
done:
  free_node(n);
  return status;
}

/* A chain of `word` over what `part` parses. */
static hpo_status parse_chain(parser *p, node_kind kind, const char *word,
                              hpo_status (*part)(parser *, node **,
                                                 hpo_error *),
                              node **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  node *left = NULL, *n = NULL;

  HPO_TRY(status, part(p, &left, err));
  while (take_word(p, word)) {
    HPO_TRY(status, hpo_mem_new(1, sizeof *n, &n, err));
    n->kind = kind;
    n->a = left;
    left = n;
    HPO_TRY(status, part(p, &n->b, err));
  }
  *out = left;
  left = NULL;
done:
  free_node(left);
  return status;
}

static hpo_status parse_both(parser *p, node **out, hpo_error *err) {
  return parse_chain(p, NODE_AND, "and", parse_unary, out, err);
}

static hpo_status parse_either(parser *p, node **out, hpo_error *err) {
  return parse_chain(p, NODE_OR, "or", parse_both, out, err);
}

hpo_status hpo_filter_create(const char *text, const hpo_record *columns,
                             hpo_filter **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_filter *f = NULL;
  parser p = {.text = text, .at = text, .columns = columns};

  HPO_TRY(status, hpo_mem_new(1, sizeof *f, &f, err));
  HPO_TRY(status, parse_either(&p, &f->root, err));
  skip_space(&p);
  if (*p.at)
    HPO_TRY(status, fail_here(&p,
                              "\"and\", \"or\" or the end is expected "
                              "here",
                              err));
  *out = f;
  f = NULL;
done:
  hpo_filter_destroy(f);
  return status;
}

/* --- asking it ---------------------------------------------------------- */

/* SQL's LIKE without case: % any run, _ any one character. */
static bool is_like(const char *text, const char *pattern) {
  const char *star = NULL, *back = NULL;
  while (*text) {
    if (*pattern == '%') {
      star = ++pattern;
      back = text;
    } else if (*pattern == '_' || tolower((unsigned char)*pattern) ==
                                      tolower((unsigned char)*text)) {
      pattern++;
      text++;
    } else if (star) {
      pattern = star;
      text = ++back;
    } else {
      return false;
    }
  }
  while (*pattern == '%')
    pattern++;
  return !*pattern;
}

static bool decide(operator_kind op, int order) {
  switch (op) {
  case OP_EQ:
    return order == 0;
  case OP_NE:
    return order != 0;
  case OP_LT:
    return order < 0;
  case OP_LE:
    return order <= 0;
  case OP_GT:
    return order > 0;
  default:
    return order >= 0;
  }
}

static bool compare(const node *n, const hpo_field *f, size_t i) {
  char text[256];
  hpo_report_cell(f, i, true, text, sizeof text);
  if (!text[0] &&
      (f->type != HPO_FIELD_TEXT || strncmp(f->name, "tags.", 5) == 0))
    return false;
  if (n->is_text)
    return n->op == OP_LIKE ? is_like(text, n->text)
                            : decide(n->op, strcmp(text, n->text));
  double x = hpo_field_number(f, i);
  if (n->is_choice && !hpo_options_parse_float(text, &x))
    return false;
  return decide(n->op, x < n->number ? -1 : x > n->number);
}

static bool match(const node *n, const hpo_record *columns, size_t i) {
  switch (n->kind) {
  case NODE_AND:
    return match(n->a, columns, i) && match(n->b, columns, i);
  case NODE_OR:
    return match(n->a, columns, i) || match(n->b, columns, i);
  case NODE_NOT:
    return !match(n->a, columns, i);
  default:
    return n->field != NO_TAG && compare(n, &columns->field[n->field], i);
  }
}

bool hpo_filter_match(const hpo_filter *f, const hpo_record *columns,
                      size_t i) {
  return match(f->root, columns, i);
}
