/* SPDX-License-Identifier: BSD-3-Clause */
/** \file wire.h
 *  Records as bytes, and back.
 *
 *  Layout, all little-endian: "HPOR", version u32, length of the whole u64,
 *  name, number of fields u32, then each field: name, unit, description,
 *  type u8, dimensions u8, width u64, shape[dimensions] u64, number of
 *  choices u32, the choices, the items.  A text is its length u32 and its
 *  bytes, none of them 0.
 *
 *  The reader believes nothing: every length is checked against the bytes
 *  that are left before anything is allocated, so any bytes at all give a
 *  record or HPO_EDATA.
 */
#ifndef HPO_WIRE_H
#define HPO_WIRE_H

#include "hpo/mem.h"
#include "hpo/record.h"
#include "hpo/status.h"

/** Adds the record's bytes to the end of out. */
HPO_MUST_USE hpo_status hpo_wire_encode(const hpo_record *r, hpo_buffer *out,
                                        hpo_error *err);
/** The record that exactly these n bytes hold.  HPO_EDATA: they hold none. */
HPO_MUST_USE hpo_status hpo_wire_decode(const uint8_t *bytes, size_t n,
                                        hpo_record **out, hpo_error *err);

#endif
