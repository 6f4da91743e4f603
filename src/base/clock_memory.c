/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory that is still to be had: /proc/meminfo (proc(5))
 * and the limits of this process's control groups, versions 1 and 2
 * (cgroups(7)), which Slurm sets for a job. */
#include "hpo/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number after a name at the beginning of a line; INFINITY: none.
 * name "": the file's first word, where "max" is none. */
static double read_number(const char *path, const char *name) {
  char line[512];
  size_t n = strlen(name);
  double found = (double)INFINITY;
  FILE *f = fopen(path, "re");

  while (f && isinf(found) && fgets(line, sizeof line, f)) {
    char *end = NULL;
    double x = strncmp(line, name, n) == 0 ? strtod(line + n, &end) : 0;
    if (end && end != line + n && isfinite(x))
      found = x;
  }
  if (f)
    (void)fclose(f);
  return found;
}

/* What one group may still take; its cache of files can be given back. */
static double left_in(const char *folder, bool is_v2) {
  char path[4096];
  double most, now, cache;

  (void)snprintf(path, sizeof path, "%s/%s", folder,
                 is_v2 ? "memory.max" : "memory.limit_in_bytes");
  most = read_number(path, "");
  (void)snprintf(path, sizeof path, "%s/%s", folder,
                 is_v2 ? "memory.current" : "memory.usage_in_bytes");
  now = read_number(path, "");
  (void)snprintf(path, sizeof path, "%s/memory.stat", folder);
  cache = read_number(path, is_v2 ? "inactive_file " : "total_inactive_file ");
  if (isinf(most) || isinf(now))
    return (double)INFINITY;
  return fmax(most - now + (isinf(cache) ? 0 : cache), 0);
}

/* The tightest of a group and those above it. */
static double left_above(const char *root, char *group, bool is_v2) {
  char folder[3072];
  double left = (double)INFINITY;

  while (*group) {
    char *slash = strrchr(group, '/');
    (void)snprintf(folder, sizeof folder, "%.512s%.2048s", root, group);
    left = fmin(left, left_in(folder, is_v2));
    *(slash ? slash : group) = 0;
  }
  return fmin(left, left_in(root, is_v2));
}

static double left_in_groups(void) {
  char line[2560];
  double left = (double)INFINITY;
  FILE *f = fopen("/proc/self/cgroup", "re");

  while (f && fgets(line, sizeof line, f)) { /* number:controllers:group */
    char *names = strchr(line, ':'), *group = NULL;
    group = names ? strchr(names + 1, ':') : NULL;
    if (!group)
      continue;
    *group++ = 0;
    group[strcspn(group, "\n")] = 0;
    if (names[1] == 0)
      left = fmin(left, left_above("/sys/fs/cgroup", group, true));
    else if (strstr(names, "memory"))
      left = fmin(left, left_above("/sys/fs/cgroup/memory", group, false));
  }
  if (f)
    (void)fclose(f);
  return left;
}

double hpo_clock_memory_left(void) {
  return fmin(1024 * read_number("/proc/meminfo", "MemAvailable:"),
              left_in_groups());
}

char *hpo_clock_format_bytes(double bytes, char *text) {
  static const char *const unit[] = {"bytes", "KB", "MB", "GB", "TB", "PB"};
  size_t i = 0;

  for (; bytes >= 1000 && i + 1 < sizeof unit / sizeof *unit; i++)
    bytes /= 1000;
  (void)snprintf(text, 32, "%.*f %s", i > 0 && bytes < 10 ? 1 : 0, bytes,
                 unit[i]);
  return text;
}
