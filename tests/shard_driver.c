/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains gbt on a file under mpirun, for benchmarks of memory and of what
 * ranks send: each reads and holds its own rows, or (one rank) the whole.
 *
 *   shard_driver FILE LABEL sharded|shared [option=value ...]
 *
 * Regression, a quarter of the rows validate.  Rank 0 prints as JSON the
 * rows, for each rank its peak memory in bytes before reading, after reading
 * and at the end, the bytes that it sent in training and its calls of
 * collectives, and a digest of the model. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "hpo/bins.h"
#include "hpo/comm.h"
#include "hpo/mem.h"
#include "hpo/model.h"
#include "testplan.h"
#include "trainer.h"

static hpo_mpi *world;

static void must(hpo_status status, const hpo_error *err) {
  if (status == HPO_OK)
    return;
  fprintf(stderr, "shard_driver: %s\n", err->text);
  hpo_mpi_abort(world, 1);
  exit(1);
}

static int64_t peak(void) {
  struct rusage u;

  return getrusage(RUSAGE_SELF, &u) == 0 ? (int64_t)u.ru_maxrss * 1024 : -1;
}

static void train(const hpo_model_input *in, hpo_buffer *model) {
  const hpo_model_kind *kind = hpo_model_find("gbt");
  hpo_error err = {0};
  void *self = NULL;

  must(kind->create(in, &self, &err), &err);
  for (int64_t i = kind->steps(in->options); i > 0; i--)
    must(kind->step(self, &err), &err);
  must(kind->save(self, model, &err), &err);
  kind->destroy(self);
}

static hpo_options *options_of(int argc, char **argv) {
  const hpo_model_kind *kind = hpo_model_find("gbt");
  hpo_options *o = NULL;
  hpo_error err = {0};

  must(hpo_options_create(kind->option, kind->n_option, &o, &err), &err);
  for (int i = 4; i < argc; i++) {
    char *value = strchr(argv[i], '=');

    if (value == NULL)
      must(hpo_error_set(&err, HPO_EINVAL, "an option is name=value"), &err);
    else
      *value++ = '\0';
    must(hpo_options_set(o, argv[i], value, &err), &err);
  }
  return o;
}

enum { FACTS = 5 };

static void print(const hpo_coll *c, const hpo_dataset *d,
                  const int64_t mine[FACTS], const hpo_buffer *model) {
  hpo_error err = {0};
  int64_t *all = NULL;
  size_t *count = calloc((size_t)c->size, sizeof *count);

  if (count == NULL)
    must(hpo_error_set(&err, HPO_EMEM, "no memory"), &err);
  must(c->gather(c->self, mine, FACTS * sizeof *mine, &all, count, &err),
       &err);
  if (c->rank == 0) {
    printf("{\"rows\": %lld, \"columns\": %zu, \"digest\": \"%016llx\", "
           "\"ranks\": [",
           (long long)d->rows, d->columns,
           (unsigned long long)trainer_digest(model->byte, model->n));
    for (int i = 0; i < FACTS * c->size; i++)
      printf("%s%lld%s",
             i % FACTS > 0 ? ", "
             : i > 0       ? ", ["
                           : "[",
             (long long)all[i], i % FACTS == FACTS - 1 ? "]" : "");
    printf("]}\n");
  }
  hpo_mem_free(all);
  free(count);
}

int main(int argc, char **argv) {
  hpo_error err = {0};
  hpo_coll c;
  hpo_shared node = hpo_shared_serial();
  hpo_plan *plan = NULL;
  hpo_dataset *d = NULL;
  hpo_bins *b = NULL;
  hpo_buffer model = {0};
  int64_t mine[FACTS] = {0};

  if (argc < 4) {
    fprintf(stderr, "usage: shard_driver FILE LABEL sharded|shared [...]\n");
    return 2;
  }
  must(hpo_mpi_start(&argc, &argv, 0, &world, &err), &err);
  c = hpo_mpi_world(world);
  hpo_options *o = options_of(argc, argv);
  plan = testplan_make();
  if (!testplan_set(plan, "train", argv[1]) ||
      !testplan_set(plan, "label", argv[2]) ||
      !testplan_set(plan, "fraction", "0.25"))
    return 2;
  mine[0] = peak();
  if (strcmp(argv[3], "sharded") == 0)
    must(hpo_dataset_load_part(plan, &c, &d, &err), &err);
  else
    must(hpo_dataset_load(plan, &node, &d, &err), &err);
  mine[1] = peak();
  must(hpo_bins_create(d, (int)hpo_options_get_int(o, "max_bin"), &b, &err),
       &err);
  hpo_dataset_drop_x(d);
  hpo_model_input in = {.options = o, .seed = 1, .coll = &c};
  in.part = (hpo_part){.data = d, .bins = b, .train_total = d->n_train};
  in.part.train = d->train + (d->team ? d->train_first : 0);
  in.part.n_train =
      (size_t)(d->team ? d->train_end - d->train_first : d->n_train);
  in.part.valid = d->valid + (d->team ? d->valid_first : 0);
  in.part.n_valid =
      (size_t)(d->team ? d->valid_end - d->valid_first : d->n_valid);
  mine[3] = -c.bytes_sent(c.self);
  mine[4] = -c.calls(c.self);
  train(&in, &model);
  mine[3] += c.bytes_sent(c.self);
  mine[4] += c.calls(c.self);
  mine[2] = peak();
  print(&c, d, mine, &model);
  hpo_buffer_free(&model);
  hpo_bins_destroy(b);
  hpo_dataset_destroy(d);
  hpo_options_destroy(o);
  hpo_plan_destroy(plan);
  hpo_mpi_end(world);
  return 0;
}
