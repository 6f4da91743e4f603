/* SPDX-License-Identifier: BSD-3-Clause */
/* The winner as people read it: at the end of a run, in `best`, in the
 * report. */
#include "hpo/report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "hpo/layout.h"

typedef struct telling {
  hpo_store *store;
  hpo_record *winner; /* its row */
  int64_t trial;
  hpo_buffer *out;
} telling;

hpo_status hpo_winner_read(hpo_store *store, hpo_record **out,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_error ignored = {0};
  hpo_record *row = NULL;
  uint8_t *good = NULL;
  size_t n = 0;

  *out = NULL;
  if (hpo_store_rows(store, HPO_TABLE_WINNER, &n, &ignored) != HPO_OK ||
      n == 0)
    return HPO_OK;
  HPO_TRY(status, hpo_store_read(store, HPO_TABLE_WINNER, n - 1, 1, NULL, 0,
                                 &row, &good, err));
  if (good[0]) {
    *out = row;
    row = NULL;
  }
done:
  hpo_record_destroy(row);
  hpo_mem_free(good);
  return status;
}

static double number(const telling *t, const char *name) {
  const hpo_field *f = hpo_record_find(t->winner, name);
  return f ? hpo_field_number(f, 0) : (double)NAN;
}

static hpo_status tell_choice(const telling *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  char rule[16], method[16], reason[256];

  hpo_record_text(t->winner, "rule", rule, sizeof rule);
  hpo_record_text(t->winner, "method", method, sizeof method);
  hpo_record_text(t->winner, "reason", reason, sizeof reason);
  HPO_TRY(status,
          hpo_buffer_format(t->out, err, "winner: trial %lld (rule %s: %s)\n",
                            (long long)t->trial, rule, reason));
  HPO_TRY(status, hpo_buffer_format(t->out, err, "  %-24s %.6g\n",
                                    "on validation", number(t, "value")));
  if (!isnan(number(t, "corrected")))
    HPO_TRY(status,
            hpo_buffer_format(
                t->out, err,
                "  %-24s %.6g (95 %% from %.6g to %.6g; %s, %lld models)\n",
                "corrected for luck", number(t, "corrected"), number(t, "low"),
                number(t, "high"),
                strcmp(method, "bbc") == 0 ? "bootstrap of the rows"
                                           : "from the folds",
                (long long)hpo_record_int(t->winner, "models")));
done:
  return status;
}

static hpo_status tell_scores(const telling *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *scores = NULL;
  uint8_t *good = NULL;
  char name[96], metric[64], model[16];

  HPO_TRY(status, hpo_store_read(t->store, HPO_TABLE_TEST_SCORES, 0, SIZE_MAX,
                                 NULL, 0, &scores, &good, err));
  const hpo_field *trial = hpo_record_find(scores, "trial");
  for (size_t i = 0; i < trial->n; i++) {
    if (!good[i] || hpo_field_int(trial, i) != t->trial)
      continue;
    hpo_field_text(hpo_record_find(scores, "metric"), i, metric,
                   sizeof metric);
    hpo_field_text(hpo_record_find(scores, "model"), i, model, sizeof model);
    snprintf(name, sizeof name, "test.%s%s", metric,
             strcmp(model, "refit") == 0 ? " (refit)" : "");
    HPO_TRY(status,
            hpo_buffer_format(
                t->out, err, "  %-24s %.6g\n", name,
                hpo_field_number(hpo_record_find(scores, "value"), i)));
  }
done:
  hpo_record_destroy(scores);
  hpo_mem_free(good);
  return status;
}

/* The last model that was trained again for it. */
static hpo_status tell_refit(const telling *t, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *refits = NULL;
  uint8_t *good = NULL;
  int64_t rows = 0;

  HPO_TRY(status, hpo_store_read(t->store, HPO_TABLE_REFITS, 0, SIZE_MAX, NULL,
                                 0, &refits, &good, err));
  const hpo_field *trial = hpo_record_find(refits, "trial");
  for (size_t i = 0; i < trial->n; i++)
    if (good[i] && hpo_field_int(trial, i) == t->trial)
      rows = hpo_field_int(hpo_record_find(refits, "rows"), i);
  if (rows > 0)
    HPO_TRY(status, hpo_buffer_format(t->out, err,
                                      "  %-24s on %lld rows: --model refit\n",
                                      "trained again", (long long)rows));
done:
  hpo_record_destroy(refits);
  hpo_mem_free(good);
  return status;
}

hpo_status hpo_winner_text(hpo_store *store, hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  telling t = {.store = store, .trial = -1, .out = out};

  HPO_TRY(status, hpo_winner_read(store, &t.winner, err));
  if (!t.winner)
    goto done;
  t.trial = hpo_record_int(t.winner, "trial");
  HPO_TRY(status, tell_choice(&t, err));
  HPO_TRY(status, tell_scores(&t, err));
  HPO_TRY(status, tell_refit(&t, err));
done:
  hpo_record_destroy(t.winner);
  return status;
}
