#!/usr/bin/env bash
# Installs what a bare Debian 12 lacks to build sparcell; nothing to do takes less than a second.
#   tools/setup.sh           compilers and libraries
#   tools/setup.sh --tests   and the Python packages that the interop tests compare with, in build/release/venv, and the
#                            Chromium that the report's test runs in and the Slurm of the sweeps' tests; tests are skipped
#                            where these cannot be installed. Where there is no nvcc, --cuda too
#   tools/setup.sh --cuda    and CUDA's compiler and headers from the Python registry, in build/cuda: enough to compile the
#                            kernels and to test them on the host
#   tools/setup.sh --full    and all of that, and what the slow tests need: debootstrap
# Exit code 2: something is missing and this user cannot install it; the command that can is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  g++ cmake ninja-build ccache git
  libhdf5-dev zlib1g-dev                                     # count files
  libdeflate-dev liblzf-dev libblosc-dev libzstd-dev         # what they are compressed with
  libssl-dev                                                 # checksums
  libyaml-cpp-dev libfmt-dev nlohmann-json3-dev libcli11-dev # configuration and command line
  libdnnl-dev libopenblas-openmp-dev                         # matrix products and PCA
  libgtest-dev libgmock-dev libbenchmark-dev                 # tests and benchmarks
  python3-plotly                                             # plotly.js, embedded in the report
  python3 python3-venv                                       # interop tests
)

case "${1:-}" in
  "" | --tests | --cuda | --full) purpose=${1:-} ;;
  *)
    echo "tools/setup.sh: unknown argument $1; known are --tests, --cuda and --full" >&2
    exit 2
    ;;
esac

missing_packages() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    sed -n 's/^installed //p') || true
  comm -13 <(sort <<<"$installed") <(printf '%s\n' "${packages[@]}" | sort)
}

install_packages() {
  local -a missing=("$@") root=()
  local line="apt-get install --no-install-recommends ${missing[*]}"
  if [[ $(id -u) != 0 ]]; then
    if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && [[ ! -t 0 ]]; }; then
      echo "sparcell needs packages that only root can install. Run as root:" >&2
      echo "  $line" >&2
      exit 2
    fi
    root=(sudo)
  fi
  echo "Installing: ${missing[*]}"
  local -a apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  local log
  log=$(mktemp)
  if ! { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "Installing failed (its last lines are above). By hand, as root:" >&2
    echo "  apt-get update && $line" >&2
    rm -f "$log"
    exit 2
  fi
  rm -f "$log"
}

# A virtual environment of the packages in a list, its stamp: python_packages LIST FOLDER WHAT WITHOUT [pip's options].
# Returns 1 where it holds them already or they cannot be installed.
python_packages() {
  local requirements=$1 venv=$2 what=$3 without=$4
  shift 4
  if cmp -s "$requirements" "$venv/requirements.txt"; then return 1; fi
  echo "Installing $what in $venv"
  rm -rf "$venv"
  if ! { python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --no-input --disable-pip-version-check --timeout 15 --retries 2 "$@" \
      -r "$requirements" </dev/null; }; then
    rm -rf "$venv"
    echo "They could not be installed (no network?): $without" >&2
    return 1
  fi
  cp "$requirements" "$venv/requirements.txt"
}

install_python_packages() {
  python_packages tools/requirements-interop.txt build/release/venv "the Python packages of the interop tests" \
    "the interop tests will be skipped." || true
}

# The packages lack two names by which compilers and CMake know a toolkit's libraries.
install_cuda() {
  python_packages tools/requirements-cuda.txt build/cuda "CUDA's compiler and headers (1.3 GB)" \
    "the CUDA device will not be built." --no-deps --no-cache-dir || return 0
  local toolkit
  for toolkit in build/cuda/lib/python3*/site-packages/nvidia/cu13; do
    ln -s lib "$toolkit/lib64"
    ln -s libcudart.so.13 "$toolkit/lib/libcudart.so"
  done
}

install_browser() {
  local name
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    if command -v "$name" >/dev/null; then return; fi
  done
  (install_packages chromium) || echo "Without it the report's test in a browser will be skipped." >&2
}

install_slurm() {
  if command -v sbatch >/dev/null && [[ -x /usr/sbin/slurmctld ]]; then return; fi
  (install_packages slurm-wlm) || echo "Without it the tests of sweeps on Slurm will be skipped." >&2
}

install_debootstrap() {
  if command -v debootstrap >/dev/null; then return; fi
  (install_packages debootstrap) || echo "Without it the test of the package on an older system will be skipped." >&2
}

if ! command -v dpkg-query >/dev/null; then
  echo "tools/setup.sh knows Debian's packages only. Install these libraries by other means, then build with" >&2
  echo "  cmake --preset release && cmake --build --preset release" >&2
  echo "Debian's names: ${packages[*]}" >&2
  exit 2
fi
mapfile -t missing < <(missing_packages)
if ((${#missing[@]} > 0)); then install_packages "${missing[@]}"; fi
if [[ $purpose == --tests || $purpose == --full ]]; then
  install_python_packages
  install_browser
  install_slurm
  if ! command -v nvcc >/dev/null && [[ ! -x /usr/local/cuda/bin/nvcc ]]; then install_cuda; fi
fi
if [[ $purpose == --cuda ]]; then install_cuda; fi
if [[ $purpose == --full ]]; then install_debootstrap; fi
