/* SPDX-License-Identifier: BSD-3-Clause */
/* A short helper program, run under a guard for what it prints. */
#include "hpo/process.h"

#include "hpo/clock.h"

#include <string.h>
#include <unistd.h>

#define GRACE 1.0    /* seconds from SIGTERM to SIGKILL */
#define LOOK_GAP 100 /* milliseconds between two looks at the deadline */

/* Output into text, from *n on; what does not fit, and error output, is
   dropped. */
static void take(hpo_process *p, char *text, size_t room, size_t *n) {
  char rest[4096];
  size_t got;

  do {
    got = hpo_process_take(p, 1, rest, sizeof rest);
    size_t fits = got < room - 1 - *n ? got : room - 1 - *n;
    memcpy(text + *n, rest, fits);
    *n += fits;
    text[*n] = '\0';
  } while (got > 0);
  while (hpo_process_take(p, 2, rest, sizeof rest) > 0)
    ;
}

static hpo_status judge(const hpo_process_end *e, const char *name,
                        hpo_error *err) {
  if (e->error)
    return hpo_error_set(err, HPO_EIO, "%s: %s", name, strerror(e->error));
  if (e->is_lost || e->code != 0)
    return hpo_error_set(err, HPO_EIO, "%s failed (%s %d)", name,
                         e->signal ? "signal" : "exit code",
                         e->signal ? e->signal : e->code);
  return HPO_OK;
}

hpo_status hpo_process_read(const char *const *argv, double seconds,
                            char *text, size_t room, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_process_input in = {
      .argv = argv, .env = environ, .folder = ".", .grace = GRACE};
  double deadline = hpo_clock_seconds() + seconds;
  hpo_process *p = NULL;
  hpo_process_end end = {0};
  size_t n = 0;
  bool is_over = false;

  text[0] = '\0';
  HPO_TRY(status, hpo_process_start(&in, &p, err));
  while (!is_over) {
    is_over = hpo_process_is_over(p, &end);
    take(p, text, room, &n);
    if (!is_over && hpo_clock_seconds() > deadline)
      HPO_FAIL(status, err, HPO_EIO, "%s: no answer in %g seconds", argv[0],
               seconds);
    if (!is_over)
      hpo_process_wait(p, -1, LOOK_GAP);
  }
  HPO_TRY(status, judge(&end, argv[0], err));
done:
  hpo_process_destroy(p);
  return status;
}
