/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of a plan's members: name, kind, place, whether a change makes
 * another study (rulings.md, The file), unit and meaning. */
#include "plan_private.h"

#define LATER(type, member, kind, counts, unit, description, before)          \
  {                                                                           \
#member, HPO_MEMBER_##kind, offsetof(type, member), counts, unit,         \
        description, before                                                   \
  }
#define ROW(...) LATER(__VA_ARGS__, NULL)
#define END                                                                   \
  { NULL, HPO_MEMBER_TEXT, 0, false, "", "", NULL }

/* clang-format off */
const hpo_member hpo_plan_members[] = {
#define P(...) ROW(hpo_plan, __VA_ARGS__)
    P(name, TEXT, true, "", "Name of the study."),
    P(description, TEXT, false, "", "What the study asks."),
    P(seed, SEED, true, "", "Seed of all random streams."),
    P(tags, SETTINGS, false, "", "Tags of the study."),
    P(has_data, BOOL, true, "", "Whether the study has data."),
    P(report, NAMES, true, "", "Metrics to record beside the objectives."),
    P(trials, WHOLE, false, "",
      "Trials of the study in all; 0: no limit."),
    P(timeout, FLOAT, false, "s", "Time over all sessions; 0: no limit."),
    P(target, FLOAT, false, "",
      "Value of the objective that ends the study; NaN: none."),
    P(patience, WHOLE, false, "",
      "Trials without a better one that end the study; 0: no limit."),
    P(limit_time, FLOAT, false, "s", "Longest time of a trial; 0: no limit."),
    P(limit_memory, WHOLE, false, "bytes",
      "Most memory of a trial; 0: no limit."),
    P(retries, INT, false, "", "How often a failed trial is tried again."),
    P(ranks_per_trial, INT, false, "", "Ranks of a team; 0: all."),
    LATER(hpo_plan, batch, INT, false, "",
      "Trials that a team trains side by side.", "1"),
    P(data_mode, TEXT, false, "", "How the rows lie on the ranks."),
    P(shards, WHOLE, false, "",
      "Shards of the training rows, of which a trial sees one; 0: none."),
    P(strict, BOOL, true, "", "Whether the order of jobs is strict."),
    P(window, WHOLE, true, "", "Window P of the strict order."),
    P(folder, TEXT, false, "", "Folder of the study's XML file."),
    P(output, TEXT, false, "", "Path of the study file."),
    P(keep_models, WHOLE, false, "",
      "How many of the best models are kept; -1: all."),
    P(winner, TEXT, false, "", "Rule by which the winner is chosen."),
    P(simpler, TEXT, false, "", "What makes a trial simpler, for one-se."),
    P(bootstrap, WHOLE, false, "",
      "Samples that the winner's luck is judged by; 0: none."),
    LATER(hpo_plan, reuse, BOOL, false, "",
      "Whether equal parameters are trained once.", "0"),
    P(refit, BOOL, false, "",
      "Whether the winner is trained again on all rows at the end."),
#undef P
    END};

const hpo_member hpo_plan_data_members[] = {
#define D(...) ROW(hpo_plan_data, __VA_ARGS__)
    D(task, TASK, true, "", "What is learnt."),
    D(label, TEXT, true, "", "Column of the label."),
    D(positive, TEXT, true, "", "Condition of the positive class."),
    D(train, NAMES, false, "", "Paths of the training files."),
    D(train_href, NAMES, false, "", "Training files as the study has them."),
    D(train_dataset, NAMES, false, "", "Data sets in the training files."),
    D(train_label, NAMES, false, "", "Paths of the training labels' files."),
    D(train_label_href, NAMES, false, "",
      "Files of the training labels as the study has them."),
    D(train_label_dataset, NAMES, false, "",
      "Data sets of the training labels."),
    D(format, TEXT, true, "", "Format of the files; empty: by suffix."),
    D(header, TEXT, true, "", "Whether the files have a header."),
    D(names, NAMES, true, "", "Names of the columns, where given."),
    D(validation, TEXT, false, "", "Path of the validation file."),
    D(validation_href, TEXT, false, "",
      "Validation file as the study has it."),
    D(validation_dataset, TEXT, false, "", "Data set in the validation file."),
    D(validation_label, TEXT, false, "", "Path of the validation labels' file."),
    D(validation_label_href, TEXT, false, "",
      "File of the validation labels as the study has it."),
    D(validation_label_dataset, TEXT, false, "",
      "Data set of the validation labels."),
    D(validation_fraction, FLOAT, true, "",
      "Share of the rows that validate; 0: none."),
    D(stratify, BOOL, true, "", "Whether the split keeps class shares."),
    D(folds, INT, true, "", "Folds; 0: none, or those of the column fold."),
    D(has_folds, BOOL, true, "", "Whether folds validate."),
    D(folds_in_time, BOOL, true, "",
      "Whether a fold trains on the rows before it alone."),
    D(group, TEXT, true, "", "Column of groups that no fold parts."),
    D(fold, TEXT, true, "", "Column of the user's own folds."),
    D(test, TEXT, false, "", "Path of the test file."),
    D(test_href, TEXT, false, "", "Test file as the study has it."),
    D(test_dataset, TEXT, false, "", "Data set in the test file."),
    D(test_label, TEXT, false, "", "Path of the test labels' file."),
    D(test_label_href, TEXT, false, "",
      "File of the test labels as the study has it."),
    D(test_label_dataset, TEXT, false, "", "Data set of the test labels."),
    D(test_fraction, FLOAT, true, "",
      "Share of the rows that are sealed for the test; 0: none."),
    D(test_stratify, BOOL, true, "",
      "Whether the test's share keeps class shares."),
    D(categorical, NAMES, true, "", "Columns taken as categories."),
    D(ignore, NAMES, true, "", "Columns left out."),
    D(weight, TEXT, true, "", "Column of the rows' weights."),
    D(missing, NAMES, true, "", "Texts that mean a missing value."),
    D(onehot, NAMES, true, "",
      "Categorical columns that linear models take one-hot."),
    D(standardize, BOOL, true, "",
      "Whether linear models take standardised features."),
    D(impute, TEXT, true, "",
      "What linear models take for a missing value."),
#undef D
    END};

const hpo_member hpo_plan_model_members[] = {
#define M(...) ROW(hpo_plan_model, __VA_ARGS__)
    M(name, TEXT, true, "", "Name of the model in this study."),
    M(kind, TEXT, true, "", "Kind of the model."),
    M(fixed, SETTINGS, true, "", "Options that are not searched."),
    M(patterns, SETTINGS, true, "", "Patterns of metrics in the output."),
    M(line, INT, false, "", "Line of the study file."),
#undef M
    END};

const hpo_member hpo_plan_objective_members[] = {
#define O(...) ROW(hpo_plan_objective, __VA_ARGS__)
    O(metric, TEXT, true, "", "Metric of the objective."),
    O(maximize, BOOL, true, "", "Whether higher is better."),
    O(reference, FLOAT, false, "",
      "Its value at the hypervolume's reference point; NaN: the worst."),
#undef O
    END};

const hpo_member hpo_plan_constraint_members[] = {
#define C(...) ROW(hpo_plan_constraint, __VA_ARGS__)
    C(metric, TEXT, true, "", "Metric that is bounded."),
    C(min, FLOAT, true, "", "Least value allowed; NaN: none."),
    C(max, FLOAT, true, "", "Largest value allowed; NaN: none."),
#undef C
    END};

const hpo_member hpo_plan_warm_members[] = {
#define W(...) ROW(hpo_plan_warm, __VA_ARGS__)
    W(href, TEXT, true, "", "Other study's file as the study has it."),
    W(path, TEXT, false, "", "Its path."),
    W(is_points, BOOL, true, "",
      "Whether its trials are tried first; else samplers know them."),
    W(best, WHOLE, true, "", "How many of its best trials; 0: all."),
    W(clip, BOOL, true, "",
      "Whether values outside a range move to its end."),
    W(taken, TEXT, false, "", "What was taken, and why the rest was not."),
    W(line, INT, false, "", "Line of the study file."),
#undef W
    END};

const hpo_member hpo_plan_choice_members[] = {
#define C(...) ROW(hpo_plan_choice, __VA_ARGS__)
    C(name, TEXT, true, "", "Name of the algorithm."),
    C(options, SETTINGS, true, "", "Its options."),
    C(line, INT, false, "", "Line of the study file."),
#undef C
    END};

/* when to end is no part of what the study is */
const hpo_member hpo_plan_terminator_members[] = {
#define T(...) LATER(hpo_plan_choice, __VA_ARGS__)
    T(name, TEXT, false, "", "Name of the terminator.", "none"),
    T(options, SETTINGS, false, "", "Its options.", ""),
    T(line, INT, false, "", "Line of the study file.", "0"),
#undef T
    END};
/* clang-format on */
