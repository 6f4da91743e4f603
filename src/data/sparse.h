/* SPDX-License-Identifier: BSD-3-Clause */
/** \file sparse.h
 *  Memory for arrays of which a rank holds only a part.  Private to data/.
 *
 *  A node of one rank whose blocks are address space: a page takes memory
 *  once it is written, and reads as zeros before.  So an array of all rows
 *  can be indexed by global row id, and costs what the rank's own rows cost.
 */
#ifndef HPO_DATA_SPARSE_H
#define HPO_DATA_SPARSE_H

#include "hpo/coll.h"

/** \return a node like hpo_shared_serial's, with such blocks. */
hpo_shared hpo_sparse_node(void);

#endif
