/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of /pareto: trials that come onto the front and leave it.
 *
 * Lines are appended after the rows of /trials that they tell of, and flushed
 * with what comes next; a kill loses the last of them, and the next session
 * appends what is missing.  So the front is always the trials whose last line
 * says "joined", as far as the file tells. */
#ifndef ROLES_BOOKS_PARETO_H
#define ROLES_BOOKS_PARETO_H

#include "hpo/front.h"
#include "hpo/ledger.h"
#include "hpo/store.h"

typedef struct hpo_books_pareto {
  const hpo_plan *plan;                  /* borrowed, as is store */
  hpo_store *store;                      /* NULL: there is one objective */
  hpo_fronts fronts;                     /* of complete trials */
  double reference[HPO_PLAN_OBJECTIVES]; /* as losses */
  double volume;                         /* NaN: nothing feasible yet */
  bool is_new;                           /* lines since the last flush */
  bool has_end;                          /* the line "end" is there */
} hpo_books_pareto;

/** From the ledger as the file holds it; appends what /pareto lacks. */
HPO_MUST_USE hpo_status hpo_books_pareto_start(hpo_books_pareto *p,
                                               const hpo_plan *plan,
                                               hpo_store *store,
                                               const hpo_ledger *ledger,
                                               hpo_error *err);
void hpo_books_pareto_free(hpo_books_pareto *p);
/** A trial's row is written. */
HPO_MUST_USE hpo_status hpo_books_pareto_add(hpo_books_pareto *p,
                                             const hpo_trial *t,
                                             hpo_error *err);
/** The line "end", once, with the hypervolume of the whole session. */
HPO_MUST_USE hpo_status hpo_books_pareto_end(hpo_books_pareto *p,
                                             hpo_error *err);

#endif
