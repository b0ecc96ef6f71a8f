#!/usr/bin/env bash
# From nothing to a report: installs what is missing, builds, simulates a Perturb-seq set, trains and compares an
# autoencoder, a VAE and a GAN. The last line is the path of the report. A second call reuses the build and the data.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/setup.sh
[[ -f build/release/build.ninja ]] || cmake --preset release
cmake --build --preset release --target sparcell --parallel "$(nproc)"
sparcell=build/release/sparcell

data=build/demo/perturbseq.h5ad
if [[ ! -f $data || $sparcell -nt $data || tools/demo.sh -nt $data ]]; then
  mkdir -p build/demo
  "$sparcell" simulate "$data" --cells 3000 --genes 2000 --perturbations 20 --doubles 5 --density 0.25 --seed 1
fi

# A fresh folder each time: one that holds a run is refused.
run=build/demo/$(date -u +%Y%m%dT%H%M%SZ)-$$
"$sparcell" run experiments/demo.yaml --out "$run"
echo "$PWD/$run/report.html"
