"""scikit-misc's loess: the oracle of tests/select/loess_test.cpp.

    python tools/golden/loess.py tests/golden/loess.json

Needs the packages of tools/requirements-interop.txt.
"""
import json
import sys
from pathlib import Path

import numpy as np
from skmisc.loess import loess


def case(x, y, span):
    model = loess(x, y, span=span, degree=2)
    model.fit()
    return {"span": span, "x": x.tolist(), "y": y.tolist(), "fitted": model.outputs.fitted_values.tolist()}


def main(out):
    random = np.random.default_rng(1)
    smooth = random.uniform(-2, 3, 150)
    tied = np.log10(random.poisson(10 ** random.uniform(0.3, 3, 200)) + 1.0)  # equal values, as rare genes
    few = random.normal(size=20)
    cases = [
        case(smooth, np.sin(smooth) + random.normal(0, 0.1, 150), 0.3),
        case(tied, 1.3 * tied + random.normal(0, 0.2, 200), 0.3),
        case(few, few**2, 0.5),
        case(np.sort(smooth)[::-1].copy(), np.abs(smooth), 0.75),
    ]
    Path(out).write_text("[" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "]\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
