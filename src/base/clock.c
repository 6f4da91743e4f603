/* SPDX-License-Identifier: BSD-3-Clause */
/* Time, memory, host and CPU, as the operating system (Linux) tells them. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hpo/clock.h"

static double seconds_of(clockid_t id) {
  struct timespec t = {0, 0};
  clock_gettime(id, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double hpo_clock_seconds(void) { return seconds_of(CLOCK_MONOTONIC); }

double hpo_clock_cpu(void) { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

int64_t hpo_clock_wall_ns(void) {
  struct timespec t = {0, 0};
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec * 1000000000 + (int64_t)t.tv_nsec;
}

void hpo_clock_sleep(double seconds) {
  if (!(seconds > 0))
    return;
  if (seconds > 1e9)
    seconds = 1e9;
  struct timespec left;
  left.tv_sec = (time_t)seconds;
  left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

char *hpo_clock_format(int64_t wall_ns, char *text) {
  int64_t s = wall_ns / 1000000000;
  if (wall_ns % 1000000000 < 0)
    s--;
  time_t when = (time_t)s;
  struct tm day;
  memset(&day, 0, sizeof day);
  gmtime_r(&when, &day);
  if (strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &day) == 0)
    text[0] = '\0';
  return text;
}

char *hpo_clock_format_seconds(double seconds, char *text) {
  double tenths = floor(seconds * 10 + 0.5);
  if (!(fabs(seconds) < 1e12))
    snprintf(text, 32, "?");
  else if (tenths < 600)
    snprintf(text, 32, "%.1fs", tenths / 10);
  else {
    int64_t whole = (int64_t)floor(seconds + 0.5);
    if (whole < 3600)
      snprintf(text, 32, "%dm %02ds", (int)(whole / 60), (int)(whole % 60));
    else
      snprintf(text, 32, "%lldh %02dm", (long long)(whole / 3600),
               (int)(whole / 60 % 60));
  }
  return text;
}

int64_t hpo_clock_rss(void) {
  long long size = 0, resident = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  if (f == NULL)
    return 0;
  if (fscanf(f, "%lld %lld", &size, &resident) != 2)
    resident = 0;
  fclose(f);
  return (int64_t)resident * (int64_t)sysconf(_SC_PAGESIZE);
}

/* ru_maxrss would begin with what the process was that started this one: it
 * outlives exec. */
int64_t hpo_clock_peak_rss(void) {
  int64_t peak = hpo_clock_rss();
  char line[256];
  long long kilobytes = 0;
  FILE *f = fopen("/proc/self/status", "re");
  if (f == NULL)
    return peak;
  while (fgets(line, sizeof line, f) != NULL)
    if (sscanf(line, "VmHWM: %lld kB", &kilobytes) == 1 &&
        kilobytes * 1024 > peak)
      peak = kilobytes * 1024;
  fclose(f);
  return peak;
}

void hpo_clock_host(char *text, size_t room) {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0)
    name[0] = '\0';
  snprintf(text, room, "%s", name);
}

void hpo_clock_cpu_model(char *text, size_t room) {
  char line[512];
  FILE *f = fopen("/proc/cpuinfo", "re");
  snprintf(text, room, "%s", "");
  if (f == NULL)
    return;
  while (fgets(line, sizeof line, f) != NULL) {
    char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) != 0 || colon == NULL)
      continue;
    line[strcspn(line, "\n")] = '\0';
    colon += 1 + strspn(colon + 1, " \t");
    snprintf(text, room, "%s", colon);
    break;
  }
  fclose(f);
}
