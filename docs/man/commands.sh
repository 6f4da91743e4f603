#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The manual page hpotune(1): docs/man/hpotune.md, then every command with its
# options as `hpotune COMMAND --help` tells them.
# usage: commands.sh HPOTUNE FOLDER_OF_THIS_FILE VERSION >hpotune.1
set -eu
{
  cat "$2/hpotune.md"
  echo '## Commands'
  "$1" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' |
    while read -r command; do
      "$1" "$command" --help | awk -v command="$command" '
        NR == 1 { sub(/^usage: /, ""); usage = $0; next }
        NR == 2 { printf "### %s\n`%s`: %s.\n\n", command, usage, $0; next }
        /^options:/ { options = 1; print "| option | |"; next }
        options && /^  / {
          line = substr($0, 3)
          name = substr(line, 1, 22)
          if (substr(line, 23, 1) == " ") {
            text = substr(line, 24)
          } else { # the name is longer than its column
            match(line, /^--?[a-z-]+( [^ ]+)?/)
            name = substr(line, 1, RLENGTH)
            text = substr(line, RLENGTH + 2)
          }
          sub(/ +$/, "", name)
          gsub(/\|/, "\\|", name)
          gsub(/\|/, "\\|", text)
          printf "| `%s` | %s |\n", name, text
          next
        }
        { options = 0; print }'
    done
} | awk -v name=hpotune -v section=1 -v version="$3" \
  -v what='hyperparameter tuning over MPI' \
  -v synopsis='mpirun -np RANKS hpotune STUDY.xml;hpotune COMMAND [options] ...' \
  -f "$2/man.awk"
