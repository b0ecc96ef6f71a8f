#!/usr/bin/env bash
# Installs what a bare Debian 12 lacks to build sparcell; nothing to do takes less than a second.
#   tools/setup.sh           compilers and libraries
#   tools/setup.sh --tests   and the Python packages that the interop tests compare with, in build/release/venv, and the
#                            Chromium that the report's test runs in and the Slurm of the sweeps' tests; tests are skipped
#                            where these cannot be installed
# Exit code 2: something is missing and this user cannot install it; the command that can is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

packages=(
  g++ cmake ninja-build ccache git
  libhdf5-dev zlib1g-dev                                     # count files
  libyaml-cpp-dev libfmt-dev nlohmann-json3-dev libcli11-dev # configuration and command line
  libdnnl-dev libopenblas-openmp-dev                         # matrix products and PCA
  libgtest-dev libgmock-dev libbenchmark-dev                 # tests and benchmarks
  python3-plotly                                             # plotly.js, embedded in the report
  python3 python3-venv                                       # interop tests
)

with_tests=no
case "${1:-}" in
  "") ;;
  --tests) with_tests=yes ;;
  *)
    echo "tools/setup.sh: unknown argument $1; known is --tests" >&2
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

# anndata and scanpy in a virtual environment; its stamp is the list that it was made from.
install_python_packages() {
  local requirements=tools/requirements-interop.txt venv=build/release/venv
  if cmp -s "$requirements" "$venv/requirements.txt"; then return; fi
  echo "Installing the Python packages of the interop tests in $venv"
  rm -rf "$venv"
  if ! { python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --no-input --disable-pip-version-check --timeout 15 --retries 2 \
      -r "$requirements" </dev/null; }; then
    rm -rf "$venv"
    echo "They could not be installed (no network?): the interop tests will be skipped." >&2
    return
  fi
  cp "$requirements" "$venv/requirements.txt"
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

if ! command -v dpkg-query >/dev/null; then
  echo "tools/setup.sh knows Debian's packages only. Install these libraries by other means, then build with" >&2
  echo "  cmake --preset release && cmake --build --preset release" >&2
  echo "Debian's names: ${packages[*]}" >&2
  exit 2
fi
mapfile -t missing < <(missing_packages)
if ((${#missing[@]} > 0)); then install_packages "${missing[@]}"; fi
if [[ $with_tests == yes ]]; then
  install_python_packages
  install_browser
  install_slurm
fi
