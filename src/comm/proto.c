/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages between manager and workers, as bytes and back.
 *
 * Small payloads are 64-bit words, little-endian, then the text; jobs and
 * results are records on the wire. */
#include "hpo/proto.h"

#include <string.h>

#include "hpo/wire.h"

static const hpo_tag_info tags[HPO_TAGS] = {
    {"ready", false, "status, text"},
    {"job", true, "record of the job"},
    {"report", false, "trial, step, value"},
    {"stop", true, "trial, state, text"},
    {"result", false, "status, then record of the result or text"},
    {"quit", true, ""},
    {"bye", false, ""},
    {"pulse", false, ""},
};

const hpo_tag_info *hpo_proto_info(hpo_tag tag) { return &tags[tag]; }

void hpo_message_free(hpo_message *m) {
  hpo_job_free(&m->job);
  hpo_result_free(&m->result);
  m->job = (hpo_job){0};
  m->result = (hpo_result){0};
}

/* --- encoding ---------------------------------------------------------- */

static hpo_status add_word(hpo_buffer *out, int64_t x, hpo_error *err) {
  uint8_t byte[8];

  for (unsigned i = 0; i < 8; i++)
    byte[i] = (uint8_t)((uint64_t)x >> (8 * i));
  return hpo_buffer_add(out, byte, sizeof byte, err);
}

static hpo_status add_text(hpo_buffer *out, const char *text, hpo_error *err) {
  size_t n = strlen(text);
  return n > 0 ? hpo_buffer_add(out, text, n, err) : HPO_OK;
}

static hpo_status add_record(hpo_buffer *out, hpo_status made, hpo_record *r,
                             hpo_error *err) {
  hpo_status status = made;

  if (status == HPO_OK)
    status = hpo_wire_encode(r, out, err);
  hpo_record_destroy(r);
  return status;
}

static hpo_status add_job(const hpo_message *m, hpo_buffer *out,
                          hpo_error *err) {
  hpo_record *r = NULL;
  hpo_status made = hpo_job_record(&m->job, &r, err);
  return add_record(out, made, r, err);
}

static hpo_status add_result(const hpo_message *m, hpo_buffer *out,
                             hpo_error *err) {
  hpo_record *r = NULL;
  hpo_status made = hpo_result_record(&m->result, &r, err);
  return add_record(out, made, r, err);
}

hpo_status hpo_proto_encode(const hpo_message *m, hpo_buffer *out,
                            hpo_error *err) {
  hpo_status status = HPO_OK;
  int64_t value;

  switch (m->tag) {
  case HPO_TAG_READY:
    HPO_TRY(status, add_word(out, m->status, err));
    HPO_TRY(status, add_text(out, m->text, err));
    break;
  case HPO_TAG_JOB:
    HPO_TRY(status, add_job(m, out, err));
    break;
  case HPO_TAG_REPORT:
    memcpy(&value, &m->value, sizeof value);
    HPO_TRY(status, add_word(out, m->trial, err));
    HPO_TRY(status, add_word(out, m->step, err));
    HPO_TRY(status, add_word(out, value, err));
    break;
  case HPO_TAG_STOP:
    HPO_TRY(status, add_word(out, m->trial, err));
    HPO_TRY(status, add_word(out, m->state, err));
    HPO_TRY(status, add_text(out, m->text, err));
    break;
  case HPO_TAG_RESULT:
    HPO_TRY(status, add_word(out, m->status, err));
    if (m->status == HPO_OK)
      HPO_TRY(status, add_result(m, out, err));
    else
      HPO_TRY(status, add_text(out, m->text, err));
    break;
  case HPO_TAG_QUIT:
  case HPO_TAG_BYE:
  case HPO_TAG_PULSE:
    break;
  }
done:
  return status;
}

/* --- decoding ---------------------------------------------------------- */

typedef struct reader {
  const uint8_t *byte;
  size_t left;
  bool short_of; /* something was missing */
} reader;

static int64_t take_word(reader *r) {
  uint64_t x = 0;

  if (r->left < 8) {
    r->short_of = true;
    return 0;
  }
  for (unsigned i = 0; i < 8; i++)
    x |= (uint64_t)r->byte[i] << (8 * i);
  r->byte += 8;
  r->left -= 8;
  return (int64_t)x;
}

/* All that is left, cut to the room. */
static void take_text(reader *r, char *text, size_t room) {
  size_t n = r->left < room - 1 ? r->left : room - 1;

  if (n > 0)
    memcpy(text, r->byte, n);
  text[n] = 0;
  r->left = 0;
}

static hpo_status take_status(reader *r) {
  int64_t x = take_word(r);

  if (x < HPO_OK || x > HPO_EBUG)
    r->short_of = true;
  return r->short_of ? HPO_EDATA : (hpo_status)x;
}

static hpo_trial_state take_state(reader *r) {
  int64_t x = take_word(r);

  if (x < 0 || x >= HPO_TRIAL_STATES)
    r->short_of = true;
  return r->short_of ? HPO_TRIAL_FAILED : (hpo_trial_state)x;
}

static hpo_status take_job(reader *r, hpo_message *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *record = NULL;

  HPO_TRY(status, hpo_wire_decode(r->byte, r->left, &record, err));
  HPO_TRY(status, hpo_job_from_record(record, &m->job, err));
  r->left = 0;
done:
  hpo_record_destroy(record);
  return status;
}

static hpo_status take_result(reader *r, hpo_message *m, hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_record *record = NULL;

  HPO_TRY(status, hpo_wire_decode(r->byte, r->left, &record, err));
  HPO_TRY(status, hpo_result_from_record(record, &m->result, err));
  r->left = 0;
done:
  hpo_record_destroy(record);
  return status;
}

static hpo_status take_members(reader *r, hpo_message *m, hpo_error *err) {
  int64_t value;

  switch (m->tag) {
  case HPO_TAG_READY:
    m->status = take_status(r);
    take_text(r, m->text, sizeof m->text);
    break;
  case HPO_TAG_JOB:
    return take_job(r, m, err);
  case HPO_TAG_REPORT:
    m->trial = take_word(r);
    m->step = take_word(r);
    value = take_word(r);
    memcpy(&m->value, &value, sizeof value);
    break;
  case HPO_TAG_STOP:
    m->trial = take_word(r);
    m->state = take_state(r);
    take_text(r, m->text, sizeof m->text);
    break;
  case HPO_TAG_RESULT:
    m->status = take_status(r);
    if (m->status == HPO_OK)
      return take_result(r, m, err);
    take_text(r, m->text, sizeof m->text);
    break;
  case HPO_TAG_QUIT:
  case HPO_TAG_BYE:
  case HPO_TAG_PULSE:
    break;
  }
  return HPO_OK;
}

hpo_status hpo_proto_decode(int tag, const uint8_t *bytes, size_t n,
                            hpo_message *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  reader r = {.byte = bytes, .left = n};
  hpo_message m = {0};

  if (tag < 0 || tag >= HPO_TAGS)
    HPO_FAIL(status, err, HPO_EDATA, "a message has the unknown tag %d", tag);
  m.tag = (hpo_tag)tag;
  HPO_TRY(status, take_members(&r, &m, err));
  if (r.short_of || r.left > 0)
    HPO_FAIL(status, err, HPO_EDATA,
             "a message \"%s\" of %zu bytes is damaged", tags[tag].name, n);
  *out = m;
  m = (hpo_message){0};
done:
  hpo_message_free(&m);
  return status;
}

/* --- over a comm ------------------------------------------------------- */

hpo_status hpo_proto_send(const hpo_comm *c, int to, const hpo_message *m,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  hpo_buffer bytes = {0};

  HPO_TRY(status, hpo_proto_encode(m, &bytes, err));
  HPO_TRY(status, c->send(c->self, to, (int)m->tag + HPO_TAGS * m->lane,
                          bytes.byte, bytes.n, err));
done:
  hpo_buffer_free(&bytes);
  return status;
}

hpo_status hpo_proto_receive(const hpo_comm *c, bool is_worker,
                             hpo_buffer *scratch, bool *have, int *from,
                             hpo_message *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  int tag = -1, sender = -1;
  bool there = false;

  HPO_TRY(status, c->receive(c->self, &there, &sender, &tag, scratch, err));
  if (there) {
    const int lane = tag >= 0 ? tag / HPO_TAGS : 0;
    tag -= HPO_TAGS * lane;
    status = hpo_proto_decode(tag, scratch->byte, scratch->n, out, err);
    out->lane = lane;
    if (status == HPO_OK && tags[tag].to_worker != is_worker) {
      hpo_message_free(out);
      status =
          hpo_error_set(err, HPO_EDATA, "a message \"%s\" went the wrong way",
                        tags[tag].name);
    }
    if (status != HPO_OK)
      hpo_error_prefix(err, "from rank %d: ", sender);
    HPO_TRY(status, status);
    *from = sender;
  }
  *have = there;
done:
  return status;
}
