/* SPDX-License-Identifier: BSD-3-Clause */
/** \file hpotune/plugin.h
 *  A model or an objective of your own in a shared library, for
 *  `<model kind="plugin" library="./libmine.so">`; docs/plugin.md tells how.
 *
 *  A library has one function, hpotune_plugin_get, which gives its table:
 *  who it is, its options, its functions.  C11, C99 or C++; nothing is
 *  linked.  hpotune calls
 *
 *    create -> step, step, ... -> save -> destroy           for each trial
 *    load -> predict, predict, ... -> destroy               for new rows
 *
 *  and after each step either predict, for the validation rows (models on
 *  data), or metric (objectives without data).  All calls of a model come
 *  from one thread; several models may live at once (folds, in process).
 *  What hpotune hands over stays valid until destroy; it is not to be
 *  written to.
 */
#ifndef HPOTUNE_PLUGIN_H
#define HPOTUNE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Rises when a struct below changes; a library of another is refused. */
#define HPOTUNE_PLUGIN_ABI 1
/** Bytes of `why`: where a function that fails writes a sentence, ended with
 *  NUL.  It becomes the trial's reason. */
#define HPOTUNE_WHY 200

/** What functions return. */
enum {
  HPOTUNE_OK = 0,    /* step: more steps may follow */
  HPOTUNE_DONE = 1,  /* step: that was the last one */
  HPOTUNE_FAILED = 2 /* the trial fails, `why` says why */
};

/** What a plugin is for: bits of `tasks`; one of them is the study's. */
enum {
  HPOTUNE_BINARY = 1,
  HPOTUNE_MULTICLASS = 2,
  HPOTUNE_REGRESSION = 4,
  HPOTUNE_NO_DATA = 8 /* an objective: it has metrics, no predictions */
};

typedef enum hpotune_type {
  HPOTUNE_INT,
  HPOTUNE_FLOAT,
  HPOTUNE_BOOL,   /* "yes" or "no"; number 1 or 0 */
  HPOTUNE_CHOICE, /* one of choices; number: which one, from 0 */
  HPOTUNE_TEXT
} hpotune_type;

/** A row of the option table: what a study file may set or search. */
typedef struct hpotune_option {
  const char *name; /* letters, digits and _ */
  hpotune_type type;
  const char *value;   /* the default as text; NULL: none */
  double low, high;    /* closed range; both 0: any */
  const char *choices; /* HPOTUNE_CHOICE: "relu tanh"; else NULL */
  const char *help;    /* one sentence */
} hpotune_option;

/** An option's value in this trial. */
typedef struct hpotune_value {
  const char *text; /* NULL: no value, and the option has no default */
  double number;    /* NaN for texts and where there is none */
} hpotune_value;

typedef struct hpotune_rows {
  size_t n;
  const float *x;       /* [n][columns] row-major; NaN: missing; a
                           categorical column holds the category's number */
  const double *y;      /* [n] class from 0, or the target */
  const double *weight; /* [n], or NULL: all 1 */
} hpotune_rows;

/** All that a model is made from. */
typedef struct hpotune_input {
  uint32_t size;              /* sizeof(hpotune_input) */
  uint32_t task;              /* the one bit that counts now */
  uint64_t seed;              /* the study's */
  int64_t trial;              /* its number; -1 in load */
  int32_t threads;            /* cores that it may use */
  int32_t n_value;            /* options of the table; 0 in load */
  const hpotune_value *value; /* [n_value] in the table's order */
  /* of data; 0 and NULL without: */
  size_t columns;
  size_t outputs;            /* numbers that predict gives for a row */
  size_t classes;            /* 0: regression */
  const char *const *column; /* [columns] names */
  const size_t *categories;  /* [columns] of a categorical one; else 0 */
  hpotune_rows train, valid; /* none in load */
} hpotune_input;

/** The table of a library. */
typedef struct hpotune_plugin {
  uint32_t abi;  /* HPOTUNE_PLUGIN_ABI */
  uint32_t size; /* sizeof(hpotune_plugin) */
  const char *name;
  const char *help; /* one sentence, for `hpotune describe` */
  uint32_t tasks;   /* bits */
  uint32_t n_option;
  const hpotune_option *option; /* [n_option] */
  /** A new model, not yet stepped. */
  int (*create)(const hpotune_input *in, void **model, char *why);
  /** One step: an epoch, a round, an iteration. */
  int (*step)(void *model, char *why);
  /** Predictions out [n][outputs] of rows x [n][columns]: the second class's
   *  probability (binary, outputs 1), each class's (multiclass, outputs =
   *  classes, be they two), or the number.  NULL for objectives. */
  int (*predict)(void *model, const float *x, size_t n, double *out,
                 char *why);
  /** A metric of the study file after the steps so far; HPOTUNE_FAILED: not
   *  known.  NULL for models on data. */
  int (*metric)(void *model, const char *name, double *out);
  /** The model as bytes, valid until the next call; with load, or NULL. */
  int (*save)(void *model, const void **bytes, size_t *n, char *why);
  /** A saved model back, to predict with. */
  int (*load)(const hpotune_input *in, const void *bytes, size_t n,
              void **model, char *why);
  void (*destroy)(void *model);
} hpotune_plugin;

/** Write this one.  The table must live as long as the library. */
__attribute__((visibility("default"))) const hpotune_plugin *
hpotune_plugin_get(void);

#ifdef __cplusplus
}
#endif
#endif
