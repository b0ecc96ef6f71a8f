"""normalize and select against the installed scanpy, on uneven cells and many rare genes as Perturb-seq has them."""
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import anndata
    import numpy as np
    import scanpy as sc
    from scipy import sparse
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

GENES = 500


def simulated_counts(cells=3000, genes=4000, seed=0):
    """Gamma-Poisson counts; gene means over four orders of magnitude, library sizes log-normal."""
    random = np.random.default_rng(seed)
    mean = 10 ** random.uniform(-3, 1, genes)
    shape = random.uniform(0.3, 5, genes)
    size = random.lognormal(0, 0.4, cells)
    counts = random.poisson(random.gamma(shape, mean / shape, (cells, genes)) * size[:, None])
    counts = sparse.csr_matrix(counts.astype(np.float32))
    return counts[:, np.asarray(counts.sum(axis=0)).ravel() > 0]


def run_ours(program, folder, flavor):
    subprocess.run([program, folder, str(GENES), flavor], check=True, stdout=subprocess.DEVNULL)
    return np.fromfile(folder / f"selected_{flavor}.i32", np.int32)


def write(folder, counts):
    np.array(counts.shape, np.int64).tofile(folder / "shape.i64")
    counts.indptr.astype(np.int64).tofile(folder / "offsets.i64")
    counts.indices.astype(np.int32).tofile(folder / "indices.i32")
    counts.data.tofile(folder / "values.f32")


def variance_genes(normalized):
    dense = normalized.X.toarray().astype(np.float64)
    return np.sort(np.argsort(-dense.var(axis=0), kind="stable")[:GENES])


def main(build):
    program = Path(build) / "stations_benchmark"
    if not program.exists():
        print(f"skipped: {program} is not built (SPARCELL_BENCHMARKS=ON)")
        return 77
    data = anndata.AnnData(simulated_counts())
    normalized = data.copy()
    sc.pp.normalize_total(normalized)
    sc.pp.log1p(normalized)
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, data.X)
        for flavor in ("variance", "seurat", "cell_ranger", "seurat_v3"):
            ours = run_ours(program, folder, flavor)
            if flavor == "variance":
                theirs = variance_genes(normalized)
            else:
                source = data if flavor == "seurat_v3" else normalized
                table = sc.pp.highly_variable_genes(source, flavor=flavor, n_top_genes=GENES, inplace=False)
                theirs = np.flatnonzero(table["highly_variable"].to_numpy())
            shared = len(np.intersect1d(ours, theirs)) / GENES
            least = 0.995 if flavor == "seurat_v3" else 1.0
            print(f"{flavor}: {shared:.4f} of the genes are scanpy's (expected at least {least})")
            failures += shared < least
        error = np.abs(np.fromfile(folder / "normalized.f32", np.float32) / normalized.X.data - 1).max()
        print(f"normalize_total + log1p: largest relative difference {error:.2e} (expected below 1e-6)")
        failures += not error < 1e-6
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
