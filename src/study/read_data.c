/* SPDX-License-Identifier: BSD-3-Clause */
/* <data>: files, their layout.  Columns: read_columns.c; what is held back
 * from training: read_held.c. */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hpo/file.h"
#include "hpo/options.h"
#include "reading.h"

/* --- Files and their layout ------------------------------------------- */

/* The format that a file's name tells, "" where it tells none. */
static const char *format_of(const char *href) {
  static const struct {
    const char *suffix, *format;
  } known[] = {
      {".csv", "csv"},    {".txt", "csv"},         {".data", "csv"},
      {".tsv", "tsv"},    {".tab", "tsv"},         {".libsvm", "libsvm"},
      {".svm", "libsvm"}, {".svmlight", "libsvm"}, {".h5", "hdf5"},
      {".hdf5", "hdf5"},  {".npy", "npy"},         {".npz", "npz"},
      {".idx", "idx"},    {"-ubyte", "idx"}};
  size_t n = strlen(href);

  if (n > 3 && strcasecmp(href + n - 3, ".gz") == 0)
    n -= 3;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    size_t m = strlen(known[i].suffix);
    if (n >= m && strncasecmp(href + n - m, known[i].suffix, m) == 0)
      return known[i].format;
  }
  return "";
}

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);

  return n >= m && strcasecmp(text + n - m, end) == 0;
}

/* What stands on the file's own element counts, else what <data> says. */
static const char *layout_of(const hpo_node *file, const char *attr,
                             const char *otherwise) {
  const char *own = hpo_node_get(file, attr);
  const char *all = hpo_node_get(file->parent, attr);

  return own != NULL ? own : all != NULL ? all : otherwise;
}

static hpo_status check_format(hpo_reading *r, const hpo_node *file,
                               const char *href, hpo_error *err) {
  const char *told = layout_of(file, "format", "");
  const char *format = told[0] != '\0' ? told : format_of(href);

  if (format[0] == '\0')
    return hpo_faults_add(r->faults, file, "href", err,
                          "the name \"%.200s\" does not tell a format; say "
                          "format=\"csv\", \"tsv\", \"libsvm\", \"npy\", "
                          "\"idx\" or \"hdf5\"",
                          href);
  if (strcmp(format, "csv") != 0 && strcmp(format, "tsv") != 0 &&
      strcmp(format, "libsvm") != 0 && strcmp(format, "npy") != 0 &&
      strcmp(format, "idx") != 0 && strcmp(format, "hdf5") != 0)
    return hpo_faults_add(r->faults, file, "href", err,
                          "format %s is not built yet in this version; "
                          "allowed: csv, tsv, libsvm, npy, idx, plain or .gz, "
                          "hdf5",
                          format);
  if (strcmp(format, "hdf5") == 0 && ends_with(href, ".gz"))
    return hpo_faults_add(r->faults, file, "href", err,
                          "an HDF5 file is read in place and can't be packed "
                          "by gzip: unpack it; its data sets may be "
                          "compressed instead");
  return HPO_OK;
}

static hpo_status check_file(hpo_reading *r, const hpo_node *file,
                             const char *attr, const char *path,
                             hpo_error *err) {
  struct stat st;
  const char *seen = path[0] == '/' ? "" : "seen from the current folder; ";
  bool is_there = stat(path, &st) == 0;

  if (!is_there && errno == ENOENT)
    return hpo_faults_add_data(r->faults, file, attr, err,
                               "%s does not exist (%s\"%s\" as the study "
                               "file %s names it)",
                               path, seen, hpo_node_get(file, attr), r->path);
  if (!is_there)
    return hpo_faults_add_data(r->faults, file, attr, err, "%s: %s", path,
                               strerror(errno));
  if (S_ISDIR(st.st_mode))
    return hpo_faults_add_data(r->faults, file, attr, err,
                               "%s is a folder, not a file", path);
  if (access(path, R_OK) != 0)
    return hpo_faults_add_data(r->faults, file, attr, err,
                               "%s can't be read: %s", path, strerror(errno));
  return HPO_OK;
}

/* All files have one layout: this one's against the plan's. */
static hpo_status read_layout(hpo_reading *r, const hpo_node *file,
                              bool is_first, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;
  const char *format = layout_of(file, "format", "");
  const char *header = layout_of(file, "header", "auto");
  const char *names = layout_of(file, "names", "");
  hpo_names list = {0};

  HPO_TRY(status, hpo_read_list(names, &list, err));
  if (is_first) {
    HPO_TRY(status, hpo_read_text(format, &d->format, err));
    HPO_TRY(status, hpo_read_text(header, &d->header, err));
    d->names = list;
    list = (hpo_names){0};
    goto done;
  }
  bool same = strcmp(format, d->format) == 0 &&
              strcmp(header, d->header) == 0 && list.n == d->names.n;
  for (size_t i = 0; same && i < list.n; i++)
    same = strcmp(list.item[i], d->names.item[i]) == 0;
  if (!same)
    HPO_TRY(status,
            hpo_faults_add(r->faults, file, NULL, err,
                           "files of one study with different format=, "
                           "header= or names= are not built yet in this "
                           "version; say them once, in <data>"));
done:
  hpo_names_free(&list);
  return status;
}

static hpo_status read_file(hpo_reading *r, const hpo_node *file, char **path,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *href = hpo_node_get(file, "href");

  HPO_TRY(status, hpo_file_resolve(r->path, href, path, err));
  HPO_TRY(status, check_format(r, file, href, err));
  HPO_TRY(status, check_file(r, file, "href", *path, err));
done:
  return status;
}

/* Where the labels of a file stand, if not in a column of it. */
typedef struct labels {
  char *path;       /* NULL: not in a file of their own */
  const char *href; /* the same as written; "" */
} labels;

/* dataset= and label-dataset= are for HDF5. */
static hpo_status check_datasets(hpo_reading *r, const hpo_node *file,
                                 const char *format, hpo_error *err) {
  static const char *const names[] = {"dataset", "label-dataset"};
  hpo_status status = HPO_OK;
  const char *href = hpo_node_get(file, "label-href");
  const char *of[] = {format, href == NULL ? format : format_of(href)};

  for (size_t i = 0; i < 2; i++)
    if (hpo_node_get(file, names[i]) != NULL && strcmp(of[i], "hdf5") != 0)
      HPO_TRY(status, hpo_faults_add(r->faults, file, names[i], err,
                                     "%s= goes with hdf5, not with %s",
                                     names[i], of[i]));
done:
  return status;
}

static const char *text_of(const hpo_node *file, const char *attr) {
  const char *text = hpo_node_get(file, attr);

  return text == NULL ? "" : text;
}

static bool has_labels(const hpo_node *file) {
  return hpo_node_get(file, "label-href") != NULL ||
         hpo_node_get(file, "label-dataset") != NULL;
}

/* Labels of their own: all files have them, or none. */
static hpo_status check_labels(hpo_reading *r, const hpo_node *file,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *told = layout_of(file, "format", "");
  const char *format =
      told[0] != '\0' ? told : format_of(hpo_node_get(file, "href"));
  const hpo_node *first = hpo_node_child(file->parent, "train", 0);

  HPO_TRY(status, check_datasets(r, file, format, err));
  if (hpo_node_get(file, "label-href") != NULL && strcmp(format, "idx") != 0 &&
      strcmp(format, "npy") != 0 && strcmp(format, "hdf5") != 0)
    HPO_TRY(status, hpo_faults_add(r->faults, file, "label-href", err,
                                   "labels of their own go with idx, npy and "
                                   "hdf5; in %s they are a column: label= of "
                                   "<data>",
                                   format));
  if (first != NULL && has_labels(file) != has_labels(first))
    HPO_TRY(status, hpo_faults_add(r->faults, file, NULL, err,
                                   "either all files have label-href= or "
                                   "label-dataset=, or none"));
done:
  return status;
}

static hpo_status read_labels(hpo_reading *r, const hpo_node *file,
                              labels *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *href = hpo_node_get(file, "label-href");

  HPO_TRY(status, check_labels(r, file, err));
  out->href = href == NULL ? "" : href;
  if (href == NULL)
    goto done;
  HPO_TRY(status, hpo_file_resolve(r->path, href, &out->path, err));
  HPO_TRY(status, check_file(r, file, "label-href", out->path, err));
done:
  return status;
}

static hpo_status read_trains(hpo_reading *r, const hpo_node *data,
                              hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan_data *d = &r->plan->data;
  const hpo_node *file = NULL;
  char *path = NULL;
  labels own = {0};

  for (size_t i = 0; (file = hpo_node_child(data, "train", i)) != NULL; i++) {
    if (file->bad)
      continue;
    HPO_TRY(status, read_layout(r, file, d->train.n == 0, err));
    HPO_TRY(status, read_file(r, file, &path, err));
    HPO_TRY(status, hpo_names_add(&d->train, path, err));
    HPO_TRY(status,
            hpo_names_add(&d->train_href, hpo_node_get(file, "href"), err));
    HPO_TRY(status, read_labels(r, file, &own, err));
    HPO_TRY(status, hpo_names_add(&d->train_label,
                                  own.path == NULL ? "" : own.path, err));
    HPO_TRY(status, hpo_names_add(&d->train_label_href, own.href, err));
    HPO_TRY(status,
            hpo_names_add(&d->train_dataset, text_of(file, "dataset"), err));
    HPO_TRY(status, hpo_names_add(&d->train_label_dataset,
                                  text_of(file, "label-dataset"), err));
    hpo_mem_free(path);
    hpo_mem_free(own.path);
    path = own.path = NULL;
  }
done:
  hpo_mem_free(own.path);
  hpo_mem_free(path);
  return status;
}

hpo_status hpo_read_held_file(hpo_reading *r, const hpo_node *file,
                              const hpo_held_file *to, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *path = NULL;
  labels own = {0};

  HPO_TRY(status, read_layout(r, file, r->plan->data.train.n == 0, err));
  HPO_TRY(status, read_file(r, file, &path, err));
  HPO_TRY(status, hpo_read_text(path, to->path, err));
  HPO_TRY(status, hpo_read_text(hpo_node_get(file, "href"), to->href, err));
  HPO_TRY(status, read_labels(r, file, &own, err));
  HPO_TRY(status,
          hpo_read_text(own.path == NULL ? "" : own.path, to->label, err));
  HPO_TRY(status, hpo_read_text(own.href, to->label_href, err));
  HPO_TRY(status, hpo_read_text(text_of(file, "dataset"), to->dataset, err));
  HPO_TRY(status, hpo_read_text(text_of(file, "label-dataset"),
                                to->label_dataset, err));
done:
  hpo_mem_free(own.path);
  hpo_mem_free(path);
  return status;
}

hpo_status hpo_read_data(hpo_reading *r, hpo_error *err) {
  static const char *const name[] = {"binary", "multiclass", "regression"};
  hpo_status status = HPO_OK;
  const hpo_node *data = hpo_node_child(r->root, "data", 0);
  hpo_plan_data *d = &r->plan->data;
  const char *task = data == NULL ? NULL : hpo_node_get(data, "task");

  r->knows_task = data == NULL || task != NULL;
  r->plan->has_data = data != NULL;
  for (size_t i = 0; task != NULL && i < sizeof name / sizeof *name; i++)
    if (strcmp(task, name[i]) == 0)
      d->task = (hpo_task)i;
  if (data == NULL) {
    d->task = HPO_TASK_NONE;
    return hpo_read_text("auto", &d->header, err);
  }
  if (data->bad)
    return HPO_OK;
  HPO_TRY(status, read_trains(r, data, err));
  HPO_TRY(status, hpo_read_folds(r, data, err));
  HPO_TRY(status, hpo_read_columns(r, data, err));
  HPO_TRY(status, hpo_read_held(r, data, err));
done:
  return status;
}
