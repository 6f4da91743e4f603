/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of a study file and their columns. */
#include "layout_private.h"

#include <string.h>

#define END                                                                   \
  { NULL, HPO_COLUMN_WHOLE, 0, 0, NULL, "", "" }
#define COL(type, member, kind, room, words, unit, description)               \
  {                                                                           \
#member, HPO_COLUMN_##kind, offsetof(type, member), room, words, unit,    \
        description                                                           \
  }
#define WHOLE(type, member, unit, description)                                \
  COL(type, member, WHOLE, 0, NULL, unit, description)
#define REAL(type, member, unit, description)                                 \
  COL(type, member, REAL, 0, NULL, unit, description)
#define TEXT(type, member, room, description)                                 \
  COL(type, member, TEXT, room, NULL, "", description)

#define DECISION_WORDS "new retry again promote end"

typedef hpo_layout_session session;
typedef hpo_layout_decision decision;
typedef hpo_layout_test_score score;
typedef hpo_layout_winner winner;
typedef hpo_layout_log line;
typedef hpo_layout_refit refit;
typedef hpo_layout_tag tag;
typedef hpo_layout_pareto pareto;
typedef hpo_layout_note note;
typedef hpo_layout_cell cell;
typedef hpo_layout_point point;
typedef hpo_layout_artifact artifact;

/* clang-format off */
static const hpo_column session_columns[] = {
    WHOLE(session, number, "", "Number of the session, that of its row."),
    WHOLE(session, start, "ns", "Start, UTC since 1970."),
    WHOLE(session, end, "ns", "End, UTC since 1970; -1 while it runs or if it "
                              "was killed."),
    REAL(session, wall, "s", "Time that counts for the study's timeout."),
    TEXT(session, exit_reason, 64,
         "Why it ended; empty while it runs or if it was killed."),
    TEXT(session, hosts, 1024, "Hosts, each with its number of ranks."),
    WHOLE(session, ranks, "", "MPI ranks."),
    WHOLE(session, teams, "", "Teams of ranks that trained trials."),
    TEXT(session, hpotune_version, 32, "Version of the program."),
    TEXT(session, git, 64, "Commit that the program was built from."),
    TEXT(session, compiler, 128, "Compiler that built it."),
    TEXT(session, flags, 256, "Flags of the compiler."),
    TEXT(session, mpi, 128, "MPI library."),
    TEXT(session, hdf5, 32, "HDF5 library."),
    TEXT(session, blas, 128, "BLAS library and its kernel."),
    TEXT(session, cpu, 128, "CPU of the first rank's host."),
    TEXT(session, slurm_job_id, 32, "Slurm job; empty outside Slurm."),
    WHOLE(session, slurm_restart_count, "",
          "How often Slurm requeued the job; -1 outside Slurm."),
    TEXT(session, command, 1024, "Command line."),
    WHOLE(session, xml_offset, "bytes",
          "First byte of its study.xml in /study/session_xml; -1 none."),
    WHOLE(session, xml_length, "bytes", "Bytes of its study.xml."),
    WHOLE(session, trials, "",
          "Trials in all that it was to make; 0 no limit, -1 not known."),
    END};

static const hpo_column decision_columns[] = {
    WHOLE(decision, job, "", "Number of the job; -1 where the study ends."),
    WHOLE(decision, trial, "", "Trial of the job; -1 where the study ends."),
    WHOLE(decision, attempt, "", "How often the trial was started before."),
    COL(decision, kind, CHOICE, 0, DECISION_WORDS, "",
        "new trial, retry of a failed one, an interrupted job run again, "
        "promotion of a paused trial, end of the study."),
    WHOLE(decision, from_step, "", "Steps that were done before."),
    WHOLE(decision, to_step, "",
          "Step after which the job stops; 2^63-1: at the end."),
    WHOLE(decision, horizon, "",
          "Last job whose result could be seen; -1 none, 2^63-1 all."),
    WHOLE(decision, time, "ns", "When it was made, UTC since 1970."),
    WHOLE(decision, image_offset, "bytes",
          "First byte of a paused row's new image in /decision_images; -1 "
          "none."),
    WHOLE(decision, image_length, "bytes", "Bytes of the image."),
    END};

static const hpo_column pareto_columns[] = {
    WHOLE(pareto, trial, "", "Trial; -1 where a session ends."),
    COL(pareto, event, CHOICE, 0, "joined left end", "",
        "It came onto the front, another one dominates it now, or a session "
        "ended. The front is the trials whose last row says joined."),
    WHOLE(pareto, time, "ns", "When it was written, UTC since 1970."),
    WHOLE(pareto, front, "", "Trials on the front afterwards."),
    REAL(pareto, hypervolume, "",
         "Hypervolume between the front and the reference; NaN while no trial "
         "keeps to the constraints."),
#define REFERENCE(k)                                                          \
  {"reference." #k, HPO_COLUMN_REAL,                                          \
   offsetof(pareto, reference) + (k) * sizeof(double), 0, NULL, "",           \
   "Objective " #k " at the reference point; NaN: there is none."}
    REFERENCE(0), REFERENCE(1), REFERENCE(2), REFERENCE(3),
#undef REFERENCE
    END};

static const hpo_column score_columns[] = {
    WHOLE(score, trial, "", "Trial whose stored model was scored."),
    COL(score, model, CHOICE, 0, "trial refit", "",
        "Its own model, or the one trained again on all other rows."),
    COL(score, metric, METRIC, 0, NULL, "", "Metric on the test rows."),
    REAL(score, value, "", "Its value."),
    WHOLE(score, time, "ns", "When it was computed, UTC since 1970."), END};

static const hpo_column winner_columns[] = {
    WHOLE(winner, time, "ns", "When it was chosen, UTC since 1970."),
    WHOLE(winner, trial, "", "The trial that won."),
    WHOLE(winner, best, "", "Trial with the best value."),
    COL(winner, rule, CHOICE, 0, "best one-se", "",
        "How it was chosen: the best value, or the simplest within one "
        "standard error of it."),
    WHOLE(winner, trials, "", "Complete, pruned and failed trials then."),
    WHOLE(winner, candidates, "",
          "Trials within one standard error of the best; 1: rule best."),
    REAL(winner, value, "", "Its objective on the validation rows."),
    REAL(winner, standard_error, "",
         "Of the best trial's mean over the folds; NaN: no folds."),
    REAL(winner, corrected, "",
         "The objective, corrected for the choice; NaN: it was not."),
    REAL(winner, low, "", "Lower end of the 95 % interval; NaN: none."),
    REAL(winner, high, "", "Upper end of the 95 % interval; NaN: none."),
    COL(winner, method, CHOICE, 0, "none bbc tt", "",
        "The correction: bootstrap over the validation rows, or over the "
        "folds."),
    WHOLE(winner, models, "", "Trials that the correction compared."),
    WHOLE(winner, samples, "", "Bootstrap samples; 0: none."),
    TEXT(winner, reason, 240, "Why this one, as a sentence."), END};

static const hpo_column log_columns[] = {
    WHOLE(line, time, "ns", "When it was said, UTC since 1970."),
    COL(line, level, CHOICE, 0, "error warn info debug", "",
        "How much it matters."),
    TEXT(line, text, 240, "What was said."), END};

static const hpo_column tag_columns[] = {
    WHOLE(tag, time, "ns", "When it was set, UTC since 1970."),
    WHOLE(tag, trial, "", "Trial that has the tag; -1: the study."),
    TEXT(tag, name, 64, "Name; the latest row of a name counts."),
    TEXT(tag, value, 256, "Value."), END};

static const hpo_column note_columns[] = {
    WHOLE(note, time, "ns", "When it was written, UTC since 1970."),
    WHOLE(note, trial, "", "Trial that it is about; -1: the study."),
    TEXT(note, text, 1024, "Text."), END};

static const hpo_column refit_columns[] = {
    WHOLE(refit, trial, "", "Trial whose parameters were used."),
    WHOLE(refit, rows, "", "Rows that the model was trained on."),
    WHOLE(refit, model_offset, "bytes", "First byte in /models."),
    WHOLE(refit, model_length, "bytes", "Bytes in /models."),
    COL(refit, model_format, CHOICE, 0, "xgboost-ubj json plugin", "",
        "How the model is written."),
    WHOLE(refit, model_crc, "", "CRC-32 of the model's bytes."),
    WHOLE(refit, time, "ns", "When it was trained, UTC since 1970."), END};

static const hpo_column artifact_columns[] = {
    WHOLE(artifact, trial, "", "Trial that it belongs to; -1: the study."),
    TEXT(artifact, name, 256, "Name."),
    TEXT(artifact, media_type, 128, "What it is, such as image/png."),
    WHOLE(artifact, offset, "bytes", "First byte in /artifact_bytes."),
    WHOLE(artifact, length, "bytes", "Bytes in /artifact_bytes."),
    WHOLE(artifact, content_crc, "", "CRC-32 of its bytes."),
    WHOLE(artifact, time, "ns", "When it was attached, UTC since 1970."),
    END};

static const hpo_column confusion_columns[] = {
    WHOLE(cell, trial, "", "Trial whose stored model predicted."),
    WHOLE(cell, model_offset, "bytes", "First byte of the model in /models."),
    WHOLE(cell, truth, "", "Class that the rows are of, from 0."),
    WHOLE(cell, predicted, "", "Class that they are said to be of."),
    REAL(cell, weight, "", "Their number, or the sum of their weights."),
    END};

static const hpo_column roc_columns[] = {
    WHOLE(point, trial, "", "Trial whose stored model predicted."),
    WHOLE(point, model_offset, "bytes", "First byte of the model in /models."),
    WHOLE(point, positive, "", "Class that counts as positive, from 0."),
    REAL(point, threshold, "",
         "Rows with at least this probability are said to be positive."),
    REAL(point, true_positives, "",
         "Weight of those that are; of all that are in the last row."),
    REAL(point, false_positives, "",
         "Weight of those that are not; of all that are not in the last row."),
    END};

const hpo_table hpo_layout_declared[] = {
    {HPO_TABLE_TRIALS, NULL, 0, 64, true,
     "One row per trial; row n is trial n."},
    {HPO_TABLE_CURVES, NULL, 0, 2048, false,
     "One row per point of a trial's curves."},
    {HPO_TABLE_MODELS, NULL, 0, 65536, false,
     "The stored models, one after the other."},
    {HPO_TABLE_DECISIONS, decision_columns, sizeof(decision), 64, true,
     "One row per decision of the scheduler."},
    {HPO_TABLE_DECISION_IMAGES, NULL, 0, 4096, false,
     "Images of paused trials' rows, before the rows are overwritten."},
    {HPO_TABLE_SESSIONS, session_columns, sizeof(session), 4, true,
     "One row per start of the program on this study."},
    {HPO_TABLE_SESSION_XML, NULL, 0, 4096, false,
     "The study.xml of every session, one after the other."},
    {HPO_TABLE_PARETO, pareto_columns, sizeof(pareto), 64, true,
     "Changes of the Pareto front, with several objectives."},
    {HPO_TABLE_TEST_SCORES, score_columns, sizeof(score), 64, true,
     "Scores of kept models on the test rows, never used by the search."},
    {HPO_TABLE_WINNER, winner_columns, sizeof(winner), 4, true,
     "The trial that won, and how good it may be expected to be; the last "
     "row counts."},
    {HPO_TABLE_LOG, log_columns, sizeof(line), 64, false,
     "What the program said."},
    {HPO_TABLE_TAGS, tag_columns, sizeof(tag), 16, true,
     "Tags of the study and of trials."},
    {HPO_TABLE_NOTES, note_columns, sizeof(note), 8, true,
     "Notes on the study and on trials."},
    {HPO_TABLE_REFITS, refit_columns, sizeof(refit), 16, true,
     "Models trained again with a trial's parameters on more rows."},
    {HPO_TABLE_ARTIFACTS, artifact_columns, sizeof(artifact), 16, true,
     "Files attached to the study or to trials."},
    {HPO_TABLE_ARTIFACT_BYTES, NULL, 0, 65536, false,
     "Bytes of the attached files, one after the other."},
    {HPO_TABLE_CONFUSION, confusion_columns, sizeof(cell), 64, true,
     "How often stored models took each class for each, of the validation "
     "rows."},
    {HPO_TABLE_ROC, roc_columns, sizeof(point), 256, true,
     "Points of stored models' ROC curves, of the validation rows."},
    {NULL, NULL, 0, 0, false, NULL}};
/* clang-format on */

int hpo_layout_model_format(const char *name) {
  return strcmp(name, "xgboost-ubj") == 0 ? 0
         : strcmp(name, "json") == 0      ? 1
         : strcmp(name, "plugin") == 0    ? 2
                                          : -1;
}

int hpo_layout_decision_kind(const char *name) {
  static const char *const kinds[] = {"new", "retry", "again", "promote",
                                      "end"};

  for (int i = 0; i < 5; i++)
    if (strcmp(kinds[i], name) == 0)
      return i;
  return -1;
}
