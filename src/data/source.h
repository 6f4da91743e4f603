/* SPDX-License-Identifier: BSD-3-Clause */
/** \file source.h
 *  The face of every data format: how its files are found and read.  Private
 *  to data/.
 *
 *  Text formats only read whole files.  Array formats know their rows before
 *  they are read and give ranges of them, in ascending order.
 */
#ifndef HPO_DATA_SOURCE_H
#define HPO_DATA_SOURCE_H

#include "read_csv.h"

/** One of a study's files; everything borrowed, "" where there is none. */
typedef struct hpo_data_file {
  const char *path;
  const char *dataset;       /* in it (HDF5) */
  const char *label_path;    /* labels in a file of their own */
  const char *label_dataset; /* labels in a data set of their own */
} hpo_data_file;

static inline bool hpo_data_file_has_labels(const hpo_data_file *f) {
  return f->label_path[0] != '\0' || f->label_dataset[0] != '\0';
}

/** The files of a study in the order of their rows. */
typedef struct hpo_data_list {
  hpo_data_file *file; /* [n] */
  hpo_role *role;      /* [n] */
  size_t n;
} hpo_data_list;
HPO_MUST_USE hpo_status hpo_data_list_create(const hpo_plan_data *data,
                                             hpo_data_list *out,
                                             hpo_error *err);
void hpo_data_list_free(hpo_data_list *l);
/** Adds the line of a file, "train HEX", to the hash of all. */
void hpo_data_list_hash(hpo_role role, const char hex[65], hpo_sha256 *hash);

/** An array file of numbers, rows by columns, without names. */
typedef struct hpo_array_facts {
  hpo_row rows;
  size_t columns; /* 1 or more */
  bool is_text;   /* values stand for texts; columns is 1 */
  /* text with one column: whether the first row is its name */
  bool begins_with_name, may_begin_with_name;
} hpo_array_facts;

typedef struct hpo_array_format {
  /** Reads what stands before the values.
   *  \param [in] path    borrowed until close
   *  \param [in] dataset which of the file's arrays; formats with one
   *                     ignore it
   *  \param [in] hash borrowed; takes all unpacked bytes as they are read
   *  \return HPO_OK; HPO_EDATA: what was found, what is allowed; HPO_EIO;
   *  HPO_EMEM */
  hpo_status (*open)(const char *path, const char *dataset, hpo_digest *hash,
                     hpo_array_facts *facts, void **out, hpo_error *err);
  /** Rows [first, first + n) to to[n][columns]; first is at least the end of
   *  the range before.  The last row also looks at the end of the file.
   *  \return HPO_OK; HPO_EDATA: cut short, or longer than it says; HPO_EIO */
  hpo_status (*read)(void *state, hpo_row first, hpo_row n, double *to,
                     hpo_error *err);
  /** The text that a value of read stands for, borrowed until the next
   *  read; NULL: this array holds numbers.  NULL function: all do. */
  const char *(*text)(void *state, double x);
  void (*close)(void *state); /* NULL is no error */
} hpo_array_format;

typedef struct hpo_format {
  const char *name;              /* as in format= */
  const char *suffix[4];         /* without the dot; ended by NULL */
  const hpo_array_format *array; /* NULL: text */
  bool is_tsv, is_libsvm;
} hpo_format;

extern const hpo_array_format hpo_array_npy, hpo_array_idx, hpo_array_hdf5;

/** The format of a file.
 *  \param [in] format "" by suffix (.gz is left out)
 *  \return HPO_OK; HPO_EINVAL: unknown, or not built yet */
HPO_MUST_USE hpo_status hpo_format_find(const char *format, const char *path,
                                        const hpo_format **out,
                                        hpo_error *err);

/** Likewise; where neither format nor the suffix tells it, it is `like`, a
 *  format's name or the path of a file of that format. */
HPO_MUST_USE hpo_status hpo_format_choose(const char *format, const char *like,
                                          const char *path,
                                          const hpo_format **out,
                                          hpo_error *err);

/** Adds the rows of one file of any format with their role; parameters and
 *  errors as hpo_read_csv.
 *  \param [out] sha256 of the file's unpacked bytes; with labels of their own
 *                     of the lines "data HEX" and "labels HEX" */
HPO_MUST_USE hpo_status hpo_source_read(hpo_reading *r, const hpo_data_file *f,
                                        hpo_role role, char sha256[65],
                                        hpo_error *err);

/** The same for LIBSVM.  The first file has all of the study's files looked
 *  through for their smallest and largest index. */
HPO_MUST_USE hpo_status hpo_read_libsvm(hpo_reading *r, const char *path,
                                        hpo_role role, char sha256[65],
                                        hpo_error *err);

/** The same for an array format. */
HPO_MUST_USE hpo_status hpo_read_array(hpo_reading *r,
                                       const hpo_array_format *format,
                                       const hpo_data_file *f, hpo_role role,
                                       char sha256[65], hpo_error *err);

#endif
