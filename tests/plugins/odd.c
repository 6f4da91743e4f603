/* SPDX-License-Identifier: BSD-3-Clause */
/* An objective that ends badly in step 2 where `how` says so, and tables that
 * are wrong where the compiler is told so (-DBAD_ABI ...). */
#include <hpotune/plugin.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef ABI
#define ABI HPOTUNE_PLUGIN_ABI
#endif
#ifndef SIZE
#define SIZE sizeof(hpotune_plugin)
#endif
#ifndef TASKS
#define TASKS HPOTUNE_NO_DATA
#endif
#ifndef STEP
#define STEP step
#endif
#ifndef OPTIONS
#define OPTIONS 5
#endif
#ifndef NAME
#define NAME "x"
#endif
#ifndef DEFAULT
#define DEFAULT "0.5"
#endif
#ifndef LOW
#define LOW (-5)
#endif
#ifndef TYPE
#define TYPE HPOTUNE_FLOAT
#endif

static const hpotune_option option[] = {
    {NAME, TYPE, DEFAULT, LOW, 5, NULL, "where"},
    {"steps", HPOTUNE_INT, "3", 1, 1000, NULL, "how many"},
    {"how", HPOTUNE_CHOICE, "well", 0, 0,
     "well segv abort exit0 exit3 hang grow fail seven nan noise family apart",
     ""},
    {"flag", HPOTUNE_BOOL, "no", 0, 0, NULL, ""},
    {"word", HPOTUNE_TEXT, NULL, 0, 0, NULL, ""},
};

typedef struct odd {
  const hpotune_input *in;
  long step;
} odd;

static int create(const hpotune_input *in, void **model, char *why) {
  odd *o = calloc(1, sizeof *o);

  o->in = in;
  *model = o;
  if (in->value[4].text && strcmp(in->value[4].text, "null") == 0)
    *model = NULL;
  if (in->value[4].text && strcmp(in->value[4].text, "refused") == 0) {
    (void)snprintf(why, HPOTUNE_WHY, "no such\nword");
    return HPOTUNE_FAILED;
  }
  return HPOTUNE_OK;
}

static void grow(void) {
  for (;;)
    memset(malloc(1 << 24), 1, 1 << 24);
}

/* Children in sessions of their own, all deaf to SIGTERM. */
static void make_family(void) {
  for (int i = 0; i < 2; i++)
    if (fork() == 0) {
      (void)setsid();
      (void)execlp("env", "env", "sh", "-c",
                   "trap '' TERM; sleep 600; :", (char *)NULL);
      _exit(1);
    }
  (void)wait(NULL);
}

/* The same in a session of its own. */
static void grow_apart(void) {
  if (fork() == 0) {
    (void)setsid();
    grow();
  }
  (void)wait(NULL);
}

static int act(const char *how, char *why) {
  if (strcmp(how, "segv") == 0) {
    (void)fprintf(stderr, "about to crash\n");
    *(volatile int *)8 = 1;
  }
  if (strcmp(how, "abort") == 0)
    abort();
  if (strcmp(how, "exit0") == 0)
    exit(0);
  if (strcmp(how, "exit3") == 0)
    exit(3);
  while (strcmp(how, "hang") == 0)
    ;
  if (strcmp(how, "grow") == 0)
    grow();
  if (strcmp(how, "apart") == 0)
    grow_apart();
  if (strcmp(how, "family") == 0)
    make_family();
  if (strcmp(how, "fail") == 0) {
    (void)snprintf(why, HPOTUNE_WHY, "no\nluck");
    return HPOTUNE_FAILED;
  }
  if (strcmp(how, "noise") == 0)
    (void)printf("loss 7\n");
  return strcmp(how, "seven") == 0 ? 7 : HPOTUNE_OK;
}

static int step(void *model, char *why) {
  odd *o = model;
  int result = HPOTUNE_OK;

  if (++o->step == 2)
    result = act(o->in->value[2].text, why);
  return result != HPOTUNE_OK                        ? result
         : (double)o->step >= o->in->value[1].number ? HPOTUNE_DONE
                                                     : HPOTUNE_OK;
}

static int metric(void *model, const char *name, double *out) {
  const odd *o = model;
  const hpotune_value *v = o->in->value;

  if (strcmp(name, "loss") == 0)
    *out = v[0].number * v[0].number + 1.0 / (double)o->step;
  else if (strcmp(name, "seen") == 0) /* flag, choice's number, no word */
    *out = v[3].number + 10 * v[2].number + 1000 * (v[4].text == NULL);
  else if (strcmp(name, "seed") == 0)
    *out = (double)o->in->seed + 1000 * (double)o->in->trial;
  else
    return HPOTUNE_FAILED;
  if (strcmp(v[2].text, "nan") == 0 && o->step == 2)
    *out = NAN;
  return HPOTUNE_OK;
}

static const hpotune_plugin table = {.abi = ABI,
                                     .size = SIZE,
                                     .name = "odd",
                                     .help = "a parabola with a temper",
                                     .tasks = TASKS,
                                     .n_option = OPTIONS,
                                     .option = option,
                                     .create = create,
                                     .step = STEP,
                                     .metric = metric,
                                     .destroy = free};

/* Deaf to the end of whoever loads the library. */
void start_sleeper(void) {
  if (fork() == 0) {
    (void)setsid();
    (void)sleep(600);
    _exit(0);
  }
}

#ifdef LOADED
__attribute__((constructor)) static void loaded(void) { LOADED; }
#endif

#ifndef GET
#define GET return &table
#endif
const hpotune_plugin *hpotune_plugin_get(void) { GET; }
