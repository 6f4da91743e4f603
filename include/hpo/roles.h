/* SPDX-License-Identifier: BSD-3-Clause */
/* Superseded: include hpo/manager.h or hpo/worker.h. */
#include "hpo/manager.h"
#include "hpo/worker.h"
