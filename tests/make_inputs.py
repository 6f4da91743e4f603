# SPDX-License-Identifier: BSD-3-Clause
"""Writes the data in inputs/ from what scikit-learn's package carries.

    python3 tests/make_inputs.py [FOLDER]

Numbers keep their shortest decimal form; names have no blanks.
"""
import pathlib
import sys

from sklearn import datasets


def text(x):
    return str(int(x)) if float(x).is_integer() else repr(float(x))


def write(path, names, label, rows, targets):
    lines = [",".join([n.replace(" ", "_") for n in names] + [label])]
    for row, target in zip(rows, targets):
        lines.append(",".join([text(x) for x in row] + [target]))
    path.write_text("\n".join(lines) + "\n")


def main(folder):
    d = datasets.load_breast_cancer()
    write(folder / "breast_cancer.csv", d.feature_names, "diagnosis", d.data,
          [d.target_names[t] for t in d.target])
    d = datasets.load_digits()
    write(folder / "digits.csv", d.feature_names, "digit", d.data,
          [text(t) for t in d.target])
    d = datasets.load_diabetes(scaled=False)
    write(folder / "diabetes.csv", d.feature_names, "progression", d.data,
          [text(t) for t in d.target])


if __name__ == "__main__":
    default = pathlib.Path(__file__).resolve().parent.parent / "inputs"
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
