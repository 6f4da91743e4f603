#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# From a fresh Debian or Ubuntu to a finished study: installs what is missing
# (apt-get; sudo where you are not root), builds in ./build, and runs
# inputs/quickstart.xml with mpirun.
#
#   sh jobs/quickstart.sh            3 ranks: one keeps the books, two train
#   RANKS=9 sh jobs/quickstart.sh    on a larger machine
#   sh jobs/quickstart.sh --build    installs and builds only
set -eu
cd "$(dirname "$0")/.."

packages="autoconf automake make gcc libc6-dev pkg-config openmpi-bin
 libopenmpi-dev libhdf5-dev libxml2-dev libopenblas-dev zlib1g-dev"
. jobs/install.sh
install_packages $packages

[ -x configure ] && [ configure -nt configure.ac ] || sh autogen.sh
mkdir -p build
cd build
[ -f Makefile ] && [ Makefile -nt ../configure ] || ../configure --quiet
make -s -j "$(getconf _NPROCESSORS_ONLN)" hpotune
[ "${1:-}" != --build ] || exit 0

# Rank 0 hardly uses its core; more ranks than cores are fine. Open MPI wants
# to be asked before it runs as root.
export OMPI_MCA_rmaps_base_oversubscribe=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
echo "mpirun -np ${RANKS:-3} build/hpotune inputs/quickstart.xml"
cd ..
exec mpirun -np "${RANKS:-3}" build/hpotune inputs/quickstart.xml
