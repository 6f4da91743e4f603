/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune run, rank 0: makes or opens the study file, and the session's row
 * that says where and with what it ran. */
#include "cmd/difference.h"
#include "cmd/environment.h"
#include "cmd/inbox.h"
#include "cmd/run.h"
#include "config.h"
#include "hpo/clock.h"
#include "hpo/file.h"
#include "hpo/known.h"
#include "hpo/layout.h"
#include "hpo/log.h"
#include "hpo/manager.h"
#include "hpo/mem.h"
#include "hpo/options.h"
#include "hpo/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* --- a new file --------------------------------------------------------- */

/* A random UUID (RFC 4122, version 4): names the file, nothing more. */
static void make_uuid(char text[37]) {
  uint8_t b[16] = {0};
  if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
    memcpy(b, &(int64_t){hpo_clock_wall_ns()}, sizeof(int64_t));
  b[6] = (uint8_t)((b[6] & 0x0F) | 0x40);
  b[8] = (uint8_t)((b[8] & 0x3F) | 0x80);
  char *at = text;
  for (int i = 0; i < 16; i++)
    at += sprintf(at, "%s%02x",
                  i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
}

static hpo_status make_attributes(const hpo_run *r, const char *identity,
                                  hpo_record **out, hpo_error *err) {
  char uuid[37], created[32];
  make_uuid(uuid);
  hpo_clock_format(hpo_clock_wall_ns(), created);
  return hpo_layout_attributes(r->plan, uuid, created, PACKAGE_VERSION,
                               identity, out, err);
}

/* The plan as the program reads it again: for replay. */
static hpo_status add_plan(const hpo_plan *plan, hpo_record *study,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *record = NULL;
  hpo_buffer bytes = {0};

  HPO_TRY(status, hpo_plan_record(plan, &record, err));
  HPO_TRY(status, hpo_wire_encode(record, &bytes, err));
  HPO_TRY(status,
          hpo_record_add(study, "plan", HPO_FIELD_U8, 0, bytes.byte, bytes.n,
                         "bytes", "The same as hpotune reads it, for replay.",
                         err));
done:
  hpo_record_destroy(record);
  hpo_buffer_free(&bytes);
  return status;
}

/* The records that are written once: study, columns, data, cuts. */
static hpo_status create_with(const hpo_run *r, const hpo_store_table *table,
                              size_t n_table, const hpo_record *attributes,
                              hpo_store **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *study = NULL, *columns = NULL, *known = NULL;
  hpo_store_facts facts[5];
  size_t n = 0;

  HPO_TRY(status,
          hpo_layout_study(r->plan, r->xml.byte, r->xml.n, &study, err));
  HPO_TRY(status, add_plan(r->plan, study, err));
  HPO_TRY(status, hpo_layout_columns(r->plan, &columns, err));
  facts[n++] = (hpo_store_facts){HPO_FACTS_STUDY, study};
  facts[n++] = (hpo_store_facts){HPO_FACTS_COLUMNS, columns};
  if (r->facts)
    facts[n++] = (hpo_store_facts){HPO_FACTS_DATA, r->facts};
  if (r->cuts)
    facts[n++] = (hpo_store_facts){HPO_FACTS_CUTS, r->cuts};
  if (r->plan->n_known > 0) {
    HPO_TRY(status, hpo_known_columns(r->plan, &known, err));
    facts[n++] = (hpo_store_facts){HPO_FACTS_KNOWN, known};
  }
  HPO_TRY(status, hpo_store_create(r->plan->output, r->overwrite, table,
                                   n_table, facts, n, attributes, out, err));
done:
  hpo_record_destroy(study);
  hpo_record_destroy(columns);
  hpo_record_destroy(known);
  return status;
}

static hpo_status create_file(const hpo_run *r, const char *identity,
                              hpo_store **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_layout_table *tables = NULL;
  hpo_store_table *table = NULL;
  hpo_record *attributes = NULL;
  size_t n = 0;

  HPO_TRY(status, hpo_layout_tables(r->plan, &tables, &n, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *table, &table, err));
  for (size_t i = 0; i < n; i++)
    table[i] = (hpo_store_table){.path = tables[i].path,
                                 .row = tables[i].row,
                                 .chunk = tables[i].chunk,
                                 .crc = tables[i].crc,
                                 .description = tables[i].description};
  HPO_TRY(status, make_attributes(r, identity, &attributes, err));
  HPO_TRY(status, create_with(r, table, n, attributes, out, err));
done:
  hpo_record_destroy(attributes);
  hpo_mem_free(table);
  hpo_layout_destroy(tables, n);
  return status;
}

/* --- an existing file --------------------------------------------------- */

hpo_status hpo_run_check_identity(const hpo_plan *plan, const char *hash,
                                  hpo_store *store, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *attributes = NULL;
  hpo_buffer text = {0};
  char identity[65], found[80], name[128], created[40];

  HPO_TRY(status, hpo_plan_identity(plan, hash, identity, err));
  HPO_TRY(status, hpo_store_read_facts(store, "/", &attributes, err));
  hpo_record_text(attributes, "identity", found, sizeof found);
  hpo_record_text(attributes, "name", name, sizeof name);
  hpo_record_text(attributes, "created", created, sizeof created);
  if (strcmp(found, identity) == 0)
    goto done;
  HPO_TRY(status, hpo_difference_text(plan, hash, store, &text, err));
  HPO_FAIL(status, err, HPO_ESTUDY,
           "%s holds another study (\"%s\", begun %s): %.*s; --overwrite "
           "starts anew, --output F writes elsewhere",
           plan->output, name, created, (int)text.n, (const char *)text.byte);
done:
  hpo_buffer_free(&text);
  hpo_record_destroy(attributes);
  return status;
}

static hpo_status open_file(const hpo_run *r, hpo_store **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *store = NULL;

  HPO_TRY(status, hpo_store_open_write(r->plan->output, &store, err));
  HPO_TRY(status, hpo_run_check_identity(r->plan, r->hash, store, err));
  *out = store;
  store = NULL;
done:
  hpo_store_destroy(store);
  return status;
}

/* --- the session -------------------------------------------------------- */

static const char *environment(const char *name) {
  const char *text = getenv(name);
  return text ? text : "";
}

/* The command line of this session. */
static hpo_status make_command(const hpo_run *r, hpo_buffer *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_buffer_format(out, err, "hpotune run"));
  for (size_t i = 0; i < r->args->given.n; i++)
    HPO_TRY(status, hpo_buffer_format(out, err, " --%s=%s",
                                      r->args->given.item[i].name,
                                      r->args->given.item[i].value));
  for (size_t i = 0; i < r->args->word.n; i++)
    HPO_TRY(status, hpo_buffer_format(out, err, " %s", r->args->word.item[i]));
  HPO_TRY(status, hpo_buffer_add(out, "", 1, err));
done:
  return status;
}

/* The session's row; end == HPO_END_NONE: it begins. */
static hpo_status make_row(const hpo_run *r, hpo_id number, hpo_end end,
                           hpo_record **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_environment e;
  hpo_buffer command = {0};
  int64_t restarts = -1, now = hpo_clock_wall_ns();
  bool over = end != HPO_END_NONE;

  hpo_environment_take(&e);
  HPO_TRY(status, make_command(r, &command, err));
  (void)hpo_options_parse_int(environment("SLURM_RESTART_COUNT"), &restarts);
  hpo_layout_session s = {.number = number,
                          .start = r->started_wall,
                          .end = over ? now : -1,
                          .wall = over ? hpo_clock_seconds() - r->started : 0,
                          .exit_reason =
                              !over ? ""
                              : end == HPO_END_STOPPED || end == HPO_END_REGRET
                                  ? r->stopping.reason
                                  : hpo_end_name(end),
                          .hosts = r->hosts,
                          .ranks = r->world.size,
                          .teams = r->n_teams,
                          .hpotune_version = e.hpotune_version,
                          .git = e.git,
                          .compiler = e.compiler,
                          .flags = e.flags,
                          .mpi = e.mpi,
                          .hdf5 = e.hdf5,
                          .blas = e.blas,
                          .cpu = e.cpu,
                          .slurm_job_id = environment("SLURM_JOB_ID"),
                          .slurm_restart_count = restarts,
                          .command = (const char *)command.byte,
                          .xml_offset = r->xml_offset,
                          .xml_length = (int64_t)r->xml.n,
                          .trials = r->plan->trials};
  HPO_TRY(status, hpo_layout_session_row(&s, out, err));
done:
  hpo_buffer_free(&command);
  return status;
}

static hpo_status append_session(hpo_run *r, hpo_store *store, hpo_id *session,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  static const char *const flushed[] = {HPO_TABLE_SESSION_XML,
                                        HPO_TABLE_SESSIONS};
  hpo_record *row = NULL;
  size_t n = 0, at = 0;

  HPO_TRY(status, hpo_store_rows(store, HPO_TABLE_SESSIONS, &n, err));
  HPO_TRY(status, hpo_store_append_bytes(store, HPO_TABLE_SESSION_XML,
                                         r->xml.byte, r->xml.n, &at, err));
  r->xml_offset = (int64_t)at;
  HPO_TRY(status, make_row(r, (hpo_id)n, HPO_END_NONE, &row, err));
  HPO_TRY(status, hpo_store_append(store, HPO_TABLE_SESSIONS, row, NULL, err));
  HPO_TRY(status, hpo_store_flush(store, flushed, 2, err));
  *session = (hpo_id)n;
done:
  hpo_record_destroy(row);
  return status;
}

hpo_status hpo_run_open_books(hpo_run *r, hpo_store **store,
                              hpo_ledger **ledger, double *seconds,
                              hpo_id *session, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_store *s = NULL;
  hpo_ledger *l = NULL;
  char identity[65];
  bool exists = hpo_file_exists(r->plan->output) && !r->overwrite;

  HPO_TRY(status, hpo_plan_identity(r->plan, r->hash, identity, err));
  if (hpo_file_on_nfs(r->plan->output))
    hpo_log(HPO_LOG_WARN, "run",
            "%s lies on NFS, where HDF5 readers may not see a running study",
            r->plan->output);
  if (exists)
    HPO_TRY(status, open_file(r, &s, err));
  else {
    HPO_TRY(status, create_file(r, identity, &s, err));
    for (size_t i = 0; i < r->plan->n_warm && !r->quiet; i++)
      hpo_log(HPO_LOG_INFO, "run", "warm start from %s: %s",
              r->plan->warm[i].href, r->plan->warm[i].taken);
    HPO_TRY(status, hpo_inbox_clear(r->plan->output, err));
  }
  HPO_TRY(status, hpo_manager_load(r->plan, s, &l, seconds, err));
  HPO_TRY(status, append_session(r, s, session, err));
  *store = s;
  *ledger = l;
  s = NULL;
  l = NULL;
done:
  hpo_ledger_destroy(l);
  hpo_store_destroy(s);
  return status;
}

hpo_status hpo_run_close_session(const hpo_run *r, hpo_store *store,
                                 hpo_id session, hpo_end end, hpo_error *err) {
  hpo_status status = HPO_OK;
  static const char *const flushed[] = {HPO_TABLE_SESSIONS};
  hpo_record *row = NULL;

  HPO_TRY(status, make_row(r, session, end, &row, err));
  HPO_TRY(status,
          hpo_store_put(store, HPO_TABLE_SESSIONS, (size_t)session, row, err));
  HPO_TRY(status, hpo_store_flush(store, flushed, 1, err));
done:
  hpo_record_destroy(row);
  return status;
}
