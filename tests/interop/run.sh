#!/bin/sh
# run.sh SCRIPT BUILD [ARGUMENT...]: runs a Python test in the build folder's virtual environment; 77 (skipped) where there is none.
script=$1
build=$2
if [ ! -x "$build/venv/bin/python" ]; then
  echo "skipped: $build/venv is missing; tools/test.sh makes it"
  exit 77
fi
shift 2
exec "$build/venv/bin/python" "$script" "$build" "$@"
