#!/usr/bin/env bash
# Do the strong recipes beat the baselines? Runs experiments/strong_{ae,vae,gan}.yaml as they are on every data file at hand, each
# seed with its own split and initial weights, and prints each beside its baselines and goals: tools/bench/models.py. Models that
# generate, and their baselines, make several cells for each test cell, so that chance in what they make decides less.
#   tools/bench/models.sh [FOLDER]      runs go to FOLDER (default build/models); finished runs are not run again
# Variables: SEEDS ("11 12 13 14 15": no recipe was chosen on their splits), MODELS ("ae vae gan"), SPARCELL
# (build/release/sparcell), SPARCELL_DATA (../shared/data).
# Exit code: 0 every goal is reached, 1 some are not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

sparcell=${SPARCELL:-build/release/sparcell}
data=${SPARCELL_DATA:-../shared/data}
runs=${1:-build/models}
[[ -x $sparcell ]] || { echo "$sparcell is missing: build it first (tools/demo.sh does)" >&2; exit 2; }

norman=(read.perturbation.preset=pertpy read.perturbation.column=condition filter.obs.dataset=norman19)
declare -A file=([norman]=norman19_lognorm_3375x500.h5ad [norman_counts]=norman19_counts_3375x500.h5ad
                 [jurkat]=jurkat_counts_7500x2000.h5ad [pbmc]=pbmc4k_33694_10x_v3.h5)
declare -A options=([norman]="${norman[*]} normalize=none" [norman_counts]="filter.perturbations=all"
                    [jurkat]="filter.perturbations=all" [pbmc]="filter.perturbations=all")
declare -A generated=([norman]=20 [norman_counts]=10 [jurkat]=4 [pbmc]=16)
declare -A sets=([ae]="norman jurkat pbmc" [vae]="norman_counts jurkat pbmc" [gan]="norman pbmc")

mkdir -p "$runs"
for model in ${MODELS:-ae vae gan}; do
  for set in ${sets[$model]}; do
    if [[ ! -f $data/${file[$set]} ]]; then
      echo "not run: $data/${file[$set]} is missing" >&2
      continue
    fi
    many=1 # generated cells for each test cell: some 5,000 in all
    if [[ $model != ae ]]; then many=${generated[$set]}; fi
    for seed in ${SEEDS:-11 12 13 14 15}; do
      out=$runs/${model}_${set}_$seed
      if [[ -f $out/result.json ]]; then continue; fi
      rm -rf "$out"
      # shellcheck disable=SC2086 # options are words
      "$sparcell" run "experiments/strong_$model.yaml" "read.path=$data/${file[$set]}" ${options[$set]} \
        "seed=$seed" "split.seed=$seed" "evaluate.generated_per_test_cell=$many" report.html=false --out "$out" >"$out.log" 2>&1 ||
        { tail -n 5 "$out.log" >&2; exit 1; }
    done
  done
done
python3 tools/bench/models.py "$runs"
