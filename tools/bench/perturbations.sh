#!/usr/bin/env bash
# Do the recipes of perturbation prediction beat what needs no network? Runs experiments/perturbation_{doubles,singles}.yaml as
# they are on the data files at hand and on simulated sets whose truth is known, each seed with its own split and initial weights,
# and prints each beside every baseline of predictions: tools/bench/perturbations.py.
#   tools/bench/perturbations.sh [FOLDER]   runs go to FOLDER (default build/perturbations); finished runs are not run again
# Variables: SEEDS ("11 12 13 14 15": no recipe was chosen on their splits), SETS (all that perturbations.py lists), SPARCELL
# (build/release/sparcell), SPARCELL_DATA (../shared/data), OVERRIDES (options that every run takes beside the recipe).
# What is held out: of the Norman subset one of the five doubles whose genes both have cells of their own a run; of Jurkat cells
# (stimulated ones) two of the six perturbed genes that the file has among its 2,000, by two guides each, from three for training;
# of the simulated sets nine of 60 genes and six of 30 doubles.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sparcell=${SPARCELL:-build/release/sparcell}
data=${SPARCELL_DATA:-../shared/data}
runs=${1:-build/perturbations}
[[ -x $sparcell ]] || { echo "$sparcell is missing: build it first (tools/demo.sh does)" >&2; exit 2; }
mkdir -p "$runs"

simulated() { # EFFECTS
  local file=$runs/$1.h5ad
  [[ -f $file ]] || "$sparcell" simulate "$file" --cells 12000 --genes 300 --perturbations 60 --doubles 30 --density 0.35 \
    --effects "$1" --seed 7 >&2
}

guides=$(printf ',%s_1,%s_2' EGR1 EGR1 EGR3 EGR3 JUN JUN JUND JUND NR4A1 NR4A1 RELA RELA)
declare -A file=([norman]=$data/norman19_lognorm_3375x500.h5ad [norman_counts]=$data/norman19_counts_3375x500.h5ad
                 [jurkat]=$data/jurkat_counts_7500x2000.h5ad [simulated_doubles]=$runs/drawn.h5ad
                 [simulated_linear]=$runs/linear.h5ad [simulated_drawn]=$runs/drawn.h5ad)
declare -A options=(
  [norman]="read.perturbation.preset=pertpy read.perturbation.column=condition filter.obs.dataset=norman19 normalize=none"
  [norman_counts]="filter.perturbations=all" [simulated_doubles]="" [simulated_linear]="" [simulated_drawn]=""
  [jurkat]="filter.obs.perturbation_2=stimulated filter.perturbations=[${guides:1}] split.train=0.5 split.validation=0.17 split.test=0.33")
declare -A recipe=([norman]=doubles [norman_counts]=doubles [simulated_doubles]=doubles [jurkat]=singles [simulated_linear]=singles
                   [simulated_drawn]=singles)

for set in ${SETS:-norman norman_counts simulated_doubles jurkat simulated_linear simulated_drawn}; do
  case $set in simulated_linear) simulated linear ;; simulated_*) simulated drawn ;; esac
  if [[ ! -f ${file[$set]} ]]; then
    echo "not run: ${file[$set]} is missing" >&2
    continue
  fi
  for seed in ${SEEDS:-11 12 13 14 15}; do
    out=$runs/${set}_$seed
    if [[ -f $out/result.json ]]; then continue; fi
    rm -rf "$out"
    # shellcheck disable=SC2086 # options are words
    "$sparcell" run "experiments/perturbation_${recipe[$set]}.yaml" "read.path=${file[$set]}" ${options[$set]} ${OVERRIDES:-} \
      "seed=$seed" "split.seed=$seed" threads=1 report.html=false --out "$out" >"$out.log" 2>&1 ||
      { tail -n 5 "$out.log" >&2; exit 1; }
  done
done
python3 tools/bench/perturbations.py "$runs"
