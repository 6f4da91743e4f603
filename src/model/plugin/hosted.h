/* SPDX-License-Identifier: BSD-3-Clause */
/* A plugin in a process of its own: hpotune-plugin under a guard, asked and
 * heard without waiting. */
#ifndef MODEL_PLUGIN_HOSTED_H
#define MODEL_PLUGIN_HOSTED_H

#include "hpo/library.h"
#include "hpo/words.h"
#include "model/command/lines.h"

typedef struct hpo_hosted {
  hpo_process *process;
  int requests;            /* our end; -1: closed, so that it ends by itself */
  hpo_plugin_note request; /* the last one, of which n_sent bytes are gone */
  const void *row;         /* [n_rows] bytes behind it, borrowed */
  size_t n_rows, n_sent;
  hpo_lines said; /* what the library prints, for reasons */
  hpo_buffer in;  /* answers not yet taken */
  bool is_over;
  hpo_process_end end;
  int64_t memory;
  double looked, closed; /* clocks: memory was seen, requests were closed */
} hpo_hosted;

/** Starts it.
 *  \param [in] words  behind the program's own name
 *  \param [in] env    as it stands
 *  \param [in] folder where it runs
 *  \param [in] data   descriptor of a view; -1: none */
HPO_MUST_USE hpo_status hpo_hosted_start(hpo_hosted *h, const hpo_words *words,
                                         const hpo_words *env,
                                         const char *folder, int data,
                                         hpo_error *err);
/** Sends a request and n bytes behind it, borrowed until the answer: what
 *  does not go at once goes while it is heard.  That nobody is there is told
 *  by hear. */
void hpo_hosted_ask(hpo_hosted *h, const hpo_plugin_note *note,
                    const void *bytes, size_t n);
/** Listens for at most some ms: takes what it prints and answers, sends what
 *  is left of the request.
 *  \param [in]  n_value numbers that the answer must have
 *  \param [out] values  [n_value] borrowed until the next call; NULL: no
 *                       answer yet
 *  \param [out] note    with n_saved bytes behind the values
 *  \return HPO_ETRIAL: it failed, crashed, or talks nonsense */
HPO_MUST_USE hpo_status hpo_hosted_hear(hpo_hosted *h, int ms, size_t n_value,
                                        hpo_plugin_note *note,
                                        const uint8_t **values,
                                        hpo_error *err);
/** Asks it to end: by itself where it only waits for requests, or at once.
 *  Asked until it says that nothing of it is left. */
bool hpo_hosted_settle(hpo_hosted *h, bool at_once);
int64_t hpo_hosted_memory(hpo_hosted *h);
/** Ends it and waits for that. */
void hpo_hosted_free(hpo_hosted *h);

#endif
