/* SPDX-License-Identifier: BSD-3-Clause */
/* Scores cases from standard input, for check_metric.py.
 *
 * A case: "METRIC n k n_class weighted", then per row y, k predictions and,
 * if weighted is 1, a weight; blanks and newlines are the same.  The answer
 * is one line: the score with 17 digits, or "undefined". */
#include <stdio.h>

#include "hpo/mem.h"
#include "hpo/metric.h"

static hpo_status read_case(hpo_scored *s, bool weighted, double **all,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = s->n, k = s->k;

  HPO_TRY(status, hpo_mem_new(n * (k + 2), sizeof **all, all, err));
  double *y = *all, *p = y + n, *w = p + n * k;
  for (size_t i = 0; i < n; i++) {
    bool good = scanf("%lf", &y[i]) == 1;
    for (size_t c = 0; c < k; c++)
      good = good && scanf("%lf", &p[i * k + c]) == 1;
    if (weighted)
      good = good && scanf("%lf", &w[i]) == 1;
    if (!good)
      HPO_FAIL(status, err, HPO_EINVAL, "row %zu can't be read", i);
  }
  s->y = y;
  s->p = p;
  s->weight = weighted ? w : NULL;
done:
  return status;
}

int main(void) {
  hpo_status status = HPO_OK;
  hpo_error err = {0};
  char name[32];
  int weighted;
  hpo_scored s = {0};

  while (status == HPO_OK && scanf("%31s %zu %zu %zu %d", name, &s.n, &s.k,
                                   &s.n_class, &weighted) == 5) {
    const hpo_metric *m = hpo_metric_find(name);
    double *all = NULL, score;

    if (!m)
      status = hpo_error_set(&err, HPO_EINVAL, "no metric %s", name);
    else
      status = read_case(&s, weighted == 1, &all, &err);
    if (status == HPO_OK)
      status = hpo_metric_compute(m, &s, &score, &err);
    if (status == HPO_OK)
      printf("%.17g\n", score);
    if (status == HPO_ETRIAL) {
      puts("undefined");
      status = HPO_OK;
    }
    hpo_mem_free(all);
  }
  if (status != HPO_OK)
    fprintf(stderr, "metric_driver: %s\n", err.text);
  return status == HPO_OK ? 0 : 1;
}
