/* SPDX-License-Identifier: BSD-3-Clause */
/* Program, compiler, libraries and CPU of this process. */
#include "cmd/environment.h"
#include "config.h"
#include "hpo/blas.h"
#include "hpo/clock.h"
#include "hpo/comm.h"
#include "hpo/h5.h"

#include <stdio.h>

#define MEMBER(name, says)                                                    \
  { #name, offsetof(hpo_environment, name), says }

const hpo_environment_member hpo_environment_members[] = {
    MEMBER(hpotune_version, "hpotune"),
    MEMBER(git, "commit"),
    MEMBER(compiler, "compiler"),
    MEMBER(flags, "compiler's flags"),
    MEMBER(mpi, "MPI"),
    MEMBER(hdf5, "HDF5"),
    MEMBER(blas, "BLAS and its kernel"),
    MEMBER(cpu, "CPU"),
    {NULL, 0, NULL}};

void hpo_environment_take(hpo_environment *e) {
  char hdf5[64];

  *e = (hpo_environment){.git = ""};
  snprintf(e->hpotune_version, sizeof e->hpotune_version, "%s",
           PACKAGE_VERSION);
  snprintf(e->git, sizeof e->git, "%s", HPO_GIT);
  snprintf(e->compiler, sizeof e->compiler, "%s", __VERSION__);
  snprintf(e->flags, sizeof e->flags, "%s", HPO_BUILD_FLAGS);
  hpo_mpi_describe(e->mpi, sizeof e->mpi);
  hpo_h5_version(hdf5);
  snprintf(e->hdf5, sizeof e->hdf5, "%.31s", hdf5);
  hpo_blas_describe(e->blas, sizeof e->blas);
  hpo_clock_cpu_model(e->cpu, sizeof e->cpu);
}
