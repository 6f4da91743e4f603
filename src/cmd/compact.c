/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune compact: the study file anew, without the models that best:N has
 * left behind.
 *
 *   lock FILE --> FILE.compact, all tables --> sync --> rename over FILE
 *
 * Until the rename FILE stands as it was; a kill leaves FILE.compact, which
 * the next compact makes anew. */
#include "cmd/cmd.h"
#include "cmd/finale.h"
#include "cmd/replay.h"
#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, MOST_ROWS = 65536 };

/* A model that stays: where it stood, and stands. */
typedef struct place {
  int64_t from, to, length;
} place;

typedef struct compaction {
  const char *path;
  char *beside;
  hpo_plan *plan;
  hpo_store *old, *new;
  int64_t keep;         /* best models; -1: all that a row names */
  hpo_finale_work work; /* the stored models, best first */
  place *place;         /* [n_place] ascending by from */
  size_t n_place, n_dropped, room;
} compaction;

/* --- which models stay -------------------------------------------------- */

static int by_offset(const void *a, const void *b) {
  const place *x = a, *y = b;
  return (x->from > y->from) - (x->from < y->from);
}

static hpo_status add_place(compaction *c, int64_t from, int64_t length,
                            hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_mem_grow(&c->place, &c->room, c->n_place + 1,
                               sizeof *c->place, err));
  c->place[c->n_place++] = (place){.from = from, .length = length};
done:
  return status;
}

/* In order, each once. */
static void sort_places(compaction *c) {
  size_t n = 0;

  if (c->n_place > 0)
    qsort(c->place, c->n_place, sizeof *c->place, by_offset);
  for (size_t i = 0; i < c->n_place; i++)
    if (n == 0 || c->place[n - 1].from != c->place[i].from)
      c->place[n++] = c->place[i];
  c->n_place = n;
}

/* Models trained again for the winner stay, whatever their rows. */
static hpo_status keep_refits(compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *winner = NULL, *rows = NULL;
  uint8_t *good = NULL;

  HPO_TRY(status, hpo_winner_read(c->old, &winner, err));
  if (!winner)
    goto done;
  HPO_TRY(status, hpo_store_read(c->old, HPO_TABLE_REFITS, 0, SIZE_MAX, NULL,
                                 0, &rows, &good, err));
  const hpo_field *trial = hpo_record_find(rows, "trial");
  const hpo_field *at = hpo_record_find(rows, "model_offset");
  const hpo_field *n = hpo_record_find(rows, "model_length");
  for (size_t i = 0; i < trial->n; i++)
    if (good[i] && hpo_field_int(trial, i) == hpo_record_int(winner, "trial"))
      HPO_TRY(status,
              add_place(c, hpo_field_int(at, i), hpo_field_int(n, i), err));
  for (size_t i = 0; i < c->work.n_model; i++) {
    const hpo_finale_model *m = &c->work.model[i];
    if (m->trial == hpo_record_int(winner, "trial"))
      HPO_TRY(status, add_place(c, m->offset, m->length, err));
  }
done:
  hpo_record_destroy(winner);
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

static hpo_status choose(compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t at = 0;

  HPO_TRY(status, hpo_finale_find_models(&c->work, err));
  for (size_t i = 0; i < c->work.n_model; i++) {
    const hpo_finale_model *m = &c->work.model[i];
    if (c->keep < 0 || (int64_t)i < c->keep)
      HPO_TRY(status, add_place(c, m->offset, m->length, err));
  }
  HPO_TRY(status, keep_refits(c, err));
  sort_places(c);
  for (size_t i = 0; i < c->n_place; i++) {
    c->place[i].to = at;
    at += c->place[i].length;
  }
done:
  return status;
}

static const place *find_place(const compaction *c, int64_t from) {
  for (size_t low = 0, high = c->n_place; low < high;) {
    const size_t middle = (low + high) / 2;
    if (c->place[middle].from == from)
      return &c->place[middle];
    if (c->place[middle].from < from)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* --- tables ------------------------------------------------------------- */

static hpo_status copy_bytes(const compaction *c, const char *table,
                             size_t from, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint8_t *block = NULL;

  HPO_TRY(status, hpo_mem_new(BLOCK, 1, &block, err));
  for (size_t at = 0; at < n;) {
    const size_t m = n - at < BLOCK ? n - at : BLOCK;
    HPO_TRY(status,
            hpo_store_read_bytes(c->old, table, from + at, m, block, err));
    HPO_TRY(status,
            hpo_store_append_bytes(c->new, table, block, m, NULL, err));
    at += m;
  }
done:
  hpo_mem_free(block);
  return status;
}

static hpo_status copy_models(const compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < c->n_place; i++)
    HPO_TRY(status, copy_bytes(c, HPO_TABLE_MODELS, (size_t)c->place[i].from,
                               (size_t)c->place[i].length, err));
done:
  return status;
}

/* Rows of /trials name their models anew, or none. */
static void move_models(compaction *c, hpo_record *rows) {
  hpo_field *at = NULL, *n = NULL, *crc = NULL, *format = NULL;

  for (size_t k = 0; k < rows->n_field; k++) {
    hpo_field *f = &rows->field[k];
    at = strcmp(f->name, "model_offset") == 0 ? f : at;
    n = strcmp(f->name, "model_length") == 0 ? f : n;
    crc = strcmp(f->name, "model_crc") == 0 ? f : crc;
    format = strcmp(f->name, "model_format") == 0 ? f : format;
  }
  for (size_t i = 0; at && n && crc && format && i < at->n; i++) {
    const place *p = find_place(c, hpo_field_int(at, i));
    if (hpo_field_int(at, i) < 0)
      continue;
    hpo_field_set_int(at, i, p ? p->to : -1);
    if (p)
      continue;
    c->n_dropped++;
    hpo_field_set_int(n, i, 0);
    hpo_field_set_int(crc, i, -1);
    if (format->type == HPO_FIELD_TEXT)
      hpo_field_set_text(format, i, "");
    else
      hpo_field_set_int(format, i, -1);
  }
}

/* Only the rows that are wanted, in place. */
static void select_rows(hpo_record *rows, const uint8_t *wanted, size_t n) {
  size_t kept = 0;

  for (size_t i = 0; i < n; i++) {
    if (!wanted[i])
      continue;
    for (size_t k = 0; k < rows->n_field; k++) {
      hpo_field *f = &rows->field[k];
      memmove((char *)f->data + kept * f->width,
              (char *)f->data + i * f->width, f->width);
    }
    kept++;
  }
  for (size_t k = 0; k < rows->n_field; k++)
    rows->field[k].n = rows->field[k].shape[0] = kept;
}

/* Rows beside /trials that name a model: moved, or left out with it. */
static void follow_models(const compaction *c, hpo_record *rows,
                          uint8_t *wanted, size_t n) {
  for (size_t k = 0; k < rows->n_field; k++) {
    hpo_field *f = &rows->field[k];
    for (size_t i = 0; strcmp(f->name, "model_offset") == 0 && i < n; i++) {
      const place *p = find_place(c, hpo_field_int(f, i));
      wanted[i] = wanted[i] && p != NULL;
      if (p)
        hpo_field_set_int(f, i, p->to);
    }
  }
}

static hpo_status copy_rows(compaction *c, const char *table, hpo_error *err) {
  hpo_status status = HPO_OK;
  const bool is_trials = strcmp(table, HPO_TABLE_TRIALS) == 0;
  const bool is_kept = is_trials || strcmp(table, HPO_TABLE_SESSIONS) == 0;
  hpo_record *rows = NULL;
  uint8_t *good = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_store_rows(c->old, table, &n, err));
  for (size_t at = 0; at < n; at += MOST_ROWS) {
    const size_t m = n - at < MOST_ROWS ? n - at : MOST_ROWS;
    HPO_TRY(status,
            hpo_store_read(c->old, table, at, m, NULL, 0, &rows, &good, err));
    for (size_t i = 0; is_kept && i < m; i++)
      if (!good[i])
        HPO_FAIL(status, err, HPO_ESTUDY,
                 "row %zu of %s is torn: let the same command go on first, or "
                 "see hpotune repair",
                 at + i, table);
    if (is_trials)
      move_models(c, rows);
    else
      follow_models(c, rows, good, m);
    select_rows(rows, good, m);
    HPO_TRY(status, hpo_store_append(c->new, table, rows, NULL, err));
    hpo_record_destroy(rows);
    hpo_mem_free(good);
    rows = NULL;
    good = NULL;
  }
done:
  hpo_record_destroy(rows);
  hpo_mem_free(good);
  return status;
}

static hpo_status copy_table(compaction *c, const hpo_store_table *t,
                             hpo_error *err) {
  size_t n = 0;

  if (strcmp(t->path, HPO_TABLE_MODELS) == 0)
    return copy_models(c, err);
  if (t->row)
    return copy_rows(c, t->path, err);
  hpo_status status = hpo_store_rows(c->old, t->path, &n, err);
  return status == HPO_OK ? copy_bytes(c, t->path, 0, n, err) : status;
}

/* --- the new file ------------------------------------------------------- */

/* The facts of the old file; /data and /known only where it has them. */
static hpo_status read_facts(const compaction *c, hpo_store_facts *facts,
                             hpo_record **record, size_t *n, hpo_error *err) {
  static const char *const paths[] = {HPO_FACTS_STUDY, HPO_FACTS_COLUMNS,
                                      HPO_FACTS_DATA, HPO_FACTS_CUTS,
                                      HPO_FACTS_KNOWN};
  hpo_status status = HPO_OK;

  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    hpo_error ignored = {0};
    status = hpo_store_read_facts(c->old, paths[i], &record[*n],
                                  i < 2 ? err : &ignored);
    if (status != HPO_OK && i >= 2)
      continue;
    HPO_TRY(status, status);
    facts[*n] = (hpo_store_facts){paths[i], record[*n]};
    ++*n;
  }
  status = HPO_OK;
done:
  return status;
}

/* Tables that the old file has, with its own columns. */
static hpo_status declare(const compaction *c, const hpo_layout_table *from,
                          size_t n, hpo_store_table *to, hpo_record **row,
                          size_t *n_to, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error ignored = {0};
  size_t rows = 0;

  for (size_t i = 0; i < n; i++) {
    if (hpo_store_rows(c->old, from[i].path, &rows, &ignored) != HPO_OK)
      continue;
    if (from[i].row)
      HPO_TRY(status, hpo_store_read(c->old, from[i].path, 0, 0, NULL, 0,
                                     &row[*n_to], NULL, err));
    to[*n_to] = (hpo_store_table){.path = from[i].path,
                                  .row = row[*n_to],
                                  .chunk = from[i].chunk,
                                  .crc = from[i].crc,
                                  .description = from[i].description};
    ++*n_to;
  }
done:
  return status;
}

static hpo_status write_all(compaction *c, const hpo_store_table *table,
                            size_t n_table, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store_facts facts[5];
  hpo_record *record[5] = {NULL}, *attributes = NULL;
  hpo_store *closing = NULL;
  size_t n = 0;

  HPO_TRY(status, read_facts(c, facts, record, &n, err));
  HPO_TRY(status, hpo_store_read_facts(c->old, "/", &attributes, err));
  HPO_TRY(status, hpo_store_create(c->beside, true, table, n_table, facts, n,
                                   attributes, &c->new, err));
  for (size_t i = 0; i < n_table; i++)
    HPO_TRY(status, copy_table(c, &table[i], err));
  for (size_t i = 0; i < n_table; i++)
    HPO_TRY(status, hpo_store_flush(c->new, &table[i].path, 1, err));
  HPO_TRY(status, hpo_store_sync(c->new, err));
  closing = c->new;
  c->new = NULL;
  HPO_TRY(status, hpo_store_close(closing, err));
done:
  for (size_t i = 0; i < 4; i++)
    hpo_record_destroy(record[i]);
  hpo_record_destroy(attributes);
  return status;
}

static hpo_status make(compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_layout_table *layout = NULL;
  hpo_store_table *table = NULL;
  hpo_record **row = NULL;
  size_t n = 0, n_table = 0;

  HPO_TRY(status, hpo_layout_tables(c->plan, &layout, &n, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *table, &table, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *row, &row, err));
  HPO_TRY(status, declare(c, layout, n, table, row, &n_table, err));
  HPO_TRY(status, write_all(c, table, n_table, err));
done:
  for (size_t i = 0; row && i < n; i++)
    hpo_record_destroy(row[i]);
  hpo_mem_free(row);
  hpo_mem_free(table);
  hpo_layout_destroy(layout, n);
  return status;
}

/* As the old one may be read and written, as far as this user may say so. */
static hpo_status take_over_mode(const compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  struct stat old;

  if (stat(c->path, &old) != 0)
    HPO_FAIL(status, err, HPO_EIO, "%s: %s", c->path, strerror(errno));
  if (chown(c->beside, old.st_uid, old.st_gid) != 0)
    (void)!chown(c->beside, (uid_t)-1, old.st_gid);
  if (chmod(c->beside, old.st_mode & 07777) != 0)
    HPO_FAIL(status, err, HPO_EIO, "%s: cannot get the mode of %s: %s",
             c->beside, c->path, strerror(errno));
done:
  return status;
}

/* In the old one's place, on the disk before and after. */
static hpo_status put_in_place(const compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, take_over_mode(c, err));
  HPO_TRY(status, hpo_file_sync(c->beside, err));
  HPO_TRY(status, hpo_file_replace(c->path, c->beside, err));
  HPO_TRY(status, hpo_file_sync_folder(c->beside, err));
done:
  return status;
}

/* --- the command -------------------------------------------------------- */

static hpo_status read_keep(const hpo_args *args, const hpo_plan *plan,
                            int64_t *keep, hpo_error *err) {
  const char *models = hpo_args_get(args, "models");

  *keep = plan->n_objective > 1 ? -1 : plan->keep_models;
  if (!models)
    return HPO_OK;
  if (strcmp(models, "all") == 0) {
    *keep = -1;
    return HPO_OK;
  }
  if (strcmp(models, "none") == 0) {
    *keep = 0;
    return HPO_OK;
  }
  return strncmp(models, "best:", 5) == 0 &&
                 hpo_options_parse_int(models + 5, keep) && *keep > 0
             ? HPO_OK
             : hpo_error_set(err, HPO_EINVAL,
                             "--models %s: allowed are all, none and best:N",
                             models);
}

static hpo_status start(compaction *c, const hpo_args *args, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_file f = {0};

  HPO_TRY(status, hpo_study_file_open(c->path, &f, err));
  if (f.is_live)
    HPO_FAIL(status, err, HPO_ESTUDY,
             "%s is being written by a running study; compact it when that "
             "has ended",
             c->path);
  HPO_TRY(status, hpo_replay_read_plan(&f, &c->plan, err));
  HPO_TRY(status, read_keep(args, c->plan, &c->keep, err));
  HPO_TRY(status, hpo_file_beside(c->path, ".compact", &c->beside, err));
done:
  hpo_study_file_close(&f);
  return status;
}

/* The writer's lock; a reader that looks whether it is held has it for some
 * microseconds, so one refusal is not the last word. */
static hpo_status take_lock(const char *path, hpo_lock **out, hpo_error *err) {
  hpo_status status = hpo_lock_take(path, out, err);

  for (int i = 0; i < 3 && status == HPO_ESTUDY; i++) {
    hpo_clock_sleep(0.02);
    status = hpo_lock_take(path, out, err);
  }
  return status;
}

static hpo_status work(compaction *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_run run = {.plan = c->plan};
  char *name = NULL;
  hpo_lock *lock = NULL;

  HPO_TRY(status, hpo_file_beside(c->path, ".lock", &name, err));
  HPO_TRY(status, take_lock(name, &lock, err));
  HPO_TRY(status, hpo_store_open_read(c->path, &c->old, err));
  c->work = (hpo_finale_work){.r = &run, .store = c->old};
  HPO_TRY(status, choose(c, err));
  HPO_TRY(status, make(c, err));
  HPO_TRY(status, put_in_place(c, err));
done:
  if (c->new) {
    hpo_store_destroy(c->new);
    c->new = NULL;
  }
  if (status != HPO_OK)
    (void)unlink(c->beside);
  hpo_mem_free(name);
  name = NULL;
  if (hpo_mem_format(&name, NULL, "%s.lock", c->beside) == HPO_OK)
    (void)unlink(name);
  hpo_mem_free(name);
  hpo_lock_release(lock);
  hpo_finale_free(&c->work);
  return status;
}

static hpo_status compact(const hpo_args *args, int *exit_code,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  compaction c = {.path = NULL};
  int64_t before, after;

  *exit_code = 0;
  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune compact FILE.h5");
  c.path = args->word.item[0];
  HPO_TRY(status, start(&c, args, err));
  before = hpo_file_size(c.path);
  HPO_TRY(status, work(&c, err));
  after = hpo_file_size(c.path);
  printf("%s: %zu model%s, %zu %s dropped; %lld bytes, %lld before: %lld "
         "saved\n",
         c.path, c.n_place, c.n_place == 1 ? " stays" : "s stay", c.n_dropped,
         c.n_dropped == 1 ? "is" : "are", (long long)after, (long long)before,
         (long long)(before - after));
done:
  hpo_store_destroy(c.old);
  hpo_plan_destroy(c.plan);
  hpo_mem_free(c.place);
  hpo_mem_free(c.beside);
  return status;
}

static const hpo_arg arguments[] = {
    {"models", "M", "which stay: all, none or best:N; as the study says"}};

const hpo_command hpo_cmd_compact = {
    .name = "compact",
    .words = "FILE.h5",
    .summary = "writes the file anew without dropped models",
    .help =
        "With models=\"best:N\" the file holds models that were overtaken "
        "later; this leaves them\nout.  Trials, curves, tags and the rest "
        "stay "
        "as they are, and the study goes on as\nbefore.  The winner's models "
        "stay.  The new file takes the old one's place only when\nit is whole "
        "and on the disk.  A study that runs is refused.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = compact};
