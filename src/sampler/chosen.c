/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan's elements name: see chosen.h. */
#include "sampler/chosen.h"

#include <stdio.h>
#include <string.h>

hpo_status hpo_chosen_options(const char *element,
                              const hpo_plan_choice *chosen,
                              const hpo_option *table, size_t n,
                              hpo_options **out, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_options *o = NULL;
  const hpo_settings *set = &chosen->options;

  HPO_TRY(status, hpo_options_create(table, n, &o, err));
  for (size_t i = 0; i < set->n; i++) {
    status = hpo_options_set(o, set->item[i].name, set->item[i].value, err);
    if (status != HPO_OK) {
      hpo_error_prefix(err, "%s \"%s\": ", element, chosen->name);
      goto done;
    }
  }
  *out = o;
  o = NULL; /* now the caller's */
done:
  hpo_options_destroy(o);
  return status;
}

hpo_status hpo_chosen_unknown(const char *element, const char *name,
                              const char *const *names, size_t n,
                              hpo_error *err) {
  const char *near = hpo_options_nearest(name, names, n);
  char list[256] = "";

  for (size_t i = 0, at = 0; i < n && at < sizeof list; i++)
    at += (size_t)snprintf(list + at, sizeof list - at, "%s%s",
                           i > 0 ? ", " : "", names[i]);
  return hpo_error_set(
      err, HPO_EINVAL, "there is no %s \"%s\"%s%s%s; %ss are %s", element,
      name, near != NULL ? ", the nearest is \"" : "",
      near != NULL ? near : "", near != NULL ? "\"" : "", element, list);
}
