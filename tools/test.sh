#!/usr/bin/env bash
# Installs what is missing, builds everything and runs the tests; arguments go on to ctest.
#   tools/test.sh                   all tests but the slow tier (label `full`)
#   tools/test.sh -L model          tests with that label
#   tools/test.sh --full [PART...]  the slow proofs (below), all or those named; each that passes is recorded in tests/record.md
# Without ../shared/data (or SPARCELL_DATA) or without Python packages some tests are skipped: the end says how many.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Several tests run at once: threads that wait for each other must give up their core soon.
export GOMP_SPINCOUNT=2000
folder=build/release
results=$PWD/$folder/tests.xml

build() { # build [OPTION...]: cmake's
  cmake --preset release "$@"
  cmake --build --preset release --parallel "$(nproc)"
}

run_tests() { # run_tests ARGUMENT...: ctest's
  rm -f "$results"
  local status=0
  ctest --test-dir "$folder" --output-on-failure --no-tests=error --parallel "$(nproc)" --output-junit "$results" "$@" || status=$?
  if [[ -f $results ]]; then python3 tools/test_summary.py skipped "$results"; fi
  return "$status"
}

if [[ ${1:-} != --full ]]; then
  tools/setup.sh --tests
  build -DSPARCELL_CUDA_HOST_ADDRESS=OFF
  run_tests --label-exclude '^full$' "$@"
  exit
fi

part_tests() { # what continuous integration runs
  run_tests --label-exclude '^full$'
}

part_slow() { # a thousand kills, lost nodes, the course's GAN, thousands of damaged files, the package on an older system
  run_tests --label-regex '^full$'
}

part_address() { # the emulated CUDA device under AddressSanitizer
  build -DSPARCELL_CUDA_HOST_ADDRESS=ON
  run_tests --tests-regex '^host_address[.]'
}

part_architectures() { # kernels compiled for every GPU that is supported
  cmake --preset architectures
  cmake --build --preset architectures --target sparcell_kernels_cuda --parallel "$(nproc)"
}

part_mutation() { # whether the tests of the ops see bugs that are put into the kernels
  tools/mutate_kernels | tee "$folder/mutation.md"
}

part_parity() { # the course's three models against PyTorch, over seeds
  bash tools/bench/parity.sh | tee "$folder/parity.md"
}

part_peers() { # that the GPU benchmark's peers in PyTorch compute what we do: without a GPU, small; 5 GB of packages
  local python=$folder/peers/bin/python
  if [[ ! -x $python ]]; then python3 -m venv "$folder/peers"; fi
  "$python" -m pip install --quiet torch lightning h5py
  "$python" tools/bench/gpu.py --rehearse 2>"$folder/peers.log" | tee "$folder/peers.md"
}

part_models() { # the strong recipes beside their baselines; a goal that is missed stands in the table and fails nothing
  rm -rf build/models # of another build
  bash tools/bench/models.sh | tee "$folder/models.md" || ((PIPESTATUS[0] == 1))
}

all=(tests slow address architectures mutation parity peers models)
parts=("${@:2}")
for part in "${parts[@]}"; do
  if [[ " ${all[*]} " != *" $part "* ]]; then
    echo "tools/test.sh: --full has no part $part, it has: ${all[*]}" >&2
    exit 2
  fi
done
if ((${#parts[@]} == 0)); then parts=("${all[@]}"); fi

tools/setup.sh --full
build
for part in "${parts[@]}"; do
  rm -f "$results" "$folder/$part.md"
  started=$SECONDS
  "part_$part"
  python3 tools/test_summary.py record tests/record.md "$part" $((SECONDS - started)) "$results" "$folder/$part.md"
done
