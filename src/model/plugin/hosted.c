/* SPDX-License-Identifier: BSD-3-Clause */
/* A plugin in a process of its own: see hosted.h.
 *
 *   start --ask--> hear, hear, ... (an answer) --ask--> ... --> settle, free
 *
 * One request is out at a time, so between two steps the plugin stands just
 * where the trial does: it can be saved, or wait for a later job. */
#include "model/plugin/hosted.h"

#include "hpo/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define GRACE 1.0     /* seconds: to end by itself, and after SIGTERM */
#define LOOK_GAP 0.1  /* seconds between two looks at its memory */
#define LONGEST 10000 /* bytes of a sentence */
#define TAKE ((size_t)1 << 16)

hpo_status hpo_hosted_start(hpo_hosted *h, const hpo_words *words,
                            const hpo_words *env, const char *folder, int data,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  char program[4200];
  const char **argv = NULL;
  int pair[2] = {-1, -1}, file[2];
  hpo_process_input in = {.env = env->word,
                          .folder = folder,
                          .grace = GRACE,
                          .file = file,
                          .n_file = data >= 0 ? 2 : 1};

  *h = (hpo_hosted){.requests = -1, .said = {.log = -1}};
  if (!hpo_process_beside(HPO_PLUGIN_PROGRAM, program, sizeof program))
    HPO_FAIL(status, err, HPO_EIO,
             HPO_PLUGIN_PROGRAM " is not beside hpotune: it is built and "
                                "installed with it");
  HPO_TRY(status, hpo_mem_new(words->n + 2, sizeof *argv, &argv, err));
  argv[0] = program;
  for (size_t i = 0; i < words->n; i++)
    argv[1 + i] = words->word[i];
  in.argv = argv;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    HPO_FAIL(status, err, HPO_EIO, "no socket to a plugin: %s",
             strerror(errno));
  file[0] = pair[1];
  file[1] = data;
  HPO_TRY(status, hpo_process_start(&in, &h->process, err));
  h->requests = pair[0];
  pair[0] = -1;
done:
  for (int i = 0; i < 2; i++)
    if (pair[i] >= 0)
      (void)close(pair[i]);
  hpo_mem_free(argv);
  return status;
}

/* Sends what goes now.  That nobody is there is told by hear. */
static void send_some(hpo_hosted *h) {
  const size_t head = sizeof h->request;

  while (h->n_sent < head + h->n_rows) {
    bool is_head = h->n_sent < head;
    const char *at = is_head ? (const char *)&h->request + h->n_sent
                             : (const char *)h->row + (h->n_sent - head);
    size_t n = (is_head ? head : head + h->n_rows) - h->n_sent;
    ssize_t done = send(h->requests, at, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && errno == EINTR)
      continue;
    if (done < 0 && errno == EAGAIN)
      return;
    h->n_sent = done <= 0 ? head + h->n_rows : h->n_sent + (size_t)done;
  }
}

void hpo_hosted_ask(hpo_hosted *h, const hpo_plugin_note *note,
                    const void *bytes, size_t n) {
  h->request = *note;
  h->row = bytes;
  h->n_rows = n;
  h->n_sent = 0;
  send_some(h);
}

/* Waits for an answer, for error output, or for room to send. */
static void wait_for(hpo_hosted *h, int ms) {
  bool is_sent = h->n_sent == sizeof h->request + h->n_rows;

  hpo_process_wait(h->process, is_sent ? -1 : h->requests, ms);
  send_some(h);
}

/* --- answers --------------------------------------------------------------
 */

static hpo_status nonsense(const hpo_hosted *h, hpo_error *err) {
  return hpo_lines_fail(&h->said,
                        "its process answers nonsense: the library has "
                        "spoilt its memory or files",
                        err);
}

/* Bytes of the answer whose head is there; 0: the head is not yet. */
static hpo_status measure(const hpo_hosted *h, size_t n_value, size_t *out,
                          hpo_error *err) {
  hpo_plugin_note note;

  *out = 0;
  if (h->in.n < sizeof note)
    return HPO_OK;
  memcpy(&note, h->in.byte, sizeof note);
  if (note.magic != HPO_PLUGIN_MAGIC)
    return nonsense(h, err);
  if (note.word == HPO_PLUGIN_FAILED) {
    *out = sizeof note + (note.n < LONGEST ? note.n : LONGEST);
    return HPO_OK;
  }
  if (note.n != n_value || note.n_saved > HPO_PLUGIN_MOST)
    return nonsense(h, err);
  *out = sizeof note + n_value * sizeof(double) + note.n_saved;
  return HPO_OK;
}

/* Takes what there is of an answer of n_value numbers; *is_whole: all. */
static hpo_status take(hpo_hosted *h, size_t n_value, bool *is_whole,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  char text[TAKE];
  size_t want, n = 0;

  for (size_t i = 0; i < 16; i++) {
    n = hpo_process_take(h->process, 2, text, sizeof text);
    if (n == 0)
      break;
    HPO_TRY(status, hpo_lines_add(&h->said, 2, text, n, err));
  }
  for (;;) {
    HPO_TRY(status, measure(h, n_value, &want, err));
    *is_whole = want > 0 && h->in.n >= want;
    if (*is_whole)
      break;
    want = want > 0 ? want - h->in.n : sizeof(hpo_plugin_note) - h->in.n;
    n = hpo_process_take(h->process, 1, text,
                         want < sizeof text ? want : sizeof text);
    if (n == 0)
      break;
    HPO_TRY(status, hpo_buffer_add(&h->in, text, n, err));
  }
done:
  return status;
}

static hpo_status tell_failure(const hpo_hosted *h, size_t n, hpo_error *err) {
  return hpo_error_set(err, HPO_ETRIAL, "%.*s", (int)n,
                       (const char *)h->in.byte + sizeof(hpo_plugin_note));
}

hpo_status hpo_hosted_hear(hpo_hosted *h, int ms, size_t n_value,
                           hpo_plugin_note *note, const uint8_t **values,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  bool is_whole = false, was_over = h->is_over;

  *values = NULL;
  HPO_TRY(status, take(h, n_value, &is_whole, err));
  if (!is_whole && !was_over) {
    wait_for(h, ms);
    h->is_over = hpo_process_is_over(h->process, &h->end);
    HPO_TRY(status, take(h, n_value, &is_whole, err));
  }
  if (!is_whole && h->is_over) {
    HPO_TRY(status, hpo_lines_judge(&h->said, &h->end, HPO_PLUGIN_PROGRAM,
                                    false, err));
    HPO_TRY(status,
            hpo_lines_fail(&h->said, "the library ended its process", err));
  }
  if (!is_whole)
    goto done;
  memcpy(note, h->in.byte, sizeof *note);
  if (note->word == HPO_PLUGIN_FAILED)
    HPO_TRY(status, tell_failure(h, h->in.n - sizeof *note, err));
  *values = h->in.byte + sizeof *note;
  h->in.n = 0;
done:
  return status;
}

/* --- its end --------------------------------------------------------------
 */

bool hpo_hosted_settle(hpo_hosted *h, bool at_once) {
  char text[TAKE];
  double now = hpo_clock_seconds();

  if (h->process == NULL || h->is_over)
    return true;
  if (h->requests >= 0) {
    (void)close(h->requests);
    h->requests = -1;
    h->closed = now;
  }
  if (at_once || now - h->closed > GRACE)
    hpo_process_stop(h->process);
  while (hpo_process_take(h->process, 1, text, sizeof text) > 0 ||
         hpo_process_take(h->process, 2, text, sizeof text) > 0)
    ;
  h->is_over = hpo_process_is_over(h->process, &h->end);
  return h->is_over;
}

int64_t hpo_hosted_memory(hpo_hosted *h) {
  double now = hpo_clock_seconds();

  if (h->process == NULL || h->is_over)
    return 0;
  if (now - h->looked >= LOOK_GAP) {
    h->looked = now;
    h->memory = hpo_process_memory(h->process);
  }
  return h->memory;
}

void hpo_hosted_free(hpo_hosted *h) {
  if (h->requests >= 0)
    (void)close(h->requests);
  hpo_process_destroy(h->process);
  hpo_lines_free(&h->said);
  hpo_buffer_free(&h->in);
  *h = (hpo_hosted){.requests = -1, .said = {.log = -1}};
}
