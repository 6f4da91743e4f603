/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program prints: its reports, in their order, and its last words.
 *
 * Two kinds of lines count: JSON objects with "metrics" on the output, and
 * lines of both outputs in which a pattern finds a number.  A report ends
 * with the line that has the objective; what else stood in lines up to there
 * belongs to it: the last value of each metric, so that what waits is bounded
 * by the reports. */
#ifndef MODEL_COMMAND_LINES_H
#define MODEL_COMMAND_LINES_H

#include "hpo/mem.h"
#include "hpo/process.h"

#include <regex.h>

/** A number that was printed. */
typedef struct hpo_reported {
  size_t metric;
  double value;
  bool ends; /* the last one of a report */
} hpo_reported;

typedef struct hpo_lines {
  const char *const
      *metric; /* [n_metric] names, [0] the objective; borrowed */
  size_t n_metric;
  regex_t *pattern; /* [n_metric] */
  bool *has_pattern;
  hpo_buffer line[3];   /* [1], [2]: begun and not ended */
  bool is_cut[3];       /* that line is too long: the rest is dropped */
  hpo_reported *number; /* [n] not yet taken from first on */
  size_t first, n, room;
  size_t n_report; /* ends among them */
  char tail[4096]; /* last bytes of both outputs, a ring */
  uint64_t n_tail; /* bytes so far */
  int log;         /* file for all output; -1: none */
  hpo_buffer kept; /* the output's first bytes, at most most_kept */
  size_t most_kept;
} hpo_lines;

/** \param [in] metric borrowed */
HPO_MUST_USE hpo_status hpo_lines_create(hpo_lines *l,
                                         const char *const *metric,
                                         size_t n_metric, hpo_error *err);
void hpo_lines_free(hpo_lines *l);
/** POSIX extended, with a group that is the number. HPO_EINVAL: it is not. */
HPO_MUST_USE hpo_status hpo_lines_pattern(hpo_lines *l, size_t metric,
                                          const char *text, hpo_error *err);
/** Output of file 1 or 2. */
HPO_MUST_USE hpo_status hpo_lines_add(hpo_lines *l, int which,
                                      const char *text, size_t n,
                                      hpo_error *err);
/** There is no more: a last line without its end counts too. */
HPO_MUST_USE hpo_status hpo_lines_end(hpo_lines *l, hpo_error *err);
/** The next number in order; false: none. */
bool hpo_lines_take(hpo_lines *l, hpo_reported *out);
/** The last lines as one, as many as fit. Returns text. */
char *hpo_lines_last(const hpo_lines *l, char *text, size_t room);

/** A trial's reason, "what: last lines". \return HPO_ETRIAL */
hpo_status hpo_lines_fail(const hpo_lines *l, const char *what,
                          hpo_error *err);
/** Whether a program ended well: HPO_ETRIAL if it did not, with the reason.
 *  \param [in] any_code  an exit code that is not 0 is well too */
HPO_MUST_USE hpo_status hpo_lines_judge(const hpo_lines *l,
                                        const hpo_process_end *e,
                                        const char *program, bool any_code,
                                        hpo_error *err);

#endif
