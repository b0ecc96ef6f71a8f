#!/usr/bin/env bash
# What is to be shown on a machine with a GPU, from an unpacked package (tools/package) or a build tree: tools/gpu_check.py says more.
#   tools/gpu_check.sh [--part correctness|bench|profile|sanitizer] [--out FOLDER]      no part: all of them
#   tools/gpu_check.sh --within 560 --alone                                            all of them in that many seconds, without peers
#   tools/gpu_check.sh --record tests/gpu_record.md                                    writes what the folder holds as the record
# Each part ends within nine minutes; one that was not finished (exit code 75) goes on where it stopped when it is called again.
# Needs NVIDIA's driver, the CUDA toolkit's tools for their parts, and python3 (with PyTorch for the benchmark's peers: GPU_CHECK_PYTHON
# names another one).
set -euo pipefail
exec "${GPU_CHECK_PYTHON:-python3}" "$(dirname "${BASH_SOURCE[0]}")/gpu_check.py" "$@"
