/* SPDX-License-Identifier: BSD-3-Clause */
/* Results to a file or standard output, in pieces. */
#include "cmd/table_writer.h"

#include "hpo/file.h"

#include <errno.h>
#include <string.h>

const char *hpo_sink_suffix(const char *path) {
  const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');

  return dot && dot > (slash ? slash + 1 : path) ? dot + 1 : "";
}

hpo_status hpo_sink_open(hpo_sink *s, const char *path, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (strcmp(path, "-") == 0) {
    s->stream = stdout;
    return HPO_OK;
  }
  HPO_TRY(status, hpo_file_beside(path, "", &s->path, err));
  HPO_TRY(status, hpo_mem_format(&s->part, err, "%s.part", s->path));
  s->stream = fopen(s->part, "wb");
  if (!s->stream)
    HPO_FAIL(status, err, HPO_EIO, "%s: can't be written: %s", path,
             strerror(errno));
done:
  return status;
}

static hpo_status refuse(const hpo_sink *s, hpo_error *err) {
  return hpo_error_set(err, HPO_EIO, "%s: writing failed: %s",
                       s->path ? s->path : "standard output", strerror(errno));
}

hpo_status hpo_sink_write(hpo_sink *s, hpo_buffer *b, hpo_error *err) {
  size_t n = b->n;

  b->n = 0;
  return hpo_sink_put(s, b->byte, n, err);
}

hpo_status hpo_sink_put(hpo_sink *s, const void *bytes, size_t n,
                        hpo_error *err) {
  return n == 0 || fwrite(bytes, 1, n, s->stream) == n ? HPO_OK
                                                       : refuse(s, err);
}

hpo_status hpo_sink_finish(hpo_sink *s, hpo_error *err) {
  if (!s->path)
    return fflush(s->stream) == 0 ? HPO_OK : refuse(s, err);
  FILE *stream = s->stream;
  s->stream = NULL;
  if (fclose(stream) != 0 || rename(s->part, s->path) != 0)
    return refuse(s, err);
  hpo_mem_free(s->part);
  s->part = NULL;
  return HPO_OK;
}

void hpo_sink_close(hpo_sink *s) {
  if (s->path && s->stream)
    fclose(s->stream);
  if (s->part)
    remove(s->part);
  hpo_mem_free(s->part);
  hpo_mem_free(s->path);
  *s = (hpo_sink){0};
}

hpo_status hpo_put_fixed(hpo_buffer *b, double x, int decimals,
                         hpo_error *err) {
  static const int64_t power[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
  char text[32], *at = text + sizeof text;
  double scaled = x * (double)power[decimals];
  int64_t whole = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  uint64_t left = (uint64_t)(whole < 0 ? -whole : whole);

  for (int i = 0; i < decimals; i++, left /= 10)
    *--at = (char)('0' + left % 10);
  if (decimals > 0)
    *--at = '.';
  do {
    *--at = (char)('0' + left % 10);
    left /= 10;
  } while (left > 0);
  if (whole < 0)
    *--at = '-';
  return hpo_buffer_add(b, at, (size_t)(text + sizeof text - at), err);
}

hpo_status hpo_put_csv(hpo_buffer *b, const char *text, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (text[strcspn(text, ",;\"\t\r\n")] == '\0' && *text != ' ')
    return hpo_buffer_add(b, text, strlen(text), err);
  HPO_TRY(status, hpo_buffer_add(b, "\"", 1, err));
  for (; *text; text++)
    HPO_TRY(status, hpo_buffer_add(b, *text == '"' ? "\"\"" : text,
                                   *text == '"' ? 2 : 1, err));
  HPO_TRY(status, hpo_buffer_add(b, "\"", 1, err));
done:
  return status;
}

hpo_status hpo_put_npy_head(hpo_buffer *b, hpo_row rows, size_t columns,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[118], shape[64];

  if (columns > 0)
    snprintf(shape, sizeof shape, "(%lld, %zu)", (long long)rows, columns);
  else
    snprintf(shape, sizeof shape, "(%lld,)", (long long)rows);
  int n = snprintf(text, sizeof text,
                   "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }",
                   shape);
  memset(text + n, ' ', sizeof text - (size_t)n);
  text[sizeof text - 1] = '\n';
  HPO_TRY(status, hpo_buffer_add(b, "\x93NUMPY\x01\x00\x76\x00", 10, err));
  HPO_TRY(status, hpo_buffer_add(b, text, sizeof text, err));
done:
  return status;
}

hpo_status hpo_put_npy_value(hpo_buffer *b, double x, hpo_error *err) {
  uint64_t bits;
  uint8_t byte[8];

  memcpy(&bits, &x, sizeof bits);
  for (size_t i = 0; i < 8; i++)
    byte[i] = (uint8_t)(bits >> 8 * i);
  return hpo_buffer_add(b, byte, 8, err);
}
