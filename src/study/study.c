/* SPDX-License-Identifier: BSD-3-Clause */
/* From a study file to a plan: read, change (--set), check names, check
 * meaning.  All faults of the file are told at once. */
#include "hpo/study.h"

#include <string.h>

#include "hpo/file.h"
#include "names.h"
#include "reading.h"
#include "schema.h"
#include "set.h"
#include "study_xml.h"

#define MOST_BYTES ((size_t)4 << 20)

/* A plan whose texts are all there, and empty. */
static hpo_status create_plan(hpo_plan **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_plan *p = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *p, &p, err));
  char **text[] = {&p->name,
                   &p->description,
                   &p->data.label,
                   &p->data.positive,
                   &p->data.format,
                   &p->data.header,
                   &p->data.validation,
                   &p->data.validation_href,
                   &p->data.validation_dataset,
                   &p->data.validation_label,
                   &p->data.validation_label_href,
                   &p->data.validation_label_dataset,
                   &p->data.test,
                   &p->data.test_href,
                   &p->data.test_dataset,
                   &p->data.test_label,
                   &p->data.test_label_href,
                   &p->data.test_label_dataset,
                   &p->winner,
                   &p->simpler,
                   &p->data.weight,
                   &p->sampler.name,
                   &p->pruner.name,
                   &p->terminator.name,
                   &p->data_mode,
                   &p->folder,
                   &p->output};
  for (size_t i = 0; i < sizeof text / sizeof *text; i++)
    HPO_TRY(status, hpo_mem_string("", text[i], err));
  *out = p;
  p = NULL;
done:
  hpo_plan_destroy(p);
  return status;
}

/* The readers in an order in which each finds what it needs. */
static hpo_status read_plan(hpo_reading *r, hpo_error *err) {
  hpo_status status = HPO_OK;

  HPO_TRY(status, hpo_read_head(r, err));
  HPO_TRY(status, hpo_read_data(r, err));
  HPO_TRY(status, hpo_read_models(r, err));
  HPO_TRY(status, hpo_read_metrics(r, err));
  HPO_TRY(status, hpo_read_samplers(r, err));
  HPO_TRY(status, hpo_read_forbidden(r, err));
  HPO_TRY(status, hpo_read_enqueued(r, err));
  HPO_TRY(status, hpo_read_warm_starts(r, err));
  HPO_TRY(status, hpo_read_limits(r, err));
  HPO_TRY(status, hpo_read_winner(r, err));
done:
  return status;
}

/* A text to a plan; faults are gathered, the plan counts if there is none.
 */
static hpo_status make_plan(const hpo_buffer *text, hpo_reading *r,
                            size_t n_set, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_schema schema = {0};

  HPO_TRY(status, hpo_xml_read(text->byte, text->n, r->faults, &r->root, err));
  if (r->root == NULL)
    goto done;
  HPO_TRY(status, hpo_schema_create(&schema, err));
  for (size_t i = 0; i < n_set && strcmp(r->root->name, "study") == 0; i++)
    HPO_TRY(status, hpo_set_apply(&schema, r->root, (int)i, r->faults, err));
  HPO_TRY(status, hpo_names_check(&schema, r->root, r->faults, err));
  if (!r->root->skip)
    HPO_TRY(status, read_plan(r, err));
done:
  hpo_schema_free(&schema);
  return status;
}

hpo_status hpo_study_read(const char *path, const hpo_catalog *catalog,
                          const char *const *set, size_t n_set,
                          hpo_plan **plan, hpo_buffer *xml, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};
  hpo_faults faults = {.file = path, .set = set};
  hpo_reading r = {.path = path, .catalog = catalog, .faults = &faults};

  status = hpo_file_read_all(path, MOST_BYTES, &text, err);
  if (status == HPO_EDATA) {
    status = HPO_EINVAL; /* it is the study file that can't be read */
    if (err != NULL)
      err->code = status;
  }
  HPO_TRY(status, status);
  HPO_TRY(status, create_plan(&r.plan, err));
  HPO_TRY(status, make_plan(&text, &r, n_set, err));
  HPO_TRY(status, hpo_faults_check(&faults, err));
  *plan = r.plan;
  r.plan = NULL;
  if (xml != NULL) {
    *xml = text;
    text = (hpo_buffer){0};
  }
done:
  hpo_node_destroy(r.root);
  hpo_plan_destroy(r.plan);
  hpo_faults_free(&faults);
  hpo_buffer_free(&text);
  return status;
}
