/* SPDX-License-Identifier: BSD-3-Clause */
/* Orders within a team, and the role of its other ranks, who take them. */
#include "roles/worker_team.h"

#include <time.h>

#include "hpo/proto.h"
#include "hpo/rng.h"
#include "hpo/worker.h"

hpo_status hpo_order_send(const hpo_coll *team, const hpo_order *order,
                          const hpo_buffer *bytes, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_order o = *order;

  if (team->size == 1)
    return HPO_OK;
  o.n = bytes ? bytes->n : 0;
  HPO_TRY(status, team->await(team->self, &o, sizeof o, err));
  if (o.n > 0)
    HPO_TRY(status, team->broadcast(team->self, bytes->byte, bytes->n, err));
done:
  return status;
}

typedef struct follower {
  const hpo_coll *team;
  hpo_evaluator *evaluator;
  hpo_evaluation *evaluation; /* NULL: idle */
  hpo_buffer bytes;           /* of an order */
  hpo_rng rng;                /* tests: of delays */
  bool delays;
} follower;

static hpo_status receive(follower *f, hpo_order *o, hpo_error *err) {
  hpo_status status = HPO_OK;
  const hpo_coll *t = f->team;

  HPO_TRY(status, t->await(t->self, o, sizeof *o, err));
  f->bytes.n = 0;
  if (o->n == 0)
    goto done;
  HPO_TRY(status, hpo_mem_grow(&f->bytes.byte, &f->bytes.capacity,
                               (size_t)o->n, 1, err));
  f->bytes.n = (size_t)o->n;
  HPO_TRY(status, t->broadcast(t->self, f->bytes.byte, f->bytes.n, err));
done:
  return status;
}

static hpo_status create(follower *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_message msg = {0};

  HPO_ASSERT(!f->evaluation);
  HPO_TRY(status,
          hpo_proto_decode(HPO_TAG_JOB, f->bytes.byte, f->bytes.n, &msg, err));
  HPO_TRY(status,
          hpo_evaluation_create(f->evaluator, &msg.job, &f->evaluation, err));
done:
  hpo_message_free(&msg);
  return status;
}

/* The first rank sends the result; this one's part was to take part. */
static hpo_status finish(follower *f, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_result mine = {0};

  HPO_TRY(status, hpo_evaluation_result(f->evaluation, &mine, err));
  hpo_evaluation_destroy(f->evaluation);
  f->evaluation = NULL;
done:
  hpo_result_free(&mine);
  return status;
}

static hpo_status obey(follower *f, const hpo_order *o, hpo_error *err) {
  bool over = false;

  switch ((hpo_order_kind)o->kind) {
  case HPO_ORDER_JOB:
    return create(f, err);
  case HPO_ORDER_STEP:
    return hpo_evaluation_step(f->evaluation, &over, err);
  case HPO_ORDER_STOP:
    hpo_evaluation_stop(f->evaluation, (hpo_trial_state)o->state, "");
    break;
  case HPO_ORDER_RESULT:
    return finish(f, err);
  case HPO_ORDER_QUIT:
    break;
  }
  return HPO_OK;
}

/* Tests: one order in four waits up to 2 ms. */
static void delay(follower *f) {
  struct timespec pause = {0};

  if (!f->delays || hpo_rng_next(&f->rng) >= 0.25)
    return;
  pause.tv_nsec = (long)(2e6 * hpo_rng_next(&f->rng));
  (void)nanosleep(&pause, NULL);
}

hpo_status hpo_worker_follow(const hpo_worker_input *in, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_order o = {.kind = HPO_ORDER_JOB};
  follower f = {.team = in->coll,
                .evaluator = in->evaluator,
                .delays = in->delay_seed != 0,
                .rng = hpo_rng_make(in->delay_seed, HPO_RNG_TEST,
                                    (uint64_t)in->team,
                                    (uint32_t)in->coll->rank + 1)};

  HPO_ASSERT(in->coll->rank > 0);
  while (o.kind != HPO_ORDER_QUIT) {
    HPO_TRY(status, receive(&f, &o, err));
    delay(&f);
    HPO_TRY(status, obey(&f, &o, err));
  }
done:
  hpo_evaluation_destroy(f.evaluation);
  hpo_buffer_free(&f.bytes);
  return status;
}
