/* SPDX-License-Identifier: BSD-3-Clause */
/* A plugin's library: loaded, its table checked.  The one place that loads
 * code at run time. */
#include "hpo/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYMBOL "hpotune_plugin_get"
#define MOST_OPTIONS 1000
#define ALL_TASKS                                                             \
  (HPOTUNE_BINARY | HPOTUNE_MULTICLASS | HPOTUNE_REGRESSION | HPOTUNE_NO_DATA)

struct hpo_library {
  const hpotune_plugin *table;
};

/* --- the table -------------------------------------------------------- */

/* Which function is missing, or NULL. */
static const char *missing(const hpotune_plugin *p) {
  if (p->create == NULL)
    return "create";
  if (p->step == NULL)
    return "step";
  if (p->destroy == NULL)
    return "destroy";
  if (p->predict == NULL && (p->tasks & ~(unsigned)HPOTUNE_NO_DATA) != 0)
    return "predict, which models on data need";
  if (p->metric == NULL && (p->tasks & HPOTUNE_NO_DATA) != 0)
    return "metric, which objectives without data need";
  if (p->save != NULL && p->load == NULL)
    return "load, which belongs to save";
  if (p->load != NULL && p->save == NULL)
    return "save, which belongs to load";
  return NULL;
}

static hpo_status check_head(const hpotune_plugin *p, hpo_error *err) {
  hpo_status status = HPO_OK;

  if (p == NULL)
    HPO_FAIL(status, err, HPO_EINVAL, SYMBOL " gives NULL");
  if (p->abi != HPOTUNE_PLUGIN_ABI)
    HPO_FAIL(status, err, HPO_EINVAL,
             "it has plugin ABI %u, and this hpotune has %d: build it with "
             "this version's hpotune/plugin.h",
             p->abi, HPOTUNE_PLUGIN_ABI);
  if (p->size != sizeof *p)
    HPO_FAIL(status, err, HPO_EINVAL,
             "its table has %u bytes by its own account, and ABI %d has %zu: "
             ".size must be sizeof(hpotune_plugin)",
             p->size, HPOTUNE_PLUGIN_ABI, sizeof *p);
  if (p->name == NULL || p->help == NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "its table has no name or no help");
  if (p->tasks == 0 || (p->tasks & ~(unsigned)ALL_TASKS) != 0)
    HPO_FAIL(status, err, HPO_EINVAL,
             "tasks = %u in its table; allowed: a sum of HPOTUNE_BINARY, "
             "HPOTUNE_MULTICLASS, HPOTUNE_REGRESSION and HPOTUNE_NO_DATA",
             p->tasks);
  if (missing(p) != NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "its table has no function %s",
             missing(p));
  if (p->n_option > MOST_OPTIONS || (p->n_option > 0 && p->option == NULL))
    HPO_FAIL(status, err, HPO_EINVAL,
             "its table says %u options%s; allowed: up to %d", p->n_option,
             p->option == NULL ? " at NULL" : "", MOST_OPTIONS);
done:
  return status;
}

/* Texts that may not end are read by the process that may crash. */
static hpo_status check_table(const hpotune_plugin *p, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer text = {0};
  hpo_library_facts facts = {0};

  HPO_TRY(status, check_head(p, err));
  HPO_TRY(status, hpo_library_print(p, &text, err));
  HPO_TRY(status, hpo_library_read((const char *)text.byte, &facts, err));
done:
  hpo_library_facts_free(&facts);
  hpo_buffer_free(&text);
  return status;
}

/* --- loaded ----------------------------------------------------------- */

hpo_status hpo_library_open(const char *path, hpo_library **out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_library *lib = NULL;
  const hpotune_plugin *(*get)(void) = NULL;
  void *handle = NULL, *symbol = NULL;
  char *own = NULL;

  HPO_TRY(status, hpo_mem_new(1, sizeof *lib, &lib, err));
  HPO_TRY(status, hpo_mem_format(&own, err, "%s%s",
                                 strchr(path, '/') == NULL ? "./" : "", path));
  if (access(own, R_OK) != 0)
    HPO_FAIL(status, err, HPO_EINVAL, "%s", strerror(errno));
  handle = dlopen(own, RTLD_NOW | RTLD_LOCAL);
  if (handle == NULL)
    HPO_FAIL(status, err, HPO_EINVAL, "it can't be loaded: %s", dlerror());
  symbol = dlsym(handle, SYMBOL);
  if (symbol == NULL)
    HPO_FAIL(status, err, HPO_EINVAL,
             "it is no plugin: it has no function " SYMBOL
             " (see docs/plugin.md)");
  memcpy(&get, &symbol, sizeof get); /* ISO C has no cast between the two */
  lib->table = get();
  HPO_TRY(status, check_table(lib->table, err));
  *out = lib;
  lib = NULL;
done:
  if (status == HPO_EINVAL)
    hpo_error_prefix(err, "library \"%.200s\": ", path);
  hpo_mem_free(own);
  hpo_mem_free(lib);
  return status;
}

void hpo_library_close(hpo_library *lib) { hpo_mem_free(lib); }

const hpotune_plugin *hpo_library_table(const hpo_library *lib) {
  return lib->table;
}
