/* SPDX-License-Identifier: BSD-3-Clause */
/** \file status.h
 *  How functions tell what went wrong.
 *
 *  Three kinds of trouble, never mixed.  A bug of ours breaks an invariant:
 *  HPO_ASSERT.  The world (a file, an input, memory, a peer) may say no: the
 *  function returns a status and fills a caller-owned hpo_error with one
 *  whole sentence for the user (what, where, which value, what is allowed).
 *  A trial that diverges or runs out of time is no error: it is a trial
 *  whose state is failed, with a reason (trial.h).
 */
#ifndef HPO_STATUS_H
#define HPO_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum hpo_status {
  HPO_OK = 0,
  HPO_EINVAL, /* usage or study file: exit code 2 */
  HPO_EDATA,  /* data that cannot be read or used: exit code 3 */
  HPO_ESTUDY, /* study file locked, damaged or of another study: exit 4 */
  HPO_EIO,    /* reading or writing failed: exit code 1 */
  HPO_EMEM,   /* no memory: exit code 1 */
  HPO_EPEER,  /* a rank was lost: exit code 1 */
  HPO_ETRIAL, /* this trial can't go on (diverged, limit): state failed */
  HPO_EBUG    /* an invariant does not hold: exit code 1 */
} hpo_status;

/** One message for the user; the caller owns it, `hpo_error e = {0}`. */
typedef struct hpo_error {
  hpo_status code;
  char text[4096]; /* whole sentences, several separated by newlines */
} hpo_error;

/** Counts and ids: rows of the data, and everything that is numbered. */
typedef int64_t hpo_row;
typedef int64_t hpo_id;

#if defined(__GNUC__)
#define HPO_MUST_USE __attribute__((warn_unused_result))
#define HPO_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define HPO_MUST_USE
#define HPO_PRINTF(f, a)
#endif

/** Fills err (may be NULL) and returns code. */
hpo_status hpo_error_set(hpo_error *err, hpo_status code, const char *fmt, ...)
    HPO_PRINTF(3, 4);

/** Puts words before the text that err already has ("file.csv:3: "). */
void hpo_error_prefix(hpo_error *err, const char *fmt, ...) HPO_PRINTF(2, 3);

/** The program's exit code for a status (study-format: 0 1 2 3 4). */
int hpo_status_exit(hpo_status status);

/** Runs call; if it fails, goes to the function's one label `done`. */
#define HPO_TRY(status, call)                                                 \
  do {                                                                        \
    (status) = (call);                                                        \
    if ((status) != HPO_OK)                                                   \
      goto done;                                                              \
  } while (0)

/** Fills err with a sentence and goes to `done`. */
#define HPO_FAIL(status, err, code, ...)                                      \
  do {                                                                        \
    (status) = hpo_error_set((err), (code), __VA_ARGS__);                     \
    goto done;                                                                \
  } while (0)

/** States an invariant; a false one is our bug: prints it and aborts.
 *  Always on: none stands in a hot loop. */
#define HPO_ASSERT(what)                                                      \
  ((what) ? (void)0 : hpo_assert_failed(#what, __FILE__, __LINE__))

#if defined(__GNUC__)
__attribute__((noreturn))
#endif
void hpo_assert_failed(const char *what, const char *file, int line);

#endif
