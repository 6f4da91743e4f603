/* SPDX-License-Identifier: BSD-3-Clause */
/* The files of a study in the order of their rows. */

#include "source.h"

#include <string.h>

#include "hpo/mem.h"

/* What a list says of file i; "" where it is too short. */
static const char *said(const hpo_names *list, size_t i) {
  return i < list->n ? list->item[i] : "";
}

static const char *or_empty(const char *text) {
  return text != NULL ? text : "";
}

static void add(hpo_data_list *l, hpo_data_file file, hpo_role role) {
  l->file[l->n] = file;
  l->role[l->n++] = role;
}

hpo_status hpo_data_list_create(const hpo_plan_data *data, hpo_data_list *out,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_data_list l = {0};

  HPO_TRY(status,
          hpo_mem_new(data->train.n + 2, sizeof *l.file, &l.file, err));
  HPO_TRY(status,
          hpo_mem_new(data->train.n + 2, sizeof *l.role, &l.role, err));
  for (size_t i = 0; i < data->train.n; i++)
    add(&l,
        (hpo_data_file){data->train.item[i], said(&data->train_dataset, i),
                        said(&data->train_label, i),
                        said(&data->train_label_dataset, i)},
        HPO_ROLE_TRAIN);
  if (data->validation[0] != '\0')
    add(&l,
        (hpo_data_file){data->validation, or_empty(data->validation_dataset),
                        or_empty(data->validation_label),
                        or_empty(data->validation_label_dataset)},
        HPO_ROLE_VALID);
  if (data->test[0] != '\0')
    add(&l,
        (hpo_data_file){data->test, or_empty(data->test_dataset),
                        or_empty(data->test_label),
                        or_empty(data->test_label_dataset)},
        HPO_ROLE_TEST);
  *out = l;
  l = (hpo_data_list){0};
done:
  hpo_data_list_free(&l);
  return status;
}

void hpo_data_list_free(hpo_data_list *l) {
  hpo_mem_free(l->file);
  hpo_mem_free(l->role);
  *l = (hpo_data_list){0};
}

void hpo_data_list_hash(hpo_role role, const char hex[65], hpo_sha256 *hash) {
  static const char *const name[] = {"train", "validation", "test"};

  hpo_sha256_add(hash, name[role], strlen(name[role]));
  hpo_sha256_add(hash, " ", 1);
  hpo_sha256_add(hash, hex, 64);
  hpo_sha256_add(hash, "\n", 1);
}
