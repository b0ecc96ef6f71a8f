"""Reading an h5ad file beside anndata, in one run on the same cores:

    python tools/bench/reading.py build/release [--repeats N] [--cells N --genes N --density SHARE]

By compression of the file; medians of interleaved repeats, from the page cache. Ours is all of `read`: a walk through the file
that finds damage first, the matrix with its checks, annotations, labels, and the file's checksum. The peer is
`anndata.read_h5ad`, and of that h5py's reading of the matrix's three arrays alone. Both must find the same values. Needs the
packages of tools/requirements-interop.txt.
"""
import json
import os
import statistics
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import anndata
import h5py
import hdf5plugin
from scipy import sparse
from stations import asked_of, simulated_counts

warnings.filterwarnings("ignore")
GOALS = {"gzip": 4}
COMPRESSIONS = {"none": {}, "gzip": {"compression": "gzip"}, "LZF": {"compression": "lzf"}, "Zstandard": dict(hdf5plugin.Zstd())}


def seconds(work):
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def ours(program, path, threads):
    """The second of two readings, in memory that the process had before: the peers' processes have read before, too."""
    done = subprocess.run([program, path, "2", str(threads)], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return found["seconds"][1], (found["values"], found["sum"])


def arrays(path):
    with h5py.File(path) as file:
        for name in ("data", "indices", "indptr"):
            file["X"][name][:]


def main():
    asked = asked_of(__doc__.splitlines()[0], repeats=7)
    threads = len(os.sched_getaffinity(0))
    counts = simulated_counts(asked.cells, asked.genes, asked.density)
    expected = (counts.nnz, float(counts.data.sum(dtype="f8")))
    print(f"{asked.cells:,} x {asked.genes:,}, {counts.nnz / 1e6:.0f} M non-zeros, {threads} threads, milliseconds\n")
    print("| compression | MB | sparcell | anndata | ratio | h5py, arrays alone | ratio | goal |")
    print("|" + " --- |" * 8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.h5ad"
        for name, compression in COMPRESSIONS.items():
            anndata.AnnData(sparse.csr_matrix(counts)).write_h5ad(path, **compression)
            times = {"ours": [], "anndata": [], "h5py": []}
            for _ in range(asked.repeats):
                took, found = ours(asked.build / "reading_benchmark", path, threads)
                if found != expected:
                    raise SystemExit(f"{name}: found {found}, expected {expected}: no ratio")
                times["ours"].append(took)
                took, data = seconds(lambda: anndata.read_h5ad(path))
                if (data.X != counts).nnz:
                    raise SystemExit(f"{name}: anndata reads other values: no ratio")
                times["anndata"].append(took)
                times["h5py"].append(seconds(lambda: arrays(path))[0])
            own, whole, alone = (1e3 * statistics.median(times[who]) for who in ("ours", "anndata", "h5py"))
            print(f"| {name} | {path.stat().st_size / 1e6:.0f} | {own:.0f} | {whole:.0f} | {whole / own:.1f} | {alone:.0f} | {alone / own:.1f} "
                  f"| {GOALS.get(name, '')} |", flush=True)


if __name__ == "__main__":
    main()
