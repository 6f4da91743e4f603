/* SPDX-License-Identifier: BSD-3-Clause */
/* The report page's data of a study with several objectives. */
#include "report/json.h"
#include "report/page.h"

hpo_status hpo_page_front(const hpo_study_file *f, hpo_buffer *out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_front front = {0};

  if (f->n_objective < 2)
    return HPO_OK;
  HPO_TRY(status, hpo_study_front_make(f, &front, err));
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"front\":["));
  for (size_t i = 0; i < front.n; i++)
    HPO_TRY(status,
            hpo_buffer_format(out, err, "%s%zu", i ? "," : "", front.row[i]));
  HPO_TRY(status, hpo_buffer_format(out, err, "]"));
  if (!front.is_feasible)
    goto done;
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"hypervolume\":"));
  HPO_TRY(status, hpo_json_number(out, front.hypervolume, err));
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"reference\":["));
  for (size_t k = 0; k < f->n_objective; k++) {
    HPO_TRY(status, hpo_buffer_format(out, err, "%s", k ? "," : ""));
    HPO_TRY(status, hpo_json_number(out, front.reference[k], err));
  }
  HPO_TRY(status, hpo_buffer_format(out, err, "]"));
done:
  hpo_study_front_free(&front);
  return status;
}

hpo_status hpo_page_keep_front(const hpo_study_file *f, uint8_t *keep,
                               hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_study_front front = {0};

  if (f->n_objective < 2)
    return HPO_OK;
  HPO_TRY(status, hpo_study_front_make(f, &front, err));
  for (size_t i = 0; i < front.n; i++)
    keep[front.row[i]] = 1;
done:
  hpo_study_front_free(&front);
  return status;
}
