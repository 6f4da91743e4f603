/* SPDX-License-Identifier: BSD-3-Clause */
/* Notes and files that stand in a study file. */
#include "cmd/attached.h"

#include <stdio.h>
#include <string.h>

#include "hpo/clock.h"
#include "hpo/layout.h"
#include "hpo/options.h"
#include "hpo/report.h"

/* Seconds until a trial that a run has just begun must stand in the file. */
static const double PATIENCE = 10;

hpo_status hpo_attached_find_trial(const hpo_args *args, int64_t *trial,
                                   hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *text = hpo_args_get(args, "trial");
  const double began = hpo_clock_seconds();
  hpo_study_file f = {0};
  int64_t number = -1;
  const bool is_best = text && strcmp(text, "best") == 0;
  bool is_known = !text || is_best ||
                  (hpo_options_parse_int(text, &number) && number >= 0);

  for (;;) {
    HPO_TRY(status, hpo_study_file_open(args->word.item[0], &f, err));
    if (!is_known || number < (int64_t)f.n || !f.is_live ||
        hpo_clock_seconds() > began + PATIENCE)
      break;
    hpo_study_file_close(&f);
    hpo_clock_sleep(0.2);
  }
  if (is_best) {
    size_t best = 0;
    HPO_TRY(status, hpo_study_file_trial(&f, text, &best, err));
    number = (int64_t)best;
  }
  if (!is_known || number >= (int64_t)f.n)
    HPO_FAIL(status, err, HPO_EINVAL, "%s has no trial %s; it has %zu", f.path,
             text, f.n);
  *trial = number;
done:
  hpo_study_file_close(&f);
  return status;
}

hpo_status hpo_attached_deliver(const char *study, const hpo_inbox_item *item,
                                size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  bool taken = true;

  HPO_TRY(status, hpo_inbox_deliver(study, item, n, &taken, err));
  if (!taken)
    printf("%s is being written and has not taken it in yet; it does, or the "
           "next run or tag does\n",
           study);
done:
  return status;
}

static int64_t whole(const hpo_record *r, const char *name, size_t i) {
  const hpo_field *f = hpo_record_find(r, name);
  return f ? hpo_field_int(f, i) : -1;
}

hpo_status hpo_attached_files(hpo_store *store, hpo_attached_file **out,
                              size_t *n, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  hpo_attached_file *file = NULL;
  size_t count = 0;

  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_ARTIFACTS, 0, SIZE_MAX, NULL,
                                 0, &rows, &good, err));
  const hpo_field *name = hpo_record_find(rows, "name");
  HPO_TRY(status, hpo_mem_new(name->n, sizeof *file, &file, err));
  for (size_t i = 0; i < name->n; i++) {
    hpo_attached_file *f = &file[count];
    if (!good[i])
      continue;
    *f = (hpo_attached_file){.trial = whole(rows, "trial", i),
                             .offset = whole(rows, "offset", i),
                             .length = whole(rows, "length", i),
                             .crc = whole(rows, "content_crc", i),
                             .time = whole(rows, "time", i)};
    hpo_field_text(name, i, f->name, sizeof f->name);
    hpo_field_text(hpo_record_find(rows, "media_type"), i, f->media_type,
                   sizeof f->media_type);
    count++;
  }
  *out = file;
  *n = count;
  file = NULL;
done:
  hpo_mem_free(file);
  hpo_mem_free(good);
  hpo_record_destroy(rows);
  return status;
}

static hpo_status tell_notes(hpo_store *store, int64_t trial, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  char text[HPO_INBOX_NOTE_ROOM + 1], date[32];
  bool any = false;

  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_NOTES, 0, SIZE_MAX, NULL, 0,
                                 &rows, &good, err));
  const hpo_field *notes = hpo_record_find(rows, "text");
  for (size_t i = 0; i < notes->n; i++) {
    if (!good[i] || whole(rows, "trial", i) != trial)
      continue;
    hpo_field_text(notes, i, text, sizeof text);
    hpo_clock_format(whole(rows, "time", i), date);
    HPO_TRY(status, hpo_buffer_format(out, err, "%s  %-24s %s\n",
                                      any ? "" : "notes\n", date, text));
    any = true;
  }
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

hpo_status hpo_attached_text(hpo_store *store, int64_t trial, hpo_buffer *out,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_attached_file *file = NULL;
  size_t n = 0;
  bool any = false;

  HPO_TRY(status, tell_notes(store, trial, out, err));
  HPO_TRY(status, hpo_attached_files(store, &file, &n, err));
  for (size_t i = 0; i < n; i++) {
    if (file[i].trial != trial)
      continue;
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s  %-24s %lld bytes, %s\n",
                              any ? "" : "files\n", file[i].name,
                              (long long)file[i].length, file[i].media_type));
    any = true;
  }
done:
  hpo_mem_free(file);
  return status;
}
