"""Writes tests/golden/likelihood.json: log-probabilities of counts by scvi-tools and scipy.

    python tools/golden/likelihood.py tests/golden        needs torch, scipy and (without its dependencies) scvi-tools
"""
import importlib.metadata
import importlib.util
import json
import sys
import types
from pathlib import Path

import torch
from scipy import stats


def scvi_distributions():
    """scvi-tools' module of negative binomials alone: the package itself imports Lightning and more."""
    root = Path(importlib.util.find_spec("scvi").submodule_search_locations[0])
    for name in ("scvi", "scvi.distributions"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [str(root / name.replace("scvi", "").strip("."))]
    sys.modules["scvi"].settings = types.SimpleNamespace(warnings_stacklevel=2)
    sys.modules["scvi.utils"] = types.ModuleType("scvi.utils")
    sys.modules["scvi.utils"].is_package_installed = lambda name: False
    return importlib.import_module("scvi.distributions._negative_binomial")


def main():
    torch.set_default_dtype(torch.float64)
    scvi = scvi_distributions()
    entries = []
    for theta in (0.05, 0.7, 1.0, 12.0, 900.0):
        for mean in (1e-3, 0.2, 3.0, 80.0, 5000.0):
            for count in (0, 1, 3, 12, 13, 40, 700, 6000):
                logit = 1.5 - theta % 4
                m, t, c = (torch.tensor(float(value)) for value in (mean, theta, count))
                nb = scvi.NegativeBinomial(mu=m, theta=t).log_prob(c).item()
                zinb = scvi.ZeroInflatedNegativeBinomial(mu=m, theta=t, zi_logits=torch.tensor(logit)).log_prob(c).item()
                entries.append({"count": count, "mean": mean, "theta": theta, "logit": logit})
                if mean > 0.1:  # it adds 1e-8 to every mean, which shows in small ones
                    entries[-1] |= {"nb": nb, "zinb": zinb}
                exact = stats.nbinom.logpmf(count, theta, theta / (theta + mean))
                if exact > -500:  # farther out scipy's probability itself loses digits
                    entries[-1]["scipy"] = float(exact)
    path = Path(sys.argv[1]) / "likelihood.json"
    path.write_text(json.dumps({"scvi-tools": importlib.metadata.version("scvi-tools"), "entries": entries}, indent=0) + "\n")
    print(f"{path}: {len(entries)} entries")


if __name__ == "__main__":
    main()
