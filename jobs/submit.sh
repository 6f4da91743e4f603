#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Hands a study to Slurm and prints the job's id, nothing else: --help.
set -eu
usage() {
  cat <<'HELP'
usage: sh jobs/submit.sh [OPTION...] STUDY.xml FILE.h5 [-- HPOTUNE-OPTION...]
Checks the study, hands jobs/study.sbatch to Slurm, prints the job's id.

  --ranks N          MPI ranks (64): one keeps the books, the others train
  --time T           the job's time limit (04:00:00); the study goes on after it
  --partition P      Slurm's partition
  --srun             start ranks with srun --mpi=pmix, not mpirun
  --seeds A-B        jobs/array.sbatch: a study for each seed, FILE-SEED.h5
  --mail ADDRESS     a mail at the end, and on failure
  --on-success CMD   a command when the study is finished; $1 is FILE.h5
  --on-failure CMD   a command when it failed; $1 is FILE.h5, $2 the exit code
  --sbatch OPTION    any further option for sbatch; may be repeated
  --help
Example:
  id=$(sh jobs/submit.sh --ranks 128 --time 12:00:00 wine.xml wine.h5)
HELP
}
here=$(cd "$(dirname "$0")" && pwd)
ranks=64 time=04:00:00 script=study.sbatch
more=
add() { # quotes one word for eval
  more="$more '$(printf %s "$1" | sed "s/'/'\\\\''/g")'"
}
need() {
  [ $# -ge 2 ] || { echo "submit.sh: $1 needs a value; --help" >&2; exit 2; }
}
while [ $# -gt 0 ]; do
  case $1 in
  --help) usage; exit 0 ;;
  --srun) export HPOTUNE_LAUNCH="srun --mpi=pmix"; shift; continue ;;
  --) break ;;
  --*) need "$@" ;;
  *) break ;;
  esac
  case $1 in
  --ranks) ranks=$2 ;;
  --time) time=$2 ;;
  --partition) add "--partition=$2" ;;
  --seeds) script=array.sbatch; add "--array=$2" ;;
  --mail) add "--mail-type=END,FAIL"; add "--mail-user=$2" ;;
  --on-success) export HPOTUNE_ON_SUCCESS="$2" ;;
  --on-failure) export HPOTUNE_ON_FAILURE="$2" ;;
  --sbatch) add "$2" ;;
  *) echo "submit.sh: there is no option $1; --help" >&2; exit 2 ;;
  esac
  shift 2
done
[ $# -ge 2 ] || { usage >&2; exit 2; }
study=$1 file=$2
shift 2
[ "${1:-}" != -- ] || shift
# What is wrong with the study is told now, not when the job starts.
hpotune check "$study" --output "$file" "$@" >&2
[ $script = study.sbatch ] || file=${file%.h5}
eval "exec sbatch --parsable --export=ALL --ntasks=$ranks --time=$time $more \
  \"\$here/\$script\" \"\$study\" \"\$file\" \"\$@\""
