/* SPDX-License-Identifier: BSD-3-Clause */
/* Nodes of few rows in a team: their rows are gathered at one rank each,
 * which grows what is below them as one rank alone does (see team.h).
 *
 * The ranks get about equally many rows: the largest node goes first, and
 * each to the rank that has the fewest (R. Graham, Bounds on multiprocessing
 * timing anomalies, SIAM J. Appl. Math. 17, 1969).
 *
 * A row travels as its gradients and its codes.  The splits come back in the
 * order in which they were made, from which everyone rebuilds the nodes. */
#include "team.h"

#include <stdlib.h>
#include <string.h>

/* A subtree's adds are at most those of so many histograms' cells ... */
#define MOST_CELLS 32
/* ... its rows one in so many of a rank's share, for balance, ... */
#define MOST_SHARE 4
/* ... and they cost less than histograms, so many times their bytes: they are
   packed, unpacked and moved down both here and at their owner. */
#define ROW_COST 3

/* A split on its way back: of the root, or of one of the children of the k-th
   split, 2 k + 1 and 2 k + 2. */
typedef struct made {
  gbt_split split;
  uint64_t node;
} made;

void gbt_subtrees_free(gbt_team *t) {
  hpo_mem_free(t->roots.at);
  hpo_mem_free(t->lent.gh);
  hpo_mem_free(t->lent.code);
  hpo_mem_free(t->lent.idx);
  hpo_mem_free(t->lent.start);
  hpo_mem_free(t->lent.cell);
  hpo_buffer_free(&t->out);
  hpo_buffer_free(&t->in);
  hpo_mem_free(t->to);
  hpo_mem_free(t->came);
  hpo_mem_free(t->load);
  hpo_mem_free(t->idlest);
}

void gbt_subtrees_begin(gbt_team *t) {
  t->roots.n = t->n_gathered = t->lent.n = 0;
  for (size_t r = 0; r < t->ranks; r++) {
    t->load[r] = 0;
    t->idlest[r] = (uint32_t)r;
  }
}

/* Histograms that a team would send for a node and all below it, where each
   level is full, and leaves fall to where rows are; two children need one. */
static double histograms(const gbt_grower *g, const gbt_work *node) {
  int64_t levels = g->config->max_depth - node->depth;
  double full = levels > 32 ? 0x1p31 : (double)((int64_t)1 << levels) / 2;
  double leaves = (double)g->config->max_leaves * (double)node->total /
                  (double)g->work[0].total;

  return g->config->max_leaves > 0 && leaves < full ? leaves + 0.5
                                                    : full - 0.5;
}

bool gbt_subtree_pays(const gbt_grower *g, const gbt_work *node) {
  const gbt_team *t = g->team;
  size_t adds = g->home.start != NULL ? g->bins->csr.per_row : g->draw.tree.n;
  double n = (double)node->total, ranks = (double)t->ranks;
  double row = (double)(g->bins->stride + sizeof *g->home.gh);
  double sent = histograms(g, node) * (double)g->pool.cells * ranks;

  return n * (double)adds < MOST_CELLS * (double)g->pool.layout.used &&
         n * MOST_SHARE * ranks <= (double)g->work[0].total &&
         n * row * ROW_COST < sent * sizeof(int64_t);
}

/* --- Owners ------------------------------------------------------------- */

static bool has_less(const gbt_team *t, uint32_t a, uint32_t b) {
  return t->load[a] != t->load[b] ? t->load[a] < t->load[b] : a < b;
}

/* Gives the rank with the fewest rows n more. \return the rank */
static uint32_t take_idlest(gbt_team *t, hpo_row n) {
  uint32_t rank = t->idlest[0];
  size_t at = 0, child = 1;

  t->load[rank] += n;
  while (child < t->ranks) {
    if (child + 1 < t->ranks &&
        has_less(t, t->idlest[child + 1], t->idlest[child]))
      child++;
    if (has_less(t, rank, t->idlest[child]))
      break;
    t->idlest[at] = t->idlest[child];
    at = child;
    child = 2 * at + 1;
  }
  t->idlest[at] = rank;
  return rank;
}

typedef struct candidate {
  hpo_row total;
  int32_t at;
} candidate;

/* The largest first. */
static int compare(const void *a, const void *b) {
  const candidate *x = a, *y = b;

  if (x->total != y->total)
    return x->total > y->total ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

static hpo_status choose_owners(gbt_grower *g, const int32_t *at, size_t n,
                                hpo_error *err) {
  hpo_status status = HPO_OK;
  candidate *c = NULL;

  HPO_TRY(status, hpo_mem_new(n, sizeof *c, &c, err));
  for (size_t i = 0; i < n; i++)
    c[i] = (candidate){g->work[at[i]].total, at[i]};
  qsort(c, n, sizeof *c, compare);
  for (size_t i = 0; i < n; i++)
    g->work[c[i].at].owner = (int32_t)take_idlest(g->team, c[i].total);
done:
  hpo_mem_free(c);
  return status;
}

/* --- Rows --------------------------------------------------------------- */

/* A node's rows as they travel: how many, gradients, codes. */
static hpo_status pack(const gbt_grower *g, const gbt_work *w, hpo_buffer *out,
                       hpo_error *err) {
  hpo_status status = HPO_OK;
  const gbt_ground *home = &g->home;
  const uint32_t *row = home->idx + w->begin;
  size_t stride = g->bins->stride;
  uint64_t n = w->n;
  uint8_t *to = NULL;

  HPO_TRY(status, hpo_buffer_add(out, &n, sizeof n, err));
  HPO_TRY(status,
          hpo_mem_grow(&out->byte, &out->capacity,
                       out->n + w->n * (stride + sizeof *home->gh), 1, err));
  to = out->byte + out->n;
  for (size_t i = 0; i < w->n; i++, to += sizeof *home->gh)
    memcpy(to, &home->gh[row[i]], sizeof *home->gh);
  for (size_t i = 0; i < w->n; i++, to += stride)
    memcpy(to, home->code + row[i] * stride, stride);
  out->n = (size_t)(to - out->byte);
done:
  return status;
}

/* The rows that other ranks get of this one. */
static hpo_status pack_all(gbt_grower *g, const int32_t *at, size_t n,
                           hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  t->out.n = 0;
  for (size_t r = 0; r < t->ranks; r++) {
    size_t before = t->out.n;
    for (size_t i = 0; t->load[r] > 0 && i < n; i++)
      if ((size_t)g->work[at[i]].owner == r)
        HPO_TRY(status, pack(g, &g->work[at[i]], &t->out, err));
    t->to[r] = t->out.n - before;
  }
done:
  return status;
}

/* Room for so many rows in all. */
static hpo_status reserve(gbt_grower *g, size_t n, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_lent *l = &g->team->lent;

  HPO_TRY(status,
          hpo_mem_grow(&g->right, &g->right_room, n, sizeof *g->right, err));
  HPO_TRY(status, hpo_mem_grow(&l->gh, &l->gh_room, n, sizeof *l->gh, err));
  HPO_TRY(status, hpo_mem_grow(&l->idx, &l->idx_room, n, sizeof *l->idx, err));
  HPO_TRY(status,
          hpo_mem_grow(&l->code, &l->code_room, n * g->bins->stride, 1, err));
  if (g->home.start != NULL)
    HPO_TRY(status, hpo_mem_grow(&l->start, &l->start_room, n + 1,
                                 sizeof *l->start, err));
done:
  return status;
}

/* Where the rows of this rank's new subtrees will lie; g->work has where they
   lie at home. */
static hpo_status place(gbt_grower *g, const int32_t *at, size_t n,
                        hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  size_t end = t->lent.n;

  for (size_t i = 0; i < n; i++) {
    gbt_work *w = &g->work[at[i]];
    w->home[0] = w->begin;
    w->home[1] = w->n;
    if ((size_t)w->owner != t->rank)
      continue;
    w->begin = end;
    w->n = 0; /* so far */
    end += (size_t)w->total;
  }
  HPO_TRY(status, reserve(g, end, err));
  for (size_t i = t->lent.n; i < end; i++)
    t->lent.idx[i] = (uint32_t)i;
  t->lent.n = end;
done:
  return status;
}

/* The rows of one node from one rank. \return what follows */
static const uint8_t *unpack(gbt_grower *g, gbt_work *w, const uint8_t *from) {
  gbt_lent *l = &g->team->lent;
  size_t stride = g->bins->stride, first = w->begin + w->n;
  uint64_t n = 0;

  memcpy(&n, from, sizeof n);
  from += sizeof n;
  w->n += n;
  HPO_ASSERT(w->n <= (size_t)w->total);
  memcpy(l->gh + first, from, n * sizeof *l->gh);
  from += n * sizeof *l->gh;
  memcpy(l->code + first * stride, from, n * stride);
  return from + n * stride;
}

/* Compressed rows of the rows from `first` on. */
static hpo_status compress(gbt_grower *g, size_t first, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_lent *l = &g->team->lent;
  const hpo_bins *b = g->bins;

  if (g->home.start == NULL)
    goto done;
  for (size_t i = first; i < l->n; i++) {
    const uint8_t *code = l->code + i * b->stride;
    uint64_t end = l->start[i];
    HPO_TRY(status, hpo_mem_grow(&l->cell, &l->cell_room, end + b->columns,
                                 sizeof *l->cell, err));
    for (size_t f = 0; f < b->columns; f++) {
      uint32_t v = gbt_code_at(code, f, b->code_bytes);
      if (v != b->csr.implicit[f])
        l->cell[end++] = b->offset[f] + v;
    }
    l->start[i + 1] = end;
  }
done:
  return status;
}

static void set_ground(gbt_grower *g) {
  gbt_lent *l = &g->team->lent;

  l->ground = (gbt_ground){.code = l->code,
                           .start = l->start,
                           .cell = l->cell,
                           .column = l->code,
                           .feature_step = g->bins->code_bytes,
                           .row_step = g->bins->stride,
                           .idx = l->idx,
                           .gh = l->gh};
}

hpo_status gbt_subtrees_gather(gbt_grower *g, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const int32_t *at = t->roots.at + t->n_gathered;
  size_t n = t->roots.n - t->n_gathered, first = t->lent.n;
  const uint8_t *from = NULL;

  if (n == 0)
    goto done;
  HPO_TRY(status, choose_owners(g, at, n, err));
  HPO_TRY(status, pack_all(g, at, n, err));
  HPO_TRY(status, g->coll->exchange(g->coll->self, t->out.byte, t->to, &t->in,
                                    t->came, err));
  HPO_TRY(status, place(g, at, n, err));
  from = t->in.byte;
  for (size_t r = 0; r < t->ranks; r++)
    for (size_t i = 0; i < n; i++)
      if ((size_t)g->work[at[i]].owner == t->rank)
        from = unpack(g, &g->work[at[i]], from);
  HPO_ASSERT(from == t->in.byte + t->in.n);
  HPO_TRY(status, compress(g, first, err));
  set_ground(g);
  t->n_gathered = t->roots.n;
done:
  return status;
}

/* --- Growth ------------------------------------------------------------- */

/* The splits of the nodes from `first` on, all below `root`. */
static hpo_status pack_splits(const gbt_grower *g, int32_t root, size_t first,
                              hpo_buffer *out, hpo_error *err) {
  hpo_status status = HPO_OK;
  uint64_t n = (g->n_work - first) / 2;
  made *m = NULL;

  HPO_TRY(status, hpo_mem_new((size_t)n, sizeof *m, &m, err));
  for (size_t i = first - 1; i < g->n_work; i++) {
    size_t at = i < first ? (size_t)root : i;
    const gbt_work *w = &g->work[at];
    if (w->left < 0)
      continue;
    m[((size_t)w->left - first) / 2].node = i + 1 - first;
    m[((size_t)w->left - first) / 2].split = w->split;
  }
  HPO_TRY(status, hpo_buffer_add(out, &n, sizeof n, err));
  if (n > 0)
    HPO_TRY(status, hpo_buffer_add(out, m, (size_t)n * sizeof *m, err));
done:
  hpo_mem_free(m);
  return status;
}

/* Grows what is below a root of this rank's and forgets it again: its splits
   are in t->out. */
static hpo_status grow_below(gbt_grower *g, const gbt_scale *scale,
                             int32_t root, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t first = g->n_work;

  HPO_TRY(status, gbt_grow_start(g, scale, &g->work[root], err));
  HPO_TRY(status, gbt_grow_push(g, root, err));
  HPO_TRY(status, gbt_grow_all(g, scale, err));
  HPO_TRY(status, pack_splits(g, root, first, &g->team->out, err));
  g->n_work = first;
  g->work[root].left = -1;
done:
  return status;
}

/* Makes the nodes below a root from its splits. */
static hpo_status rebuild(gbt_grower *g, int32_t root, const uint8_t **from,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t first = g->n_work;
  uint64_t n = 0;

  memcpy(&n, *from, sizeof n);
  *from += sizeof n;
  for (uint64_t k = 0; k < n; k++, *from += sizeof(made)) {
    made m;
    memcpy(&m, *from, sizeof m);
    int32_t at = m.node == 0 ? root : (int32_t)(first + (size_t)m.node - 1);
    g->work[at].split = m.split;
    gbt_grow_judge(g, &g->work[at]);
    HPO_TRY(status, gbt_grow_pair(g, at, 0, 0, err));
  }
done:
  return status;
}

hpo_status gbt_subtrees_grow(gbt_grower *g, const gbt_scale *scale,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;
  const uint8_t *from = NULL;

  if (t->roots.n == 0)
    goto done;
  t->out.n = 0;
  g->ground = &t->lent.ground;
  for (size_t i = 0; i < t->roots.n; i++)
    if ((size_t)g->work[t->roots.at[i]].owner == t->rank)
      HPO_TRY(status, grow_below(g, scale, t->roots.at[i], err));
  g->ground = &g->home;
  HPO_TRY(status, g->coll->share(g->coll->self, t->out.byte, t->out.n, &t->in,
                                 t->came, err));
  from = t->in.byte;
  for (size_t r = 0; r < t->ranks; r++)
    for (size_t i = 0; t->came[r] > 0 && i < t->roots.n; i++)
      if ((size_t)g->work[t->roots.at[i]].owner == r)
        HPO_TRY(status, rebuild(g, t->roots.at[i], &from, err));
  HPO_ASSERT(from == t->in.byte + t->in.n);
done:
  return status;
}

/* --- Routes --------------------------------------------------------------*/

/* Parts this rank's rows of a node whose children are subtrees' nodes. */
static hpo_status route_node(gbt_grower *g, int32_t at, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_work *w = &g->work[at], *left = NULL;

  if (w->left < 0)
    goto done;
  left = &g->work[w->left];
  left[0].begin = w->begin;
  left[0].n = gbt_grow_part(g, w);
  left[1].begin = w->begin + left[0].n;
  left[1].n = w->n - left[0].n;
  HPO_TRY(status, gbt_grow_push(g, w->left + 1, err));
  HPO_TRY(status, gbt_grow_push(g, w->left, err));
done:
  return status;
}

hpo_status gbt_subtrees_route(gbt_grower *g, hpo_error *err) {
  hpo_status status = HPO_OK;
  gbt_team *t = g->team;

  for (size_t i = 0; i < t->roots.n; i++) {
    gbt_work *w = &g->work[t->roots.at[i]];
    w->begin = w->home[0];
    w->n = w->home[1];
    HPO_TRY(status, gbt_grow_push(g, t->roots.at[i], err));
    while (g->n_open > 0)
      HPO_TRY(status, route_node(g, g->open[--g->n_open], err));
  }
done:
  return status;
}
