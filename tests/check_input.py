# SPDX-License-Identifier: BSD-3-Clause
"""Bad input of every kind, in tables: what each reader, the study file, the
program's own file, options and environment answer, and the exit code.

What is special to one reader stands in check_data.py, check_libsvm.py,
check_hdf5.py and test_study.c; here is what all of them meet.
"""
import gzip
import os
import re
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from check_run import FUNCTION
from conftest import PROGRAM

ROWS = 40
STUDY = """<study name="t">
  <data task="binary" label="{label}">
    <train href="{href}"{more}/>{validation}
  </data>
  <model kind="gbt"><int name="max_depth" low="2" high="3"/></model>
  <objective metric="{metric}"/><budget trials="2"/>
  <output file="o.h5"/>
</study>
"""
SPLIT = '<validation fraction="0.3"/>'
# As root too a file may not be read: without these two capabilities.
PLAIN = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] \
    if os.getuid() == 0 and shutil.which("setpriv") else []


def answer(folder, *words, code, says, env=None):
    """Ends with the code and one sentence, within a minute."""
    done = subprocess.run([*PLAIN, PROGRAM, *map(str, words)], cwd=folder,
                          text=True, errors="replace", capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=60,
                          env={**os.environ, **(env or {})})
    assert done.returncode == code, done.stdout + done.stderr
    assert re.search(says, done.stderr), done.stderr
    assert done.stderr.startswith("hpotune: error: "), done.stderr
    assert "\0" not in done.stderr and len(done.stderr) < 2000


# --- data -----------------------------------------------------------------

def numbers():
    rng = np.random.default_rng(5)
    return rng.random((ROWS, 3)), np.arange(ROWS) % 2


def make(kind, folder):
    """A good file of each reader, as bytes."""
    x, y = numbers()
    table = np.c_[x, y]
    if kind in ("csv", "tsv"):
        comma = "," if kind == "csv" else "\t"
        return "\n".join([comma.join("abcy"), *(
            comma.join(map(repr, map(float, r))) for r in table)]).encode()
    if kind == "svm":
        return b"".join(b"%d 1:%.9f 2:%.9f 3:%.9f\n" % (k, *r)
                        for r, k in zip(x, y))
    if kind == "npy":
        np.save(folder / "made.npy", table)
        return (folder / "made.npy").read_bytes()
    if kind == "idx":
        return (bytes([0, 0, 8, 2]) + np.array(table.shape, ">u4").tobytes() +
                (100 * table).astype("u1").tobytes())
    if kind == "h5":
        with h5py.File(folder / "made.h5", "w") as f:
            f["X"] = table
        return (folder / "made.h5").read_bytes()
    return b"y\n" + b"".join(b"%d\n" % k for k in y)  # labels


LABEL = {"csv": "y", "tsv": "y", "svm": "0", "npy": "f3", "idx": "f3",
         "h5": "f3", "labels": "y"}
TEXT = {"csv", "tsv", "labels"}
GONE = r"s\.xml:3: <train href=\"\S+\">: d\.\w+ "
# fault: (what the file becomes, what each reader says)
DATA = {
    "empty": (lambda raw: b"", {
        "csv": r"d\.csv: the file holds no rows",
        "tsv": r"d\.tsv: the file holds no rows",
        "svm": r"d\.svm: the file holds no rows",
        "npy": r"d\.npy: the file is cut short: 8 more bytes",
        "idx": r"d\.idx: the file is cut short: 4 more bytes",
        "h5": r"d\.h5 is empty",
        "labels": r"d\.csv: the file holds no labels"}),
    "cut": (lambda raw: raw[:len(raw) * 2 // 3 - 1], {
        "csv": r"d\.csv:\d+: found \d fields, expected 4",
        "tsv": r"d\.tsv:\d+: found \d fields, expected 4",
        "npy": r"d\.npy: the file is cut short: \d+ more bytes",
        "idx": r"d\.idx: the file is cut short: \d+ more bytes",
        "h5": r"d\.h5 is damaged, or being written: truncated file",
        "labels": r"d\.csv holds \d+ labels, but x\.npy has 40 rows"}),
    "noise": (lambda raw: bytes(np.random.default_rng(3).integers(
        0, 256, 3000, "u1")), {
        "csv": r"d\.csv: the name of column 0 is not UTF-8",
        "tsv": r"d\.tsv: the name of column 0 is not UTF-8",
        "svm": r"d\.svm:1: label '.*' is not a number",
        "npy": r"d\.npy: this is no \.npy file",
        "idx": r"d\.idx: this is no IDX file: it begins with f8 c2",
        "h5": r"d\.h5 is no HDF5 file",
        "labels": r"d\.csv:1: '.*' is no label; allowed: UTF-8"}),
    "nul": (lambda raw: raw[:len(raw) // 2] + b"\0" + raw[len(raw) // 2:], {
        "csv": r"d\.csv:\d+: a NUL byte; is this a binary file",
        "tsv": r"d\.tsv:\d+: a NUL byte; is this a binary file",
        "svm": r"d\.svm:\d+: ('.*' (has a value that is|is) not|label)",
        "npy": r"d\.npy: the file goes on after its 40 x 4 values",
        "idx": r"d\.idx: the file goes on after its 40 x 4 values",
        "h5": r"d\.h5( is damaged|:|,)",
        "labels": r"d\.csv:\d+: a NUL byte; is this a binary file"}),
    "zeros": (1 << 30, {  # a gigabyte of them
        "csv": r"d\.csv:1: a NUL byte", "tsv": r"d\.tsv:1: a NUL byte",
        "svm": r"d\.svm:1: a line of more than 67108864 bytes",
        "npy": r"d\.npy: this is no \.npy file",
        "idx": r"d\.idx: the array has no dimensions",
        "h5": r"d\.h5 is no HDF5 file", "labels": r"d\.csv:1: a NUL byte"}),
    "folder": ("folder", {k: r"d\.\w+ is a folder, not a file"
                          for k in LABEL}),
    "forbidden": ("forbidden", {k: r"d\.\w+ can't be read: Permission denied"
                                for k in LABEL}),
    "missing": ("missing", {k: r"d\.\w+ does not exist" for k in LABEL}),
    "gz cut": (lambda raw: gzip.compress(raw)[:-9], {
        **{k: r"d\.\w+: the gzip file is cut short" for k in LABEL},
        "h5": r"d\.h5 is packed by gzip|gzip"}),
    "gz hurt": (lambda raw: gzip.compress(raw)[:-6] + b"abcdef", {
        **{k: r"d\.\w+: the gzip file is damaged" for k in LABEL},
        "h5": r"d\.h5 is packed by gzip|gzip"}),
}


def put(path, what, raw):
    """The file, with its fault."""
    if what == "folder":
        path.mkdir()
    elif what == "forbidden":
        path.write_bytes(raw)
        path.chmod(0)
    elif isinstance(what, int):
        with open(path, "wb") as f:
            f.truncate(what)
    elif what != "missing":
        path.write_bytes(what(raw))


@pytest.mark.parametrize("kind", LABEL)
@pytest.mark.parametrize("fault", ["none", *DATA])
def test_data(tmp_path, kind, fault):
    if fault == "forbidden" and os.getuid() == 0 and not PLAIN:
        pytest.skip("root reads everything, and there is no setpriv")
    path = tmp_path / ("d.csv" if kind == "labels" else f"d.{kind}")
    what, says = DATA.get(fault, (lambda raw: raw, {}))
    put(path, what, make(kind, tmp_path))
    href, more = path.name, ' dataset="/X"' if kind == "h5" else ""
    if kind == "labels":
        np.save(tmp_path / "x.npy", numbers()[0])
        href, more = "x.npy", f' label-href="{path.name}"'
    (tmp_path / "s.xml").write_text(STUDY.format(
        label=LABEL[kind], href=href, more=more, metric="logloss",
        validation=SPLIT))
    if kind in says:
        answer(tmp_path, "check", "s.xml", code=3, says=says[kind])
    else:  # nothing shows it: a row fewer, another digit
        done = subprocess.run([PROGRAM, "check", "s.xml"], cwd=tmp_path)
        assert done.returncode == 0


def csv(*columns, head="a,y"):
    return "\n".join([head, *map(",".join, zip(*columns))]) + "\n"


Y = [str(i % 2) for i in range(ROWS)]
A = [str(i * 7 % 11) for i in range(ROWS)]
# what the rows hold, the validation, the metric, code, what is said
CONTENTS = [
    (csv(A, ["1"] * ROWS), SPLIT, "logloss", 3, r"label 'y' has 1 class"),
    (csv(A, [*Y[:-1], ""]), SPLIT, "logloss", 3,
     r"d\.csv:41: column 'y': '' is a missing label"),
    (csv(A, ["1"] + ["0"] * (ROWS - 1)), SPLIT, "roc_auc", 3, "class"),
    (csv(A, ["1"] + ["0"] * (ROWS - 1)), '<folds count="3"/>', "roc_auc", 3,
     "class"),
    (csv(A[:2], Y[:2]), '<folds count="3"/>', "logloss", 3, "row|fold"),
    (csv(A, Y), '<folds count="41" stratify="no"/>', "logloss", 3,
     "fold|row"),
    (csv(A, Y, head="a,b"), SPLIT, "logloss", 3, "no column 'y' for label="),
    (csv([""] * ROWS, Y), SPLIT, "logloss", 0, ""),
    ("\ufeff" + csv(A, Y), SPLIT, "logloss", 0, ""),
    (csv(["inf"] * ROWS, Y), SPLIT, "logloss", 3, "'inf' is not finite"),
    (csv(["1e99"] * ROWS, Y), SPLIT, "logloss", 3, "does not fit a float32"),
    (csv(A, Y, Y), SPLIT, "logloss", 3, r"d\.csv:2: found 3 fields"),
    ("a,y\n" + "1" * 10_000_000 + ",1\n2,0\n", SPLIT, "logloss", 3,
     r"d\.csv:2: column 'a': '1111"),
]


@pytest.mark.parametrize("number", range(len(CONTENTS)))
def test_contents(tmp_path, number):
    text, validation, metric, code, says = CONTENTS[number]
    (tmp_path / "d.csv").write_text(text)
    (tmp_path / "s.xml").write_text(STUDY.format(
        label="y", href="d.csv", more="", metric=metric,
        validation=validation))
    if code:
        answer(tmp_path, "check", "s.xml", code=code, says=says)
    else:
        subprocess.run([PROGRAM, "check", "s.xml"], cwd=tmp_path, check=True)


# --- the study file -------------------------------------------------------

GOOD = FUNCTION.format(steps=2, delay=0, trials=3, sampler="random",
                       pruner="none", order="strict").encode()
BOMB = b"""<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa">""" + b"".join(
    b"""<!ENTITY a%d "%s">""" % (i, b"&a;" * 10 if i == 0 else
                                 b"&a%d;" % (i - 1) * 10)
    for i in range(12)) + b"]>"
STUDIES = {
    "empty": (lambda raw: b"", "s.xml.*(empty|no document|1)"),
    "cut": (lambda raw: raw[:len(raw) // 2], r"s\.xml:\d+"),
    "noise": (DATA["noise"][0], r"s\.xml"),
    "nul": (DATA["nul"][0], r"s\.xml:\d+"),
    "zeros": (1 << 30, r"s\.xml.*(large|bytes)"),
    "folder": ("folder", r"s\.xml.*(folder|directory)"),
    "forbidden": ("forbidden", r"s\.xml.*Permission denied"),
    "missing": ("missing", r"s\.xml.*(does not exist|No such file)"),
    "bomb": (lambda raw: BOMB + raw, r"s\.xml:1.*DOCTYPE|DTD"),
    "dtd": (lambda raw: b'<!DOCTYPE study SYSTEM "file:///etc/passwd">' + raw,
            r"s\.xml:1.*DOCTYPE|DTD"),
    "entity": (lambda raw: raw.replace(b'"f"', b'"&f;"'), r"s\.xml:1"),
    "deep": (lambda raw: raw.replace(b"<model", b"<a>" * 5000 + b"<model"),
             r"s\.xml:\d"),
    "long": (lambda raw: raw.replace(b'"f"', b'"' + b"f" * 10**7 + b'"'),
             r"s\.xml"),
    "root": (lambda raw: raw.replace(b"study", b"studie"),
             r"s\.xml:1: .*<?studie"),
    "twice": (lambda raw: raw + raw, r"s\.xml:\d+"),
    "json": (lambda raw: b'{"study": {"name": "f"}}', r"s\.xml:1"),
    "range": (lambda raw: raw.replace(b'high="10"', b'high="-10"'),
              r'<float name="x0">.*low'),
    "number": (lambda raw: raw.replace(b'high="10"', b'high="1e999"'),
               r'<float name="x0">'),
    "trials": (lambda raw: raw.replace(b'trials="3"', b'trials="-3"'),
               r"<budget.*trials"),
    "many": (lambda raw: raw.replace(b'trials="3"', b'trials="%d"' % 10**30),
             r"<budget.*trials"),
    "unknown": (lambda raw: raw.replace(b"<budget", b"<budgte"),
                r'did you mean.*budget'),
    "h5": (lambda raw: b"\x89HDF\r\n\x1a\n" + raw, r"s\.xml"),
}


@pytest.mark.parametrize("fault", STUDIES)
def test_study(tmp_path, fault):
    if fault == "forbidden" and os.getuid() == 0 and not PLAIN:
        pytest.skip("root reads everything, and there is no setpriv")
    what, says = STUDIES[fault]
    put(tmp_path / "s.xml", what, GOOD)
    answer(tmp_path, "run", "s.xml", code=2, says=says)
    assert not list(tmp_path.glob("*.h5*"))


# --- the program's own file -----------------------------------------------

@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished study, as bytes."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "f.xml").write_bytes(GOOD)
    subprocess.run([PROGRAM, "f.xml", "--quiet"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL)
    return (folder / "f.h5").read_bytes()


def rewritten(change):
    """The file after a change by h5py."""
    def what(raw):
        with open("f.h5", "wb") as f:
            f.write(raw)
        with h5py.File("f.h5", "r+", libver=("v110", "v110")) as f:
            change(f)
        with open("f.h5", "rb") as f:
            return f.read()
    return what


def newer(f):
    f.attrs["format_version"] = np.int64(99)


def other(f):
    f.attrs["format"] = np.bytes_("someone's")


def no_trials(f):
    del f["trials"]


OWN = {
    "empty": (lambda raw: b"", "study file f.h5 is empty"),
    "cut": (lambda raw: raw[:len(raw) // 2], "study file f.h5 is damaged"),
    "head": (lambda raw: raw[:10], "f.h5 is no HDF5 file"),
    "noise": (DATA["noise"][0], "f.h5 is no HDF5 file"),
    "zeros": (1 << 30, "f.h5 is no HDF5 file"),
    "folder": ("folder", "f.h5 is a directory, not a study file"),
    "fifo": ("fifo", "f.h5 is no ordinary file, not a study file"),
    "forbidden": ("forbidden", "study file f.h5: Permission denied"),
    "newer": (rewritten(newer), "f.h5 has format version 99; this program "
                                "knows versions up to 1: use a newer hpotune"),
    "other": (rewritten(other),
              "f.h5 is an HDF5 file, but not a study of hpotune"),
    "no table": (rewritten(no_trials), "trials"),
}
COMMANDS = [["status"], ["list"], ["best"], ["show", "0"],
            ["compare", "0", "1"], ["report", "-o", "p.html"],
            ["importance"], ["export", "--trials", "csv"], ["repair"],
            ["tag", "a=b"], ["stop"], ["watch", "--once"],
            ["compact"], ["attach", "--list"], ["replay", "0"],
            ["predict", "t.csv"], ["run", "f.xml"]]


@pytest.mark.parametrize("fault", OWN)
def test_own_file(tmp_path, monkeypatch, finished, fault):
    if fault == "forbidden" and os.getuid() == 0 and not PLAIN:
        pytest.skip("root reads everything, and there is no setpriv")
    monkeypatch.chdir(tmp_path)
    what, says = OWN[fault]
    if what == "fifo":
        os.mkfifo("f.h5")
    elif callable(what):
        (tmp_path / "f.h5").write_bytes(what(finished))
    else:
        put(tmp_path / "f.h5", what, finished)
    (tmp_path / "f.xml").write_bytes(GOOD)
    for command in COMMANDS:
        words = [*command, "f.h5"] if command[0] != "run" else command
        if command[0] in ("tag", "predict"):
            words = [command[0], "f.h5", command[1]]
        if command[0] == "run" and fault == "folder":
            answer(tmp_path, *words, code=2, says='file="f.h5" is a folder')
        else:
            answer(tmp_path, *words, code=4, says=says)


# --- options and environment ----------------------------------------------

OPTIONS = [
    (["f.xml", "--trials", "x"], 2, "trials can't be \"x\""),
    (["f.xml", "--trials", "-1"], 2, "trials can't be \"-1\""),
    (["f.xml", "--trials", "99999999999999999999"], 2,
     "up to 2.63 - 1"),
    (["f.xml", "--trials"], 2, "--trials needs a value"),
    (["f.xml", "--timeout", "-3h"], 2, "timeout can't be \"-3h\""),
    (["f.xml", "--time-limit", "nan"], 2, "--time-limit"),
    (["f.xml", "--sync", "often"], 2, "--sync often is no duration"),
    (["f.xml", "--sync", "-1"], 2, "--sync"),
    (["f.xml", "--seed", "1.5"], 2, "seed can't be \"1.5\""),
    (["f.xml", "--set", "budget"], 2, "--set"),
    (["f.xml", "--set", "=3"], 2, "--set"),
    (["f.xml", "--set", "a/b/c/d=3"], 2, "--set"),
    (["f.xml", "--quiet=3"], 2, "--quiet takes no value"),
    (["f.xml", "--quite"], 2, "did you mean --quiet"),
    (["f.xml", "g.xml"], 2, "one study file"),
    (["f.xml", "--output", "no/such/f.h5"], 2,
     "folder no/such/: No such file"),
    (["f.xml", "--output", "/dev/full"], 2, "must end in .h5"),
    (["f.xml", "--output", "/proc/f.h5"], 2, "folder /proc/"),
    (["f.xml", "--output", "x" * 300 + ".h5"], 1, "name too long"),
    (["f.xml", "--output", ""], 2, "file can't be \"\""),
    (["list", "good.h5", "--limit", "-1"], 2, "--limit -1 is no count"),
    (["list", "good.h5", "--format", "xls"], 2, "allowed are table, csv"),
    (["list", "good.h5", "--sort", "valeu"], 2, 'did you mean "value"'),
    (["list", "good.h5", "--columns", "valeu"], 2, 'did you mean "value"'),
    (["list", "good.h5", "--where", "value >"], 2, "column 8: a number or a"),
    (["list", "good.h5", "--where", "(" * 100000], 2, "nested too deeply"),
    (["list"], 2, "which study file"),
    (["show", "99", "good.h5"], 2, "99"),
    (["show", "-1", "good.h5"], 2, "-1"),
    (["export", "good.h5", "-o", "no/such/x"], 2, "no stored model"),
    (["report", "good.h5", "-o", "no/such/x.html"], 1, "no/such/x.html"),
    (["export", "good.h5", "--trials", "csv", "-o", "no/such/x"], 1,
     "no/such/x"),
    (["generate", "friedman", "--rows", "-1", "-o", "g.csv"], 2, "--rows"),
    (["generate", "fridman"], 2, "did you mean"),
    (["describe", "tpee"], 2, 'did you mean "tpe"'),
]


@pytest.mark.parametrize("number", range(len(OPTIONS)))
def test_options(tmp_path, finished, number):
    words, code, says = OPTIONS[number]
    (tmp_path / "f.xml").write_bytes(GOOD)
    (tmp_path / "good.h5").write_bytes(finished)
    answer(tmp_path, *words, code=code, says=says)


# What comes from a batch system or a user's shell, and is rubbish: the study
# runs all the same.
ENVIRONMENT = [
    {"SLURM_JOB_END_TIME": "soon"}, {"SLURM_JOB_END_TIME": "-5"},
    {"SLURM_JOB_END_TIME": "9" * 40}, {"SLURM_RESTART_COUNT": "x"},
    {"SLURM_JOB_ID": "z" * 5000}, {"SLURM_JOB_ID": "1\n2"},
    {"HDF5_USE_FILE_LOCKING": "TRUE"}, {"LC_ALL": "de_DE.UTF-8"},
    {"LC_ALL": "xx_YY"}, {"TZ": "nowhere"}, {"HOME": "/nonexistent"},
    {"TERM": ""}, {"COLUMNS": "-1"}, {"OPENBLAS_NUM_THREADS": "-7"},
    {"TMPDIR": "/nonexistent"}, {"OMPI_COMM_WORLD_RANK": "x"},
]


@pytest.mark.parametrize("env", ENVIRONMENT, ids=lambda e: "".join(e))
def test_environment(tmp_path, env):
    (tmp_path / "f.xml").write_bytes(GOOD)
    done = subprocess.run([PROGRAM, "f.xml"], cwd=tmp_path, text=True,
                          capture_output=True, timeout=60,
                          env={**os.environ, **env})
    assert done.returncode == 0, done.stderr
    assert "3 trials (3 complete" in done.stdout
    with h5py.File(tmp_path / "f.h5") as f:
        assert len(f["trials"]) == 3
