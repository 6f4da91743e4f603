/* SPDX-License-Identifier: BSD-3-Clause */
/* Who of the teams is still there: see lookout.h. */
#include "roles/lookout.h"

#include <math.h>
#include <stdio.h>

#include "hpo/clock.h"
#include "hpo/mem.h"

/* Seconds that one turn counts for at most. */
#define LONGEST_TURN 1.0

hpo_status hpo_lookout_start(hpo_lookout *l, hpo_comm comm,
                             const int *team_rank, int n_teams, int team_size,
                             hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = (size_t)n_teams;

  l->comm = comm;
  l->n_teams = l->n_there = n_teams;
  l->team_size = team_size > 0 ? team_size : 1;
  l->looked = hpo_clock_seconds();
  HPO_TRY(status,
          hpo_mem_copy(team_rank, n * sizeof *team_rank, &l->team_rank, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->presence, &l->presence, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->given, &l->given, err));
done:
  return status;
}

void hpo_lookout_free(hpo_lookout *l) {
  hpo_mem_free(l->team_rank);
  hpo_mem_free(l->presence);
  hpo_mem_free(l->given);
}

void hpo_lookout_tick(hpo_lookout *l) {
  double now = hpo_clock_seconds(), turn = now - l->looked;

  l->clock += turn < LONGEST_TURN ? turn : LONGEST_TURN;
  l->looked = now;
}

void hpo_lookout_moved(hpo_lookout *l) { l->moved = l->clock; }

bool hpo_lookout_is_stuck(const hpo_lookout *l) {
  return l->stuck_after > 0 && l->clock - l->moved > l->stuck_after;
}

void hpo_lookout_gave(hpo_lookout *l, int team) { l->given[team] = l->clock; }

bool hpo_lookout_had_begun(const hpo_lookout *l, int team) {
  double silence = 0;

  for (int k = 0; k < l->team_size; k++)
    silence =
        fmax(silence, l->comm.silence(l->comm.self, l->team_rank[team] + k));
  return silence < l->clock - l->given[team];
}

int hpo_lookout_find(const hpo_lookout *l, int rank) {
  for (int t = 0; t < l->n_teams; t++)
    if (l->team_rank[t] == rank && l->presence[t] == HPO_TEAM_THERE)
      return t;
  return -1;
}

int hpo_lookout_first(const hpo_lookout *l) {
  for (int t = 0; t < l->n_teams; t++)
    if (l->presence[t] == HPO_TEAM_THERE)
      return l->team_rank[t];
  return -1;
}

int hpo_lookout_silent(const hpo_lookout *l, char *why, size_t room) {
  for (int t = 0; l->lost_after > 0 && t < l->n_teams; t++)
    for (int k = 0; l->presence[t] == HPO_TEAM_THERE && k < l->team_size;
         k++) {
      int rank = l->team_rank[t] + k;
      double silence = l->comm.silence(l->comm.self, rank);
      if (silence <= l->lost_after)
        continue;
      (void)snprintf(why, room, "rank %d gave no sign of life for %.3g s",
                     rank, silence);
      return t;
    }
  return -1;
}

void hpo_lookout_lose(hpo_lookout *l, int team) {
  HPO_ASSERT(l->presence[team] == HPO_TEAM_THERE);
  l->presence[team] = HPO_TEAM_LOST;
  l->n_there--;
  l->n_lost++;
  for (int k = 0; k < l->team_size; k++)
    l->comm.dismiss(l->comm.self, l->team_rank[team] + k);
}

void hpo_lookout_part(hpo_lookout *l, int team) {
  l->presence[team] = HPO_TEAM_GONE;
  l->n_there--;
}
