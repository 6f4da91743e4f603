/* SPDX-License-Identifier: BSD-3-Clause */
/* Stored models, read back: which kind it is, and from margins to
 * predictions. */
#include "model/predict.h"

#include "hpo/num.h"

#include <math.h>
#include <string.h>

struct hpo_predictor {
  const hpo_predict_kind *kind;
  void *self;
  const hpo_dataset *facts;
  size_t k;
};

static const hpo_predict_kind *kind_of(const hpo_doc *d) {
  static const struct {
    const char *format;
    const hpo_predict_kind *kind;
  } known[] = {{"hpotune-linear", &hpo_predict_linear},
               {"hpotune-mlp", &hpo_predict_mlp},
               {"hpotune-baseline", &hpo_predict_baseline}};
  const char *format = hpo_doc_text(hpo_doc_find(d, "format"));

  if (hpo_doc_find(d, "learner"))
    return &hpo_predict_gbt;
  for (size_t i = 0; format && i < sizeof known / sizeof *known; i++)
    if (strcmp(format, known[i].format) == 0)
      return known[i].kind;
  return NULL;
}

hpo_status hpo_predictor_create(const char *format, const void *bytes,
                                size_t n, const hpo_dataset *facts,
                                hpo_predictor **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_predictor *p = NULL;
  hpo_doc d = {.kind = HPO_DOC_NULL};

  status = strcmp(format, "json") == 0
               ? hpo_doc_read_json(bytes, n, &d, err)
               : hpo_doc_read_ubjson(bytes, n, &d, err);
  if (status == HPO_ESTUDY)
    hpo_error_prefix(err, "the model is damaged: ");
  HPO_TRY(status, status);
  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->facts = facts;
  p->k = hpo_dataset_outputs(facts);
  p->kind = kind_of(&d);
  if (!p->kind)
    HPO_FAIL(status, err, HPO_EINVAL,
             "models of this kind can't predict new rows in this version; "
             "gbt, logistic, linear, mlp and baseline can");
  HPO_TRY(status, p->kind->load(&d, facts, &p->self, err));
  *out = p;
  p = NULL;
done:
  hpo_doc_free(&d);
  hpo_predictor_destroy(p);
  return status;
}

hpo_status hpo_predictor_plug(const hpo_predictor_library *library,
                              const void *bytes, size_t n,
                              const hpo_dataset *facts, hpo_predictor **out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_predictor *p = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  p->facts = facts;
  p->k = hpo_dataset_outputs(facts);
  p->kind = &hpo_predict_plugin;
  HPO_TRY(status,
          hpo_predict_plugin_load(library, bytes, n, facts, &p->self, err));
  *out = p;
  p = NULL;
done:
  hpo_predictor_destroy(p);
  return status;
}

void hpo_predictor_destroy(hpo_predictor *p) {
  if (!p)
    return;
  if (p->self)
    p->kind->destroy(p->self);
  hpo_mem_free(p);
}

size_t hpo_predictor_outputs(const hpo_predictor *p) { return p->k; }

static void softmax(double *m, size_t k) {
  double top = m[0], sum = 0;

  for (size_t j = 1; j < k; j++)
    top = m[j] > top ? m[j] : top;
  for (size_t j = 0; j < k; j++) {
    m[j] = hpo_num_exp(m[j] - top);
    sum += m[j];
  }
  for (size_t j = 0; j < k; j++)
    m[j] /= sum;
}

static bool is_log(const hpo_predictor *p) {
  return p->kind->is_log != NULL && p->kind->is_log(p->self);
}

hpo_status hpo_predictor_rows(const hpo_predictor *p, const float *x, size_t n,
                              bool margin, double *out, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (margin && p->kind->has_no_margins)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a plugin's model says predictions and has no margins");
  HPO_TRY(status, p->kind->margins(p->self, x, n, out, err));
  if (p->kind->has_no_margins)
    goto done;
  for (size_t i = 0; !margin && p->facts->n_class > 0 && i < n; i++) {
    if (p->k > 1)
      softmax(out + i * p->k, p->k);
    else
      out[i] = hpo_num_sigmoid(out[i]);
  }
  for (size_t i = 0; !margin && is_log(p) && i < n * p->k; i++)
    out[i] = hpo_num_exp(out[i]);
done:
  return status;
}

/* Text inside a C comment. */
static hpo_status put_comment(hpo_buffer *b, const char *text,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  for (; *text; text++)
    HPO_TRY(status, hpo_buffer_add(b,
                                   *text == '*' || *text == '\\' ||
                                           (unsigned char)*text < 0x20
                                       ? "_"
                                       : text,
                                   1, err));
done:
  return status;
}

static hpo_status put_columns(const hpo_dataset *d, hpo_buffer *out,
                              hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t j = 0; j < d->columns; j++) {
    HPO_TRY(status, hpo_buffer_format(out, err, " *   x[%zu] ", j));
    HPO_TRY(status, put_comment(out, d->column[j].name, err));
    for (size_t c = 0; c < d->column[j].n_category; c++) {
      HPO_TRY(status,
              hpo_buffer_format(out, err, "%s %zu ", c ? "," : ":", c));
      HPO_TRY(status, put_comment(out, d->column[j].category[c], err));
    }
    HPO_TRY(status, hpo_buffer_format(out, err, "\n"));
  }
  for (size_t c = 0; c < d->n_class; c++) {
    HPO_TRY(status, hpo_buffer_format(out, err, " *   class %zu: ", c));
    HPO_TRY(status, put_comment(out, d->class_name[c], err));
    HPO_TRY(status, hpo_buffer_format(out, err, "\n"));
  }
done:
  return status;
}

static const char sigmoid_text[] =
    "void hpotune_predict(const float *x, double *out) {\n"
    "  margins(x, out);\n"
    "  out[0] = 1 / (1 + exp(-out[0]));\n}\n";
static const char softmax_text[] =
    "void hpotune_predict(const float *x, double *out) {\n"
    "  double top, sum = 0;\n"
    "  int k;\n"
    "  margins(x, out);\n"
    "  top = out[0];\n"
    "  for (k = 1; k < HPOTUNE_OUTPUTS; k++)\n"
    "    top = out[k] > top ? out[k] : top;\n"
    "  for (k = 0; k < HPOTUNE_OUTPUTS; k++)\n"
    "    sum += out[k] = exp(out[k] - top);\n"
    "  for (k = 0; k < HPOTUNE_OUTPUTS; k++)\n"
    "    out[k] /= sum;\n}\n";
static const char exp_text[] =
    "void hpotune_predict(const float *x, double *out) {\n"
    "  margins(x, out);\n"
    "  out[0] = exp(out[0]);\n}\n";
static const char plain_text[] =
    "void hpotune_predict(const float *x, double *out) {\n"
    "  margins(x, out);\n}\n";
static const char main_text[] =
    "\n"
    "#ifdef HPOTUNE_MAIN\n"
    "/* Rows of numbers from standard input, a line each; commas, tabs or "
    "blanks\n"
    " * between them; nothing, nan or NA: missing. */\n"
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "/* The next word, and what ended it. */\n"
    "static int get_word(char *word, int room) {\n"
    "  int n = 0, c = getchar();\n"
    "  while (c == ' ' || c == '\\r')\n"
    "    c = getchar();\n"
    "  for (; c != EOF && c != '\\n' && c != ' ' && c != '\\r' && c != ',' "
    "&&\n"
    "         c != '\\t'; c = getchar())\n"
    "    if (n < room - 1)\n"
    "      word[n++] = (char)c;\n"
    "    else\n"
    "      word[0] = '?';\n"
    "  word[n] = 0;\n"
    "  while (c == ' ' || c == '\\r')\n"
    "    c = getchar();\n"
    "  if (c == EOF || c == '\\n' || c == ',' || c == '\\t')\n"
    "    return c;\n"
    "  ungetc(c, stdin);\n"
    "  return ' ';\n"
    "}\n"
    "static int get_number(const char *word, float *x) {\n"
    "  char *end;\n"
    "  if (!*word || !strcmp(word, \"NA\"))\n"
    "    word = \"nan\";\n"
    "  *x = (float)strtod(word, &end);\n"
    "  return end != word && !*end;\n"
    "}\n"
    "int main(void) {\n"
    "  float x[HPOTUNE_COLUMNS], value;\n"
    "  double out[HPOTUNE_OUTPUTS];\n"
    "  char word[64];\n"
    "  long line = 0, n = 0;\n"
    "  int end, k;\n"
    "  do {\n"
    "    end = get_word(word, sizeof word);\n"
    "    line += n == 0;\n"
    "    if (n == 0 && !*word && (end == '\\n' || end == EOF))\n"
    "      continue;\n"
    "    if (!get_number(word, &value)) {\n"
    "      fprintf(stderr, \"line %ld: %s is no number\\n\", line, word);\n"
    "      return 1;\n"
    "    }\n"
    "    if (n < HPOTUNE_COLUMNS)\n"
    "      x[n] = value;\n"
    "    n++;\n"
    "    if (end != '\\n' && end != EOF)\n"
    "      continue;\n"
    "    if (n != HPOTUNE_COLUMNS) {\n"
    "      fprintf(stderr, \"line %ld: %ld fields, %d are wanted\\n\", line, "
    "n,\n"
    "              HPOTUNE_COLUMNS);\n"
    "      return 1;\n"
    "    }\n"
    "    n = 0;\n"
    "    hpotune_predict(x, out);\n"
    "    for (k = 0; k < HPOTUNE_OUTPUTS; k++)\n"
    "      printf(\"%.17g%c\", out[k], k + 1 < HPOTUNE_OUTPUTS ? ' ' : "
    "'\\n');\n"
    "  } while (end != EOF);\n"
    "  return 0;\n"
    "}\n"
    "#endif\n";

hpo_status hpo_predictor_write_c(const hpo_predictor *p, hpo_buffer *out,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *last = is_log(p)                ? exp_text
                     : p->facts->n_class == 0 ? plain_text
                     : p->k > 1               ? softmax_text
                                              : sigmoid_text;

  if (p->kind->write_c == NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "a plugin's model has no C source");
  HPO_TRY(status,
          hpo_buffer_format(out, err,
                            "/* A model by hpotune; needs no library but "
                            "libm.\n * hpotune_predict: x [%zu], NAN missing, "
                            "names by number; out [%zu].\n",
                            p->facts->columns, p->k));
  HPO_TRY(status, put_columns(p->facts, out, err));
  HPO_TRY(status,
          hpo_buffer_format(out, err,
                            " */\n#include <math.h>\n\n#define "
                            "HPOTUNE_COLUMNS %zu\n#define HPOTUNE_OUTPUTS "
                            "%zu\n\n",
                            p->facts->columns, p->k));
  HPO_TRY(status, p->kind->write_c(p->self, out, err));
  HPO_TRY(status, hpo_buffer_format(out, err, "\n%s%s", last, main_text));
done:
  return status;
}
