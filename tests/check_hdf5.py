# SPDX-License-Identifier: BSD-3-Clause
"""Data sets of HDF5 files as h5py writes them.

Drives data_driver, as check_data.py does.
"""
import os
import pathlib
import subprocess
import sys

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from check_data import SEED, load, npy, same  # noqa: E402,F401

PROGRAM = pathlib.Path(os.environ.get("HPOTUNE_BUILD", ".")) / "hpotune"
TYPES = ("?", "i1", "u1", "<i2", ">i2", "<u4", ">i4", "<u8", ">i8", "<f2",
         ">f2", "<f4", ">f4", "<f8", ">f8")
LAYOUTS = ({}, {"chunks": (7, 2)}, {"chunks": (50, 1), "compression": "gzip"},
           {"chunks": (1, 4), "compression": "gzip", "shuffle": True,
            "fletcher32": True}, {"compression": "szip"},
           {"maxshape": (None, None), "scaleoffset": None})


@pytest.fixture
def store(tmp_path):
    def write(name="x.h5", layout=None, **arrays):
        path = tmp_path / name
        with h5py.File(path, "w") as f:
            for key, array in arrays.items():
                f.create_dataset(key.replace("__", "/"), data=array,
                                 **(layout or {}))
        return path

    return write


def table(kind="f8", rows=50):
    rng = np.random.default_rng(SEED)
    x = rng.integers(0, 2 if kind == "?" else 100, (rows, 4)).astype(kind)
    x[:, 3] = np.arange(rows) % 2
    return x


@pytest.mark.parametrize("kind", TYPES)
def test_types(load, store, kind):
    x = table(kind)
    hashes = set()
    for layout in LAYOUTS:
        if layout.get("compression") == "szip" and (
                kind == "?" or not h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP)):
            continue
        path = store(layout=layout, X=x)
        d = load(train=path, dataset="/X", label="f3")
        same(d.x, x[:, :3].astype("f4"))
        same(d.y, x[:, 3].astype("f8"))
        assert [c.name for c in d.column] == ["f0", "f1", "f2"]
        hashes.add(d.hash)
    assert len(hashes) == 1


def test_many_rows_in_blocks(load, store):
    rng = np.random.default_rng(SEED)
    x = rng.normal(size=(60000, 5)).astype("f4")
    x[rng.random(x.shape) < 0.01] = np.nan
    y = rng.integers(0, 4, 60000)
    for layout in ({}, {"chunks": (999, 2), "compression": "gzip"}):
        path = store(layout=layout, X=x)
        with h5py.File(path, "a") as f:
            f["y"] = y
        d = load(train=path, dataset="X", label_dataset="/y",
                 task="multiclass")
        same(d.x, x)
        same(d.y, y.astype("f8"))


def test_as_npy(load, store, tmp_path):
    x = table(rows=200)
    x[5, 1] = np.nan
    y = np.arange(200) % 3
    words = dict(names="a b c w", task="binary", positive="class>=2",
                 label="class", weight="w", ignore="b", categorical="a",
                 missing="7", fraction=0.25, stratify="yes")
    want = load(train=npy(tmp_path / "x.npy", x),
                label_file=npy(tmp_path / "y.npy", y), **words)
    for labels in (y, y[:, None], y.astype(">f2")):
        path = store(train__X=x, train__y=labels)
        other = store("y.hdf5", y=labels)
        for more in ({"label_dataset": "/train/y"},
                     {"label_file": tmp_path / "y.npy"},
                     {"label_file": other, "label_dataset": "y"}):
            d = load(train=path, dataset="train/X", **more, **words)
            assert (d.x.tobytes(), d.y.tobytes(), d.weight.tobytes(),
                    d.role.tobytes()) == (
                want.x.tobytes(), want.y.tobytes(), want.weight.tobytes(),
                want.role.tobytes())
            assert (d.classes, d.column, d.label) == (
                want.classes, want.column, "class")


def test_more_dimensions_and_files(load, store):
    x = np.arange(5 * 2 * 3.0).reshape(5, 2, 3)
    path = store(X=x, y=np.arange(5), V=x + 100, v=np.arange(5))
    d = load(f"train={path}", f"train={path}", "dataset=X", "dataset=V",
             "label_dataset=y", "label_dataset=v", validation=path,
             valid_dataset="V", valid_label_dataset="v")
    flat = x.reshape(5, 6)
    same(d.x, np.r_[flat, flat + 100, flat + 100].astype("f4"))
    assert (d.n_train, d.n_valid) == (10, 5)


def test_text_labels(load, store):
    words = ["cat", "dog", "Grün", "cat", "a b ", ""]
    x = np.arange(12.0).reshape(6, 2)
    fixed = np.array([w.encode() for w in words])
    for labels in (np.array(words, object), fixed, fixed[:, None]):
        path = store(X=x[:5], y=labels[:5])
        d = load(train=path, dataset="X", label_dataset="y",
                 task="multiclass")
        assert d.classes == ["Grün", "a b ", "cat", "dog"]
        assert [d.classes[int(k)] for k in d.y] == words[:5]
        path = store(X=x, y=labels)
        assert ("x.h5: row 5: '' is a missing label" in
                load(train=path, dataset="X", label_dataset="y",
                     task="multiclass", expect=3))


def test_bool_enum_and_labels(load, store):
    x = table("f8", 10)
    truth = np.arange(10) % 3 == 0
    d = load(train=store(X=x, y=truth), dataset="X", label_dataset="y",
             task="binary")
    same(d.y, truth.astype("f8"))
    assert d.classes == ["0", "1"]


def test_faults(load, store, tmp_path):
    x = table()
    path = store(train__X=x, train__y=np.arange(50, dtype="i1"))
    there = "/train/X (50 x 4 float64), /train/y (50 int8)"

    def error(path=path, dataset="/train/X", expect=3, **words):
        if dataset:
            words["dataset"] = dataset
        return load(train=path, expect=expect, **{"label": "f3", **words})

    assert (f"x.h5: no data set is named; dataset= or label-dataset= can be: "
            f"{there}") in error(dataset="", expect=2)
    assert f"/X: no such data set; dataset= or label-dataset= can be: {there}"\
        in error(dataset="/X")
    assert f"/train: a group, not a data set; dataset= or" in error(
        dataset="/train")
    assert there in error(label_dataset="/nowhere", label="y")
    assert "labels have one column, but this array has 4" in error(
        label_dataset="/train/X", label="y")
    assert "holds 49 labels, but" in error(
        store("2.h5", X=x, y=np.arange(49)), "X", label_dataset="y",
        label="y")
    for array, name in ((x.astype("c16"), "compound values (complex"),
                        (np.zeros(5, "i4,f8"), "compound values"),
                        (np.array([[b"a", b"b"]] * 3), "holds text"),
                        (np.array([b"a"] * 3), "holds text"),
                        (np.zeros(3, "V5"), "opaque values")):
        assert name in error(store("2.h5", X=array), "X", label="0")
    assert "X is a single value" in error(store("2.h5", X=np.array(3.0)), "X")
    assert "X is empty: dimension 0 is 0" in error(
        store("2.h5", X=x[:0]), "X")
    with h5py.File(tmp_path / "2.h5", "w") as f:
        f.create_dataset("X", (10**9, 10**6), "f8", chunks=(100, 100))
        f.create_dataset("Y", (10**9, 10**6), "f8",
                         chunks=(100, 100))[:100, :100] = 1
        f.create_dataset("L", (3,), h5py.vlen_dtype("i4"))
        f["gone"] = h5py.SoftLink("/nowhere")
        f["lzf"] = 1
        f.create_dataset("Z", data=x, compression="lzf")
        f["type"] = np.dtype("f8")
    two = tmp_path / "2.h5"
    assert "none of them was ever written" in error(two, "X")
    assert "can't hold 1000000000 x 1000000 values" in error(two, "Y")
    assert "L holds lists values" in error(two, "L")
    assert "gone: no such data set" in error(two, "gone")
    assert "a type, not a data set" in error(two, "type")
    assert "is packed by the filter lzf (32000)" in error(two, "Z")
    for value, column, sentence in (
            (np.inf, 0, "row 1, column 'f0': inf is not finite"),
            (1e39, 1, "row 1, column 'f1': 1e+39 does not fit"),
            (np.nan, 3, "row 1, column 'f3': nan is a missing label")):
        bad = x.copy()
        bad[1, column] = value
        assert sentence in error(store("2.h5", X=bad), "X")
    assert "no column 'q' for label=; columns: f0, f1, f2, f3" in error(
        label="q")


def test_broken_files(load, store, tmp_path):
    x = table(rows=5000)
    path = store(X=x)
    raw = path.read_bytes()
    packed = store("p.h5", layout={"compression": "gzip", "shuffle": True,
                                   "chunks": (500, 4), "fletcher32": True},
                   X=x)
    good = packed.read_bytes()

    def error(content, name="b.h5"):
        bad = tmp_path / name
        bad.write_bytes(content)
        return load(train=bad, dataset="X", label="f3", expect=3)

    assert "b.h5 is empty" in error(b"")
    assert "b.h5 is no HDF5 file" in error(b"a,b\n1,2\n")
    assert "b.h5 is damaged" in error(raw[:len(raw) // 2])
    assert "is packed by gzip" in error(b"\x1f\x8b" + raw)
    hurt = bytearray(good)
    middle = len(hurt) // 2
    hurt[middle:middle + 64] = bytes(64)
    assert "of X cannot be read" in error(bytes(hurt))
    assert "is a directory" in load(train=tmp_path, format="hdf5",
                                    dataset="X", expect=3)
    assert "No such file" in load(train=tmp_path / "no.h5", dataset="X",
                                  expect=3)
    if os.getuid() != 0:
        path.chmod(0)
        assert "Permission denied" in load(train=path, dataset="X", expect=3)


STUDY = """<study name="s">
  <data task="multiclass" {data}>
    <train href="{href}" {more}/>
    <validation fraction="0.25"/>
  </data>
  <model kind="gbt"><int name="n_estimators" low="2" high="4"/></model>
  <objective metric="accuracy"/>
  <budget trials="2"/>
  <output file="{folder}/out.h5"/>
</study>"""


def hpotune(command, folder, href="x.h5", more="", data="", expect=0):
    (folder / "s.xml").write_text(STUDY.format(href=href, more=more,
                                               data=data, folder=folder))
    done = subprocess.run([PROGRAM, command, folder / "s.xml"], text=True,
                          capture_output=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_program(store, tmp_path):
    x = table("f4", 60)
    path = store(X=x, y=np.arange(60) % 3, X2=x)
    both = 'dataset="/X" label-dataset="/y"'
    out = hpotune("check", tmp_path, more=both)
    assert "60 rows (45 to train, 15 to validate), 4 columns\n" \
        "columns     f0, f1, f2, f3\n" in out
    assert "label       label: 0, 1, 2" in out
    hpotune("run", tmp_path, more=both)
    with h5py.File(tmp_path / "out.h5") as f:
        assert f["trials"].shape[0] == 2
    # what was found predicts
    done = subprocess.run([PROGRAM, "predict", tmp_path / "out.h5", path,
                           "--dataset", "/X"], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 61
    # what was found is no data
    out = hpotune("check", tmp_path, "out.h5", 'dataset="/trials"',
                  'label="0"', expect=3)
    assert "out.h5 is a study file of hpotune" in out
    # and the words of the study
    out = hpotune("check", tmp_path, more='label-dataset="/y"', expect=2)
    assert "no data set is named; dataset= or label-dataset= can be: /X " \
        "(60 x 4 float32), /X2" in out
    out = hpotune("check", tmp_path, more='dataset="/X"', expect=2)
    assert "label= is missing" in out
    (tmp_path / "d.csv").write_text("a,y\n1,2\n")
    out = hpotune("check", tmp_path, "d.csv", both, 'label="y"', expect=2)
    assert "s.xml:3: <train href=\"d.csv\">: dataset= goes with hdf5" in out
    assert "label-dataset= goes with hdf5, not with csv" in out
    path.rename(tmp_path / "x.h5.gz")
    out = hpotune("check", tmp_path, "x.h5.gz", both, expect=2)
    assert "can't be packed by gzip: unpack it" in out
