#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A support vector machine on the study's own rows: what digits-mixed.xml
compares with hpotune's models."""
import json
import os

import numpy
from sklearn.metrics import log_loss
from sklearn.svm import SVC

params = json.load(open(os.environ["HPO_PARAMS"]))
with open(os.environ["HPO_DATA"]) as f:
    label = f.readline().strip().split(",").index(os.environ["HPO_LABEL"])
    table = numpy.loadtxt(f, delimiter=",")
x, y = numpy.delete(table, label, 1) / 16, table[:, label]
train = numpy.loadtxt(os.environ["HPO_TRAIN_ROWS"], dtype=int)
valid = numpy.loadtxt(os.environ["HPO_VALID_ROWS"], dtype=int)
model = SVC(C=params["C"], gamma=params["gamma"], probability=True,
            random_state=int(os.environ["HPO_SEED"]))
model.fit(x[train], y[train])
print(json.dumps({"metrics": {
    "accuracy": model.score(x[valid], y[valid]),
    "logloss": log_loss(y[valid], model.predict_proba(x[valid]))}}))
