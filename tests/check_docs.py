# SPDX-License-Identifier: BSD-3-Clause
"""The manual pages, the completion, the installed tree, and the tutorial."""
import gzip
import os
import re
import shutil
import subprocess

import pytest
from conftest import BUILD, INPUTS, PROGRAM, ROOT, SHARED

PAGES = {"hpotune.1": None, "hpotune-study.5": "study-format.md",
         "hpotune-hdf5.5": "hdf5-format.md"}


def said(*words, **options):
    return subprocess.run([str(w) for w in words], text=True, check=True,
                          capture_output=True, timeout=100, **options)


def commands():
    text = said(PROGRAM, "--help").stdout
    part = text.split("commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in part.splitlines()]


def options(command):
    text = said(PROGRAM, command, "--help").stdout
    return re.findall(r"^  (--?[a-z-]+)", text, re.M)


def shown(page):
    """A manual page as people read it, blanks made one; no warning."""
    if not shutil.which("man") or not shutil.which("groff"):
        pytest.skip("no man")
    done = said("man", "--warnings", "-E", "UTF-8", "-l", BUILD / "docs" / page,
                env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8",
                     "MAN_KEEP_FORMATTING": ""})
    assert done.stderr == ""
    text = re.sub(r".\x08", "", done.stdout)  # overstruck letters
    text = re.sub("\u2010\n *", "", text)     # broken words
    assert not re.search(r"\\f|`", text), re.search(r".*(\\f|`).*", text)
    return " ".join(text.split())


def test_manual_has_every_command_and_option():
    text = shown("hpotune.1")
    assert len(commands()) > 15
    for command in commands():
        part = text.split(f"hpotune {command} [options]")[1]
        part = part.split(" [options] ")[0]
        for option in options(command):
            assert f"{option} " in part, (command, option)


@pytest.mark.parametrize("page", [p for p in PAGES if PAGES[p]])
def test_manual_has_the_whole_format(page):
    """Every word in backquotes of the page that it is made from."""
    text = shown(page).lower()  # headings are in capitals
    source = (ROOT / "docs" / PAGES[page]).read_text().lower()
    prose = re.sub(r"```.*?```", "", source, flags=re.S)
    missing = [w for w in re.findall(r"`([^`\n]+)`", prose)
               if " ".join(w.replace("\\|", "|").split()).replace(" ", "")
               not in text.replace(" ", "").replace("\u2010", "-")]
    assert not missing
    for block in re.findall(r"```\w*\n(.*?)```", source, re.S):
        for line in block.splitlines():
            assert "".join(line.split()) in "".join(text.split()), line


def complete(line, folder):
    """What bash offers at the end of a line."""
    script = f"""
source {ROOT}/docs/hpotune.bash
compopt() {{ :; }}
COMP_WORDS=({line} ); [[ {line!r} == *' ' ]] && COMP_WORDS+=("")
COMP_WORDS[0]={PROGRAM}
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_hpotune
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    return set(said("bash", "-c", script, cwd=folder).stdout.split())


def test_completion(tmp_path):
    for name in ("a.xml", "b.h5", "c.csv"):
        (tmp_path / name).touch()
    (tmp_path / "sub").mkdir()
    offered = complete("hpotune ", tmp_path)
    assert set(commands()) | {"a.xml", "sub", "--help"} <= offered
    assert "b.h5" not in offered
    assert complete("hpotune rep", tmp_path) == {
        c for c in commands() if c.startswith("rep")}
    for command, models in (("predict", {"best", "winner", "refit"}),
                            ("importance", {"best"})):
        assert models == complete(f"hpotune {command} --model ", tmp_path)
    for command in commands():
        assert complete(f"hpotune {command} -", tmp_path) == \
            set(options(command))
    assert complete("hpotune a.xml --ov", tmp_path) == {"--overwrite"}
    assert complete("hpotune list ", tmp_path) == {"b.h5", "sub"}
    assert complete("hpotune check ", tmp_path) == {"a.xml", "sub"}
    assert {"b.h5", "c.csv"} <= complete("hpotune predict b.h5 ", tmp_path)
    assert {"random", "gbt", "tpe"} <= complete("hpotune describe ", tmp_path)
    assert complete("hpotune generate fr", tmp_path) == {"friedman"}
    # what stands behind an option is what the program takes
    for command, option, arguments in (
            ("importance", "--method", ["b.h5"]),
            ("list", "--format", ["b.h5"]), ("compare", "--format",
                                             ["1", "2", "b.h5"]),
            ("show", "--format", ["1", "b.h5"]),
            ("predict", "--format", ["b.h5", "c.csv"]),
            ("generate", "--format", ["friedman", "-o", "x"]),
            ("export", "--to", ["b.h5"])):
        values = complete(f"hpotune {command} {option} ", tmp_path)
        assert values
        for value in values:
            done = subprocess.run([PROGRAM, command, *arguments, option,
                                   value], cwd=tmp_path, text=True,
                                  capture_output=True)
            assert "allowed are" not in done.stderr


def test_completion_of_models_and_behind_mpirun(tmp_path):
    assert complete("hpotune predict b.h5 --model ", tmp_path) == {
        "best", "winner", "refit"}
    assert "value" in complete("hpotune list b.h5 --sort ", tmp_path)
    assert "none" in complete("hpotune compact b.h5 --models ", tmp_path)
    assert "plugin" in complete("hpotune export b.h5 --format ", tmp_path)
    assert "plugin" in said(PROGRAM, "export", "--help").stdout
    script = f"""source {ROOT}/docs/hpotune.bash; compopt() {{ :; }}
COMP_WORDS=(mpirun -np 3 {PROGRAM} s.xml --ov); COMP_CWORD=5
_hpotune_mpirun; echo "${{COMPREPLY[@]}}"
COMP_WORDS=(mpirun -np 3 hp); COMP_CWORD=3
_hpotune_mpirun; echo "${{COMPREPLY[@]}}" """
    assert said("bash", "-c", script).stdout.split("\n") == [
        "--overwrite", "", ""]


def test_described_lines_fit_a_screen():
    listed = said(PROGRAM, "describe").stdout
    names = re.findall(r"^  (\w\S*) ", listed, re.M)
    assert {"gbt", "tpe", "halving", "roc_auc"} <= set(names)
    text = listed + "".join(said(PROGRAM, "describe", n).stdout for n in names)
    long = [k for k in text.splitlines() if len(k) > 79]
    assert all(" " not in k.strip() for k in long), long


def test_installed_tree(tmp_path):
    if not (BUILD / "Makefile").exists():
        pytest.skip("not a build of make")
    said("make", "-s", "-C", BUILD, "install", f"DESTDIR={tmp_path}")
    found = {str(p.relative_to(tmp_path / "usr/local"))
             for p in tmp_path.rglob("*") if p.is_file()}
    assert {"bin/hpotune", "bin/hpotune-guard", "share/man/man1/hpotune.1",
            "share/man/man5/hpotune-study.5", "share/man/man5/hpotune-hdf5.5",
            "share/bash-completion/completions/hpotune",
            "share/doc/hpotune/README.md",
            "share/doc/hpotune/docs/tutorial.md",
            "share/doc/hpotune/inputs/quickstart.xml",
            "share/doc/hpotune/jobs/submit.sh"} <= found
    doc = tmp_path / "usr/local/share/doc/hpotune"
    named = {n for page in ("README.md", "docs/study-format.md",
                            "docs/plugin.md")
             for n in re.findall(r"`((?:docs|inputs|src|tests/README)[^` *]*)`",
                                 (doc / page).read_text())}
    assert len(named) > 8 and [n for n in named
                               if not (doc / n).exists()] == []
    for script in doc.glob("inputs/*.py"):
        assert os.access(script, os.X_OK), script
    pc = (tmp_path / "usr/local/lib/pkgconfig/hpotune.pc").read_text()
    assert "prefix=/usr/local\n" in pc and "@" not in pc
    said("make", "-s", "-C", BUILD, "uninstall", f"DESTDIR={tmp_path}")
    left = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert left == []


SITE = ROOT / "jobs" / "site"
# what configure.ac asks pkg-config for, in Spack's words and in Debian's
NEEDED = {"ompi-c": ("openmpi", "libopenmpi-dev"),
          "hdf5": ("hdf5", "libhdf5-dev"),
          "libxml-2.0": ("libxml2", "libxml2-dev"),
          "openblas": ("openblas", "libopenblas-dev"),
          "zlib": ("zlib-api", "zlib1g-dev")}


def test_site_files_name_what_is_needed():
    asked = re.findall(r"HPO_PKG\(\[\w+\], \[([a-z0-9.-]+)",
                       (ROOT / "configure.ac").read_text())
    assert set(asked) == set(NEEDED)
    recipe = (SITE / "package.py").read_text()
    compile(recipe, "package.py", "exec")
    image = (SITE / "hpotune.def").read_text()
    version = re.search(r"AC_INIT\(\[hpotune\], \[([0-9.]+)",
                        (ROOT / "configure.ac").read_text()).group(1)
    assert f'version("{version}"' in recipe
    for spack, debian in NEEDED.values():
        assert re.search(rf'depends_on\("{spack}[@" ]', recipe), spack
        assert debian in image
    post = image.split("%post\n")[1].split("\n%")[0]
    said("sh", "-n", "-c", post)
    # the packages are those of the quickstart, which is run on bare Debians
    quick = (ROOT / "jobs" / "quickstart.sh").read_text()
    names = [re.search(r'packages="([^"]*)"', t).group(1).split()
             for t in (quick, image)]
    assert set(names[0]) == set(names[1])
    module = (SITE / "hpotune.modulefile").read_text()
    assert module.startswith("#%Module") and version in module
    if shutil.which("tclsh"):
        stub = "".join(f"proc {p} {{args}} {{}}\n" for p in (
            "module-whatis", "conflict", "prepend-path", "setenv"))
        said("tclsh", input=stub + module + "\nModulesHelp\n")


def test_python_of_other_pages(tool, monkeypatch):
    """docs/models.md reads a linear model and predicts as hpotune does;
    docs/commands.md opens the journal that export wrote."""
    import numpy
    import pandas
    (tool.folder / "s.xml").write_text(f"""<study name='o "x"' seed="1">
  <data task="binary" label="diagnosis">
    <train href="{INPUTS}/breast_cancer.csv"/>
    <validation fraction="0.3"/><standardize/></data>
  <model kind="logistic"><float name="C" low="0.01" high="10" log="yes"/>
  </model><objective metric="logloss" direction="minimize"/>
  <budget trials="4"/><output file="study.h5" models="all"/></study>""")
    tool.run("s.xml", "--quiet")
    tool.run("export", "study.h5", "--to", "optuna", "-o", "o.log")
    monkeypatch.chdir(tool.folder)

    def block(page, number):
        text = (ROOT / "docs" / page).read_text()
        return re.findall(r"```python\n(.*?)```", text, re.S)[number]

    names = {}
    exec(block("models.md", 0), names)
    data = pandas.read_csv(INPUTS / "breast_cancer.csv")
    margin = names["margin"](data[names["m"]["feature_names"]].to_numpy())
    tool.run("predict", "study.h5", INPUTS / "breast_cancer.csv", "--model",
             int(names["t"]["number"]), "--margin", "-o", "m.npy")
    # features are float32 in hpotune
    numpy.testing.assert_allclose(numpy.load("m.npy"), margin[:, 0],
                                  rtol=1e-4, atol=1e-4)
    exec(block("commands.md", 0), names)
    assert len(names["study"].trials) == 4


TUTORIAL = ROOT / "docs" / "tutorial.md"


def alike(text):
    """Lines without what differs from run to run: times, sizes, the end of
    long lines, mpirun's words."""
    text = re.sub(r"[0-9.]+ (KiB|MiB|s)\b", "N", text)
    text = re.sub(r"[0-9.]+ [kMGT]?B are left", "N are left", text)
    lines = [re.sub(r" +", " ", k.rstrip()) for k in text.splitlines()]
    # training time, the only metric that is not a function of the study
    return [k for k in lines if k and "train_seconds" not in k]


def test_tutorial(tmp_path, monkeypatch):
    """Every block is run; what it says is what the page has."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: the wine data is not here")
    shutil.copy(SHARED / "winequality-white.csv", tmp_path)
    monkeypatch.setenv("PATH", f"{BUILD}:{os.environ['PATH']}")
    blocks = re.findall(r"```(xml|console|python)\n(.*?)```",
                        TUTORIAL.read_text(), re.S)
    assert [kind for kind, _ in blocks][0] == "xml" and len(blocks) > 8
    for kind, body in blocks:
        if kind == "xml":
            (tmp_path / "wine.xml").write_text(body)
            continue
        if kind == "python":
            said("/usr/bin/python3", "-c", body, cwd=tmp_path)
            continue
        parts = re.split(r"^\$ (.*)\n", body, flags=re.M)[1:]
        for command, shown in zip(parts[::2], parts[1::2]):
            done = subprocess.run(["bash", "-c", command], text=True,
                                  cwd=tmp_path, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, timeout=200,
                                  stderr=subprocess.STDOUT)
            assert alike(done.stdout) == alike(shown), command


def files_of_examples(folder):
    """What the studies of the pages name."""
    rows = range(100)
    (folder / "customers.csv").write_text(
        "age,churned\n" + "".join(f"{i},{i % 2}\n" for i in rows))
    wines = "".join(f"{i % 7}.5,{i % 3},{'nso'[i % 3]},{i},1,{3 + i % 6}\n"
                    for i in rows)
    for name in ("red", "white"):
        with gzip.open(folder / f"{name}.csv.gz", "wt") as f:
            f.write(wines)
    (folder / "winequality-white.csv").write_text(
        "".join(f"{';'.join([str(i)] * 11)};{3 + i % 6}\n" for i in rows))
    (folder / "train.py").write_text("#!/bin/sh\n")
    (folder / "train.py").chmod(0o755)


def examples():
    """(page and number, study): each <study> of the pages, and the
    <model> ... <budget> that stand alone."""
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")]):
        blocks = re.findall(r"```xml\n(.*?)```", page.read_text(), re.S)
        for i, body in enumerate(blocks):
            if "<study " in body:
                yield f"{page.stem}-{i}", body
            elif body.startswith("<model") and "<budget" in body:
                yield f"{page.stem}-{i}", f"<study name='x'>{body}</study>"


EXAMPLES = dict(examples())


@pytest.mark.parametrize("name", EXAMPLES)
def test_studies_of_the_pages(tool, name):
    files_of_examples(tool.folder)
    (tool.folder / "s.xml").write_text(EXAMPLES[name])
    assert "s.xml is good" in tool.run("check", "s.xml").stdout


def test_pages_have_every_element():
    """The examples of the format's page hold all elements; its tables all
    children of <study>."""
    page = (ROOT / "docs" / "study-format.md").read_text()
    whole = "".join(re.findall(r"```xml\n(.*?)```", page, re.S))
    schema = (ROOT / "src" / "study" / "study.xsd").read_text()
    for name in re.findall(r'<xs:element name="([a-z-]+)"', schema):
        assert f"<{name}" in whole, name
    assert "*later*" not in page and len(EXAMPLES) > 6
