/* SPDX-License-Identifier: BSD-3-Clause */
/** \file clock.h
 *  Time, and what the operating system says of this process and host.
 *  Nothing here may reach a model, a metric or a suggestion.
 */
#ifndef HPO_CLOCK_H
#define HPO_CLOCK_H

#include "hpo/status.h"

double hpo_clock_seconds(void);  /* monotonic */
double hpo_clock_cpu(void);      /* CPU seconds of this process */
int64_t hpo_clock_wall_ns(void); /* UTC, ns since 1970 */
void hpo_clock_sleep(double seconds);
/** "2026-11-21T08:00:00Z"; text has room for 32 bytes.  Returns text. */
char *hpo_clock_format(int64_t wall_ns, char *text);
/** "1h 02m", "3m 05s", "12.3s"; text has room for 32 bytes. */
char *hpo_clock_format_seconds(double seconds, char *text);

/** Bytes that this node, or the control group that Slurm or a container set,
 *  has left now; INFINITY: unknown. */
double hpo_clock_memory_left(void);
/** "512 bytes", "1.5 MB", "23 GB" (1 MB = 10^6); text has room for 32 bytes.
 *  Returns text. */
char *hpo_clock_format_bytes(double bytes, char *text);
int64_t hpo_clock_rss(void);      /* resident bytes now */
int64_t hpo_clock_peak_rss(void); /* highest so far */
/** Host and CPU model name, "" where unknown; copied, NUL-terminated. */
void hpo_clock_host(char *text, size_t room);
void hpo_clock_cpu_model(char *text, size_t room);

#endif
