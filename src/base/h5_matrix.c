/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrices of doubles that are written block by block: data for others. */
#include "h5_private.h"

#include "hpo/h5_matrix.h"
#include "hpo/mem.h"

struct hpo_h5_matrix {
  hpo_h5 *f; /* borrowed */
  char *name;
  hid_t id;
  hsize_t columns, next; /* row that is written next */
  int rank;              /* 1 or 2 */
};

static hid_t make_list(int rank, const hsize_t *chunk) {
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);

  if (list >= 0 && (H5Pset_chunk(list, rank, chunk) < 0 ||
                    H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) < 0)) {
    hpo_h5_drop(list, false);
    list = H5I_INVALID_HID;
  }
  return list;
}

hpo_status hpo_h5_add_matrix(hpo_h5 *f, const char *name, uint64_t rows,
                             size_t columns, size_t chunk,
                             const char *description, hpo_h5_matrix **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_h5_matrix *m = NULL;
  hsize_t size[2] = {(hsize_t)rows, columns > 0 ? (hsize_t)columns : 1};
  hsize_t piece[2] = {chunk < rows ? (hsize_t)chunk : (hsize_t)rows, size[1]};
  int rank = columns > 0 ? 2 : 1;
  hid_t space = H5Screate_simple(rank, size, NULL);
  hid_t list = make_list(rank, piece), link = hpo_h5_link_list();

  HPO_TRY(status, hpo_mem_new(1, sizeof *m, &m, err));
  *m = (hpo_h5_matrix){
      .f = f, .id = H5I_INVALID_HID, .columns = size[1], .rank = rank};
  HPO_TRY(status, hpo_mem_string(name, &m->name, err));
  if (space >= 0 && list >= 0 && link >= 0)
    m->id = H5Dcreate2(f->id, name, H5T_IEEE_F64LE, space, link, list,
                       H5P_DEFAULT);
  if (m->id < 0)
    HPO_TRY(status, hpo_h5_fail(err, HPO_EIO, "cannot make data set %s of %s",
                                name, f->path));
  HPO_TRY(status, hpo_h5_text_add(m->id, "description", &description, 0, err));
  *out = m;
  m = NULL;
done:
  hpo_h5_matrix_close(m);
  hpo_h5_drop(space, true);
  hpo_h5_drop(list, true);
  hpo_h5_drop(link, true);
  return status;
}

hpo_status hpo_h5_matrix_append(hpo_h5_matrix *m, const double *value,
                                size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hsize_t at[2] = {m->next, 0}, size[2] = {(hsize_t)n, m->columns};
  hid_t all = H5Dget_space(m->id);
  hid_t block = H5Screate_simple(m->rank, size, NULL);

  if (all < 0 || block < 0 ||
      H5Sselect_hyperslab(all, H5S_SELECT_SET, at, NULL, size, NULL) < 0 ||
      H5Dwrite(m->id, H5T_NATIVE_DOUBLE, block, all, H5P_DEFAULT, value) < 0)
    status = hpo_h5_fail(err, HPO_EIO, "cannot write to data set %s of %s",
                         m->name, m->f->path);
  m->f->failed = m->f->failed || status != HPO_OK;
  m->next += size[0];
  hpo_h5_drop(block, status == HPO_OK);
  hpo_h5_drop(all, status == HPO_OK);
  return status;
}

hpo_status hpo_h5_matrix_finish(hpo_h5_matrix *m, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (H5Dflush(m->id) < 0)
    status = hpo_h5_fail(err, HPO_EIO, "cannot write data set %s of %s",
                         m->name, m->f->path);
  return status;
}

void hpo_h5_matrix_close(hpo_h5_matrix *m) {
  if (m == NULL)
    return;
  hpo_h5_drop(m->id, true);
  hpo_mem_free(m->name);
  hpo_mem_free(m);
}
