/* SPDX-License-Identifier: BSD-3-Clause */
/* status and log: sentences, exit codes, who prints at which level. */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "hpo/log.h"
#include "hpo/status.h"

static void test_error(void **state) {
  hpo_error err = {0};
  (void)state;
  assert_int_equal(hpo_error_set(&err, HPO_EDATA, "row %d", 3), HPO_EDATA);
  assert_int_equal(err.code, HPO_EDATA);
  assert_string_equal(err.text, "row 3");
  hpo_error_prefix(&err, "%s:%d: ", "a.csv", 7);
  assert_string_equal(err.text, "a.csv:7: row 3");
  hpo_error_set(&err, HPO_EIO, "again: %s", err.text);
  assert_string_equal(err.text, "again: a.csv:7: row 3");
  assert_int_equal(hpo_error_set(NULL, HPO_EIO, "x"), HPO_EIO);
  hpo_error_prefix(NULL, "x");
}

static void test_long_text(void **state) {
  char big[6000];
  hpo_error err = {0};
  (void)state;
  memset(big, 'a', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  hpo_error_set(&err, HPO_EIO, "%s", big);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
  hpo_error_prefix(&err, "file: ");
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
  assert_memory_equal(err.text, "file: aaa", 9);
  hpo_error_prefix(&err, "%s", big);
  assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void test_exit_codes(void **state) {
  (void)state;
  assert_int_equal(hpo_status_exit(HPO_OK), 0);
  assert_int_equal(hpo_status_exit(HPO_EINVAL), 2);
  assert_int_equal(hpo_status_exit(HPO_EDATA), 3);
  assert_int_equal(hpo_status_exit(HPO_ESTUDY), 4);
  assert_int_equal(hpo_status_exit(HPO_EIO), 1);
  assert_int_equal(hpo_status_exit(HPO_EMEM), 1);
  assert_int_equal(hpo_status_exit(HPO_EPEER), 1);
  assert_int_equal(hpo_status_exit(HPO_EBUG), 1);
}

static hpo_status halve(int x, int *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  if (x % 2 != 0)
    HPO_FAIL(status, err, HPO_EINVAL, "%d is odd", x);
  *out = x / 2;
done:
  return status;
}

static void test_macros(void **state) {
  hpo_status status = HPO_OK;
  hpo_error err = {0};
  int x = 6;
  (void)state;
  HPO_TRY(status, halve(x, &x, &err));
  HPO_TRY(status, halve(x, &x, &err));
  fail();
done:
  assert_int_equal(status, HPO_EINVAL);
  assert_int_equal(x, 3);
  assert_string_equal(err.text, "3 is odd");
}

static void test_assert(void **state) {
  int code = 0;
  (void)state;
  HPO_ASSERT(1 + 1 == 2);
  fflush(NULL);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    signal(SIGABRT, SIG_DFL);
    close(STDERR_FILENO);
    HPO_ASSERT(1 + 1 == 3);
    _exit(0);
  }
  assert_int_equal(waitpid(child, &code, 0), child);
  assert_true(WIFSIGNALED(code) && WTERMSIG(code) == SIGABRT);
}

typedef struct heard {
  int n;
  hpo_log_level level;
  char line[6000];
} heard;

static void hear(void *context, hpo_log_level level, const char *line) {
  heard *h = context;
  h->n++;
  h->level = level;
  snprintf(h->line, sizeof h->line, "%s", line);
}

/* The ear hears rank 0 at any level, whatever is printed. */
static void test_log_ear(void **state) {
  heard printed = {0}, ear = {0};
  (void)state;
  hpo_log_set_sink(hear, &printed);
  hpo_log_set_ear(hear, &ear);
  hpo_log_set_level(HPO_LOG_ERROR);
  hpo_log(HPO_LOG_WARN, "sched", "late by %d", 3);
  assert_int_equal(printed.n, 0);
  assert_int_equal(ear.n, 1);
  assert_int_equal(ear.level, HPO_LOG_WARN);
  assert_string_equal(ear.line, "sched: late by 3");
  hpo_log_set_level(HPO_LOG_INFO);
  hpo_log_set_rank(2);
  hpo_log(HPO_LOG_ERROR, "sched", "no");
  hpo_log_set_rank(0);
  assert_int_equal(ear.n, 1);
  hpo_log_set_ear(NULL, NULL);
  hpo_log(HPO_LOG_ERROR, "sched", "no");
  assert_int_equal(ear.n, 1);
  hpo_log_set_sink(NULL, NULL);
}

static void test_log(void **state) {
  char big[7000];
  heard h = {0};
  (void)state;
  hpo_log_set_sink(hear, &h);
  hpo_log(HPO_LOG_INFO, "sched", "trial %d", 3);
  assert_int_equal(h.n, 1);
  assert_string_equal(h.line + strlen("12:34:56.789 "), "[0] sched: trial 3");
  hpo_log(HPO_LOG_DEBUG, "sched", "no");
  assert_int_equal(h.n, 1);
  hpo_log(HPO_LOG_WARN, "sched", "late");
  assert_non_null(strstr(h.line, "sched: warning: late"));
  hpo_log_set_rank(2);
  hpo_log(HPO_LOG_ERROR, "sched", "no");
  assert_int_equal(h.n, 2);
  hpo_log_set_level(HPO_LOG_DEBUG);
  hpo_log(HPO_LOG_DEBUG, "worker", "yes");
  assert_int_equal(h.n, 3);
  assert_int_equal(h.level, HPO_LOG_DEBUG);
  assert_non_null(strstr(h.line, "[2] worker: debug: yes"));
  memset(big, 'a', sizeof big - 1);
  big[sizeof big - 1] = '\0';
  hpo_log(HPO_LOG_INFO, "worker", "%s", big);
  assert_true(strlen(h.line) > 4096 && strlen(h.line) < sizeof h.line - 1);
  hpo_log_set_rank(0);
  hpo_log_set_level(HPO_LOG_ERROR);
  hpo_log(HPO_LOG_WARN, "worker", "no");
  assert_int_equal(h.n, 4);
  hpo_log_set_level(HPO_LOG_INFO);
  hpo_log_set_sink(NULL, NULL);
}

/* Without a sink: one whole line on standard error. */
static void test_log_line(void **state) {
  char got[200] = "";
  int end[2], saved = dup(STDERR_FILENO);
  (void)state;
  assert_int_equal(pipe(end), 0);
  dup2(end[1], STDERR_FILENO);
  hpo_log(HPO_LOG_INFO, "run", "100%% done");
  dup2(saved, STDERR_FILENO);
  close(end[1]);
  close(saved);
  ssize_t n = read(end[0], got, sizeof got - 1);
  close(end[0]);
  assert_true(n > 0 && got[n - 1] == '\n');
  assert_non_null(strstr(got, " [0] run: 100% done\n"));
}

int main(void) {
  const struct CMUnitTest test[] = {
      cmocka_unit_test(test_error),      cmocka_unit_test(test_long_text),
      cmocka_unit_test(test_exit_codes), cmocka_unit_test(test_macros),
      cmocka_unit_test(test_assert),     cmocka_unit_test(test_log_ear),
      cmocka_unit_test(test_log),        cmocka_unit_test(test_log_line),
  };
  return cmocka_run_group_tests(test, NULL, NULL);
}
