/* SPDX-License-Identifier: BSD-3-Clause */
/* All processes below one: see family.h and proc(5), /proc/PID/stat. */
#include "base/family.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_ROOM 256

/* The name in it may hold anything, so the last parenthesis counts.
   false: it is gone. */
static bool look_at(const char *pid, hpo_relative *out) {
  char path[64], text[1024], *end;
  ssize_t n;
  int fd;

  (void)snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  n = read(fd, text, sizeof text - 1);
  (void)close(fd);
  text[n > 0 ? n : 0] = '\0';
  end = strrchr(text, ')');
  out->pid = strtol(pid, NULL, 10);
  return end != NULL &&
         sscanf(end + 1,
                " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
                "%*d %*d %*d %*d %*d %*u %*u %ld",
                &out->parent, &out->pages) == 2;
}

static bool make_room(hpo_relative **all, size_t n, size_t *room) {
  size_t more = *room > 0 ? 2 * *room : FIRST_ROOM;
  hpo_relative *grown;

  if (n < *room)
    return true;
  grown = realloc(*all, more * sizeof **all);
  if (grown == NULL)
    return false;
  *all = grown;
  *room = more;
  return true;
}

static size_t list_all(hpo_relative **all) {
  DIR *d = opendir("/proc");
  struct dirent *e;
  size_t n = 0, room = 0;

  *all = NULL;
  while (d != NULL && make_room(all, n, &room) && (e = readdir(d)) != NULL)
    if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
      n += look_at(e->d_name, &(*all)[n]);
  if (d != NULL)
    (void)closedir(d);
  return n;
}

/* Those that are found stand first; the children of each are looked for. */
size_t hpo_family_list(long of, hpo_relative **all) {
  size_t n = list_all(all), found = 0;

  for (size_t at = 0; at <= found; at++) {
    long parent = at == 0 ? of : (*all)[at - 1].pid;
    for (size_t i = found; i < n; i++)
      if ((*all)[i].parent == parent) {
        hpo_relative one = (*all)[i];
        (*all)[i] = (*all)[found];
        (*all)[found++] = one;
      }
  }
  return found;
}
