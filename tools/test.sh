#!/usr/bin/env bash
# Installs what is missing, builds everything and runs the tests; arguments go on to ctest.
#   tools/test.sh             all tests but the slow tier (label `full`)
#   tools/test.sh -L model    tests with that label
#   tools/test.sh --full      the slow tier too: the emulated CUDA device under AddressSanitizer, mutated kernels, kernels compiled for
#                             every GPU that is supported, tools/bench/parity.sh; a success is recorded in tests/record.md
# Without ../shared/data (or SPARCELL_DATA) or without Python packages some tests are skipped: the end says how many.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

full=no
arguments=()
for argument in "$@"; do
  if [[ $argument == --full ]]; then full=yes; else arguments+=("$argument"); fi
done
if [[ $full == no ]]; then arguments+=(--label-exclude '^full$'); fi

if [[ $full == yes ]]; then tools/setup.sh --full; else tools/setup.sh --tests; fi
cmake --preset release -DSPARCELL_CUDA_HOST_ADDRESS="$([[ $full == yes ]] && echo ON || echo OFF)"
cmake --build --preset release --parallel "$(nproc)"

# Several tests run at once: threads that wait for each other must give up their core soon.
export GOMP_SPINCOUNT=2000
results=$PWD/build/release/tests.xml
rm -f "$results"
status=0
ctest --test-dir build/release --output-on-failure --no-tests=error --parallel "$(nproc)" \
  --output-junit "$results" "${arguments[@]}" || status=$?
if [[ -f $results ]]; then python3 tools/test_summary.py skipped "$results"; fi
if ((status != 0)); then exit "$status"; fi

if [[ $full == yes ]]; then
  cmake --preset architectures
  cmake --build --preset architectures --target sparcell_kernels_cuda --parallel "$(nproc)"
  mutation=build/release/mutation.md
  echo "not run: the emulated CUDA device needs CUDA's headers" >"$mutation"
  if [[ -x build/release/ops_tests_host_checked ]]; then tools/mutate_kernels | tee "$mutation"; fi
  parity=build/release/parity.md
  bash tools/bench/parity.sh | tee "$parity"
  python3 tools/test_summary.py record "$results" "$parity" "$mutation" tests/record.md
  echo "Recorded in tests/record.md"
fi
