/* SPDX-License-Identifier: BSD-3-Clause */
/** \file library.h
 *  Plugins: models of a user's own in shared libraries (hpotune/plugin.h).
 *
 *  What a library says is never trusted: a small program of its own,
 *  hpotune-plugin, loads it and tells what it found (look), and runs its
 *  models, unless the user wants them in this process (open, create).  Both
 *  go through the same checks, so both tell the same sentences.
 */
#ifndef HPO_LIBRARY_H
#define HPO_LIBRARY_H

#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpotune/plugin.h"

/* --- what a library says of itself ------------------------------------ */

typedef struct hpo_library_facts {
  char *name, *help;
  unsigned tasks;     /* HPOTUNE_BINARY and the like */
  bool has_load;      /* its models can be stored, and predict */
  hpo_option *option; /* [n_option] checked as built-in tables are tested */
  size_t n_option;
  char *text; /* what the table's words point into */
} hpo_library_facts;

/** Loads the library in a process of its own and reads its table there.
 *  \return HPO_EINVAL: what is wrong with it, as a sentence; HPO_EIO: there
 *  is no hpotune-plugin beside this program */
HPO_MUST_USE hpo_status hpo_library_look(const char *path,
                                         hpo_library_facts *out,
                                         hpo_error *err);
/** The facts as lines, as hpotune-plugin prints them, and back. */
HPO_MUST_USE hpo_status hpo_library_print(const hpotune_plugin *p,
                                          hpo_buffer *out, hpo_error *err);
HPO_MUST_USE hpo_status hpo_library_read(const char *text,
                                         hpo_library_facts *out,
                                         hpo_error *err);
void hpo_library_facts_free(hpo_library_facts *f);

/* --- in this process --------------------------------------------------- */

typedef struct hpo_library hpo_library;
typedef struct hpo_library_model hpo_library_model;

/** Loads it and checks its table.  It stays loaded to the process's end, as
 *  its code may have left threads or handlers.
 *  \return HPO_EINVAL: it can't be loaded, is no plugin, has another ABI, or
 *  its table is wrong */
HPO_MUST_USE hpo_status hpo_library_open(const char *path, hpo_library **out,
                                         hpo_error *err);
void hpo_library_close(hpo_library *lib);
const hpotune_plugin *hpo_library_table(const hpo_library *lib);

/** Rows and facts of data in one block of memory that processes share; its
 *  arrays are written by whoever made it. */
typedef struct hpo_slab {
  size_t columns, classes, outputs, n_train, n_valid, n_blob;
  unsigned task;
  bool has_weight;
  size_t names;        /* bytes of all names with their NULs */
  char *name;          /* [names] column by column */
  size_t *categories;  /* [columns] */
  float *x[2];         /* training, validation: [n][columns] */
  double *y[2], *w[2]; /* [n]; w NULL without weights */
  uint8_t *blob;       /* [n_blob] a saved model */
  int file;            /* descriptor of the memory; no name in any folder */
  void *map;
  size_t bytes;
} hpo_slab;

/** Makes memory for the counts in v, which the caller has set; fills in the
 *  pointers.  HPO_EMEM: no room. */
HPO_MUST_USE hpo_status hpo_slab_create(hpo_slab *v, hpo_error *err);
/** The same memory seen through a descriptor, for reading; the file stays
 *  the caller's. */
HPO_MUST_USE hpo_status hpo_slab_open(int file, hpo_slab *v, hpo_error *err);
void hpo_slab_free(hpo_slab *v);

/** What a model is told beside its data; all borrowed. */
typedef struct hpo_library_job {
  const char *const *name; /* [n] options that are set, and their values */
  const char *const *text;
  size_t n;
  uint64_t seed;
  int64_t trial;
  int threads;
  const hpo_slab *view; /* NULL: no data; must outlive the model */
} hpo_library_job;

/** \return HPO_ETRIAL: the library's own sentence; HPO_EINVAL: an option
 *  that it does not have */
HPO_MUST_USE hpo_status hpo_library_create(const hpo_library *lib,
                                           const hpo_library_job *job,
                                           hpo_library_model **out,
                                           hpo_error *err);
/** From the view's blob. */
HPO_MUST_USE hpo_status hpo_library_load(const hpo_library *lib,
                                         const hpo_slab *view,
                                         hpo_library_model **out,
                                         hpo_error *err);
void hpo_library_destroy(hpo_library_model *m);
/** HPO_ETRIAL: it failed, as do predict and save. */
HPO_MUST_USE hpo_status hpo_library_step(hpo_library_model *m, bool *is_done,
                                         hpo_error *err);
/** \param [out] out [n][outputs] */
HPO_MUST_USE hpo_status hpo_library_predict(hpo_library_model *m,
                                            const float *x, size_t n,
                                            double *out, hpo_error *err);
/** NaN: not known. */
double hpo_library_metric(hpo_library_model *m, const char *name);
/** Adds the model's bytes, at most HPO_PLUGIN_MOST. */
HPO_MUST_USE hpo_status hpo_library_save(hpo_library_model *m, hpo_buffer *out,
                                         hpo_error *err);

/* --- the words of a rank and its hpotune-plugin ------------------------- */

#define HPO_PLUGIN_PROGRAM "hpotune-plugin"
/** Its files: requests come in 3, data in 4, answers go out to 1. */
enum { HPO_PLUGIN_REQUESTS = 3, HPO_PLUGIN_DATA = 4 };
#define HPO_PLUGIN_MAGIC 0x6e706831U
#define HPO_PLUGIN_MOST ((uint64_t)1 << 30) /* bytes of a saved model */

typedef enum hpo_plugin_word {
  HPO_PLUGIN_STEP,      /* asks for a step; its answer: values, is_done */
  HPO_PLUGIN_STEP_SAVE, /* the same, and the model's bytes behind */
  HPO_PLUGIN_PREDICT,   /* n rows follow; its answer: n * outputs doubles */
  HPO_PLUGIN_FAILED     /* an answer: a sentence, then it ends */
} hpo_plugin_word;

typedef struct hpo_plugin_note {
  uint32_t magic, word;
  uint32_t is_done, unused;
  uint64_t n; /* PREDICT: rows; STEP: values (doubles) that follow; FAILED:
                 bytes of the sentence */
  uint64_t n_saved; /* bytes of the model that follow them */
} hpo_plugin_note;

#endif
