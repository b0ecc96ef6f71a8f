"""TensorBoard's own reader finds every epoch of metrics.csv in the event files; pandas opens every CSV of a run."""

import math
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import pandas as pd
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

EXPERIMENT = """
name: events
threads: 1
read: {path: cells.h5ad}
select: {genes: 60}
model:
  ae: {type: autoencoder, hidden: [16], latent: 6, dropout: [0.1]}
  gan: {type: gan, latent: 6, generator: {hidden: [16], dropout: [0]}, critic: {hidden: [16], dropout: [0.1]}}
train: {epochs: 4, batch: 32, checkpoint: {every: {epochs: 2}}}
evaluate: {resamples: 100}
report: {html: false}
"""

program = Path(sys.argv[1]) / "sparcell"
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)

    def sparcell(*arguments):
        subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True)

    sparcell("simulate", "cells.h5ad", "--cells", "240", "--genes", "120", "--perturbations", "4")
    (folder / "events.yaml").write_text(EXPERIMENT)
    sparcell("run", "events.yaml", "--out", "run")
    sparcell("resume", "run", "train.epochs=6")  # a second event file
    assert len(list((folder / "run").glob("events.out.tfevents.*"))) == 2

    tables = {path.name: pd.read_csv(path) for path in (folder / "run").rglob("*.csv")}
    assert set(tables) == {"metrics.csv", "split.csv", "genes.csv", "per_gene.csv", "per_perturbation.csv"}, set(tables)
    assert all(len(table) > 0 for table in tables.values())
    metrics = tables["metrics.csv"]
    assert sorted(metrics["epoch"].unique()) == list(range(6))

    events = EventAccumulator(str(folder / "run"), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    tags = events.Tags()
    for (model, split, quantity), rows in metrics.groupby(["model", "split", "name"]):
        found = {scalar.step: scalar.value for scalar in events.Scalars(f"{model}/{split}/{quantity}")}
        assert set(found) == set(rows["step"]), (model, quantity)
        for step, value in zip(rows["step"], rows["value"]):
            assert math.isclose(found[step], value, rel_tol=1e-6), (model, quantity, step)  # TensorBoard has f32

    histograms = [tag for tag in tags["histograms"] if tag.startswith("ae/")]
    assert "ae/encoder.0.weight" in histograms, histograms
    for tag in histograms:
        for event in events.Histograms(tag):
            histogram = event.histogram_value
            assert histogram.num > 0 and sum(histogram.bucket) == histogram.num
            assert histogram.min <= histogram.max <= histogram.bucket_limit[-1] * (1 + 1e-9) + 1e-9
    weight = events.Histograms("ae/encoder.0.weight")
    assert all(event.histogram_value.num == 16 * 60 for event in weight) and len(weight) == 3, weight
print(f"{len(tags['scalars'])} scalars and {len(tags['histograms'])} histograms are as metrics.csv and the models say")
