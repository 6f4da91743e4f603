/* SPDX-License-Identifier: BSD-3-Clause */
/* How busy the teams were, over all trials, for the report page. */
#include "hpo/mem.h"
#include "report/json.h"
#include "report/page.h"

enum { MOST_TEAMS = 4096, MOST_SESSIONS = 100000 };

typedef struct work {
  size_t trials;
  double busy; /* seconds */
} work;

/* From the first start to the last end of a session's trials. */
typedef struct span {
  int64_t first, last; /* ns; last 0: no trial */
} span;

typedef struct tally {
  work *team;
  span *session;
  size_t n_team, team_room, n_session, session_room;
} tally;

static hpo_status add_trial(tally *t, int64_t team, int64_t session,
                            int64_t start, int64_t end, hpo_error *err) {
  hpo_status status = HPO_OK;
  size_t i = (size_t)team, s = (size_t)session;

  if (team < 0 || team >= MOST_TEAMS || session < 0 ||
      session >= MOST_SESSIONS || start <= 0 || end < start)
    return HPO_OK;
  HPO_TRY(status,
          hpo_mem_grow(&t->team, &t->team_room, i + 1, sizeof *t->team, err));
  HPO_TRY(status, hpo_mem_grow(&t->session, &t->session_room, s + 1,
                               sizeof *t->session, err));
  t->n_team = i >= t->n_team ? i + 1 : t->n_team;
  t->n_session = s >= t->n_session ? s + 1 : t->n_session;
  t->team[i].trials++;
  t->team[i].busy += (double)(end - start) / 1e9;
  span *p = &t->session[s];
  p->first = p->last == 0 || start < p->first ? start : p->first;
  p->last = end > p->last ? end : p->last;
done:
  return status;
}

hpo_status hpo_page_teams(const hpo_study_file *f, hpo_buffer *out,
                          hpo_error *err) {
  hpo_status status = HPO_OK;
  static const char *const names[] = {"team", "session", "start", "end"};
  const hpo_field *field[4];
  tally t = {.n_team = 0};
  double seconds = 0;
  const char *sign = "";

  for (size_t k = 0; k < 4; k++)
    field[k] = hpo_record_find(f->trials, names[k]);
  for (size_t i = 0; i < f->n; i++)
    if (f->good[i])
      HPO_TRY(status,
              add_trial(&t, hpo_field_int(field[0], i),
                        hpo_field_int(field[1], i), hpo_field_int(field[2], i),
                        hpo_field_int(field[3], i), err));
  for (size_t s = 0; s < t.n_session; s++)
    seconds += (double)(t.session[s].last - t.session[s].first) / 1e9;
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"span\":"));
  HPO_TRY(status, hpo_json_number(out, seconds, err));
  HPO_TRY(status, hpo_buffer_format(out, err, ",\n\"teams\":["));
  for (size_t i = 0; i < t.n_team; i++) {
    if (t.team[i].trials == 0)
      continue;
    HPO_TRY(status, hpo_buffer_format(out, err, "%s[%zu,%zu,", sign, i,
                                      t.team[i].trials));
    HPO_TRY(status, hpo_json_number(out, t.team[i].busy, err));
    HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
    sign = ",";
  }
  HPO_TRY(status, hpo_buffer_add(out, "]", 1, err));
done:
  hpo_mem_free(t.team);
  hpo_mem_free(t.session);
  return status;
}
