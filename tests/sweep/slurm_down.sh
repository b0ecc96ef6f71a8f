#!/usr/bin/env bash
# slurm_down.sh DIR: ends exactly the daemons that slurm_up.sh DIR started.
set -u
[[ -f $1/pids ]] || exit 0
export SLURM_CONF=$1/slurm.conf
mapfile -t pids <"$1/pids"
scancel -u "$(id -un)" 2>/dev/null
sleep 0.5
kill "${pids[@]}" 2>/dev/null
for pid in "${pids[@]}"; do
  for ((i = 0; i < 100; ++i)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null
done
rm -f "$1/pids"
