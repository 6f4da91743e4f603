/* SPDX-License-Identifier: BSD-3-Clause */
/* The lexer for delimited text (RFC 4180).
 *
 * Beyond the RFC: lines may end in LF, CRLF or CR; blanks around an unquoted
 * field and around the quotes of a quoted one are dropped; a quote inside an
 * unquoted field is an ordinary character. */

#include "csv.h"

#include <string.h>

#include "hpo/mem.h"
#include "number.h"

enum {
  BLOCK = 1 << 20,
  /* the byte that ends the last line, the NUL, and what numbers need */
  TAIL = 2 + HPO_NUMBER_SLACK
};

hpo_status hpo_csv_more(hpo_csv *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  const size_t kept = c->end - c->at;
  size_t got = 1;

  HPO_ASSERT(!c->is_all);
  if (kept > 0 && c->at > 0)
    memmove(c->byte, c->byte + c->at, kept);
  c->base += c->at;
  c->at = 0;
  c->end = kept;
  if (c->room < BLOCK + TAIL || kept + TAIL >= c->room)
    HPO_TRY(status,
            hpo_mem_grow(&c->byte, &c->room,
                         c->room < BLOCK + TAIL ? BLOCK + TAIL : c->room + 1,
                         1, err));
  while (got > 0 && c->end + TAIL < c->room) {
    HPO_TRY(status, hpo_file_read(c->file, c->byte + c->end,
                                  c->room - TAIL - c->end, &got, err));
    if (c->hash != NULL)
      hpo_digest_add(c->hash, c->byte + c->end, got);
    c->end += got;
  }
  c->is_all = got == 0;
  if (c->is_all && c->end > 0 && c->byte[c->end - 1] != '\n')
    c->byte[c->end++] = '\n';
  c->byte[c->end] = '\0';
done:
  return status;
}

/* What other formats begin with. */
static hpo_status refuse_binary(const hpo_csv *c, hpo_error *err) {
  static const struct {
    const char *begin, *what;
  } other[] = {
      {"\x89HDF\r\n\x1a\n",
       "an HDF5 file; say format=\"hdf5\" or name it .h5"},
      {"\x93NUMPY", "a NumPy file; say format=\"npy\" or name it .npy"},
      {"PK\x03\x04", "a zip archive, as .xlsx and .npz are; save it as CSV"},
      {"\xD0\xCF\x11\xE0", "an old Office file, as .xls; save it as CSV"},
      {"PAR1\x15", "a Parquet file; write it as CSV, NPY or HDF5"},
      {"\x28\xB5\x2F\xFD", "packed by zstd; unpack it, or pack it by gzip"},
      {"\xFD\x37zXZ", "packed by xz; unpack it, or pack it by gzip"},
      {"BZh91AY&SY", "packed by bzip2; unpack it, or pack it by gzip"}};

  for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
    const size_t n = strlen(other[i].begin);

    if (c->end > n && memcmp(c->byte, other[i].begin, n) == 0)
      return hpo_error_set(err, HPO_EDATA, "%s: this is %s", c->path,
                           other[i].what);
  }
  return HPO_OK;
}

hpo_status hpo_csv_open(hpo_csv *c, const char *path, hpo_digest *hash,
                        hpo_error *err) {
  hpo_status status = HPO_OK;

  *c = (hpo_csv){.path = path, .hash = hash, .delimiter = ',', .line = 1};
  HPO_TRY(status, hpo_file_open(path, &c->file, err));
  HPO_TRY(status, hpo_csv_more(c, err));
  if (c->end >= 3 && memcmp(c->byte, "\xEF\xBB\xBF", 3) == 0)
    c->at = 3;
  if (c->end >= 2 && (memcmp(c->byte, "\xFF\xFE", 2) == 0 ||
                      memcmp(c->byte, "\xFE\xFF", 2) == 0))
    HPO_FAIL(status, err, HPO_EDATA,
             "%s: this is UTF-16 text; save it as UTF-8", path);
  HPO_TRY(status, refuse_binary(c, err));
done:
  if (status != HPO_OK)
    hpo_csv_close(c);
  return status;
}

/* Past the end of the line that c->at stands in. */
static hpo_status skip_line(hpo_csv *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *next = NULL;

  for (;;) {
    while (c->at < c->end && c->byte[c->at] != '\n' && c->byte[c->at] != '\r')
      c->at++;
    next = c->at < c->end ? hpo_csv_line_end(c, c->byte + c->at) : NULL;
    if (next != NULL || c->is_all)
      break;
    HPO_TRY(status, hpo_csv_more(c, err));
  }
  c->at = next != NULL ? (size_t)(next - c->byte) : c->end;
done:
  return status;
}

hpo_status hpo_csv_seek(hpo_csv *c, uint64_t from, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_file_seek(c->file, from - 1, err));
  c->base = from - 1;
  c->at = c->end = 0;
  c->is_all = false;
  c->line = 1;
  HPO_TRY(status, hpo_csv_more(c, err));
  HPO_TRY(status, skip_line(c, err));
  while (hpo_csv_skip_blank(c) == HPO_CSV_MORE && !c->is_all)
    HPO_TRY(status, hpo_csv_more(c, err));
done:
  return status;
}

void hpo_csv_close(hpo_csv *c) {
  hpo_file_close(c->file);
  hpo_mem_free(c->byte);
  hpo_buffer_free(&c->unquoted);
  c->file = NULL;
  c->byte = NULL;
}

static inline bool is_blank(const hpo_csv *c, char x) {
  return x == ' ' || (x == '\t' && c->delimiter != '\t');
}

hpo_csv_token hpo_csv_skip_blank(hpo_csv *c) {
  const char *p = c->byte + c->at;

  for (;;) {
    const char *q = p;

    while (is_blank(c, *q))
      q++;
    if (*q == '\0' && q == c->byte + c->end)
      return HPO_CSV_MORE;
    if (*q != '\n' && *q != '\r')
      return HPO_CSV_FIELD;
    p = hpo_csv_line_end(c, q);
    if (p == NULL)
      return HPO_CSV_MORE;
    c->line++;
    c->at = (size_t)(p - c->byte);
  }
}

const char *hpo_csv_line_end(const hpo_csv *c, const char *p) {
  if (*p == '\r') {
    p++;
    if (*p != '\n')
      return p == c->byte + c->end && !c->is_all ? NULL : p;
  }
  return p + 1;
}

/* p stands after the opening quote.  Text without doubled quotes stays where
 * it is; else it is put together in c->unquoted. */
static hpo_status get_quoted(hpo_csv *c, const char *p, hpo_csv_token *token,
                             hpo_csv_field *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *end = c->byte + c->end, *from = p;

  c->unquoted.n = 0;
  for (; *p != '"' || p[1] == '"'; p++) {
    if (*p == '\0') {
      *token = p == end ? HPO_CSV_MORE : HPO_CSV_NUL;
      return HPO_OK;
    }
    if (*p == '\n' || (*p == '\r' && p[1] != '\n'))
      out->lines++;
    if (*p == '"') {
      HPO_TRY(status,
              hpo_buffer_add(&c->unquoted, from, (size_t)(p - from) + 1, err));
      from = ++p + 1;
    }
  }
  out->text = from;
  out->n = (size_t)(p - from);
  if (c->unquoted.n > 0) {
    HPO_TRY(status, hpo_buffer_add(&c->unquoted, from, out->n, err));
    out->n = c->unquoted.n;
    HPO_TRY(status, hpo_buffer_add(&c->unquoted, "", 1, err));
    out->text = (const char *)c->unquoted.byte;
  }
  for (p++; is_blank(c, *p);)
    p++;
  out->next = p;
  if (*p == '\0')
    *token = p == end ? HPO_CSV_MORE : HPO_CSV_NUL;
  else if (*p != c->delimiter && *p != '\n' && *p != '\r')
    *token = HPO_CSV_TRAILING;
done:
  return status;
}

hpo_status hpo_csv_get(hpo_csv *c, const char *p, hpo_csv_token *token,
                       hpo_csv_field *out, hpo_error *err) {
  const char *last;

  *token = HPO_CSV_FIELD;
  *out = (hpo_csv_field){0};
  while (is_blank(c, *p))
    p++;
  if (*p == '"')
    return get_quoted(c, p + 1, token, out, err);
  out->text = p;
  while (*p != c->delimiter && *p != '\n' && *p != '\r' && *p != '\0')
    p++;
  for (last = p; last > out->text && is_blank(c, last[-1]);)
    last--;
  out->n = (size_t)(last - out->text);
  out->next = p;
  if (*p == '\0')
    *token = p == c->byte + c->end ? HPO_CSV_MORE : HPO_CSV_NUL;
  return HPO_OK;
}

hpo_status hpo_csv_refuse(const hpo_csv *c, hpo_csv_token token, hpo_row line,
                          hpo_error *err) {
  const char *what = "a quote that is opened here is never closed";

  if (token == HPO_CSV_NUL)
    what = "a NUL byte; is this a binary file, or UTF-16 text?";
  if (token == HPO_CSV_TRAILING)
    what = "text after a closing quote; allowed: the delimiter or the end of "
           "the line (a quote inside quotes is doubled)";
  return hpo_error_set(err, HPO_EDATA, "%s:%lld: %s", c->path, (long long)line,
                       what);
}
