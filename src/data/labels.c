/* SPDX-License-Identifier: BSD-3-Clause */
/* Labels that stand apart from the rows. */

#include "labels.h"

#include <string.h>

static hpo_status find_format(const hpo_data_file *f,
                              const hpo_plan_data *data, const char **dataset,
                              hpo_labels *l, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_format *format = NULL;
  const bool is_apart = f->label_path[0] != '\0';

  *dataset = f->label_dataset;
  l->path = is_apart ? f->label_path : f->path;
  if (!is_apart || hpo_format_find("", l->path, &format, NULL) != HPO_OK)
    HPO_TRY(status, hpo_format_find(data->format, l->path, &format, err));
  l->format = format->array;
  if (format->array == NULL && !format->is_libsvm)
    l->format = &hpo_array_column;
  if (l->format == NULL)
    HPO_FAIL(status, err, HPO_EINVAL,
             "%s: labels in a file of their own can't be %s; allowed: idx, "
             "npy, hdf5, or csv with one column",
             l->path, format->name);
done:
  return status;
}

hpo_status hpo_labels_open(const hpo_data_file *f, const hpo_plan_data *data,
                           hpo_row rows, hpo_labels *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_array_facts facts = {0};
  const char *dataset = "";
  hpo_labels l = {0};

  hpo_digest_start(&out->sha, HPO_DIGEST_PIECE, NULL);
  HPO_TRY(status, find_format(f, data, &dataset, &l, err));
  HPO_TRY(status,
          l.format->open(l.path, dataset, &out->sha, &facts, &l.state, err));
  if (facts.columns != 1)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: labels have one column, but this array has %zu", l.path,
             facts.columns);
  l.skip = strcmp(data->header, "no") != 0 &&
           (facts.begins_with_name ||
            (facts.may_begin_with_name && facts.rows == rows + 1));
  if (facts.rows - l.skip != rows)
    HPO_FAIL(status, err, HPO_EDATA,
             "%s holds %lld labels, but %s has %lld rows", l.path,
             (long long)(facts.rows - l.skip), f->path, (long long)rows);
  out->path = l.path;
  out->format = l.format;
  out->state = l.state;
  out->skip = l.skip;
  l.state = NULL;
done:
  hpo_labels_close(&l);
  return status;
}

hpo_status hpo_labels_read(hpo_labels *l, hpo_row first, hpo_row n, double *to,
                           hpo_error *err) {
  return l->format->read(l->state, first + l->skip, n, to, err);
}

const char *hpo_labels_text(const hpo_labels *l, double x) {
  return l->format->text == NULL ? NULL : l->format->text(l->state, x);
}

void hpo_labels_close(hpo_labels *l) {
  if (l->state != NULL)
    l->format->close(l->state);
  l->state = NULL;
}
