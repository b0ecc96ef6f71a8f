#!/usr/bin/env bash
# Does sparcell reach what PyTorch reaches? Runs the course's three experiments on the Norman subset, each seed with its own
# split and initial weights (as the PyTorch figures were made), and compares the means: tools/bench/parity.py.
#   tools/bench/parity.sh [FOLDER]      runs go to FOLDER (default build/parity, emptied before)
# Variables: EPOCHS (50), SEEDS (5), GAN_SEEDS (3), SPARCELL (build/release/sparcell), SPARCELL_DATA (../shared/data).
# Exit code: 0 all figures agree, 1 some do not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sparcell=${SPARCELL:-build/release/sparcell}
data=${SPARCELL_DATA:-../shared/data}/norman19_lognorm_3375x500.h5ad
runs=${1:-build/parity}
[[ -x $sparcell ]] || { echo "$sparcell is missing: build it first (tools/demo.sh does)" >&2; exit 2; }
[[ -f $data ]] || { echo "$data is missing: set SPARCELL_DATA to the folder that holds it" >&2; exit 2; }

mkdir -p "$runs"
for model in ae vae gan; do
  seeds=${SEEDS:-5}
  if [[ $model == gan ]]; then seeds=${GAN_SEEDS:-3}; fi
  for ((seed = 0; seed < seeds; ++seed)); do
    out=$runs/${model}_$seed
    rm -rf "$out"
    "$sparcell" run "experiments/course_$model.yaml" "read.path=$data" read.perturbation.preset=pertpy \
      read.perturbation.column=condition filter.obs.dataset=norman19 "train.epochs=${EPOCHS:-50}" \
      "seed=$seed" "split.seed=$seed" --out "$out" >"$out.log" 2>&1 || { tail -n 5 "$out.log" >&2; exit 1; }
  done
done
python3 tools/bench/parity.py "$runs"
