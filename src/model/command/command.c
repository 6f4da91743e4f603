/* SPDX-License-Identifier: BSD-3-Clause */
/* A model that is a program of its own.
 *
 *   create: folder, parameters, start
 *     poll --nothing--> wait;  --report--> step;  --ended--> step or end
 *     settle: stop if it runs; gone: the folder goes
 *
 * Each report of the objective is a step; what a metric said last, up to the
 * step, is its value.  Numbers wait in a queue until their step is taken, so
 * what a pruned trial has is a function of its reports, not of how fast they
 * came. */
#include "model/command/lines.h"
#include "model/command/place.h"
#include "model/kinds.h"

#include "hpo/clock.h"
#include "hpo/process.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bytes of output that one poll takes at most, from each file. */
#define TAKE ((size_t)1 << 16)
/* Reports that may wait; then the program waits for us. */
#define MOST_WAITING 1000
/* Seconds between two looks at its memory. */
#define LOOK_GAP 0.1

typedef struct command {
  hpo_model_input in; /* borrowed parts */
  hpo_place place;
  hpo_lines lines;
  hpo_process *process;
  double *last; /* [n_metric] what each metric said last; NaN: nothing */
  int64_t steps;
  bool is_over;  /* the program is gone, its output taken */
  bool is_final; /* the step to come, or done, is the last */
  bool is_gone;  /* settled: the folder too, where it is not kept */
  hpo_process_end end;
  int64_t memory;
  double looked; /* when, for memory */
} command;

static const hpo_option options[] = {
    {"run", HPO_OPTION_TEXT, NULL, -INFINITY, INFINITY, false, NULL,
     "the program and its words, split at blanks without a shell; {name} is "
     "a parameter's value; also {trial} {attempt} {seed} {workdir} {study} "
     "{params}",
     NULL},
    {"pattern", HPO_OPTION_TEXT, NULL, -INFINITY, INFINITY, false, NULL,
     "POSIX extended regular expression whose first group is the objective "
     "in a line of either output; none: JSON lines alone",
     NULL},
    {"dir", HPO_OPTION_TEXT, NULL, -INFINITY, INFINITY, false, NULL,
     "where the folder NAME.trials with the trials' working folders lies; "
     "none: beside the output file",
     NULL},
    {"keep", HPO_OPTION_CHOICE, "failed", -INFINITY, INFINITY, false,
     "failed yes no",
     "which trials' working folders stay: those of failed trials, all, none",
     NULL},
    {"grace", HPO_OPTION_DURATION, "5s", 0, 3600, false, NULL,
     "time from SIGTERM to SIGKILL when the program is stopped", NULL},
    {"store_output", HPO_OPTION_INT, "65536", 0, 1 << 20, false, NULL,
     "first bytes of what a trial prints that the study file keeps, as the "
     "trial's output.log (hpotune attach --list); 0: none",
     NULL},
};

/* --- made, destroyed ------------------------------------------------------
 */

static hpo_status command_check(const hpo_options *o, hpo_task task,
                                const hpo_dataset *data, hpo_error *err) {
  hpo_status status = HPO_OK;

  (void)task;
  (void)data;
  if (hpo_options_get_text(o, "run") == NULL)
    HPO_FAIL(status, err, HPO_EINVAL,
             "model command needs run=\"PROGRAM ...\"");
done:
  return status;
}

static int64_t command_steps(const hpo_options *o) {
  (void)o;
  return INT64_MAX; /* the program's end is the trial's */
}

static bool keeps(const command *c, bool is_failed) {
  const char *keep = hpo_options_get_text(c->in.options, "keep");

  return strcmp(keep, "yes") == 0 || (is_failed && strcmp(keep, "no") != 0);
}

static void command_destroy(void *self) {
  command *c = self;

  if (c == NULL)
    return;
  hpo_process_destroy(c->process);
  if (!c->is_gone && !keeps(c, false))
    hpo_place_remove(&c->place);
  hpo_place_free(&c->place);
  hpo_lines_free(&c->lines);
  hpo_mem_free(c->last);
  hpo_mem_free(c);
}

/* The objective's may be an option; others are <pattern>s. */
static hpo_status make_patterns(command *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  const char *own = hpo_options_get_text(c->in.options, "pattern");

  if (own != NULL)
    HPO_TRY(status, hpo_lines_pattern(&c->lines, 0, own, err));
  for (size_t m = 0; m < c->in.trial.n_metric; m++) {
    const char *text =
        hpo_settings_get(c->in.trial.patterns, c->in.trial.metric[m]);
    if (text != NULL && !c->lines.has_pattern[m])
      HPO_TRY(status, hpo_lines_pattern(&c->lines, m, text, err));
  }
done:
  return status;
}

static hpo_status start(command *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  char *path = NULL;
  hpo_process_input in = {0};

  HPO_TRY(status, hpo_place_create(&c->in, &c->place, err));
  HPO_TRY(status,
          hpo_mem_format(&path, err, "%s/output.log", c->place.folder));
  c->lines.log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  in = (hpo_process_input){.argv = (const char *const *)c->place.argv.word,
                           .env = c->place.env.word,
                           .folder = c->place.folder,
                           .grace =
                               hpo_options_get_float(c->in.options, "grace")};
  HPO_TRY(status, hpo_process_start(&in, &c->process, err));
done:
  hpo_mem_free(path);
  return status;
}

/* Rank 0 has the program; the others follow its words. */
static hpo_status make_program(command *c, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_model_input *in = &c->in;

  HPO_TRY(status, hpo_lines_create(&c->lines, in->trial.metric,
                                   in->trial.n_metric, err));
  c->lines.most_kept =
      (size_t)hpo_options_get_int(in->options, "store_output");
  HPO_TRY(status, make_patterns(c, err));
  HPO_TRY(status, start(c, err));
done:
  return status;
}

static hpo_status command_create(const hpo_model_input *in, void **self,
                                 hpo_error *err) {
  hpo_status status = HPO_OK;
  command *c = NULL;
  size_t n = in->trial.n_metric;

  HPO_TRY(status, hpo_mem_new(1, sizeof *c, &c, err));
  c->in = *in;
  c->lines.log = -1;
  HPO_TRY(status, hpo_mem_new(n, sizeof *c->last, &c->last, err));
  for (size_t i = 0; i < n; i++)
    c->last[i] = NAN;
  if (in->coll->rank == 0)
    status = hpo_model_of_trial(make_program(c, err), err);
  HPO_TRY(status, hpo_model_agree(in->coll, status, err));
  *self = c;
  c = NULL;
done:
  command_destroy(c);
  return status;
}

/* --- its output, its end --------------------------------------------------
 */

/* What it has printed, at most TAKE of each file. *more: there may be more. */
static hpo_status take_output(command *c, bool *more, hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[4096];
  size_t n = 0;

  *more = false;
  for (int which = 1; which <= 2; which++)
    for (size_t sum = 0; sum < TAKE; sum += n) {
      n = hpo_process_take(c->process, which, text, sizeof text);
      if (n == 0)
        break;
      *more = true;
      HPO_TRY(status, hpo_lines_add(&c->lines, which, text, n, err));
    }
done:
  return status;
}

static bool is_wanted(const command *c, const char *name) {
  for (size_t i = 0; i < c->in.trial.n_metric; i++)
    if (strcmp(c->in.trial.metric[i], name) == 0)
      return true;
  return false;
}

/* What is measured of every program; false: not such a name. */
static bool measured(const command *c, const char *name, double *out) {
  const hpo_process_end *e = &c->end;

  if (strcmp(name, "wall_seconds") == 0 || strcmp(name, "train_seconds") == 0)
    *out = e->wall;
  else if (strcmp(name, "cpu_seconds") == 0)
    *out = e->cpu;
  else if (strcmp(name, "peak_memory") == 0)
    *out = (double)e->peak;
  else if (strcmp(name, "exit_code") == 0)
    *out = e->code;
  else
    return false;
  if (!c->is_over)
    *out = NAN;
  return true;
}

/* Numbers up to the end of the next report. */
static void take_report(command *c) {
  hpo_reported r = {0};

  while (!r.ends && hpo_lines_take(&c->lines, &r))
    c->last[r.metric] = r.value;
}

static void take_all(command *c) {
  hpo_reported r = {0};

  while (hpo_lines_take(&c->lines, &r))
    c->last[r.metric] = r.value;
}

/* The program is gone, and all its reports were steps. */
static hpo_status finish(command *c, hpo_model_turn *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  char what[100];
  double value;

  HPO_TRY(status, hpo_lines_judge(&c->lines, &c->end, c->place.argv.word[0],
                                  is_wanted(c, "exit_code"), err));
  take_all(c);
  *out = HPO_TURN_END;
  if (measured(c, c->in.trial.metric[0], &value)) {
    *out = c->is_final ? HPO_TURN_END : HPO_TURN_STEP;
    c->is_final = true;
  } else if (c->steps == 0) {
    (void)snprintf(what, sizeof what, "it ended without a report of %.40s",
                   c->in.trial.metric[0]);
    HPO_TRY(status, hpo_lines_fail(&c->lines, what, err));
  }
done:
  return status;
}

static hpo_status command_poll(void *self, hpo_model_turn *out,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  command *c = self;
  bool more = false;
  double unused;
  bool counts = !measured(c, c->in.trial.metric[0], &unused);

  *out = HPO_TURN_WAIT;
  if (!c->is_over && c->lines.n_report < MOST_WAITING) {
    bool is_over = hpo_process_is_over(c->process, &c->end);
    HPO_TRY(status, take_output(c, &more, err));
    if (is_over && !more)
      HPO_TRY(status, hpo_lines_end(&c->lines, err));
    c->is_over = is_over && !more;
  }
  if (!counts)
    take_all(c);
  if (counts && c->lines.n_report > 0)
    *out = HPO_TURN_STEP;
  else if (c->is_over)
    HPO_TRY(status, finish(c, out, err));
done:
  return status;
}

/* --- steps ----------------------------------------------------------------
 */

static hpo_status command_step(void *self, hpo_error *err) {
  command *c = self;

  (void)err;
  take_report(c);
  c->steps++;
  return HPO_OK;
}

static bool command_is_done(void *self) {
  const command *c = self;

  return c->is_final;
}

static double command_metric(void *self, const char *name) {
  const command *c = self;
  double value = NAN;

  if (measured(c, name, &value))
    return value;
  for (size_t i = 0; i < c->in.trial.n_metric; i++)
    if (strcmp(c->in.trial.metric[i], name) == 0)
      return c->last[i];
  return NAN;
}

static hpo_status command_value(void *self, double *out, hpo_error *err) {
  const command *c = self;

  (void)err;
  *out = command_metric(self, c->in.trial.metric[0]);
  return HPO_OK;
}

/* --- beside and after -----------------------------------------------------
 */

static int64_t command_memory(void *self) {
  command *c = self;
  double now = hpo_clock_seconds();

  if (c->is_over || c->process == NULL || now - c->looked < LOOK_GAP)
    return c->is_over ? 0 : c->memory;
  c->looked = now;
  c->memory = hpo_process_memory(c->process);
  return c->memory;
}

static bool command_settle(void *self, bool is_failed) {
  command *c = self;
  hpo_error err = {0};
  bool more = false;

  if (c->is_gone || c->process == NULL)
    return true;
  hpo_process_stop(c->process);
  if (!c->is_over) {
    bool is_over = hpo_process_is_over(c->process, &c->end);
    if (take_output(c, &more, &err) != HPO_OK)
      more = false; /* what it says now counts no more */
    c->is_over = is_over && !more;
  }
  if (!c->is_over)
    return false;
  if (!keeps(c, is_failed))
    hpo_place_remove(&c->place);
  c->is_gone = true;
  return true;
}

static void command_usage(void *self, double *cpu, int64_t *peak) {
  const command *c = self;

  *cpu += c->end.cpu;
  *peak = c->end.peak;
}

static const hpo_buffer *command_output(void *self) {
  const command *c = self;

  return &c->lines.kept;
}

const hpo_model_kind hpo_model_command = {
    .name = "command",
    .help = "a program of its own, which prints its metrics",
    .option = options,
    .n_option = sizeof options / sizeof *options,
    .is_built = true,
    .tasks = HPO_TASK_BIT(HPO_TASK_BINARY) |
             HPO_TASK_BIT(HPO_TASK_MULTICLASS) |
             HPO_TASK_BIT(HPO_TASK_REGRESSION) | HPO_TASK_BIT(HPO_TASK_NONE),
    .any_params = true,
    .format = "",
    .check = command_check,
    .steps = command_steps,
    .create = command_create,
    .destroy = command_destroy,
    .step = command_step,
    .is_done = command_is_done,
    .value = command_value,
    .poll = command_poll,
    .metric = command_metric,
    .settle = command_settle,
    .memory = command_memory,
    .usage = command_usage,
    .output = command_output,
};
