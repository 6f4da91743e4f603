/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /decisions and images of rows: see books_image.h. */
#include "roles/books_image.h"

#include <string.h>

#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/wire.h"

#define CRC_BYTES 4

hpo_status hpo_books_append_decision(hpo_books *b,
                                     const hpo_layout_decision *d,
                                     hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *row = NULL;

  HPO_TRY(status, hpo_layout_decision_row(d, &row, err));
  HPO_TRY(status,
          hpo_store_append(b->store, HPO_TABLE_DECISIONS, row, NULL, err));
  b->has_decisions = true;
done:
  hpo_record_destroy(row);
  return status;
}

static void take_waiting(hpo_books *b, const hpo_trial *t,
                         hpo_layout_decision *out) {
  for (size_t i = 0; i < b->n_waiting; i++)
    if (b->waiting[i].trial == t->number) {
      *out = b->waiting[i];
      b->n_waiting--;
      memmove(b->waiting + i, b->waiting + i + 1,
              (b->n_waiting - i) * sizeof *b->waiting);
      return;
    }
  *out = (hpo_layout_decision){.job = t->job,
                               .trial = t->number,
                               .attempt = t->attempt,
                               .kind = HPO_DECISION_END,
                               .from_step = t->steps,
                               .to_step = t->steps,
                               .horizon = t->job,
                               .time = hpo_clock_wall_ns()};
}

static void put_crc(uint32_t crc, uint8_t *to) {
  for (int i = 0; i < CRC_BYTES; i++)
    to[i] = (uint8_t)(crc >> (8 * i));
}

hpo_status hpo_books_append_image(hpo_books *b, const hpo_trial *t,
                                  hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_layout_decision d;
  hpo_record *row = NULL;
  hpo_buffer image = {0};
  uint8_t crc[CRC_BYTES];
  size_t first = 0;

  take_waiting(b, t, &d);
  HPO_TRY(status, hpo_trial_record(t, b->plan, &row, err));
  HPO_TRY(status, hpo_wire_encode(row, &image, err));
  put_crc(hpo_file_crc32(0, image.byte, image.n), crc);
  HPO_TRY(status, hpo_buffer_add(&image, crc, sizeof crc, err));
  HPO_TRY(status, hpo_store_append_bytes(b->store, HPO_TABLE_DECISION_IMAGES,
                                         image.byte, image.n, &first, err));
  d.image_offset = (int64_t)first;
  d.image_length = (int64_t)image.n;
  HPO_TRY(status, hpo_books_append_decision(b, &d, err));
done:
  hpo_record_destroy(row);
  hpo_buffer_free(&image);
  return status;
}

/* --- back -------------------------------------------------------------- */

/* One image; *out stays NULL where its bytes are not whole. */
static hpo_status read_image(hpo_store *store, int64_t offset, int64_t length,
                             size_t n_bytes, hpo_record **out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *bytes = NULL, crc[CRC_BYTES];
  size_t n = (size_t)length;

  if (offset < 0 || length <= CRC_BYTES || (size_t)offset > n_bytes ||
      n > n_bytes - (size_t)offset)
    goto done;
  HPO_TRY(status, hpo_mem_new(n, 1, &bytes, err));
  HPO_TRY(status, hpo_store_read_bytes(store, HPO_TABLE_DECISION_IMAGES,
                                       (size_t)offset, n, bytes, err));
  put_crc(hpo_file_crc32(0, bytes, n - CRC_BYTES), crc);
  if (memcmp(crc, bytes + n - CRC_BYTES, CRC_BYTES) != 0)
    goto done;
  HPO_TRY(status, hpo_wire_decode(bytes, n - CRC_BYTES, out, err));
done:
  hpo_mem_free(bytes);
  return status;
}

/* Newest first, so the first valid image of a trial is it. */
static hpo_status read_all(hpo_store *store, const hpo_record *lines,
                           const uint8_t *good, size_t n_lines,
                           hpo_record **row, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *trial = hpo_record_find(lines, "trial");
  const hpo_field *offset = hpo_record_find(lines, "image_offset");
  const hpo_field *length = hpo_record_find(lines, "image_length");
  size_t n_bytes = 0;

  if (!trial || !offset || !length)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "the study file is damaged: %s lacks trial, image_offset or "
             "image_length",
             HPO_TABLE_DECISIONS);
  HPO_TRY(status,
          hpo_store_rows(store, HPO_TABLE_DECISION_IMAGES, &n_bytes, err));
  for (size_t i = n_lines; i-- > 0;) {
    int64_t t = hpo_field_int(trial, i);
    if (good[i] && t >= 0 && (size_t)t < n && row[t] == NULL)
      HPO_TRY(status,
              read_image(store, hpo_field_int(offset, i),
                         hpo_field_int(length, i), n_bytes, &row[t], err));
  }
done:
  return status;
}

hpo_status hpo_books_read_images(hpo_store *store, size_t n, hpo_record ***row,
                                 hpo_error *err) {
  static const char *const columns[] = {"trial", "image_offset",
                                        "image_length"};
  hpo_status status = HPO_OK;
  hpo_record **found = NULL, *lines = NULL;
  uint8_t *good = NULL;
  size_t n_lines = 0;

  HPO_TRY(status, hpo_mem_new(n, sizeof *found, &found, err));
  HPO_TRY(status, hpo_store_rows(store, HPO_TABLE_DECISIONS, &n_lines, err));
  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_DECISIONS, 0, n_lines,
                                 columns, 3, &lines, &good, err));
  HPO_TRY(status, read_all(store, lines, good, n_lines, found, n, err));
  *row = found;
  found = NULL; /* now the caller's */
done:
  for (size_t i = 0; found != NULL && i < n; i++)
    hpo_record_destroy(found[i]);
  hpo_mem_free(found);
  hpo_record_destroy(lines);
  hpo_mem_free(good);
  return status;
}
