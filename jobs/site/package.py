# SPDX-License-Identifier: BSD-3-Clause
# Spack recipe. In a repository of your own:
#   spack repo create site; mkdir site/packages/hpotune
#   cp package.py site/packages/hpotune/; spack repo add site
#   spack install hpotune
# url and sha256 are those of the source where you keep it; `make dist` makes
# hpotune-VERSION.tar.gz.
from spack.package import *


class Hpotune(AutotoolsPackage):
    """Hyperparameter tuning over MPI: boosted trees, linear models, neural
    networks or any program, one HDF5 file per study."""

    homepage = "file:///usr/share/doc/hpotune"
    url = "file:///tmp/hpotune-0.1.0.tar.gz"  # make dist

    license("BSD-3-Clause")
    version("0.1.0", sha256="0" * 64)  # sha256sum of that file

    depends_on("c", type="build")
    depends_on("autoconf", type="build")
    depends_on("automake@1.16:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("openmpi@4.1:")
    depends_on("hdf5@1.10.7: ~mpi")
    depends_on("libxml2")
    depends_on("openblas threads=none")
    depends_on("zlib-api")

    def autoreconf(self, spec, prefix):
        Executable("sh")("autogen.sh")

    def configure_args(self):
        return ["CC=cc"]

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_install(self):
        Executable(self.prefix.bin.hpotune)("describe", "gbt")
