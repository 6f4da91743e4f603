/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plugin says of itself, as lines of words apart by tabs:
 *
 *   plugin NAME TASKS HAS_LOAD HELP
 *   option NAME TYPE DEFAULT LOW HIGH CHOICES HELP    for each
 *
 * A default is "=text", or "-" for none. */
#include "hpo/library.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hpo/process.h"

#define MOST_TEXT ((size_t)1 << 20)
#define MOST_WORD 2000 /* bytes of one text of a table */
#define PATIENCE 20.0  /* seconds for a library to say what it is */

/* --- printed ----------------------------------------------------------- */

/* A text without what would end a word or a line. */
static hpo_status put(hpo_buffer *out, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = text == NULL ? 0 : strnlen(text, MOST_WORD + 1);

  if (n > MOST_WORD)
    HPO_FAIL(status, err, HPO_EINVAL,
             "a text in its table is longer than %d bytes: \"%.20s...\"",
             MOST_WORD, text);
  HPO_TRY(status, hpo_buffer_add(out, "\t", 1, err));
  for (size_t i = 0; i < n; i++)
    HPO_TRY(status,
            hpo_buffer_add(out, (unsigned char)text[i] < ' ' ? " " : &text[i],
                           1, err));
done:
  return status;
}

static hpo_status print_option(const hpotune_option *o, hpo_buffer *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_open = o->low == 0 && o->high == 0;

  HPO_TRY(status, hpo_buffer_format(out, err, "option"));
  HPO_TRY(status, put(out, o->name, err));
  HPO_TRY(status, hpo_buffer_format(out, err, "\t%d", (int)o->type));
  HPO_TRY(status, put(out, o->value == NULL ? "-" : "=", err));
  if (o->value != NULL) {
    size_t at = out->n;
    HPO_TRY(status, put(out, o->value, err));
    memmove(out->byte + at, out->byte + at + 1, out->n - at - 1);
    out->n--; /* the tab */
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "\t%.17g\t%.17g",
                                    is_open ? -INFINITY : o->low,
                                    is_open ? INFINITY : o->high));
  HPO_TRY(status, put(out, o->choices, err));
  HPO_TRY(status, put(out, o->help, err));
  HPO_TRY(status, hpo_buffer_add(out, "\n", 1, err));
done:
  return status;
}

hpo_status hpo_library_print(const hpotune_plugin *p, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(out, err, "plugin"));
  HPO_TRY(status, put(out, p->name, err));
  HPO_TRY(status,
          hpo_buffer_format(out, err, "\t%u\t%d", p->tasks, p->load != NULL));
  HPO_TRY(status, put(out, p->help, err));
  HPO_TRY(status, hpo_buffer_add(out, "\n", 1, err));
  for (size_t i = 0; i < p->n_option; i++)
    HPO_TRY(status, print_option(&p->option[i], out, err));
  HPO_TRY(status, hpo_buffer_add(out, "", 1, err));
done:
  return status;
}

/* --- read -------------------------------------------------------------- */

/* Cuts a line into its words; how many. */
static size_t cut(char *line, char **word, size_t most) {
  size_t n = 0;

  for (char *at = line; at != NULL && n < most; n++)
    word[n] = strsep(&at, "\t");
  return n;
}

static bool is_name(const char *text) {
  if (!isalpha((unsigned char)text[0]) && text[0] != '_')
    return false;
  for (; *text != '\0'; text++)
    if (!isalnum((unsigned char)*text) && *text != '_')
      return false;
  return true;
}

static const hpo_option_kind kinds[] = {
    [HPOTUNE_INT] = HPO_OPTION_INT,   [HPOTUNE_FLOAT] = HPO_OPTION_FLOAT,
    [HPOTUNE_BOOL] = HPO_OPTION_BOOL, [HPOTUNE_CHOICE] = HPO_OPTION_CHOICE,
    [HPOTUNE_TEXT] = HPO_OPTION_TEXT,
};

/* "option" NAME TYPE DEFAULT LOW HIGH CHOICES HELP */
static hpo_status read_option(char **word, hpo_library_facts *f,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  int type = atoi(word[2]);
  hpo_option o = {.name = word[1],
                  .value = word[3][0] == '=' ? word[3] + 1 : NULL,
                  .low = strtod(word[4], NULL),
                  .high = strtod(word[5], NULL),
                  .choices = word[6][0] == '\0' ? NULL : word[6],
                  .help = word[7]};

  if (!is_name(o.name) || strlen(o.name) > 60)
    HPO_FAIL(status, err, HPO_EINVAL,
             "option %zu of its table is called \"%.60s\"; allowed: letters, "
             "digits and _, 60 at most",
             f->n_option, o.name);
  if (type < 0 || (size_t)type >= sizeof kinds / sizeof *kinds)
    HPO_FAIL(status, err, HPO_EINVAL, "its option %s has type %d", o.name,
             type);
  o.kind = kinds[type];
  if (isnan(o.low) || isnan(o.high) || o.low > o.high)
    HPO_FAIL(status, err, HPO_EINVAL,
             "its option %s has the range %g to %g; allowed: low <= high",
             o.name, o.low, o.high);
  if ((o.kind == HPO_OPTION_CHOICE) != (o.choices != NULL))
    HPO_FAIL(status, err, HPO_EINVAL,
             "its option %s: HPOTUNE_CHOICE and choices belong together",
             o.name);
  if (hpo_options_find(f->option, f->n_option, o.name) != NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "its option %s is there twice", o.name);
  f->option[f->n_option++] = o;
done:
  return status;
}

static hpo_status read_line(char *line, hpo_library_facts *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *word[8];
  size_t n = cut(line, word, 8);

  if (n == 8 && strcmp(word[0], "option") == 0) {
    HPO_TRY(status, read_option(word, f, err));
  } else if (n == 5 && strcmp(word[0], "plugin") == 0) {
    HPO_TRY(status, hpo_mem_string(word[1], &f->name, err));
    HPO_TRY(status, hpo_mem_string(word[4], &f->help, err));
    f->tasks = (unsigned)strtoul(word[2], NULL, 10);
    f->has_load = word[3][0] == '1';
  } else {
    HPO_FAIL(status, err, HPO_EINVAL, "it prints where it should be silent");
  }
done:
  return status;
}

/* Its defaults must be of their kinds and in their ranges. */
static hpo_status check_defaults(const hpo_library_facts *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;

  status = hpo_options_create(f->option, f->n_option, &o, err);
  if (status == HPO_EBUG) {
    status = HPO_EINVAL;
    err->code = status;
  }
  hpo_options_destroy(o);
  return status;
}

hpo_status hpo_library_read(const char *text, hpo_library_facts *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_library_facts f = {0};
  size_t lines = 0;

  for (const char *c = text; *c != '\0'; c++)
    lines += *c == '\n';
  HPO_TRY(status, hpo_mem_string(text, &f.text, err));
  HPO_TRY(status, hpo_mem_new(lines, sizeof *f.option, &f.option, err));
  for (char *at = f.text; *at != '\0';) {
    char *line = strsep(&at, "\n");
    HPO_TRY(status, read_line(line, &f, err));
    if (at == NULL)
      break;
  }
  if (f.name == NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "it says nothing of itself");
  HPO_TRY(status, check_defaults(&f, err));
  *out = f;
  f = (hpo_library_facts){0};
done:
  hpo_library_facts_free(&f);
  return status;
}

void hpo_library_facts_free(hpo_library_facts *f) {
  hpo_mem_free(f->name);
  hpo_mem_free(f->help);
  hpo_mem_free(f->option);
  hpo_mem_free(f->text);
  *f = (hpo_library_facts){0};
}

/* --- asked ------------------------------------------------------------- */

hpo_status hpo_library_look(const char *path, hpo_library_facts *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char program[4200], *text = NULL;
  const char *const argv[] = {program, "describe", path, NULL};
  hpo_error own = {0};

  if (!hpo_process_beside(HPO_PLUGIN_PROGRAM, program, sizeof program))
    HPO_FAIL(status, err, HPO_EIO,
             HPO_PLUGIN_PROGRAM " is not beside hpotune: it is built and "
                                "installed with it");
  HPO_TRY(status, hpo_mem_new(MOST_TEXT, 1, &text, err));
  status = hpo_process_read(argv, PATIENCE, text, MOST_TEXT, &own);
  if (status != HPO_OK) {
    const char *why = strstr(own.text, HPO_PLUGIN_PROGRAM);
    HPO_FAIL(status, err, HPO_EINVAL,
             "library \"%.200s\": loading it and reading its table went "
             "wrong: %s",
             path, why ? why : own.text);
  }
  if (strncmp(text, "error\t", 6) == 0)
    HPO_FAIL(status, err, HPO_EINVAL, "%.*s", (int)strcspn(text + 6, "\n"),
             text + 6);
  status = hpo_library_read(text, out, err);
  if (status == HPO_EINVAL)
    hpo_error_prefix(err, "library \"%.200s\": ", path);
done:
  hpo_mem_free(text);
  return status;
}
