#!/usr/bin/env bash
# How long what is not training takes: a dry run of 10,000 runs, a sweep of which 1,000 runs are finished, the slots of the local
# pool between runs of two seconds, and how long a checkpoint of ten million parameters stops training.
#   tools/bench/sweeps.sh [FOLDER]      files go to FOLDER (default build/sweeps, emptied before)
# Variables: SPARCELL (build/release/sparcell), BENCH_CHECKPOINT (build/release/bench_checkpoint).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sparcell=$(realpath "${SPARCELL:-build/release/sparcell}")
checkpoint=$(realpath "${BENCH_CHECKPOINT:-build/release/bench_checkpoint}")
folder=${1:-build/sweeps}
rm -rf "$folder"
mkdir -p "$folder/checkpoints"
"$checkpoint" "$folder/checkpoints"
cd "$folder"

"$sparcell" simulate cells.h5ad --cells 240 --genes 120 --perturbations 4 2>/dev/null
cat >sweep.yaml <<'YAML'
name: small
threads: 1
device: cpu
read: {path: cells.h5ad}
select: {genes: 60}
model: {ae: {type: autoencoder, hidden: [16], latent: 4, dropout: [0.1]}}
train: {epochs: 3, batch: 32}
evaluate: {resamples: 100}
report: {html: false}
sweep:
  parameters:
    model.ae.latent: {values: [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]}
    train.optimizer.learning_rate: {values: [1.0e-4, 2.0e-4, 3.0e-4, 4.0e-4, 5.0e-4, 6.0e-4, 7.0e-4, 8.0e-4, 9.0e-4, 1.0e-3]}
    train.batch: {values: [16, 32, 48, 64, 80, 96, 112, 128, 144, 160]}
  seeds: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
YAML

timed() {  # timed WHAT COMMAND...: seconds on the clock and of the processors
  local what=$1 TIMEFORMAT="$1: %R s (%U s user, %S s system)"
  shift
  time "$@" >out 2>err || { cat err >&2; exit 1; }
}

timed "dry run of 10,000 runs" "$sparcell" sweep sweep.yaml --dry-run --out dry

# A thousand finished runs: one that was run, under the names of all.
one='sweep.seeds=[0]'
"$sparcell" sweep sweep.yaml 'sweep.parameters={model.ae.latent: {values: [2]}}' "$one" --out sweep >out 2>err
finished=$(find sweep -name result.json -printf '%h\n')
"$sparcell" sweep sweep.yaml "$one" --dry-run --out sweep >runs
while read -r name _; do
  [[ -d sweep/$name ]] || cp -r "$finished" "sweep/$name"
done < <(grep -E '^ *[0-9a-f]{12} ' runs)
timed "sweep of 1,000 finished runs, with its results and report" "$sparcell" sweep sweep.yaml "$one" --out sweep
grep "runs are finished" err

# Runs of two seconds: as many epochs as take them here.
run_seconds() {
  local start=$EPOCHREALTIME
  "$sparcell" run sweep.yaml "train.epochs=$1" --out "run_$1" >out 2>err
  echo "$EPOCHREALTIME - $start" | bc
}
epochs=$(echo "1000 * 2 / $(run_seconds 1000)" | bc)
timed "12 runs of $epochs epochs" "$sparcell" sweep sweep.yaml "train.epochs=$epochs" sweep.run_cap=12 --out pool
grep "slots were idle" err
