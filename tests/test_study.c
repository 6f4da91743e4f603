/* SPDX-License-Identifier: BSD-3-Clause */
/* The study file: what is read, and how each fault is told.
 *
 * Contents: tools; faults by a table of changes to one good study; whole
 * files of tests/study; plans; --set; garbage.
 *
 * tests/study/bad/NAME.xml holds the faults that it has in comments
 * "expect: LINE: ..."; files of tests/study/good have none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hpo/file.h"
#include "hpo/mem.h"
#include "hpo/study.h"
#include "studynames.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* --- Tools ------------------------------------------------------------ */

static const char base[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<study name=\"t\" seed=\"1\">\n"
    "  <description> what\n   it is </description><tag name=\"a\">b</tag>\n"
    "  <data task=\"binary\" label=\"good\">\n"
    "    <train href=\"a.csv\"/>\n"
    "    <validation fraction=\"0.2\" stratify=\"yes\"/>\n"
    "    <categorical columns=\"region\"/>\n"
    "    <ignore columns=\"id\"/>\n"
    "    <weight column=\"w\"/>\n"
    "    <missing value=\"-999\"/>\n"
    "  </data>\n" /* line 12 */
    "  <model kind=\"gbt\" objective=\"binary:logistic\">\n"
    "    <fixed name=\"max_bin\" value=\"128\"/>\n"
    "    <int name=\"max_depth\" low=\"3\" high=\"15\"/>\n"
    "    <float name=\"learning_rate\" low=\"0.01\" high=\"0.3\" log=\"yes\"/>"
    "\n"
    "    <float name=\"subsample\" low=\"0.5\" high=\"1.0\" step=\"0.05\"/>\n"
    "  </model>\n"
    "  <model kind=\"ridge\">\n"
    "    <float name=\"C\" low=\"1e-4\" high=\"1e4\" log=\"yes\"/>\n"
    "    <categorical name=\"penalty\">\n"
    "      <choice value=\"l1\"/><choice value=\"l2\"/>\n"
    "      <choice value=\"elasticnet\">\n"
    "        <float name=\"l1_ratio\" low=\"0\" high=\"1\"/></choice>\n"
    "    </categorical>\n"
    "  </model>\n" /* line 26 */
    "  <objective metric=\"roc_auc\" direction=\"maximize\"/>\n"
    "  <report metrics=\"accuracy, f1\"/>\n"
    "  <sampler name=\"tpe\" startup-trials=\"5\"/>\n"
    "  <pruner name=\"median\"/>\n"
    "  <enqueue><set name=\"gbt.max_depth\" value=\"6\"/></enqueue>\n"
    "  <budget trials=\"100\" timeout=\"2h\" target=\"0.95\" patience=\"40\"/>"
    "\n"
    "  <trial-limits time=\"10m\" memory=\"4G\" on-fail=\"retry:2\"/>\n"
    "  <parallel ranks-per-trial=\"1\" order=\"strict\" window=\"8\"/>\n"
    "  <output file=\"t.h5\" models=\"best:5\"/>\n"
    "</study>\n";

typedef struct place {
  char folder[256], study[300];
} place;

static void write_text(const char *folder, const char *name, const char *text,
                       size_t n) {
  char path[600];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(text, 1, n, f), n);
  fclose(f);
}

static int make_place(void **state) {
  place *p = calloc(1, sizeof *p);
  snprintf(p->folder, sizeof p->folder, "/tmp/hpotune-study-XXXXXX");
  if (p == NULL || mkdtemp(p->folder) == NULL)
    return 1;
  snprintf(p->study, sizeof p->study, "%s/t.xml", p->folder);
  write_text(p->folder, "a.csv", "x,good\n1,0\n", 11);
  *state = p;
  return 0;
}

static int remove_place(void **state) {
  place *p = *state;
  static const char *const name[] = {"a.csv", "t.xml"};
  char path[600];
  for (size_t i = 0; i < COUNT(name); i++) {
    snprintf(path, sizeof path, "%s/%s", p->folder, name[i]);
    (void)unlink(path);
  }
  (void)rmdir(p->folder);
  free(p);
  return 0;
}

static hpo_status read_with(const place *p, const char *text,
                            const char *const *set, size_t n_set,
                            hpo_plan **plan, hpo_error *err) {
  hpo_catalog catalog = studynames();
  write_text(p->folder, "t.xml", text, strlen(text));
  memset(err, 0, sizeof *err);
  *plan = NULL;
  return hpo_study_read(p->study, &catalog, set, n_set, plan, NULL, err);
}

/* The base with `from` replaced, once; the caller frees it. */
static char *change(const char *from, const char *to) {
  const char *at = strstr(base, from);
  if (at == NULL)
    fail_msg("the base has no %s", from);
  size_t n = sizeof base + strlen(to);
  char *text = malloc(n);
  assert_non_null(text);
  snprintf(text, n, "%.*s%s%s", (int)(at - base), base, to, at + strlen(from));
  return text;
}

static size_t lines_in(const char *text) {
  size_t n = 1;
  for (; *text != '\0'; text++)
    n += *text == '\n';
  return n;
}

/* Each line of expect is a part of the same line of the message. */
static void assert_told(const char *told, const char *expect,
                        const char *what) {
  bool good = lines_in(told) == lines_in(expect);
  const char *t = told, *e = expect;
  while (good && *e != '\0') {
    size_t nt = strcspn(t, "\n"), ne = strcspn(e, "\n");
    good = memmem(t, nt, e, ne) != NULL;
    t += nt + (t[nt] != '\0');
    e += ne + (e[ne] != '\0');
  }
  if (!good)
    fail_msg("%s\ntold:     %s\nexpected: %s", what, told, expect);
}

/* --- Faults ----------------------------------------------------------- */

typedef struct fault {
  const char *from, *to, *told; /* "LINE: ..." parts, one per line */
} fault;

#define NOT_BUILT "is not built yet in this version"

static const fault names[] = {
    {"<budget ", "<budgt ",
     "t.xml:32: <budgt>: unknown element in <study>; did you mean <budget>? "
     "Allowed: <description>, <tag>, <data>, <model>,"},
    {"<int name", "<integer name",
     "t.xml:15: <integer name=\"max_depth\">: unknown element in <model>; did "
     "you mean <int>? Allowed: <fixed>, <int>, <float>, <categorical>"},
    {"<train ", "<pruner name=\"x\"/><train ",
     "t.xml:6: <pruner name=\"x\">: stands in <study>, not in <data>"},
    {"<tag name=\"a\">b", "<tag name=\"a\">b<b/>",
     "t.xml:4: <b>: <tag> has no elements in it"},
    {"log=\"yes\"", "lgo=\"yes\"",
     "t.xml:16: <float name=\"learning_rate\">: <float> has no attribute "
     "\"lgo\"; did you mean \"log\"? Allowed: name, low, high, log, step"},
    {"<study name=\"t\"", "<study nam=\"t\"",
     "t.xml:2: <study>: <study> has no attribute \"nam\"; did you mean "
     "\"name\"? Allowed: name, seed\n"
     "t.xml:2: <study>: name= is missing"},
    {"<study ", "<study xmlns=\"urn:x\" ", "has no attribute \"xmlns\""},
    {"<tag ", "<t:tag xmlns:t=\"urn:x\"/><tag ",
     "t.xml:4: <t:tag>: unknown element in <study>; did you mean <tag>?"},
    {" low=\"3\"", "",
     "t.xml:15: <int name=\"max_depth\">: low= is missing: "
     "a whole number"},
    {"<objective metric=\"roc_auc\" direction=\"maximize\"/>", "",
     "t.xml:2: <study>: <objective> is missing"},
    {"<train href=\"a.csv\"/>", "",
     "t.xml:5: <data>: <train> is missing: one or more"},
    {"<pruner name=\"median\"/>",
     "<pruner name=\"median\"/>\n<pruner name=\"none\"/>",
     "t.xml:31: <pruner name=\"none\">: <pruner> stands here once only, and "
     "is there in line 30"},
    {"<data ", "text\n<data ",
     "t.xml:2: <study>: no text belongs in here; found \"text"},
    {"<tag name=\"a\">", "<tag name=\" \">",
     "t.xml:4: <tag name=\" \">: name can't be \" \"; allowed: a text that is "
     "not empty"},
    {"direction=\"maximize\"", "direction=\"maximise\"",
     "t.xml:27: <objective metric=\"roc_auc\">: direction can't be "
     "\"maximise\"; did you mean \"maximize\"? Allowed: minimize, maximize"},
    {"task=\"binary\"", "task=\"classify\"",
     "t.xml:5: <data>: task can't be \"classify\". Allowed: binary, "
     "multiclass, regression"},
    {"high=\"0.3\"", "high=\"0.3x\"",
     "t.xml:16: <float name=\"learning_rate\">: high can't be \"0.3x\"; "
     "allowed: a number"},
    {"high=\"15\"", "high=\"1.5\"",
     "t.xml:15: <int name=\"max_depth\">: high can't be \"1.5\"; allowed: a "
     "whole number"},
    {"log=\"yes\"", "log=\"true\"",
     "log can't be \"true\"; allowed: yes or no"},
    {"trials=\"100\"", "trials=\"0\"",
     "t.xml:32: <budget>: trials can't be \"0\"; allowed: a whole number, 1 "
     "or "
     "more"},
    {"timeout=\"2h\"", "timeout=\"2 hours\"",
     "timeout can't be \"2 hours\"; allowed: a duration such as"},
    {"memory=\"4G\"", "memory=\"4 GB\"",
     "t.xml:33: <trial-limits>: memory can't be \"4 GB\"; allowed: a size"},
    {"retry:2", "retry",
     "on-fail can't be \"retry\"; allowed: skip, or retry:N"},
    {"best:5", "5",
     "t.xml:35: <output>: models can't be \"5\"; allowed: all, none, or "
     "best:N"},
    {"window=\"8\"", "window=\"0\"",
     "t.xml:34: <parallel>: window can't be \"0\"; allowed: a whole number, 1 "
     "or more"},
    {"seed=\"1\"", "seed=\"-1\"",
     "seed can't be \"-1\"; allowed: a whole number, 0 or more"},
    {"seed=\"1\"", "seed=\"18446744073709551616\"",
     "t.xml:2: <study>: seed can't be \"18446744073709551616\"; allowed: 0 to "
     "18446744073709551615"},
    {"<budget trials=\"100\" timeout=\"2h\" target=\"0.95\" patience=\"40\"/>",
     "<budget/>",
     "t.xml:32: <budget>: no limit, so the study would never end"},
    {"<enqueue><set name=\"gbt.max_depth\" value=\"6\"/></enqueue>",
     "<enqueue/>", "t.xml:31: <enqueue>: <set> is missing: one or more"},
};

#define SPLIT "<validation fraction=\"0.2\" stratify=\"yes\"/>"

static const fault folds[] = {
    {SPLIT, "<folds count=\"1\"/>",
     "t.xml:7: <folds>: count can't be 1; allowed: 2 to 255"},
    {SPLIT, "<folds count=\"256\"/>", "count can't be 256"},
    {SPLIT, "<folds order=\"time\" stratify=\"yes\"/>",
     "t.xml:7: <folds>: stratify=\"yes\" and order=\"time\" exclude each "
     "other"},
    {SPLIT, "<folds order=\"late\"/>", "Allowed: random, time"},
    {SPLIT, SPLIT "<folds/>", "<validation> and <folds> exclude each other"},
    {"label=\"good\"", "label=\"good\" group=\"g\"",
     "t.xml:5: <data>: group= goes with <folds/>"},
    {"label=\"good\"", "label=\"good\" fold=\"g\"",
     "t.xml:5: <data>: fold= goes with <folds/>"},
};

static const fault unbuilt[] = {
    {"ranks-per-trial=\"1\"", "ranks-per-trial=\"1000001\"",
     "t.xml:34: <parallel>: ranks-per-trial=\"1000001\"; allowed: 1 to "
     "1000000, or all"},
    {"ranks-per-trial=\"1\"", "data=\"local\" shards=\"4\"",
     "t.xml:34: <parallel>: data=\"local\" goes with order=\"arrival\""},
    {"ranks-per-trial=\"1\"", "data=\"local\"",
     "t.xml:34: <parallel>: data=\"local\" needs shards="},
    {"ranks-per-trial=\"1\"", "shards=\"4\"",
     "t.xml:34: <parallel>: shards= belongs to data=\"local\""},
    {"ranks-per-trial=\"1\"",
     "data=\"local\" shards=\"4\" ranks-per-trial=\"2\"",
     "t.xml:34: <parallel>: data=\"local\" trains a trial on one rank"},
    {"ranks-per-trial=\"1\"", "ranks-per-trial=\"all\" batch=\"8\"",
     "t.xml:34: <parallel>: batch=\"8\" trains its trials side by side on "
     "one rank; allowed: ranks-per-trial=\"1\""},
    {"ranks-per-trial=\"1\"", "batch=\"0\"",
     "t.xml:34: <parallel>: batch can't be \"0\"; allowed: a whole number "
     "from 1 to 1000"},
    {"ranks-per-trial=\"1\"", "batch=\"1001\"",
     "a whole number from 1 to 1000"},
    {"<train href=\"a.csv\"", "<train href=\"a.csv\"/><train href=\"x.npz\"",
     "t.xml:6: <train href=\"x.npz\">: format npz " NOT_BUILT
     "; allowed: csv, tsv, libsvm, npy, idx, plain or .gz, hdf5\nx.npz does "
     "not exist"},
    {"kind=\"ridge\"", "kind=\"logistic\"",
     "t.xml:19: <model kind=\"logistic\">: model \"logistic\" " NOT_BUILT
     ". Allowed: gbt, ridge, function, baseline"},
    {"name=\"tpe\" startup-trials=\"5\"", "name=\"annealing\"",
     "t.xml:29: <sampler name=\"annealing\">: sampler \"annealing\" " NOT_BUILT
     ". Allowed: random, tpe"},
    {"name=\"median\"", "name=\"hyperband\" min-resource=\"3\"",
     "t.xml:30: <pruner name=\"hyperband\">: pruner \"hyperband\" " NOT_BUILT
     ". Allowed: none, median"},
    {"\"binary:logistic\"", "\"count:poisson\"",
     "t.xml:13: <model kind=\"gbt\">: option objective = "
     "count:poisson " NOT_BUILT},
    {"<fixed name=\"max_bin\" value=\"128\"/>",
     "<fixed name=\"early_stopping_rounds\" value=\"5\"/>",
     "t.xml:14: <fixed name=\"early_stopping_rounds\">: option "
     "early_stopping_rounds = 5 " NOT_BUILT},
};

#define OBJECTIVE "<objective metric=\"roc_auc\" direction=\"maximize\"/>"
#define MEDIAN "  <pruner name=\"median\"/>\n"
#define BUDGET "<budget trials=\"100\""

static const fault goals[] = {
    {"<report",
     "<objective metric=\"f1\"/><objective metric=\"recall\"/><objective "
     "metric=\"accuracy\"/><objective metric=\"logloss\"/><report",
     "t.xml:28: <objective metric=\"logloss\">: a study has at most 4 "
     "objectives; put others into <report>, or bound them by a <constraint>\n"
     "pruner median is for one objective, and the study has 4\n"
     "target= is for one objective, and the study has 4"},
    {OBJECTIVE, OBJECTIVE "<objective metric=\"roc_auc\"/>",
     "t.xml:27: <objective metric=\"roc_auc\">: the metric is an <objective> "
     "already"},
    {OBJECTIVE, OBJECTIVE "<objective metric=\"f1\"/>",
     "t.xml:30: <pruner name=\"median\">: pruner median is for one objective, "
     "and the study has 2; allowed: none\n"
     "t.xml:32: <budget>: target= is for one objective, and the study has 2; "
     "allowed: trials=, timeout=, patience="},
    {OBJECTIVE, "<objective metric=\"f1\" reference=\"1e999\"/>",
     "reference can't be \"1e999\"; allowed: a finite number"},
    {BUDGET, "<constraint metric=\"r2\" max=\"1\"/>" BUDGET,
     "t.xml:32: <constraint metric=\"r2\">: metric \"r2\" is not for task "
     "binary. Allowed: accuracy, precision, recall, f1, roc_auc, logloss, "
     "train_seconds"},
    {BUDGET, "<constraint metric=\"f1\"/>" BUDGET,
     "t.xml:32: <constraint metric=\"f1\">: no bound; give min=, max= or "
     "both"},
    {BUDGET, "<constraint metric=\"f1\" min=\"0.5\" max=\"0.4\"/>" BUDGET,
     "t.xml:32: <constraint metric=\"f1\">: min=\"0.5\" is above "
     "max=\"0.4\""},
    {BUDGET,
     "<constraint metric=\"f1\" min=\"0.5\"/>\n"
     "<constraint metric=\"f1\" max=\"1\"/>" BUDGET,
     "t.xml:33: <constraint metric=\"f1\">: metric f1 has two "
     "<constraint>s; one can have min= and max="},
    {BUDGET, "<constraint metric=\"f1\" min=\"x\"/>" BUDGET, "a number"},
    {BUDGET, "<constraint metric=\"train_seconds\" max=\"1\"/>" BUDGET,
     "order=\"strict\" can't hold with the constraint on train_seconds, "
     "which differs from run to run"},
};

static const fault data[] = {
    {"a.csv", "b.csv", "/b.csv does not exist (\"b.csv\" as the study file /"},
    {"\"a.csv\"", "\".\" format=\"csv\"", "is a folder, not a file"},
    {"a.csv", "t.xml",
     "t.xml:6: <train href=\"t.xml\">: the name \"t.xml\" does not tell a "
     "format; say format=\"csv\", \"tsv\", \"libsvm\", \"npy\", \"idx\" or "
     "\"hdf5\""},
    {"href=\"a.csv\"", "href=\"a.csv\" label-href=\"a.csv\"",
     "t.xml:6: <train href=\"a.csv\">: labels of their own go with idx, "
     "npy and hdf5; in csv they are a column: label= of <data>"},
    {"label=\"good\">\n    <train href=\"a.csv\"",
     "label=\"0\">\n    <train href=\"a.csv\" format=\"npy\" "
     "label-href=\"a.csv\"",
     "t.xml:5: <data>: label=\"0\" is a column, but the labels stand apart; "
     "give them another name, or leave label= out"},
    {"<train href=\"a.csv\"/>",
     "<train href=\"a.csv\" format=\"npy\" label-href=\"a.csv\"/>"
     "<train href=\"a.csv\" format=\"npy\"/>",
     "t.xml:6: <train href=\"a.csv\">: either all files have label-href= or "
     "label-dataset=, or none"},
    {"href=\"a.csv\"", "href=\"a.csv\" dataset=\"/X\"",
     "t.xml:6: <train href=\"a.csv\">: dataset= goes with hdf5, not with "
     "csv"},
    {"href=\"a.csv\"",
     "href=\"a.csv\" format=\"hdf5\" dataset=\"/X\" "
     "label-href=\"a.csv\" label-dataset=\"/y\"",
     "t.xml:6: <train href=\"a.csv\">: label-dataset= goes with hdf5, not "
     "with csv"},
    {"a.csv", "a.h5.gz",
     "t.xml:6: <train href=\"a.h5.gz\">: an HDF5 file is read in place and "
     "can't be packed by gzip: unpack it; its data sets may be compressed "
     "instead\na.h5.gz does not exist"},
    {" label=\"good\"", "",
     "t.xml:5: <data>: label= is missing: the name of the column to predict"},
    {"<validation fraction=\"0.2\" stratify=\"yes\"/>", "",
     "t.xml:5: <data>: nothing to validate on; say <validation "
     "fraction=\"0.2\"/>"},
    {"fraction=\"0.2\"", "fraction=\"1\"",
     "t.xml:7: <validation>: fraction can't be 1; allowed: above 0, below 1"},
    {"fraction=\"0.2\"", "fraction=\"0\"", "fraction can't be 0"},
    {"fraction=\"0.2\" stratify=\"yes\"", "fraction=\".2\" href=\"a.csv\"",
     "t.xml:7: <validation href=\"a.csv\">: either fraction= or href= is "
     "wanted, not both"},
    {"fraction=\"0.2\" stratify=\"yes\"", "", "wanted, there is none"},
    {"fraction=\"0.2\"", "href=\"a.csv\"",
     "stratify= goes with fraction=, not with a file"},
    {"fraction=\"0.2\" stratify=\"yes\"", "href=\"a.csv\" header=\"no\"",
     "t.xml:7: <validation href=\"a.csv\">: files of one study with different "
     "format=, header= or names= are not built yet"},
    {"label=\"good\"", "label=\"good\" names=\"x god region id w\"",
     "t.xml:5: <data>: names= has no column \"good\"; did you mean \"god\"? "
     "Allowed: x, god, region, id, w"},
    {"label=\"good\"", "label=\"good\" names=\"x good region id w x\"",
     "t.xml:5: <data>: names= has \"x\" twice"},
    {"label=\"good\"", "label=\"4\" names=\"x,region,id,w\"",
     "names= has no column \"4\""},
    {"columns=\"id\"", "columns=\"id good\"",
     "t.xml:9: <ignore columns=\"id good\">: \"good\" is the label"},
    {"column=\"w\"", "column=\"id\"",
     "t.xml:10: <weight column=\"id\">: \"id\" is categorical or ignored as "
     "well"},
    {"column=\"w\"", "column=\"good\"", "\"good\" is the label"},
    {" value=\"-999\"", "", "t.xml:11: <missing>: value= is missing"},
    {"label=\"good\"", "label=\"good\" positive=\"bad&gt;=7\"",
     "t.xml:5: <data>: positive= speaks of \"bad\", but the label is "
     "\"good\""},
    {"label=\"good\"", "label=\"good\" positive=\"good=\"",
     "compares with nothing"},
    {"name=\"a\">b</tag>", "name=\"a\">b</tag><tag name=\"a\"/>",
     "t.xml:4: <tag name=\"a\">: tag \"a\" is there twice"},
};

static const fault models[] = {
    {"name=\"max_depth\"", "name=\"max_dept\"",
     "t.xml:15: <int name=\"max_dept\">: gbt has no option \"max_dept\"; did "
     "you mean \"max_depth\"? Allowed: objective, n_estimators, max_depth,"},
    {"name=\"max_bin\"", "name=\"bins\"",
     "t.xml:14: <fixed name=\"bins\">: gbt has no option \"bins\""},
    {"value=\"128\"", "value=\"1\"",
     "t.xml:14: <fixed name=\"max_bin\">: max_bin = 1"},
    {"value=\"128\"", "value=\"many\"", "max_bin = many is not an integer"},
    {"<fixed ", "<fixed name=\"max_bin\" value=\"64\"/><fixed ",
     "t.xml:14: <fixed name=\"max_bin\">: \"max_bin\" is fixed twice"},
    {"<fixed ", "<fixed name=\"objective\" value=\"binary:logistic\"/><fixed ",
     "\"objective\" is fixed twice"},
    {"name=\"max_bin\" value=\"128\"", "name=\"max_depth\" value=\"4\"",
     "t.xml:15: <int name=\"max_depth\">: \"max_depth\" is fixed as well"},
    {"name=\"subsample\" low=\"0.5\" high=\"1.0\" step=\"0.05\"",
     "name=\"learning_rate\" low=\"0.5\" high=\"1.0\"",
     "t.xml:17: <float name=\"learning_rate\">: parameter \"learning_rate\" "
     "is "
     "there twice"},
    {"low=\"3\"", "low=\"15\"",
     "t.xml:15: <int name=\"max_depth\">: low=\"15\" is not below "
     "high=\"15\"; "
     "one value is a <fixed>"},
    {"low=\"3\"", "low=\"16\"", "low=\"16\" is not below high=\"15\""},
    {"low=\"0.01\"", "low=\"0\"",
     "t.xml:16: <float name=\"learning_rate\">: log=\"yes\" needs low above "
     "0; "
     "found low=\"0\"\nlearning_rate = 0"},
    {"log=\"yes\"", "log=\"yes\" step=\"0.1\"",
     "t.xml:16: <float name=\"learning_rate\">: step= and log=\"yes\" exclude "
     "each other"},
    {"step=\"0.05\"", "step=\"0\"",
     "t.xml:17: <float name=\"subsample\">: step can't be 0; allowed: above "
     "0"},
    {"step=\"0.05\"", "step=\"0.6\"", "step=\"0.6\" is wider than"},
    {"high=\"1.0\"", "high=\"1.5\"",
     "t.xml:17: <float name=\"subsample\">: subsample = 1.5"},
    {"high=\"15\"", "high=\"2000\"", "max_depth = 2000"},
    {"high=\"1e4\"", "high=\"1e400\"",
     "t.xml:20: <float name=\"C\">: high can't be 1e400; allowed: finite"},
    {"high=\"15\"", "high=\"9007199254740993\"",
     "t.xml:15: <int name=\"max_depth\">: high can't be 9007199254740993; "
     "allowed: -2^53 to 2^53"},
    {"high=\"15\"", "high=\"99999999999999999999\"", "-2^53 to 2^53"},
    {"<int name=\"max_depth\"", "<float name=\"max_depth\"",
     "t.xml:15: <float name=\"max_depth\">: max_depth is a whole number: "
     "search it with <int>"},
    {"<int name=\"max_depth\"", "<int name=\"grow_policy\"",
     "grow_policy is no number: search it with <categorical>"},
    {"<choice value=\"l2\"/>", "<choice value=\"l3\"/>",
     "t.xml:22: <choice value=\"l3\">: penalty = \"l3\" is not known; did you "
     "mean \"l1\"?"},
    {"<choice value=\"l2\"/>", "<choice value=\"l1\"/>",
     "t.xml:22: <choice value=\"l1\">: choice \"l1\" is there twice"},
    {"</categorical>", "</categorical><categorical name=\"intercept\"/>",
     "t.xml:25: <categorical name=\"intercept\">: <choice> is missing: one or "
     "more"},
    {"<choice value=\"l1\"/>",
     "<choice value=\"l1\"><float name=\"l1_ratio\" low=\"0\" high=\"1\"/>"
     "</choice>",
     "t.xml:24: <float name=\"l1_ratio\">: parameter \"l1_ratio\" is there "
     "twice"},
    {"kind=\"ridge\"", "kind=\"rigde\"",
     "t.xml:19: <model kind=\"rigde\">: unknown model \"rigde\"; did you mean "
     "\"ridge\"? Allowed: gbt, ridge, function, baseline"},
    {"kind=\"ridge\"", "kind=\"ridge\" name=\"gbt\"",
     "t.xml:19: <model kind=\"ridge\">: two models are called \"gbt\"; give "
     "each a name="},
    {"kind=\"ridge\"", "kind=\"ridge\" name=\"a.b\"",
     "name can't be \"a.b\"; allowed: a name of letters, digits, _ and -"},
    {"kind=\"ridge\"", "kind=\"ridge\" objective=\"x\"",
     "t.xml:19: <model kind=\"ridge\">: ridge has no option \"objective\""},
    {"kind=\"gbt\" objective=\"binary:logistic\"",
     "kind=\"gbt\" objective=\"binary:logit\"",
     "objective = \"binary:logit\" is not known; did you mean "
     "\"binary:logistic\"?"},
    {"<model kind=\"ridge\">",
     "<model kind=\"function\"/><model kind=\"ridge\">",
     "t.xml:19: <model kind=\"function\">: model function takes no <data>; "
     "remove it"},
};

static const fault search[] = {
    {"metric=\"roc_auc\"", "metric=\"roc_uac\"",
     "t.xml:27: <objective metric=\"roc_uac\">: unknown metric \"roc_uac\"; "
     "did you mean \"roc_auc\"? Allowed: accuracy, precision, recall, f1, "
     "roc_auc, logloss, train_seconds"},
    {"metric=\"roc_auc\"", "metric=\"rmse\"",
     "t.xml:27: <objective metric=\"rmse\">: metric \"rmse\" is not for task "
     "binary. Allowed: accuracy,"},
    {"accuracy, f1", "accuracy f2",
     "t.xml:28: <report metrics=\"accuracy f2\">: unknown metric \"f2\"; did "
     "you mean \"f1\"?"},
    {"accuracy, f1", "value r2",
     "metric \"value\" is not for task binary.\nmetric \"r2\" is not for"},
    {"name=\"tpe\" startup-trials", "name=\"tep\" startup-trials",
     "t.xml:29: <sampler name=\"tep\">: unknown sampler \"tep\"; did you mean "
     "\"tpe\"? Allowed: random, tpe"},
    {"startup-trials=\"5\"", "startup_trial=\"5\"",
     "t.xml:29: <sampler name=\"tpe\">: tpe has no option \"startup_trial\"; "
     "did you mean \"startup-trials\"? Allowed: startup-trials, candidates"},
    {"startup-trials=\"5\"", "candidates=\"0\"",
     "t.xml:29: <sampler name=\"tpe\">: candidates = 0"},
    {"name=\"tpe\" startup", "name=\"random\" startup",
     "random has no option \"startup-trials\". Allowed: none"},
    {"name=\"median\"", "name=\"mediun\"",
     "t.xml:30: <pruner name=\"mediun\">: unknown pruner \"mediun\"; did you "
     "mean \"median\"?"},
    {"name=\"gbt.max_depth\"", "name=\"max_depth\"",
     "t.xml:31: <set name=\"max_depth\">: the study does not search "
     "\"max_depth\"; did you mean \"gbt.max_depth\"? Allowed: model, "
     "gbt.max_depth, gbt.learning_rate, gbt.subsample, ridge.C,"},
    {"value=\"6\"", "value=\"16\"",
     "t.xml:31: <set name=\"gbt.max_depth\">: gbt.max_depth cannot be \"16\""},
    {"value=\"6\"/>", "value=\"6\"/><set name=\"gbt.max_depth\" value=\"7\"/>",
     "\"gbt.max_depth\" is set twice"},
    {"value=\"6\"/>", "value=\"6\"/><set name=\"model\" value=\"ridge\"/>",
     "t.xml:31: <set name=\"gbt.max_depth\">: \"gbt.max_depth\" counts only "
     "where model is \"gbt\", and that is set to \"ridge\""},
    {"name=\"gbt.max_depth\" value=\"6\"/>",
     "name=\"ridge.l1_ratio\" value=\"0.5\"/>"
     "<set name=\"ridge.penalty\" value=\"l2\"/>",
     "\"ridge.l1_ratio\" counts only where ridge.penalty is \"elasticnet\""},
    {"name=\"gbt.max_depth\" value=\"6\"", "name=\"model\" value=\"gtb\"",
     "model has no choice \"gtb\""},
    {"metric=\"roc_auc\" direction=\"maximize\"", "metric=\"train_seconds\"",
     "t.xml:34: <parallel>: order=\"strict\" can't hold with the objective "
     "train_seconds"},
    {"file=\"t.h5\"", "file=\"t.xml\"",
     "t.xml:35: <output>: file=\"t.xml\" must end in .h5 or .hdf5"},
    {"timeout=\"2h\"", "timeout=\"0\"", "timeout can't be \"0\""},
    {"trials=\"100\"", "trials=\"9223372036854775808\"", "up to 2^63 - 1"},
    {"memory=\"4G\"", "memory=\"0\"", "memory can't be \"0\""},
};

static void check_faults(void **state, const fault *f, size_t n) {
  hpo_error err;
  hpo_plan *plan = NULL;
  for (size_t i = 0; i < n; i++) {
    char *text = change(f[i].from, f[i].to);
    hpo_status status = read_with(*state, text, NULL, 0, &plan, &err);
    if (status == HPO_OK)
      fail_msg("\"%s\" was accepted", f[i].to);
    assert_true(status == HPO_EINVAL || status == HPO_EDATA);
    assert_int_equal(err.code, status);
    assert_null(plan);
    assert_told(err.text, f[i].told, f[i].to);
    free(text);
  }
}

static void faults_of_names(void **state) {
  check_faults(state, names, COUNT(names));
}
static void faults_of_folds(void **state) {
  check_faults(state, folds, COUNT(folds));
}
static void faults_of_unbuilt(void **state) {
  check_faults(state, unbuilt, COUNT(unbuilt));
}
static void faults_of_goals(void **state) {
  check_faults(state, goals, COUNT(goals));
}
static void faults_of_data(void **state) {
  check_faults(state, data, COUNT(data));
}
static void faults_of_models(void **state) {
  check_faults(state, models, COUNT(models));
}
static void faults_of_search(void **state) {
  check_faults(state, search, COUNT(search));
}

/* A data file that can't be read is exit code 3, unless the study file is
   wrong as well. */
static void faults_tell_data_apart(void **state) {
  hpo_error err;
  hpo_plan *plan = NULL;
  char *text = change("a.csv", "b.csv");
  assert_int_equal(read_with(*state, text, NULL, 0, &plan, &err), HPO_EDATA);
  const char *const set[] = {"budget/trials=x"};
  assert_int_equal(read_with(*state, text, set, 1, &plan, &err), HPO_EINVAL);
  free(text);
}

static void faults_are_sorted_and_bounded(void **state) {
  char text[8192] = "<study name=\"t\">\n";
  hpo_error err;
  hpo_plan *plan = NULL;
  for (int i = 0; i < 60; i++)
    strcat(text, "<bugdet/>\n");
  strcat(text, "</study>\n");
  assert_int_equal(read_with(*state, text, NULL, 0, &plan, &err), HPO_EINVAL);
  size_t n = lines_in(err.text);
  assert_true(n > 5 && n <= 21);
  assert_non_null(strstr(err.text, " more faults"));
  long last = 0;
  for (char *at = strstr(err.text, "t.xml:"); at != NULL;
       at = strstr(at + 1, "\n") != NULL ? strstr(at + 1, "t.xml:") : NULL) {
    long line = strtol(at + 6, NULL, 10);
    assert_true(line == 0 || line >= last);
    last = line;
  }
}

/* --- Whole files ------------------------------------------------------ */

/* The comments "expect: ..." of a file, one a line; the caller frees. */
static char *expected_of(const hpo_buffer *text) {
  char *all = calloc(1, text->n + 1);
  assert_non_null(all);
  const char *at = (const char *)text->byte, *end = at + text->n;
  static const char mark[] = "<!-- expect: ";
  while ((at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1)) !=
         NULL) {
    at += sizeof mark - 1;
    const char *stop = strstr(at, " -->");
    assert_non_null(stop);
    if (all[0] != '\0')
      strcat(all, "\n");
    strncat(all, at, (size_t)(stop - at));
    at = stop;
  }
  return all;
}

static size_t check_folder(const char *folder, bool is_good) {
  char path[1024];
  size_t n = 0;
  hpo_catalog catalog = studynames();
  snprintf(path, sizeof path, "%s/tests/study/%s", HPO_SOURCE, folder);
  DIR *d = opendir(path);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    hpo_error err = {0};
    hpo_buffer text = {0};
    hpo_plan *plan = NULL;
    if (strstr(e->d_name, ".xml") == NULL)
      continue;
    snprintf(path, sizeof path, "%s/tests/study/%s/%s", HPO_SOURCE, folder,
             e->d_name);
    assert_int_equal(hpo_file_read_all(path, 0, &text, &err), HPO_OK);
    hpo_status status =
        hpo_study_read(path, &catalog, NULL, 0, &plan, NULL, &err);
    if (is_good && status != HPO_OK)
      fail_msg("%s", err.text);
    if (!is_good) {
      char *expect = expected_of(&text);
      assert_int_not_equal(status, HPO_OK);
      assert_true(expect[0] != '\0');
      assert_told(err.text, expect, e->d_name);
      free(expect);
    }
    hpo_plan_destroy(plan);
    hpo_buffer_free(&text);
    n++;
  }
  closedir(d);
  return n;
}

static void files_that_are_good(void **state) {
  (void)state;
  assert_true(check_folder("good", true) >= 4);
}

static void files_that_are_bad(void **state) {
  (void)state;
  assert_true(check_folder("bad", false) >= 8);
}

static void file_that_is_not_there(void **state) {
  const place *p = *state;
  hpo_catalog catalog = studynames();
  hpo_error err = {0};
  hpo_plan *plan = NULL;
  char path[400];
  snprintf(path, sizeof path, "%s/none.xml", p->folder);
  assert_int_equal(hpo_study_read(path, &catalog, NULL, 0, &plan, NULL, &err),
                   HPO_EINVAL);
  assert_non_null(strstr(err.text, "none.xml"));
  assert_int_equal(
      hpo_study_read(p->folder, &catalog, NULL, 0, &plan, NULL, &err),
      HPO_EINVAL);
}

static void file_that_is_too_large(void **state) {
  size_t n = ((size_t)4 << 20) + 1;
  char *text = malloc(n + 1);
  hpo_error err;
  hpo_plan *plan = NULL;
  assert_non_null(text);
  memset(text, ' ', n);
  text[n] = '\0';
  memcpy(text, base, sizeof base - 1);
  assert_int_equal(read_with(*state, text, NULL, 0, &plan, &err), HPO_EINVAL);
  text[n - 1] = '\0';
  assert_int_equal(read_with(*state, text, NULL, 0, &plan, &err), HPO_OK);
  hpo_plan_destroy(plan);
  free(text);
}

/* --- Plans ------------------------------------------------------------ */

static void assert_setting(const hpo_settings *s, const char *name,
                           const char *value) {
  const char *got = hpo_settings_get(s, name);
  if (got == NULL || strcmp(got, value) != 0)
    fail_msg("%s is %s, not %s", name, got == NULL ? "not there" : got, value);
}

static void check_base_data(const hpo_plan *p) {
  assert_true(p->has_data && p->data.task == HPO_TASK_BINARY);
  assert_string_equal(p->data.label, "good");
  assert_int_equal(p->data.train.n, 1);
  assert_string_equal(p->data.train_href.item[0], "a.csv");
  assert_non_null(strstr(p->data.train.item[0], "/a.csv"));
  assert_true(fabs(p->data.validation_fraction - 0.2) < 1e-15);
  assert_true(p->data.stratify);
  assert_string_equal(p->data.header, "auto");
  assert_string_equal(p->data.categorical.item[0], "region");
  assert_string_equal(p->data.ignore.item[0], "id");
  assert_string_equal(p->data.weight, "w");
  assert_string_equal(p->data.missing.item[0], "-999");
}

static void check_base_space(const hpo_plan *p) {
  static const char *const name[] = {
      "model",   "gbt.max_depth", "gbt.learning_rate", "gbt.subsample",
      "ridge.C", "ridge.penalty", "ridge.l1_ratio"};
  static const ptrdiff_t parent[] = {-1, 0, 0, 0, 0, 0, 5};
  static const size_t choice[] = {0, 0, 0, 0, 1, 1, 2};
  static const int model[] = {-1, 0, 0, 0, 1, 1, 1};
  const hpo_param *q = p->space.param;
  assert_int_equal(p->space.n_param, COUNT(name));
  for (size_t i = 0; i < COUNT(name); i++) {
    assert_string_equal(q[i].full_name, name[i]);
    assert_int_equal(q[i].parent, parent[i]);
    assert_int_equal(q[i].parent_choice, choice[i]);
    assert_int_equal(q[i].model, model[i]);
  }
  assert_string_equal(q[0].choice[1], "ridge");
  assert_true(q[1].kind == HPO_PARAM_INT && fabs(q[1].step - 1) < 1e-15);
  assert_true(q[2].log && fabs(q[2].low - 0.01) < 1e-15);
  assert_true(fabs(q[3].step - 0.05) < 1e-15);
  assert_int_equal(q[5].n_choice, 3);
  assert_string_equal(q[6].name, "l1_ratio");
}

static void check_base_rest(const hpo_plan *p) {
  assert_string_equal(p->description, "what\n   it is");
  assert_setting(&p->tags, "a", "b");
  assert_int_equal(p->seed, 1);
  assert_true(p->objective[0].maximize);
  assert_int_equal(p->report.n, 2);
  assert_string_equal(p->report.item[1], "f1");
  assert_int_equal(p->trials, 100);
  assert_int_equal(p->patience, 40);
  assert_true(fabs(p->timeout - 7200) < 1e-9);
  assert_true(fabs(p->target - 0.95) < 1e-15);
  assert_true(fabs(p->limit_time - 600) < 1e-9);
  assert_int_equal(p->limit_memory, (int64_t)4 << 30);
  assert_int_equal(p->retries, 2);
  assert_int_equal(p->ranks_per_trial, 1);
  assert_int_equal(p->batch, 1);
  assert_true(p->strict && p->window == 8 && p->keep_models == 5);
  assert_string_equal(p->data_mode, "shared");
  assert_string_equal(p->output, "t.h5");
}

static void plan_holds_the_file(void **state) {
  hpo_error err;
  hpo_plan *p = NULL;
  hpo_status status = read_with(*state, base, NULL, 0, &p, &err);
  if (status != HPO_OK)
    fail_msg("%s", err.text);
  check_base_data(p);
  check_base_space(p);
  check_base_rest(p);
  /* model 0 is enqueued along with its parameter, the rest is open */
  assert_int_equal(p->n_enqueue, 1);
  assert_true(fabs(p->enqueue[0]) < 1e-15 && fabs(p->enqueue[1] - 6) < 1e-15);
  assert_true(isnan(p->enqueue[2]) && isnan(p->enqueue[6]));
  /* options: given, default; searched ones are left out */
  assert_setting(&p->model[0].fixed, "objective", "binary:logistic");
  assert_setting(&p->model[0].fixed, "max_bin", "128");
  assert_setting(&p->model[0].fixed, "n_estimators", "100");
  assert_null(hpo_settings_get(&p->model[0].fixed, "max_depth"));
  assert_null(hpo_settings_get(&p->model[0].fixed, "base_score"));
  assert_setting(&p->sampler.options, "startup-trials", "5");
  assert_setting(&p->sampler.options, "candidates", "24");
  assert_setting(&p->pruner.options, "warmup-steps", "0");
  hpo_plan_destroy(p);
}

static void plan_takes_defaults(void **state) {
  static const char text[] =
      "<study name=\"f\"><model kind=\"function\">"
      "<float name=\"x0\" low=\"-5\" high=\"5\"/>"
      "<fixed name=\"x1\" value=\"2\"/></model>"
      "<objective metric=\"value\"/><budget trials=\"3\"/></study>";
  hpo_error err;
  hpo_plan *p = NULL;
  hpo_status status = read_with(*state, text, NULL, 0, &p, &err);
  if (status != HPO_OK)
    fail_msg("%s", err.text);
  assert_false(p->has_data);
  assert_int_equal(p->data.task, HPO_TASK_NONE);
  assert_string_equal(p->space.param[0].full_name, "x0");
  assert_int_equal(p->space.param[0].parent, -1);
  assert_setting(&p->model[0].fixed, "x1", "2");
  assert_setting(&p->model[0].fixed, "objective", "sphere");
  assert_false(p->objective[0].maximize);
  assert_string_equal(p->sampler.name, "tpe");
  assert_setting(&p->sampler.options, "startup-trials", "10");
  assert_string_equal(p->pruner.name, "none");
  assert_string_equal(p->output, "t.h5");
  assert_int_equal(p->keep_models, 1);
  assert_int_equal(p->window, 16);
  assert_false(p->strict);
  assert_true(isnan(p->target));
  assert_int_equal(p->retries, 0);
  hpo_plan_destroy(p);
}

static void plan_keeps_the_bytes(void **state) {
  const place *p = *state;
  hpo_catalog catalog = studynames();
  hpo_error err = {0};
  hpo_plan *plan = NULL;
  hpo_buffer xml = {0};
  write_text(p->folder, "t.xml", base, sizeof base - 1);
  const char *const set[] = {"seed=9"};
  assert_int_equal(
      hpo_study_read(p->study, &catalog, set, 1, &plan, &xml, &err), HPO_OK);
  assert_int_equal(plan->seed, 9);
  assert_int_equal(xml.n, sizeof base - 1);
  assert_memory_equal(xml.byte, base, xml.n);
  hpo_plan_destroy(plan);
  hpo_buffer_free(&xml);
}

static void plan_reads_positive(void **state) {
  static const struct {
    const char *text, *positive;
  } form[] = {{"yes", "yes"},
              {"good&gt;=7", ">=7"},
              {"&gt;=7", ">=7"},
              {"good = yes", "= yes"},
              {"&gt;50K", ">50K"}};
  for (size_t i = 0; i < COUNT(form); i++) {
    char to[128];
    hpo_error err;
    hpo_plan *p = NULL;
    snprintf(to, sizeof to, "label=\"good\" positive=\"%s\"", form[i].text);
    char *text = change("label=\"good\"", to);
    if (read_with(*state, text, NULL, 0, &p, &err) != HPO_OK)
      fail_msg("%s", err.text);
    assert_string_equal(p->data.positive, form[i].positive);
    hpo_plan_destroy(p);
    free(text);
  }
}

/* --- --set ------------------------------------------------------------ */

static void set_changes_the_plan(void **state) {
  static const char *const set[] = {
      "study/budget/trials=20",       "seed=7",
      "model[gbt]/fixed[max_bin]=64", "model[1]/fixed[n_estimators]=10",
      "model[2]/float[C]/low=0.5",    "data/train/href=./a.csv",
      "sampler/name=random",          "output/models=none",
      "description=another",          "tag[new]=x=y",
      "enqueue/set[gbt.max_depth]=9"};
  hpo_error err;
  hpo_plan *p = NULL;
  hpo_status status = read_with(*state, base, set, COUNT(set), &p, &err);
  if (status != HPO_OK)
    fail_msg("%s", err.text);
  assert_int_equal(p->trials, 20);
  assert_int_equal(p->seed, 7);
  assert_setting(&p->model[0].fixed, "max_bin", "64");
  assert_setting(&p->model[0].fixed, "n_estimators", "10");
  assert_true(fabs(p->space.param[4].low - 0.5) < 1e-15);
  assert_string_equal(p->data.train_href.item[0], "./a.csv");
  assert_string_equal(p->sampler.name, "random");
  assert_int_equal(p->sampler.options.n, 0);
  assert_int_equal(p->keep_models, 0);
  assert_string_equal(p->description, "another");
  assert_setting(&p->tags, "new", "x=y");
  assert_true(fabs(p->enqueue[1] - 9) < 1e-15);
  hpo_plan_destroy(p);
}

static void set_makes_elements(void **state) {
  static const char text[] =
      "<study name=\"f\"><model kind=\"function\">"
      "<float name=\"x0\" low=\"-5\" high=\"5\"/></model>"
      "<objective metric=\"value\"/></study>";
  static const char *const set[] = {
      "budget/timeout=1:30:00", "parallel/order=strict", "pruner/name=median",
      "pruner/warmup-steps=3", "enqueue/set[x0]=1"};
  hpo_error err;
  hpo_plan *p = NULL;
  if (read_with(*state, text, set, COUNT(set), &p, &err) != HPO_OK)
    fail_msg("%s", err.text);
  assert_true(fabs(p->timeout - 5400) < 1e-9);
  assert_true(p->strict);
  assert_setting(&p->pruner.options, "warmup-steps", "3");
  assert_true(fabs(p->enqueue[0] - 1) < 1e-15);
  hpo_plan_destroy(p);
}

static void set_tells_faults(void **state) {
  static const struct {
    const char *set, *told;
  } bad[] = {
      {"budgt/trials=3", "--set budgt/trials=3: <study> has no element "
                         "\"budgt\"; did you mean \"budget\"?"},
      {"budget/trial=3", "--set budget/trial=3: <budget>: <budget> has no "
                         "attribute \"trial\"; did you mean \"trials\"?"},
      {"budget/trials=x", "--set budget/trials=x: <budget>: trials can't be "
                          "\"x\"; allowed: a whole number, 1 or more"},
      {"budget", "PATH=VALUE is wanted"},
      {"=3", "PATH=VALUE is wanted"},
      {"a//b=3", "has no element \"a\""},
      {"budget//b=3", "PATH=VALUE is wanted"},
      {"model[gbt=3", "PATH=VALUE is wanted"},
      {"seed=1\n2", "PATH=VALUE is wanted"},
      {"seed=\xff", "PATH=VALUE is wanted"},
      {"budget=3", "<budget> is an element: say which attribute"},
      {"model/name=x", "which <model> of <study>? There are model[gbt], "
                       "model[ridge]"},
      {"model[tree]/name=x", "which <model> of <study>? There are model[gbt]"},
      {"model[gbt]/int[depth]/low=1", "which <int> of <model>? There are "
                                      "int[max_depth]"},
      {"model[gbt]/fixed[max_bins]=1",
       "--set model[gbt]/fixed[max_bins]=1: <fixed name=\"max_bins\">: gbt "
       "has "
       "no option \"max_bins\"; did you mean \"max_bin\"?"},
      {"model[gbt]/fixed[max_bin]=1", "max_bin = 1"},
      {"data/folds/count=3", "<validation> and <folds> exclude each other"},
      {"sampler/name=tep", "--set sampler/name=tep: <sampler name=\"tep\">: "
                           "unknown sampler \"tep\"; did you mean \"tpe\"?"},
      {"sampler/a:b=3", "PATH=VALUE is wanted"},
  };
  for (size_t i = 0; i < COUNT(bad); i++) {
    hpo_error err;
    hpo_plan *p = NULL;
    if (read_with(*state, base, &bad[i].set, 1, &p, &err) != HPO_EINVAL)
      fail_msg("%s was accepted: %s", bad[i].set, err.text);
    if (strchr(bad[i].told, '\n') == NULL)
      assert_told(err.text, bad[i].told, bad[i].set);
  }
}

/* --- Garbage ---------------------------------------------------------- */

static uint64_t next_random(uint64_t *s) { /* xorshift64* */
  *s ^= *s >> 12;
  *s ^= *s << 25;
  *s ^= *s >> 27;
  return *s * UINT64_C(2685821657736338717);
}

/* One to three changes: bytes, cuts, pieces moved, words of the format. */
static size_t mutate(char *text, size_t n, size_t room, uint64_t *s) {
  static const char *const word[] = {"<choice value=\"1\">",
                                     "</choice>",
                                     "<categorical name=\"a\">",
                                     "\"",
                                     "<!DOCTYPE a>",
                                     "&#0;",
                                     "&lt;",
                                     "<![CDATA[",
                                     "]]>",
                                     "1e999",
                                     "-0",
                                     "\xff",
                                     "<!--",
                                     "name=\"\"",
                                     "<int name=\"x\" low=\"0\" high=\"1\"/>"};
  for (uint64_t k = 1 + next_random(s) % 3; k > 0; k--) {
    size_t at = (size_t)(next_random(s) % n);
    size_t m = (size_t)(next_random(s) % 24);
    m = m < n - at ? m : n - at;
    switch (next_random(s) % 4) {
    case 0:
      text[at] = (char)next_random(s);
      break;
    case 1:
      memmove(text + at, text + at + m, n - at - m);
      n -= m;
      break;
    case 2: {
      size_t from = (size_t)(next_random(s) % (n - m));
      memmove(text + at, text + from, m);
      break;
    }
    default: {
      const char *w = word[next_random(s) % COUNT(word)];
      m = strlen(w);
      if (n + m < room) {
        memmove(text + at + m, text + at, n - at);
        memcpy(text + at, w, m);
        n += m;
      }
    }
    }
    if (n == 0)
      text[n++] = ' ';
  }
  return n;
}

static void garbage_is_told_or_read(void **state) {
  const place *p = *state;
  const char *given = getenv("HPO_TEST_SEED"), *most = getenv("HPO_TEST_N");
  uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : 20240229;
  long rounds = most != NULL ? strtol(most, NULL, 10) : 700;
  hpo_catalog catalog = studynames();
  char text[2 * sizeof base];
  long good = 0;
  print_message("HPO_TEST_SEED=%llu\n", (unsigned long long)seed);
  uint64_t s = seed * 2 + 1;
  for (long i = 0; i < rounds; i++) {
    hpo_error err = {0};
    hpo_plan *plan = NULL;
    memcpy(text, base, sizeof base - 1);
    size_t n = mutate(text, sizeof base - 1, sizeof text, &s);
    write_text(p->folder, "t.xml", text, n);
    hpo_status status =
        hpo_study_read(p->study, &catalog, NULL, 0, &plan, NULL, &err);
    assert_true(status == HPO_OK || status == HPO_EINVAL ||
                status == HPO_EDATA);
    assert_true((status == HPO_OK) == (plan != NULL));
    if (status != HPO_OK)
      assert_true(err.text[0] != '\0' && err.code == status);
    good += status == HPO_OK;
    hpo_plan_destroy(plan);
  }
  assert_true(good < rounds);
}

static void garbage_paths_are_told_or_set(void **state) {
  static const char *const piece[] = {
      "model",  "[gbt]",  "[1]",  "/",    "fixed", "[max_bin]", "=",    "3",
      "budget", "trials", "[",    "]",    "data",  "train",     "href", "tag",
      "choice", "set",    "name", "seed", "\xff",  "sampler",   "x-y",  ""};
  const char *given = getenv("HPO_TEST_SEED");
  uint64_t s = (given != NULL ? strtoull(given, NULL, 10) : 20240229) * 2 + 1;
  for (int i = 0; i < 700; i++) {
    char text[256] = "";
    const char *const set[] = {text};
    hpo_error err;
    hpo_plan *plan = NULL;
    for (uint64_t k = next_random(&s) % 9; k > 0; k--)
      strcat(text, piece[next_random(&s) % COUNT(piece)]);
    hpo_status status = read_with(*state, base, set, 1, &plan, &err);
    assert_true(status == HPO_OK || err.text[0] != '\0');
    assert_true((status == HPO_OK) == (plan != NULL));
    hpo_plan_destroy(plan);
  }
}

static void schema_is_the_shipped_one(void **state) {
  hpo_buffer text = {0};
  hpo_error err = {0};
  (void)state;
  assert_int_equal(
      hpo_file_read_all(HPO_SOURCE "/src/study/study.xsd", 0, &text, &err),
      HPO_OK);
  assert_string_equal((const char *)text.byte, hpo_study_schema());
  hpo_buffer_free(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(faults_of_names),
      cmocka_unit_test(faults_of_folds),
      cmocka_unit_test(faults_of_unbuilt),
      cmocka_unit_test(faults_of_goals),
      cmocka_unit_test(faults_of_data),
      cmocka_unit_test(faults_of_models),
      cmocka_unit_test(faults_of_search),
      cmocka_unit_test(faults_tell_data_apart),
      cmocka_unit_test(faults_are_sorted_and_bounded),
      cmocka_unit_test(files_that_are_good),
      cmocka_unit_test(files_that_are_bad),
      cmocka_unit_test(file_that_is_not_there),
      cmocka_unit_test(file_that_is_too_large),
      cmocka_unit_test(plan_holds_the_file),
      cmocka_unit_test(plan_takes_defaults),
      cmocka_unit_test(plan_keeps_the_bytes),
      cmocka_unit_test(plan_reads_positive),
      cmocka_unit_test(set_changes_the_plan),
      cmocka_unit_test(set_makes_elements),
      cmocka_unit_test(set_tells_faults),
      cmocka_unit_test(garbage_is_told_or_read),
      cmocka_unit_test(garbage_paths_are_told_or_set),
      cmocka_unit_test(schema_is_the_shipped_one),
  };
  return cmocka_run_group_tests(tests, make_place, remove_place);
}
