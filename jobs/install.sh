# SPDX-License-Identifier: BSD-3-Clause
# Sourced by quickstart.sh and tests/run.sh: install_packages NAME... installs
# the Debian packages that are missing, with sudo where the user is not root.
install_packages() {
  missing=
  for p in "$@"; do
    dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'install ok' ||
      missing="$missing $p"
  done
  [ -n "$missing" ] || return 0
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "please install as root: apt-get install$missing" >&2
      return 1
    }
    sudo=sudo
  fi
  echo "installing:$missing"
  $sudo env DEBIAN_FRONTEND=noninteractive sh -c \
    "apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing" \
    >install.log 2>&1 || {
    tail -5 install.log >&2
    return 1
  }
  rm -f install.log
}
