/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages between manager and workers: there and back, and what does
 * not belong there. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hpo/proto.h"
#include "hpo/rng.h"
#include "tinyplan.h"

static void must(hpo_status status, const hpo_error *err) {
  if (status != HPO_OK)
    fail_msg("%s", err->text);
}

/* From worker 1 to manager 0, or back, over mailboxes. */
static void pass(hpo_comm *c, const hpo_message *m, hpo_message *out) {
  hpo_error err = {0};
  hpo_buffer scratch = {0};
  bool to_worker = hpo_proto_info(m->tag)->to_worker, have = false;
  int from = -1, to = to_worker ? 1 : 0;

  must(hpo_proto_send(&c[1 - to], to, m, &err), &err);
  must(hpo_proto_receive(&c[to], to_worker, &scratch, &have, &from, out, &err),
       &err);
  assert_true(have);
  assert_int_equal(from, 1 - to);
  assert_int_equal(out->tag, m->tag);
  hpo_buffer_free(&scratch);
}

static void test_small_ones(void **state) {
  (void)state;
  hpo_error err = {0};
  hpo_comm *c = NULL;
  hpo_message out = {0};
  hpo_message ready = {
      .tag = HPO_TAG_READY, .status = HPO_EIO, .text = "no disk, \xC3\xA4"};
  hpo_message report = {
      .tag = HPO_TAG_REPORT, .trial = 1LL << 40, .step = -3, .value = -0.1};
  hpo_message stop = {.tag = HPO_TAG_STOP,
                      .trial = 5,
                      .state = HPO_TRIAL_PRUNED,
                      .text = "worse"};

  must(hpo_comm_local_create(2, &c, &err), &err);
  pass(c, &ready, &out);
  assert_int_equal(out.status, HPO_EIO);
  assert_string_equal(out.text, ready.text);
  pass(c, &report, &out);
  assert_true(out.trial == 1LL << 40 && out.step == -3 && out.value == -0.1);
  assert_int_equal(out.lane, 0);
  report.lane = HPO_MOST_LANES - 1;
  pass(c, &report, &out);
  assert_true(out.lane == HPO_MOST_LANES - 1 && out.step == -3);
  report.value = (double)NAN;
  pass(c, &report, &out);
  assert_true(isnan(out.value));
  pass(c, &stop, &out);
  assert_true(out.trial == 5 && out.state == HPO_TRIAL_PRUNED);
  assert_string_equal(out.text, "worse");
  pass(c, &(hpo_message){.tag = HPO_TAG_QUIT}, &out);
  pass(c, &(hpo_message){.tag = HPO_TAG_BYE}, &out);
  hpo_comm_local_destroy(c);
}

static void test_job_and_result(void **state) {
  (void)state;
  hpo_error err = {0};
  hpo_comm *c = NULL;
  hpo_plan *plan = tinyplan_make();
  hpo_message job = {.tag = HPO_TAG_JOB}, result = {.tag = HPO_TAG_RESULT};
  hpo_message out = {0};
  double x[] = {0.5, (double)NAN};

  tinyplan_float(plan, 0, 1, false, -1, 0);
  tinyplan_int(plan, 0, 9, -1, 0);
  must(hpo_comm_local_create(2, &c, &err), &err);
  job.job = (hpo_job){.job = 7,
                      .trial = 6,
                      .to_step = INT64_MAX,
                      .x = x,
                      .n_param = 2,
                      .send_model = (double)NAN};
  pass(c, &job, &out);
  assert_true(out.job.job == 7 && out.job.trial == 6);
  assert_true(out.job.to_step == INT64_MAX && out.job.n_param == 2);
  assert_true(out.job.x[0] == 0.5 && isnan(out.job.x[1]));
  assert_true(isnan(out.job.send_model) && out.job.n_threshold == 0);
  hpo_message_free(&out);

  must(hpo_trial_sample(3, plan, 11, &result.result.trial, &err), &err);
  must(hpo_buffer_add(&result.result.model, "\0model", 6, &err), &err);
  pass(c, &result, &out);
  assert_int_equal(out.status, HPO_OK);
  assert_int_equal(out.result.trial->number, 11);
  assert_int_equal(out.result.trial->n_curve, result.result.trial->n_curve);
  assert_memory_equal(out.result.model.byte, "\0model", 6);
  hpo_message_free(&out);
  hpo_message_free(&result);

  result.status = HPO_EBUG; /* then there is no trial, but words */
  strcpy(result.text, "lost");
  pass(c, &result, &out);
  assert_int_equal(out.status, HPO_EBUG);
  assert_string_equal(out.text, "lost");
  assert_null(out.result.trial);
  hpo_comm_local_destroy(c);
  hpo_plan_destroy(plan);
}

static void refuse(int tag, const void *bytes, size_t n) {
  hpo_error err = {0};
  hpo_message out = {0};

  if (hpo_proto_decode(tag, bytes, n, &out, &err) == HPO_OK)
    fail_msg("tag %d with %zu bytes was taken", tag, n);
  assert_true(err.text[0] != 0);
}

/* Every message cut short or with a byte too many, and noise. */
static void test_damage(void **state) {
  (void)state;
  hpo_error err = {0};
  uint8_t noise[256];
  hpo_rng rng = hpo_rng_make(tinyplan_seed(4), HPO_RNG_TEST, 0, 0);
  double x = 1;
  const hpo_message all[] = {
      {.tag = HPO_TAG_READY},
      {.tag = HPO_TAG_JOB, .job = {.x = &x, .n_param = 1}},
      {.tag = HPO_TAG_REPORT},
      {.tag = HPO_TAG_STOP},
      {.tag = HPO_TAG_RESULT, .status = HPO_EIO},
      {.tag = HPO_TAG_QUIT},
      {.tag = HPO_TAG_BYE}};

  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    hpo_buffer b = {0};
    bool has_text = all[i].tag == HPO_TAG_READY ||
                    all[i].tag == HPO_TAG_STOP || all[i].tag == HPO_TAG_RESULT;
    must(hpo_proto_encode(&all[i], &b, &err), &err);
    for (size_t n = 0; n < b.n; n++)
      refuse((int)all[i].tag, b.byte, n);
    must(hpo_buffer_add(&b, "x", 1, &err), &err);
    if (!has_text)
      refuse((int)all[i].tag, b.byte, b.n);
    hpo_buffer_free(&b);
  }
  for (int round = 0; round < 2000; round++) {
    for (size_t i = 0; i < sizeof noise; i++)
      noise[i] = (uint8_t)hpo_rng_next32(&rng);
    refuse(round % HPO_TAGS, noise, 25 + (size_t)round % 200);
  }
  refuse(HPO_TAGS, noise, 8);
  refuse(-1, noise, 8);
}

static void test_wrong_way(void **state) {
  (void)state;
  hpo_error err = {0};
  hpo_comm *c = NULL;
  hpo_message out = {0}, quit = {.tag = HPO_TAG_QUIT};
  hpo_buffer scratch = {0};
  bool have = false;
  int from = -1;

  must(hpo_comm_local_create(2, &c, &err), &err);
  must(hpo_proto_send(&c[1], 0, &quit, &err), &err);
  assert_int_equal(
      hpo_proto_receive(&c[0], false, &scratch, &have, &from, &out, &err),
      HPO_EDATA);
  assert_non_null(strstr(err.text, "rank 1"));
  assert_non_null(strstr(err.text, "quit"));
  hpo_buffer_free(&scratch);
  hpo_comm_local_destroy(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_small_ones),
      cmocka_unit_test(test_job_and_result),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_wrong_way),
  };
  return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
