/* SPDX-License-Identifier: BSD-3-Clause */
/** \file sha256_private.h
 *  The compression function, by the processor's own instructions.
 */
#ifndef HPO_BASE_SHA256_PRIVATE_H
#define HPO_BASE_SHA256_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint32_t hpo_sha256_constant[64]; /* FIPS 180-4, 4.2.2 */

/** Whether this processor has them. */
bool hpo_sha256_has_own(void);
/** Takes n blocks of 64 bytes into the state. */
void hpo_sha256_own_blocks(uint32_t h[8], const uint8_t *p, size_t n);

#endif
