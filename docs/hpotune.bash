# SPDX-License-Identifier: BSD-3-Clause
# bash completion for hpotune: commands, options, and what stands behind them.
# It asks the program's own --help, so it knows what the program knows.
# Installed by `make install`; or: source docs/hpotune.bash

_hpotune_commands() {
  "$1" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'
}

# The options of a command, one a line.
_hpotune_options() {
  "$1" "$2" --help 2>/dev/null | sed -n 's/^  \(--*[a-z-]*\).*/\1/p'
}

# What may stand behind an option: the words of its help after "F".
_hpotune_values() {
  case "$2 $3" in
  "importance --method") echo fanova ped-anova ;;
  "list --format" | "compare --format" | "importance --format")
    echo table csv json ;;
  "best --format" | "show --format") echo table json ;;
  "export --format") echo xgboost-ubj xgboost-json json plugin c ;;
  "export --to") echo optuna mlflow ;;
  "export --trials") echo csv ;;
  "predict --format") echo csv npy hdf5 ;;
  "generate --format") echo csv libsvm npy hdf5 ;;
  "compact --models") echo all none best: ;;
  "list --sort") echo number state value steps wall ;;
  "importance --model") echo best ;;
  *" --model") echo best winner refit ;;
  esac
}

_hpotune_files() {
  local IFS=$'\n'
  # shellcheck disable=SC2207
  COMPREPLY=($(compgen -d -- "$2") $(compgen -f -X "!*.$1" -- "$2"))
  compopt -o filenames 2>/dev/null
}

_hpotune() {
  local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
  local before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} values
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    _hpotune_files xml "$word"
    # shellcheck disable=SC2207
    COMPREPLY+=($(compgen -W "$(_hpotune_commands "$program") --help --version" \
      -- "$word"))
    return
  fi
  case $command in *.xml) command=run ;; esac
  values=$(_hpotune_values "$program" "$command" "$before")
  if [ -n "$values" ]; then
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$values" -- "$word"))
    return
  fi
  case $before in -o | --output) _hpotune_files '*' "$word"; return ;; esac
  case $word in
  -*)
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$(_hpotune_options "$program" "$command")" \
      -- "$word"))
    return
    ;;
  esac
  case $command in
  run | check) _hpotune_files xml "$word" ;;
  describe | generate)
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$("$program" "$command" 2>/dev/null |
      sed -n 's/^ \{0,2\}\([a-z][a-z0-9_-]*\) .*/\1/p')" -- "$word"))
    ;;
  predict)
    if [ "$COMP_CWORD" -eq 2 ]; then
      _hpotune_files h5 "$word"
    else
      _hpotune_files '*' "$word"
    fi
    ;;
  *) _hpotune_files h5 "$word" ;;
  esac
}

# mpirun -np N hpotune ...: what stands behind the program's name; before it,
# what bash offers anyway.
_hpotune_mpirun() {
  local i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
    hpotune | */hpotune)
      COMP_WORDS=("${COMP_WORDS[@]:i}")
      COMP_CWORD=$((COMP_CWORD - i))
      _hpotune
      return
      ;;
    esac
  done
  COMPREPLY=()
}

complete -F _hpotune hpotune
complete -o bashdefault -o default -F _hpotune_mpirun mpirun mpiexec srun
