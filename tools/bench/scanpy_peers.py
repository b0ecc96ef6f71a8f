"""Prints scanpy's seconds for the stations normalize and select as JSON: scanpy_peers.py COUNTS.h5ad; see cpu.py."""
import json
import sys
import time
import warnings

import anndata
import scanpy

warnings.filterwarnings("ignore")


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def normalize(data):
    scanpy.pp.normalize_total(data, target_sum=1e4)
    scanpy.pp.log1p(data)


def main():
    # A small first call, so that imports and compilation are not counted.
    normalize(anndata.AnnData(scanpy.datasets.blobs(n_observations=50).X.astype("float32") ** 2))
    data = anndata.read_h5ad(sys.argv[1])
    result = {"normalize": seconds(lambda: normalize(data))}
    result["select"] = seconds(lambda: scanpy.pp.highly_variable_genes(data, flavor="seurat", n_top_genes=2000))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
