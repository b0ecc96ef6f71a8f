#!/usr/bin/env bash
# Speed and memory on the CPU, beside PyTorch and scanpy in the same run; only the ratios mean something, see cpu.py.
#   tools/bench/cpu.sh [training|new-models|preprocessing|full-size|start ...] [--rounds N]       default: all parts
# Variables: SPARCELL_TORCH_PYTHON, a Python with torch, numpy and h5py (python3); SPARCELL_SCANPY_PYTHON, one with scanpy
# (build/release/venv/bin/python, made by tools/setup.sh --tests); SPARCELL (build/release/sparcell).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export SPARCELL=${SPARCELL:-build/release/sparcell}
export SPARCELL_SCANPY_PYTHON=${SPARCELL_SCANPY_PYTHON:-build/release/venv/bin/python}
python=${SPARCELL_TORCH_PYTHON:-python3}
[[ -x $SPARCELL ]] || { echo "$SPARCELL is missing: build it first (tools/demo.sh does)" >&2; exit 2; }
"$python" -c 'import torch, numpy, h5py' 2>/dev/null || {
  echo "The peers need torch, numpy and h5py, and $python lacks one: set SPARCELL_TORCH_PYTHON to a Python that has them," >&2
  echo "e.g. python3 -m venv V && V/bin/pip install torch numpy h5py && SPARCELL_TORCH_PYTHON=V/bin/python $0" >&2
  exit 2
}
exec "$python" tools/bench/cpu.py "$@"
