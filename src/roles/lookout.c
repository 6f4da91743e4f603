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
                             const int *group_rank, int n_groups, int lanes,
                             int team_size, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t n = (size_t)n_groups * (size_t)lanes, size = (size_t)comm.size;

  l->comm = comm;
  l->lanes = lanes;
  l->n_groups = n_groups;
  l->n_teams = l->n_there = n_groups * lanes;
  l->team_size = team_size > 0 ? team_size : 1;
  l->looked = hpo_clock_seconds();
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->team_rank, &l->team_rank, err));
  for (size_t t = 0; t < n; t++)
    l->team_rank[t] = group_rank[t % (size_t)n_groups];
  HPO_TRY(status, hpo_mem_new(size, sizeof *l->group_of, &l->group_of, err));
  for (size_t r = 0; r < size; r++)
    l->group_of[r] = -1;
  for (int g = 0; g < n_groups; g++)
    l->group_of[group_rank[g]] = g;
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->presence, &l->presence, err));
  HPO_TRY(status, hpo_mem_new(n, sizeof *l->given, &l->given, err));
done:
  return status;
}

void hpo_lookout_free(hpo_lookout *l) {
  hpo_mem_free(l->team_rank);
  hpo_mem_free(l->group_of);
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

int hpo_lookout_find(const hpo_lookout *l, int rank, int lane) {
  int group = l->group_of[rank], team = lane * l->n_groups + group;

  return group >= 0 && lane < l->lanes && l->presence[team] == HPO_TEAM_THERE
             ? team
             : -1;
}

int hpo_lookout_lane(const hpo_lookout *l, int team) {
  return team / l->n_groups;
}

int hpo_lookout_next_lane(const hpo_lookout *l, int team) {
  int next = team + l->n_groups;
  return next < l->n_teams ? next : -1;
}

int hpo_lookout_first(const hpo_lookout *l) {
  for (int t = 0; t < l->n_teams; t++)
    if (l->presence[t] == HPO_TEAM_THERE)
      return l->team_rank[t];
  return -1;
}

int hpo_lookout_silent(const hpo_lookout *l, char *why, size_t room) {
  for (int t = 0; l->lost_after > 0 && t < l->n_groups; t++)
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

static void leave(hpo_lookout *l, int team, hpo_team_presence how) {
  HPO_ASSERT(team < l->n_groups && l->presence[team] == HPO_TEAM_THERE);
  for (int t = team; t >= 0; t = hpo_lookout_next_lane(l, t)) {
    l->presence[t] = how;
    l->n_there--;
  }
}

void hpo_lookout_lose(hpo_lookout *l, int team) {
  leave(l, team, HPO_TEAM_LOST);
  l->n_lost++;
  for (int k = 0; k < l->team_size; k++)
    l->comm.dismiss(l->comm.self, l->team_rank[team] + k);
}

void hpo_lookout_part(hpo_lookout *l, int team) {
  leave(l, team, HPO_TEAM_GONE);
}
