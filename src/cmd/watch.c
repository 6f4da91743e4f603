/* SPDX-License-Identifier: BSD-3-Clause */
/* hpotune watch: follows a study while it runs; a screen on a terminal,
 * plain lines elsewhere. */
#include "cmd/cmd.h"
#include "cmd/standing.h"
#include "hpo/clock.h"
#include "hpo/layout.h"
#include "hpo/mem.h"
#include "hpo/report.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CELL = 256, LAST = 8 };

/* What one look at the file shows. */
typedef struct look {
  hpo_study_file f;
  char name[128], metric[64];
  int64_t wanted; /* trials in all; 0: not limited */
  size_t done;    /* complete, pruned, failed */
  size_t running;
  ptrdiff_t best;
  double rate;     /* finished trials per second in this session; NaN */
  char front[256]; /* several objectives: what the front is */
} look;

static const char *const shown_states[] = {
    "complete", "pruned",    "failed",  "running",
    "paused",   "cancelled", "waiting", "interrupted"};

static void look_free(look *l) { hpo_study_file_close(&l->f); }

static bool is_final(const char *state) {
  return strcmp(state, "complete") == 0 || strcmp(state, "pruned") == 0 ||
         strcmp(state, "failed") == 0;
}

/* Trials that ended in the newest session, by its first start. */
static void measure(look *l) {
  const hpo_field *session = hpo_record_find(l->f.trials, "session");
  const hpo_field *start = hpo_record_find(l->f.trials, "start");
  const hpo_field *end = hpo_record_find(l->f.trials, "end");
  int64_t newest = -1, first = INT64_MAX, last = INT64_MIN, n = 0;
  char state[32];

  for (size_t i = 0; i < l->f.n; i++) {
    hpo_study_file_state(&l->f, i, state, sizeof state);
    l->running += strcmp(state, "running") == 0;
    if (!is_final(state))
      continue;
    l->done++;
    if (hpo_field_int(session, i) > newest) {
      newest = hpo_field_int(session, i);
      n = 0;
      first = INT64_MAX;
      last = INT64_MIN;
    }
    if (hpo_field_int(session, i) < newest)
      continue;
    n++;
    first = hpo_field_int(start, i) < first ? hpo_field_int(start, i) : first;
    last = hpo_field_int(end, i) > last ? hpo_field_int(end, i) : last;
  }
  l->rate = n > 0 && last > first ? (double)n / (1e-9 * (double)(last - first))
                                  : NAN;
}

static hpo_status look_at(const char *path, look *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  look l = {.rate = NAN};
  hpo_standing newest;
  char metrics[512];

  HPO_TRY(status, hpo_study_file_open(path, &l.f, err));
  HPO_TRY(status, hpo_standing_read(&l.f, &newest, err));
  l.wanted = newest.trials;
  if (l.wanted < 0 &&
      hpo_study_file_setting(&l.f, "trials", metrics, sizeof metrics))
    (void)hpo_options_parse_int(metrics, &l.wanted);
  hpo_record_text(l.f.attributes, "name", l.name, sizeof l.name);
  hpo_record_text(l.f.attributes, "metrics", metrics, sizeof metrics);
  snprintf(l.metric, sizeof l.metric, "%.*s", (int)strcspn(metrics, " "),
           metrics);
  l.best = hpo_study_file_best(&l.f);
  if (l.f.n_objective > 1) {
    hpo_study_front front = {0};
    HPO_TRY(status, hpo_study_front_make(&l.f, &front, err));
    hpo_study_front_format(&l.f, &front, l.front, sizeof l.front);
    hpo_study_front_free(&front);
  }
  measure(&l);
  *out = l;
  l = (look){0};
done:
  look_free(&l);
  return status;
}

static void format_left(const look *l, char *text, size_t room) {
  char seconds[32];

  text[0] = '\0';
  if (l->f.is_live && l->wanted > (int64_t)l->done && isfinite(l->rate))
    snprintf(text, room, ", %s to go",
             hpo_clock_format_seconds(
                 ((double)l->wanted - (double)l->done) / l->rate, seconds));
}

static void format_best(const look *l, char *text, size_t room) {
  char cell[64];

  text[0] = '\0';
  if (l->best < 0)
    return;
  if (l->f.n_objective > 1) {
    snprintf(text, room, "front of %s", l->front);
    return;
  }
  hpo_report_cell(hpo_record_find(l->f.trials, hpo_study_file_value(&l->f)),
                  (size_t)l->best, false, cell, sizeof cell);
  snprintf(text, room, "best %s %s (trial %td)", l->metric, cell, l->best);
}

/* --- plain lines --------------------------------------------------------- */

static void print_line(const look *l) {
  char left[64], best[280], now[32];

  format_left(l, left, sizeof left);
  format_best(l, best, sizeof best);
  printf("%s  %zu", hpo_clock_format(hpo_clock_wall_ns(), now), l->done);
  if (l->wanted > 0)
    printf("/%lld", (long long)l->wanted);
  printf(" trials, %zu running%s%s%s\n", l->running, *best ? ", " : "", best,
         left);
}

/* --- the screen ---------------------------------------------------------- */

typedef struct screen {
  int width, height;
  bool unicode;
} screen;

static screen screen_get(void) {
  struct winsize w = {0};
  screen s = {.width = 80,
              .height = 24,
              .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};

  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0) {
    s.width = w.ws_col;
    s.height = w.ws_row;
  }
  return s;
}

static void print_bar(const look *l, const screen *s) {
  int room = s->width - 34 < 10 ? 10 : s->width - 34;
  double share = fmin(1, (double)l->done / (double)l->wanted);
  int full = (int)(share * room);

  printf("  ");
  for (int i = 0; i < room; i++)
    printf("%s", s->unicode ? (i < full ? "\u2588" : "\u2591")
                            : (i < full ? "#" : "."));
  printf(" %zu/%lld  %.0f %%\n", l->done, (long long)l->wanted, 100 * share);
}

/* The best value so far over the trials, worst to best as eight heights. */
static void print_spark(const look *l, const screen *s) {
  static const char *const high[] = {"\u2581", "\u2582", "\u2583", "\u2584",
                                     "\u2585", "\u2586", "\u2587", "\u2588"};
  static const char *const plain[] = {"_", ".", ",", "-", "=", "+", "*", "#"};
  hpo_outcome o;
  size_t columns = (size_t)(s->width - 4 < 8 ? 8 : s->width - 4);
  double low = NAN, top = NAN, now = NAN;

  if (columns > l->f.n)
    columns = l->f.n;
  for (int pass = 0; pass < 2; pass++) {
    size_t drawn = 0;
    now = NAN;
    for (size_t i = 0; i < l->f.n; i++) {
      if (hpo_study_file_outcome(&l->f, i, &o) && o.violation == 0 &&
          !(now <= o.loss[0]))
        now = o.loss[0];
      if (pass == 0 && isnan(low))
        low = now;
      if (pass == 0)
        top = now;
      for (; pass && drawn < (i + 1) * columns / l->f.n; drawn++) {
        double t = top == low ? 1 : (now - low) / (top - low);
        int k = isnan(t) ? 0 : (int)(7 * t);
        printf("%s%s", drawn ? "" : "  ", s->unicode ? high[k] : plain[k]);
      }
    }
  }
  printf("\n");
}

static void print_states(const look *l) {
  const char *between = "  ";

  for (size_t k = 0; k < sizeof shown_states / sizeof *shown_states; k++) {
    size_t n = hpo_study_file_count(&l->f, shown_states[k]);
    if (n)
      printf("%s%zu %s", between, n, shown_states[k]);
    between = n ? ", " : between;
  }
  printf("\n");
}

/* Running trials with their team and how long they run. */
static void print_teams(const look *l, int lines) {
  const hpo_field *team = hpo_record_find(l->f.trials, "team");
  const hpo_field *start = hpo_record_find(l->f.trials, "start");
  char state[32], seconds[32];
  int64_t now = hpo_clock_wall_ns();
  int n = 0;

  for (size_t i = 0; i < l->f.n; i++) {
    hpo_study_file_state(&l->f, i, state, sizeof state);
    if (strcmp(state, "running") != 0 || n++ >= lines)
      continue;
    printf("  team %-5lld trial %zu", (long long)hpo_field_int(team, i), i);
    if (hpo_field_int(start, i) > 0)
      printf(", %s so far",
             hpo_clock_format_seconds(
                 1e-9 * (double)(now - hpo_field_int(start, i)), seconds));
    printf("\n");
  }
  if (n > lines)
    printf("  ... and %d more\n", n - lines);
}

typedef struct ended {
  int64_t end;
  size_t row;
} ended;

static int later_first(const void *a, const void *b) {
  const ended *x = a, *y = b;
  if (x->end != y->end)
    return x->end > y->end ? -1 : 1;
  return x->row > y->row ? -1 : x->row < y->row;
}

static hpo_status print_last(const look *l, int width, int lines,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_field *end = hpo_record_find(l->f.trials, "end");
  hpo_names columns = {0};
  hpo_buffer text = {0};
  ended *order = NULL;
  size_t *row = NULL, n = 0;
  char state[32];

  HPO_TRY(status, hpo_mem_new(l->f.n, sizeof *order, &order, err));
  HPO_TRY(status, hpo_mem_new(l->f.n, sizeof *row, &row, err));
  for (size_t i = 0; i < l->f.n; i++) {
    hpo_study_file_state(&l->f, i, state, sizeof state);
    if (is_final(state))
      order[n++] = (ended){hpo_field_int(end, i), i};
  }
  if (n)
    qsort(order, n, sizeof *order, later_first);
  n = n < (size_t)lines ? n : (size_t)lines;
  for (size_t i = 0; i < n; i++)
    row[i] = order[i].row;
  HPO_TRY(status, hpo_names_add(&columns, "number", err));
  HPO_TRY(status, hpo_names_add(&columns, "state", err));
  for (size_t k = 0; k < l->f.n_objective; k++)
    HPO_TRY(status, hpo_names_add(&columns, l->f.objective[k].column, err));
  for (size_t c = 0; c < l->f.trials->n_field && columns.n < 8; c++)
    if (strncmp(l->f.trials->field[c].name, "params.", 7) == 0)
      HPO_TRY(status,
              hpo_names_add(&columns, l->f.trials->field[c].name, err));
  HPO_TRY(status, hpo_names_add(&columns, "wall", err));
  HPO_TRY(status, hpo_report_rows(l->f.trials, &columns, row, n,
                                  HPO_FORMAT_TABLE, &text, err));
  HPO_TRY(status, hpo_buffer_add(&text, "", 1, err));
  for (char *at = (char *)text.byte; *at; at += strcspn(at, "\n") + 1) {
    int length = (int)strcspn(at, "\n");
    printf("  %.*s\n", length < width - 3 ? length : width - 3, at);
  }
done:
  hpo_names_free(&columns);
  hpo_buffer_free(&text);
  hpo_mem_free(order);
  hpo_mem_free(row);
  return status;
}

/* How many running and how many ended trials fit below the head, so that a
 * low screen keeps its first lines. */
static void share_room(const look *l, int room, int *running, int *old) {
  *running = (int)l->running;
  *old = l->done < LAST ? (int)l->done : LAST;
  while (*running > 0 || *old > 0) {
    bool more = *running < (int)l->running;
    int need =
        (*running > 0 ? 2 + *running + more : 0) + (*old > 0 ? 3 + *old : 0);
    if (need <= room)
      return;
    if (*old > 3 || (*running <= 1 && *old > 0))
      --*old;
    else
      --*running;
  }
}

static hpo_status print_screen(const look *l, bool clear, hpo_error *err) {
  hpo_status status = HPO_OK;
  screen s = screen_get();
  char left[64], best[280];
  bool has_bar = l->wanted > 0;
  bool has_spark = l->f.n && l->f.n_objective == 1;
  int running = 0, old = 0;

  format_left(l, left, sizeof left);
  format_best(l, best, sizeof best);
  printf("%sstudy %s, %s%s\n\n", clear ? "\033[H\033[2J" : "", l->name,
         l->f.is_live ? "running" : "not running", left);
  if (has_bar)
    print_bar(l, &s);
  print_states(l);
  printf("\n  %s\n", *best ? best : "no trial has succeeded yet");
  if (has_spark)
    print_spark(l, &s);
  share_room(l, s.height - 6 - has_bar - has_spark, &running, &old);
  if (running > 0) {
    printf("\nnow\n");
    print_teams(l, running);
  }
  if (old > 0) {
    printf("\nlast trials\n");
    HPO_TRY(status, print_last(l, s.width, old, err));
  }
done:
  return status;
}

/* --- the command --------------------------------------------------------- */

static hpo_status watch(const hpo_args *args, int *exit_code, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *interval = hpo_args_get(args, "interval");
  bool once = hpo_args_get(args, "once") != NULL;
  bool terminal = isatty(STDOUT_FILENO) == 1, live = true;
  double seconds = 1;
  size_t before = SIZE_MAX;
  look l = {0};

  if (args->word.n != 1)
    HPO_FAIL(status, err, HPO_EINVAL,
             "one study file is wanted: hpotune watch FILE.h5");
  if (interval && (!hpo_options_parse_duration(interval, &seconds) ||
                   seconds < 0.05 || seconds > 86400))
    HPO_FAIL(status, err, HPO_EINVAL,
             "--interval %s: allowed are durations from 0.05s to 1d",
             interval);
  (void)setlocale(LC_CTYPE, "");
  while (live) {
    HPO_TRY(status, look_at(args->word.item[0], &l, err));
    live = l.f.is_live && !once;
    if (terminal || once)
      HPO_TRY(status, print_screen(&l, terminal && !once, err));
    else if (l.done != before || !live)
      print_line(&l);
    (void)fflush(stdout);
    before = l.done;
    look_free(&l);
    l = (look){0};
    if (live)
      hpo_clock_sleep(seconds);
  }
  *exit_code = 0;
done:
  look_free(&l);
  return status;
}

static const hpo_arg arguments[] = {
    {"interval", "T", "time between two looks (default 1s)"},
    {"once", NULL, "one look, then end"}};

const hpo_command hpo_cmd_watch = {
    .name = "watch",
    .words = "FILE.h5",
    .summary = "follows a study while it runs",
    .help = "On a terminal a screen with progress, the best so far, the teams "
            "and the last\ntrials; elsewhere a line whenever trials have "
            "ended. It ends with the study;\nCtrl-C ends it before and does "
            "the study no harm.\n",
    .arg = arguments,
    .n_arg = sizeof arguments / sizeof *arguments,
    .reads_only = true,
    .run = watch};
