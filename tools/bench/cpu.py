"""Prints sparcell's speed and memory on the CPU beside its peers', in one run on the same cores: called by cpu.sh.

First the ceilings of the machine at this moment, then each part as a Markdown table. Training steps: rounds in which
sparcell and every rung of PyTorch take their turns, median over rounds of the median step, and the range of the ratio; the
ratio is to PyTorch's best rung. That both do the same arithmetic is proved by tests/model against tools/golden.
"""
import argparse
import json
import os
import statistics
import subprocess
import time
from pathlib import Path

import torch

import bench_data
import full_size
import torch_peers

SPARCELL = os.environ["SPARCELL"]
FOLDER = Path("build/bench")
COURSE = {"hidden": [256, 128], "normalization": "batch", "activation": "relu", "slope": 0.2, "dropout": [0.2, 0.1]}
GAN = {
    "type": "gan",
    "latent": 64,
    "spectral_norm": True,
    "generator": {"hidden": [512, 512, 256], "normalization": "batch", "activation": "leaky_relu", "slope": 0.2,
                  "dropout": [0.1, 0.1, 0.0]},
    "critic": {"hidden": [512, 256, 128], "normalization": "none", "activation": "leaky_relu", "slope": 0.2,
               "dropout": [0.3, 0.3, 0.2]},
}
VAE = {**COURSE, "dropout": [0.2, 0.0], "decoder_dropout": [0.1, 0.2]}

# title, model, batch, genes, epochs of a round of ours, goal
TRAINING = [
    ("AE course, G=1000", {"type": "autoencoder", "latent": 64, **COURSE}, 128, 1000, 4, 2.0),
    ("VAE course, G=1000", {"type": "vae", "latent": 64, **VAE}, 128, 1000, 4, 2.0),
    ("AE 512/128/32, G=5000", {"type": "autoencoder", "latent": 32, **COURSE, "hidden": [512, 128]}, 256, 5000, 4, 1.5),
    ("GAN course (5 + 1), G=1000", GAN, 128, 1000, 1, 2.0),
]
PEER_SECONDS = 3.0
CELLS = 8000


def threads():
    return len(os.sched_getaffinity(0))


def print_table(header, rows):
    print("| " + " | ".join(header) + " |\n|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print(flush=True)


def best_time(work, repeats=5):
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def print_ceilings():
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    source, target = torch.randn(1 << 26), torch.empty(1 << 26)
    product = 2 * 2048**3 / best_time(lambda: a @ b) / 1e9
    copy = 2 * 4 * (1 << 26) / best_time(lambda: target.copy_(source)) / 1e9
    print(f"{threads()} threads; PyTorch {torch.__version__}; ceilings now: f32 product {product:.0f} GFLOP/s, "
          f"copy {copy:.0f} GB/s (read + write)\n")


def run_sparcell(name, experiment):
    """Runs an experiment (JSON is YAML) and returns its result.json."""
    out = FOLDER / f"run_{name}_{time.time_ns()}"
    config = FOLDER / f"{name}.yaml"
    config.write_text(json.dumps({"name": name, "threads": threads(), "device": "cpu", **experiment}, indent=1))
    finished = subprocess.run([SPARCELL, "run", str(config), "--out", str(out)], capture_output=True, text=True)
    if finished.returncode != 0:
        raise SystemExit(f"{SPARCELL} run {config} failed:\n{finished.stderr[-2000:]}")
    return json.loads((out / "result.json").read_text())


def our_step(case):
    _, model, batch, genes, epochs, _ = case
    result = run_sparcell(f"step_{model['type']}_{genes}", {
        "read": {"path": str(FOLDER / f"cells_{genes}.h5ad"), "perturbation": {"preset": "none"}},
        "normalize": "none",
        "select": {"flavor": "all"},
        "model": {"peer": model},
        "train": {"epochs": epochs, "batch": batch, "optimizer": {"weight_decay": 1e-5}},
        "evaluate": {"resamples": 100},
        "report": {"html": False},
    })
    return result["models"]["peer"]["cost"]["step_microseconds"]


def training(rounds):
    rows = []
    generator = torch.Generator().manual_seed(1)
    for case in TRAINING:
        title, model, batch, genes, _, goal = case
        cells = bench_data.dense_cells(FOLDER / f"cells_{genes}.h5ad", CELLS, genes)
        steps = {}
        for rung in torch_peers.GanStep.rungs if model["type"] == "gan" else torch_peers.AutoencoderStep.rungs:
            steps[rung] = torch_peers.build_step(cells, {**model, "batch": batch}, rung)
            torch_peers.step_times(steps[rung], 0.0, generator)  # compiles and warms up
        ours, peers = [], {rung: [] for rung in steps}
        for _ in range(rounds):
            ours.append(our_step(case))
            for rung, step in steps.items():
                peers[rung].append(statistics.median(torch_peers.step_times(step, PEER_SECONDS, generator)))
        medians = {rung: statistics.median(times) for rung, times in peers.items()}
        best = min(medians, key=medians.get)
        ratios = [peer / own for peer, own in zip(peers[best], ours)]
        rows.append([title, f"{statistics.median(ours):,.0f}",
                     *(f"{medians[rung]:,.0f}" if rung in medians else "" for rung in torch_peers.AutoencoderStep.rungs),
                     f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})", f"{goal}"])
    print_table(["microseconds a step, 10 % dense", "sparcell", *torch_peers.AutoencoderStep.rungs,
                 "best rung / sparcell", "goal"], rows)


def new_models(rounds):
    """Steps of the new models beside the course's of the same widths, both ours: new_models.cpp."""
    subprocess.run([Path(SPARCELL).parent / "bench_new_models", "--turns", str(5 * rounds)], check=True)
    print(flush=True)


def preprocessing(rounds):
    """normalize_total + log1p, and the selections of genes, of 20,000 x 20,000 counts: stations.py."""
    python = os.environ["SPARCELL_SCANPY_PYTHON"]
    if not Path(python).exists():
        print(f"No preprocessing: {python} is missing (tools/setup.sh --tests makes it, or set SPARCELL_SCANPY_PYTHON).\n")
        return
    subprocess.run([python, "tools/bench/stations.py", str(Path(SPARCELL).parent), "--repeats", str(max(rounds, 5))],
                   check=True)
    print(flush=True)


def start(rounds):
    elapsed = best_time(lambda: subprocess.run([SPARCELL, "--version"], capture_output=True, check=True), max(rounds, 5))
    print(f"sparcell --version: {1e3 * elapsed:.0f} ms (goal: below 50)\n")


def full(rounds):
    del rounds  # once: it is minutes
    full_size.run(SPARCELL, FOLDER, run_sparcell, print_table)


PARTS = {"training": training, "new-models": new_models, "preprocessing": preprocessing, "full-size": full, "start": start}


def main():
    parser = argparse.ArgumentParser(description="Speed and memory on the CPU beside PyTorch and scanpy.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for part in arguments.parts:
        if part not in PARTS:
            parser.error(f"unknown part {part}; known are {', '.join(PARTS)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads())
    print_ceilings()
    for part in arguments.parts or PARTS:
        PARTS[part](arguments.rounds)


if __name__ == "__main__":
    main()
