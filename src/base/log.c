/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines for people.  The four variables below are the program's only
 * mutable globals; main sets them once. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hpo/log.h"

#define LINE_ROOM 5000

static hpo_log_level the_level = HPO_LOG_INFO;
static int the_rank = 0;
static struct {
  hpo_log_sink call;
  void *context;
} the_sink, the_ear;

void hpo_log_set_level(hpo_log_level level) { the_level = level; }

void hpo_log_set_rank(int rank) { the_rank = rank; }

void hpo_log_set_sink(hpo_log_sink sink, void *context) {
  the_sink.call = sink;
  the_sink.context = sink == NULL ? NULL : context;
}

void hpo_log_set_ear(hpo_log_sink ear, void *context) {
  the_ear.call = ear;
  the_ear.context = ear == NULL ? NULL : context;
}

static const char *level_name(hpo_log_level level) {
  static const char *const name[] = {"error: ", "warning: ", "", "debug: "};
  return name[level];
}

/* Time, rank, module, level; returns its length. */
static size_t line_start(hpo_log_level level, const char *module, char *line,
                         size_t room) {
  struct timespec now;
  struct tm day;
  char clock[16];
  clock_gettime(CLOCK_REALTIME, &now);
  localtime_r(&now.tv_sec, &day);
  strftime(clock, sizeof clock, "%H:%M:%S", &day);
  int n = snprintf(line, room, "%s.%03d [%d] %s: %s", clock,
                   (int)(now.tv_nsec / 1000000), the_rank, module,
                   level_name(level));
  return n < 0 ? 0 : (size_t)n < room ? (size_t)n : room - 1;
}

/* One write per line, so that lines of several ranks do not mix. */
static void write_line(char *line) {
  size_t n = strlen(line), sent = 0;
  line[n++] = '\n';
  while (sent < n) {
    ssize_t got = write(STDERR_FILENO, line + sent, n - sent);
    if (got <= 0)
      return;
    sent += (size_t)got;
  }
}

static void tell_ear(hpo_log_level level, const char *module, const char *fmt,
                     va_list args) {
  char line[LINE_ROOM];
  int n = snprintf(line, sizeof line, "%s: ", module);
  vsnprintf(line + n, sizeof line - (size_t)n, fmt, args);
  the_ear.call(the_ear.context, level, line);
}

void hpo_log(hpo_log_level level, const char *module, const char *fmt, ...) {
  va_list args;
  if (the_ear.call != NULL && the_rank == 0) {
    va_start(args, fmt);
    tell_ear(level, module, fmt, args);
    va_end(args);
  }
  if (level > the_level || (the_rank != 0 && the_level < HPO_LOG_DEBUG))
    return;
  char line[LINE_ROOM + 1];
  size_t n = line_start(level, module, line, LINE_ROOM);
  va_start(args, fmt);
  vsnprintf(line + n, LINE_ROOM - n, fmt, args);
  va_end(args);
  if (the_sink.call != NULL)
    the_sink.call(the_sink.context, level, line);
  else
    write_line(line);
}
