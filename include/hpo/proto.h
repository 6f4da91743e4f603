/* SPDX-License-Identifier: BSD-3-Clause */
/** \file proto.h
 *  The messages between manager and workers: the whole list, and how each
 *  becomes bytes.
 *
 *      worker                         manager
 *        |------------ READY ----------->|   once; or why not
 *        |<------------ JOB -------------|   to an idle worker only
 *        |------------ REPORT ---------->|   sent and forgotten; may be 0
 *        |------------ PULSE ----------->|   likewise: a step was done
 *        |<------------ STOP ------------|   may come too late: ignored
 *        |------------ RESULT ---------->|   exactly one per JOB
 *        |<------------ QUIT ------------|   once
 *        |------------- BYE ------------>|   the worker's last
 *
 *  A worker may hold several jobs at once, one in each of its lanes; JOB,
 *  REPORT, STOP and RESULT say in which, in their tag on the carrier.
 *
 *  Every reply carries its status first: a READY or RESULT that is not
 *  HPO_OK says that this worker can't go on, and why.  A failed trial is an
 *  ordinary result.  A team that is lost is not written to any more, nor
 *  heard (roles/lookout.h).
 */
#ifndef HPO_PROTO_H
#define HPO_PROTO_H

#include "hpo/comm.h"
#include "hpo/status.h"
#include "hpo/trial.h"

typedef enum hpo_tag {
  HPO_TAG_READY,
  HPO_TAG_JOB,
  HPO_TAG_REPORT,
  HPO_TAG_STOP,
  HPO_TAG_RESULT,
  HPO_TAG_QUIT,
  HPO_TAG_BYE,
  HPO_TAG_PULSE
} hpo_tag;
#define HPO_TAGS 8
/** Lanes of a worker: their tags must be among those that MPI allows. */
#define HPO_MOST_LANES 1000

/** One row of the message list. */
typedef struct hpo_tag_info {
  const char *name;
  bool to_worker; /* else to the manager */
  const char *payload;
} hpo_tag_info;
const hpo_tag_info *hpo_proto_info(hpo_tag tag);

/** One message; members that its tag does not name are not looked at. */
typedef struct hpo_message {
  hpo_tag tag;
  int lane;              /* JOB, REPORT, STOP, RESULT */
  hpo_status status;     /* READY, RESULT */
  char text[1024];       /* READY, RESULT: why not HPO_OK; STOP: the reason */
  hpo_id trial;          /* REPORT, STOP */
  int64_t step;          /* REPORT */
  double value;          /* REPORT */
  hpo_trial_state state; /* STOP: what the trial becomes */
  hpo_job job;           /* JOB; owned */
  hpo_result result;     /* RESULT with HPO_OK; owned */
} hpo_message;
/** Frees job and result; the message can be used again. */
void hpo_message_free(hpo_message *m);

/** The payload, without the lane, added to the end of out. */
HPO_MUST_USE hpo_status hpo_proto_encode(const hpo_message *m, hpo_buffer *out,
                                         hpo_error *err);
/** The message of a tag and payload; believes nothing.
 *  HPO_EDATA: not a message of that tag. */
HPO_MUST_USE hpo_status hpo_proto_decode(int tag, const uint8_t *bytes,
                                         size_t n, hpo_message *out,
                                         hpo_error *err);

/** Encodes and sends; returns at once. */
HPO_MUST_USE hpo_status hpo_proto_send(const hpo_comm *c, int to,
                                       const hpo_message *m, hpo_error *err);
/** The next message, if one has arrived.
 *  \param scratch reused from call to call
 *  HPO_EDATA also where a message goes the wrong way. */
HPO_MUST_USE hpo_status hpo_proto_receive(const hpo_comm *c, bool is_worker,
                                          hpo_buffer *scratch, bool *have,
                                          int *from, hpo_message *out,
                                          hpo_error *err);

#endif
