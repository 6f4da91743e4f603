#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# More than 2^31 bytes of data, really: gbt on a team of two ranks, the rows
# shared and sharded; the digests of the two studies must be the same.
#   sh tests/bench/huge.sh build/hpotune [ROWS]     20000000: 4.6 GB, 28 columns
set -eu
program=$(realpath "$1") rows=${2:-20000000}
digest=$(realpath "$(dirname "$0")/../digest.py")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe=1
"$program" generate higgs-like --rows "$rows" --seed 1 -o h.npy
ls -l h.npy
cat >h.xml <<'XML'
<study name="h" seed="1">
  <data task="binary" label="28"><train href="h.npy"/><validation fraction="0.1"/></data>
  <model kind="gbt"><fixed name="n_estimators" value="2"/><fixed name="max_bin" value="64"/><int name="max_depth" low="2" high="3"/></model>
  <objective metric="logloss" direction="minimize"/>
  <budget trials="1"/>
  <parallel order="strict" ranks-per-trial="all"/>
  <output models="all"/>
</study>
XML
for data in shared sharded; do
  mpirun -np 3 "$program" h.xml --quiet --output $data.h5 \
    --set parallel/data=$data | sed -n 2p
done
/usr/bin/python3 "$digest" shared.h5 sharded.h5
[ "$(/usr/bin/python3 "$digest" shared.h5 | cut -c1-64)" = \
  "$(/usr/bin/python3 "$digest" sharded.h5 | cut -c1-64)" ]
