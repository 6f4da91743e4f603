#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A linear classifier of handwritten digits, one epoch after the other."""
import json
import os

import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split

params = json.load(open(os.environ["HPO_PARAMS"]))
epochs = params.pop("epochs")
folder = os.environ["HPO_STUDY_DIR"]
rows = np.loadtxt(f"{folder}/digits.csv", delimiter=",", skiprows=1)
x, test_x, y, test_y = train_test_split(rows[:, :-1] / 16, rows[:, -1],
                                        test_size=0.25, random_state=0)
model = SGDClassifier(**params, random_state=int(os.environ["HPO_SEED"]))
for epoch in range(1, epochs + 1):
    model.partial_fit(x, y, classes=range(10))
    accuracy = model.score(test_x, test_y)
    print(json.dumps({"step": epoch, "metrics": {"accuracy": accuracy}}),
          flush=True)
