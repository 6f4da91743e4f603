#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The house's floors: fails on an include that climbs, and on a third-party
# header outside its one wrapper. Usage: tests/layers.sh [SOURCE_ROOT]
set -eu
cd "${1:-$(dirname "$0")/..}"
exec /usr/bin/env python3 - <<'PY'
import collections, pathlib, re, sys

root = pathlib.Path("src")
# wing -> wings (or single faces) whose headers it may include
may = {
    "guard": ["base"], "host": ["base"], "base": [], "terms": ["base"],
    "study": ["base", "terms"], "sampler": ["base", "terms"],
    "data": ["base", "terms"], "metric": ["base"],
    "store": ["base", "record"], "comm": ["base", "terms"],
    "model": ["base", "record", "coll", "plan", "data"],
    "evaluate": ["base", "terms", "data", "metric", "model"],
    "sched": ["base", "terms", "sampler"],
    "manager": ["base", "terms", "comm", "store", "sched"],
    "worker": ["base", "terms", "comm", "evaluate"],
    "report": ["base", "terms", "store"],
    "cmd": None, "main.c": None,
}
face = {}  # header -> wing
for wing, names in {
    "base": "status mem log num rng options process words file clock clones blas h5 h5_data h5_matrix host doc library",
    "terms": "record coll space plan trial known ledger catalog layout watch tally front hypervolume",
    "study": "study", "sampler": "sampler pruner terminator", "data": "dataset bins design shards generate rows",
    "metric": "metric", "store": "store", "comm": "comm proto wire",
    "model": "model predictor", "evaluate": "evaluate exam winner", "sched": "sched",
    "roles": "manager worker roles", "report": "report importance audit",
}.items():
    for n in names.split():
        face[n] = wing
third = {"mpi.h": {"src/comm/comm_mpi.c", "src/comm/coll_mpi.c",
                   "src/comm/parts_mpi.c", "src/comm/life_mpi.c"},
         "hdf5.h": r"src/base/h5", "cblas.h": {"src/base/blas.c"},
         "lapacke.h": {"src/base/blas.c"}, "dlfcn.h": {"src/base/library.c"}, "zlib.h": r"src/base/",
         "libxml/": {"src/study/study_xml.c"}}
bad = []
uses = collections.defaultdict(set)
seen_faces = set()

def wing_of(path):
    parts = path.relative_to(root).parts
    if parts[0] == "roles":
        return "worker" if parts[1].startswith("worker") else "manager"
    return parts[0]

for path in sorted(root.rglob("*.[ch]")):
    wing = wing_of(path)
    for inc in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]',
                          path.read_text(), re.M):
        for name, where in third.items():
            if inc == name or (name.endswith("/") and inc.startswith(name)):
                ok = (str(path) in where if isinstance(where, set)
                      else str(path).startswith(where))
                if not ok:
                    bad.append(f"{path}: {inc} outside its wrapper")
        if inc.startswith("hpo/"):
            name = inc[4:-2]
            if name not in face:
                bad.append(f"{path}: {inc} stands on no floor of this test")
                continue
            seen_faces.add(name)
            target = face[name]
        elif "/" in inc and (root / inc).exists():
            target = inc.split("/")[0]
            name = None
            if target != path.relative_to(root).parts[0] and \
                    wing not in ("main.c", "guard"):
                bad.append(f"{path}: private header {inc} of another wing")
        else:
            continue
        allowed = may.get(wing)
        if wing not in may:
            bad.append(f"{path}: no wing {wing}")
        elif target == wing or (target == "roles" and
                                wing in ("manager", "worker")):
            continue
        elif allowed is not None and target not in allowed and \
                name not in allowed:
            bad.append(f"{path}: {wing} may not include {inc} ({target})")
        uses[wing].add(target)

def reach(wing, seen=None):
    seen = set() if seen is None else seen
    for t in uses.get(wing, ()):
        if t not in seen:
            seen.add(t)
            reach(t, seen)
    return seen

for wing, never in {
    "sampler": ["model", "store"], "model": ["sampler", "store", "comm"],
    "store": ["sampler", "model"], "sched": ["comm", "store"],
    "evaluate": ["comm", "store"], "worker": ["store", "sampler"],
    "manager": ["data", "model"],
}.items():
    for target in never:
        if target in reach(wing):
            bad.append(f"{wing} reaches {target}")
for wing in list(uses):
    if wing in reach(wing) - {wing} or any(
            wing in reach(t) for t in uses[wing] if t != wing):
        bad.append(f"cycle through {wing}")
have = {p.stem for p in pathlib.Path("include/hpo").glob("*.h")}
for name in sorted(have - set(face)):
    bad.append(f"include/hpo/{name}.h stands on no floor of this test")
if len(list(root.rglob("*.c"))) < 20:
    bad.append("fewer than 20 sources seen: is this the source root?")
print("\n".join(bad) or "layers: no include climbs")
sys.exit(bool(bad))
PY
