/* SPDX-License-Identifier: BSD-3-Clause */
/* What /proc says of a process: proc(5), /proc/PID/stat. */
#include "hpo/process.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Its state, a letter; 0: there is no such process.  The name before it is
 * in parentheses and may hold some itself. */
static char look_up(int64_t pid, int64_t *began) {
  char path[48], text[1024] = "", state = 0;
  const char *at = NULL;
  FILE *f = NULL;

  (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/stat", pid);
  f = fopen(path, "r");
  if (!f)
    return 0;
  if (fgets(text, sizeof text, f))
    at = strrchr(text, ')');
  (void)fclose(f);
  /* fields 3 and 22 */
  if (!at || sscanf(at + 1,
                    " %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                    "%*s %*s %*s %*s %*s %" SCNd64,
                    &state, began) != 2)
    return 0;
  return state;
}

hpo_process_id hpo_process_self(void) {
  hpo_process_id p = {.pid = getpid(), .began = -1};

  (void)look_up(p.pid, &p.began);
  return p;
}

void hpo_process_name(int64_t pid, char *text, size_t room) {
  char path[48];
  FILE *f = NULL;

  text[0] = 0;
  (void)snprintf(path, sizeof path, "/proc/%" PRId64 "/comm", pid);
  f = fopen(path, "r");
  if (!f)
    return;
  if (fgets(text, (int)room, f))
    text[strcspn(text, "\n")] = 0;
  (void)fclose(f);
}

/* Its state; 0: it is gone, or dead and not yet waited for. */
static char look_at(const hpo_process_id *p) {
  int64_t began = -1;
  char state = look_up(p->pid, &began);
  bool is_same = p->began >= 0 && began == p->began;

  return is_same && state != 'Z' && state != 'X' ? state : 0;
}

bool hpo_process_is_there(const hpo_process_id *p) { return look_at(p) != 0; }

bool hpo_process_is_stopped(const hpo_process_id *p) {
  char state = look_at(p);

  return state == 'T' || state == 't';
}
