/* SPDX-License-Identifier: BSD-3-Clause */
/** \file lookout.h
 *  Who of the teams is still there, and whether the study moves on.
 *
 *      there --silent, broken, stuck--> lost      (for ever)
 *      there --BYE--> gone
 *
 *  1. A team is lost with the first of its ranks: the others could not train
 *     without it.
 *  2. Teams that are lanes of the same ranks are lost together.
 *  3. Time is counted by the turns of whoever asks, so a suspended rank 0
 *     finds nothing amiss when it wakes.
 */
#ifndef ROLES_LOOKOUT_H
#define ROLES_LOOKOUT_H

#include "hpo/comm.h"

typedef enum hpo_team_presence {
  HPO_TEAM_THERE,
  HPO_TEAM_GONE,
  HPO_TEAM_LOST
} hpo_team_presence;

typedef struct hpo_lookout {
  hpo_comm comm;
  int n_teams, team_size;
  int lanes, n_groups;         /* teams of the same ranks, and of others */
  int *team_rank;              /* [n_teams] first rank of each */
  int *group_of;               /* [comm.size] that a rank leads; -1: none */
  hpo_team_presence *presence; /* [n_teams] */
  int n_there, n_lost;
  double lost_after;  /* silence that is a loss, seconds; 0: none */
  double stuck_after; /* without progress, seconds; 0: for ever is right */
  double clock, looked, moved; /* seconds of turns; when last, both */
  double *given;               /* [n_teams] of clock: its job */
} hpo_lookout;

/** lanes of n_groups groups of ranks: team t is lane t / n_groups of group
 *  t % n_groups.
 *  \param group_rank [n_groups] first rank of each; copied */
HPO_MUST_USE hpo_status hpo_lookout_start(hpo_lookout *l, hpo_comm comm,
                                          const int *group_rank, int n_groups,
                                          int lanes, int team_size,
                                          hpo_error *err);
void hpo_lookout_free(hpo_lookout *l);
/** One turn of the clock. */
void hpo_lookout_tick(hpo_lookout *l);
/** There was progress. */
void hpo_lookout_moved(hpo_lookout *l);
bool hpo_lookout_is_stuck(const hpo_lookout *l);
/** The team was given a job. */
void hpo_lookout_gave(hpo_lookout *l, int team);
/** Whether a team has shown a sign of life since: what it is lost with may be
 *  what it is lost by. */
bool hpo_lookout_had_begun(const hpo_lookout *l, int team);
/** The team that is a lane of the rank that leads it; -1: none that is
 *  there. */
int hpo_lookout_find(const hpo_lookout *l, int rank, int lane);
int hpo_lookout_lane(const hpo_lookout *l, int team);
/** The team of the same ranks in the next lane; -1: that was the last. */
int hpo_lookout_next_lane(const hpo_lookout *l, int team);
/** The first rank of the first team that is there; -1: none. */
int hpo_lookout_first(const hpo_lookout *l);
/** A team that is there, one of whose ranks is silent; -1: none.
 *  \param [out] why the sentence */
int hpo_lookout_silent(const hpo_lookout *l, char *why, size_t room);
/** The team, of a first lane, is lost with all lanes: its ranks are told to
 *  leave. */
void hpo_lookout_lose(hpo_lookout *l, int team);
/** The team, of a first lane, has said BYE for all lanes. */
void hpo_lookout_part(hpo_lookout *l, int team);

#endif
