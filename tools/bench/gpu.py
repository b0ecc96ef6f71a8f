#!/usr/bin/env python3
"""The CUDA device measured beside its ceilings, f64 and its peers.

    tools/bench/gpu.py                       measures; what an earlier call finished stays
    tools/bench/gpu.py --rehearse            without a GPU: the emulated device and PyTorch on the CPU, small; compares, measures nothing

Ceilings first (copy, products, empty graph nodes, atomics), then the rows, each in a process of bench_gpu (some are made ready side
by side before the first of them is measured) that takes turns with its peers (torch_gpu_peers.py, cupy_peers.py): 11 turns of at
least 200 steps after 50, timed by CUDA events; median and range. A training row's losses of the first ten steps, with the same
weights, cells, order and masks, are compared with PyTorch's before a ratio is printed. Lightning takes 3 turns; an epoch of a peer is
its step times the number of batches.

--out FOLDER keeps a JSON file for each row, gpu.json and gpu.md. Exit code 0; 1 where a row failed or differs; 2 for what cannot
begin; 75 where --limit ended it: call again to go on.
"""
import argparse
import contextlib
import gc
import json
import math
import os
import select
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import gpu_table  # noqa: E402

TURNS, LIGHTNING_TURNS = 11, 3
GO_ON_LATER = 75
SHORTEST_ROW = 20  # seconds; a row is not begun with less
# Time on a GPU is short: rows that have a goal come before all others, and bf16, whose times were those of tf32, behind them.
ROWS_FIRST = ("ae_course", "ae_5000", "critic", "log_normalize_moments", "epoch", "large")
PRECISION_LAST = "bf16"


class Failure(Exception):
    """A sentence for the user."""


class OutOfTime(Exception):
    pass


def log(text):
    print(text, file=sys.stderr, flush=True)


class Program:
    """bench_gpu, whose answers are lines of JSON."""

    def __init__(self, path, arguments, deadline):
        self.deadline, self.buffer = deadline, b""
        self.process = subprocess.Popen([path, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate()

    def answer(self):
        while b"\n" not in self.buffer:
            left = self.deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise OutOfTime
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise Failure(self.process.stderr.read().decode(errors="replace").strip().split("\n")[-1] or
                              f"bench_gpu ended with {self.process.wait()}")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return json.loads(line)

    def turn(self):
        self.process.stdin.write(b"go\n")
        self.process.stdin.flush()
        return self.answer()["microseconds"]


def ask(path, *arguments, deadline):
    with Program(path, arguments, deadline) as program:
        return program.answer()


def losses_differ(ours, theirs):
    """The largest difference of a loss over the largest loss of its name; infinite where one is no number."""
    worst = 0.0
    for name, values in theirs.items():
        if not all(map(math.isfinite, [*ours[name], *values])):
            return math.inf
        worst = max(worst, max(abs(a - b) for a, b in zip(ours[name], values, strict=True)) / max(map(abs, values)))
    return worst


def sentence(error):
    return f"failed: {type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def cupy_peers_of(peer, peers):
    try:
        import cupy_peers
        return {"CuPy": cupy_peers.LogNormalize(peer["cells"], peer["entries"], peer["target_sum"])}
    except Exception as error:
        peers["CuPy"] = {"failed": sentence(error)}
        return {}


def make_peers(row, folder, device, peers):
    """{name: loop}; what cannot be made goes to `peers` with its reason. Compares first losses on the way."""
    if row["peer"] is None:
        return {}
    if row["peer"]["kind"] == "log_normalize":
        return cupy_peers_of(row["peer"], peers) if device == "cuda" else {}
    try:
        import torch_gpu_peers
    except ImportError as absent:
        peers["PyTorch"] = {"failed": sentence(absent)}
        return {}
    exchange, rungs = torch_gpu_peers.rungs(row["peer"], folder, row["precision"], device)
    if exchange is not None:
        torch_gpu_peers.set_precision("f32")
        row["losses_differ"] = losses_differ(row["peer"]["losses"], torch_gpu_peers.first_losses(exchange))
        row["losses_agree"] = row["losses_differ"] <= row["tolerance"]
        torch_gpu_peers.set_precision(row["precision"])
    loops = {}
    for name, make in rungs.items():
        if device == "cpu" and "graph" in name and exchange is not None:
            continue
        try:
            loops[name] = make()
            loops[name].run(3 if device == "cpu" else torch_gpu_peers.WARM_UP_STEPS)
        except Exception as error:  # a rung that fails is a result, whatever it throws
            loops.pop(name, None)
            peers[name] = {"failed": sentence(error)}
    return loops


def peer_time(name, loop, row):
    """Microseconds of what the row does once."""
    batches = row["peer"]["epoch"] / row["peer"]["batch"] if "epoch" in row["peer"] else 1
    if hasattr(loop, "microseconds"):  # it has a clock of its own
        return loop.microseconds() * batches
    import torch_gpu_peers
    return torch_gpu_peers.microseconds(loop, torch_gpu_peers.STEPS) * batches


def measure(program, row, folder, turns, deadline):
    """Adds the times of a row and its peers."""
    row["peers"] = {}
    loops = make_peers(row, folder, "cuda", row["peers"])
    row["microseconds"] = {}
    for turn in range(turns):
        for name, value in program.turn().items():
            row["microseconds"].setdefault(name, []).append(value)
        for name, loop in list(loops.items()):
            if time.monotonic() > deadline:
                raise OutOfTime
            if name == "Lightning" and turn >= LIGHTNING_TURNS:
                continue
            try:
                row["peers"].setdefault(name, {"microseconds": []})["microseconds"].append(peer_time(name, loop, row))
            except Exception as error:
                row["peers"][name] = {"failed": sentence(error)}
                del loops[name]


def release_memory():
    """Of peers that are gone, to the device."""
    gc.collect()
    if "torch" in sys.modules and sys.modules["torch"].cuda.is_available():
        sys.modules["torch"].cuda.empty_cache()


class Ready:
    """A row whose process has made its data, compared with f64 and waits for turns."""

    def __init__(self, arguments, name, precision, deadline, stack):
        self.name, self.precision, self.deadline, self.turns = name, precision, deadline, arguments.turns
        self.path = arguments.out / f"row_{name}_{precision}.json"
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=arguments.scratch)))
        exchange = [] if arguments.alone else ["--exchange", self.folder]
        command = ["row", name, "--precision", precision, "--turns", *exchange]
        self.program = stack.enter_context(Program(arguments.program, command, deadline))
        self.row = None

    def wait(self, until):
        self.program.deadline = until
        self.row = self.program.answer()
        self.program.deadline = self.deadline

    def measured(self, alone):
        row = self.row
        if not row["agrees"]:
            raise Failure(f"differs from f64 by {max(row['error'].values()):.1e}, more than {row['allowed_error']:.0e}")
        row["losses_agree"] = None
        if alone:
            row["peer"] = None
        try:
            measure(self.program, row, self.folder, self.turns, self.deadline)
        finally:
            release_memory()
            self.program.end()
        row["peer"] = {key: value for key, value in row["peer"].items() if key != "losses"} if row["peer"] else None
        return row


def result_of(ready, work):
    """What `work` gives, or the row as one that failed; None where time ran out."""
    try:
        return work()
    except OutOfTime:
        return None
    except Failure as failure:
        return {"row": ready.name, "precision": ready.precision, "failed": str(failure)}
    except Exception as error:  # of a peer that the row cannot do without
        return {"row": ready.name, "precision": ready.precision, "failed": sentence(error)}


def run_rows(arguments, names, deadline):
    """Rows are made ready side by side and measured one after the other. Yields a row or, where time ran out, None for each."""
    with contextlib.ExitStack() as stack:
        all_ready = [Ready(arguments, name, precision, deadline, stack) for name, precision in names]
        begin = time.monotonic()
        until = begin + (deadline - begin) / 2  # a row that takes longer waits for another call
        failed = [result_of(ready, lambda ready=ready: ready.wait(until) or False) for ready in all_ready]
        for ready, failure in zip(all_ready, failed, strict=True):
            row = failure
            if failure is False:
                log(f"{ready.name} {ready.precision}")
                row = result_of(ready, lambda ready=ready: ready.measured(arguments.alone))
            if row is not None:
                write_whole(ready.path, json.dumps(row, indent=1))
            yield row


def write_whole(path, text):
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


def kept(path):
    return json.loads(path.read_text()) if path.exists() else None


def begin(arguments, deadline):
    """The ceilings with device and commit, of this call or of an earlier one of the same commit."""
    listed = ask(arguments.program, "list", deadline=deadline)
    path = arguments.out / "ceilings.json"
    found = kept(path)
    if found is None:
        found = {"commit": listed["commit"], **ask(arguments.program, "ceilings", deadline=deadline)}
        write_whole(path, json.dumps(found, indent=1))
    elif found["commit"] != listed["commit"]:
        raise Failure(f"{arguments.out} holds results of commit {found['commit']}, this program is {listed['commit']}: remove it, or "
                      "name another --out")
    return listed, found


def wanted(arguments, listed):
    """(row, precision): ROWS_FIRST, then in the order of bench_gpu; precisions only of what trains."""
    known = [row["row"] for row in listed["rows"]]
    for name in arguments.rows:
        if name not in known:
            raise Failure(f"no row is called {name}; there are {', '.join(known)}")
    rows = [(row["row"], precision) for row in listed["rows"] if not arguments.rows or row["row"] in arguments.rows
            for precision in (arguments.precisions or listed["precisions"] if row["trains"] else ["f32"])]
    first = {name: place for place, name in enumerate(ROWS_FIRST)}
    return sorted(rows, key=lambda asked: (asked[1] == PRECISION_LAST, first.get(asked[0], len(first))))


def run(arguments):
    deadline = time.monotonic() + arguments.limit
    arguments.out.mkdir(parents=True, exist_ok=True)
    listed, results = begin(arguments, deadline)
    rows = {asked: kept(arguments.out / "row_{}_{}.json".format(*asked)) for asked in wanted(arguments, listed)}
    left = [asked for asked, row in rows.items() if row is None]
    while left and deadline - time.monotonic() > SHORTEST_ROW:
        group, left = left[:arguments.ahead], left[arguments.ahead:]
        rows.update(zip(group, run_rows(arguments, group, deadline), strict=True))
    results["rows"] = [row for row in rows.values() if row is not None]
    waiting = [" ".join(asked) for asked, row in rows.items() if row is None]
    write_whole(arguments.out / "gpu.json", json.dumps({**results, "waiting": waiting}, indent=1))
    text = gpu_table.markdown(results)
    write_whole(arguments.out / "gpu.md", text)
    print(text, end="")
    if waiting:
        log(f"Out of time: {len(waiting)} rows wait ({', '.join(waiting)}); call again to go on.")
        return GO_ON_LATER
    return int(any("failed" in row or row["losses_agree"] is False for row in results["rows"]))


def rehearse(arguments):
    """Rows as the emulated device computes them, small, beside peers on the CPU."""
    deadline = time.monotonic() + arguments.limit
    listed = ask(arguments.program, "list", deadline=deadline)
    wrong = 0
    print("| row | precision | error against f64 | first losses against PyTorch | peers that ran |\n| --- | --- | --- | --- | --- |")
    for name, precision in wanted(arguments, listed):
        with tempfile.TemporaryDirectory() as folder:
            row = ask(arguments.program, "row", name, "--precision", precision, "--small", "--exchange", folder,
                      deadline=deadline)
            row["losses_agree"], failures = None, {}
            ran = make_peers(row, Path(folder), "cpu", failures)
        wrong += (not row["agrees"]) + (row["losses_agree"] is False) + len(failures)
        losses = f"{row['losses_differ']:.1e}" if row["losses_agree"] is not None else ""
        peers = ", ".join([*ran, *(f"{rung} {failure['failed']}" for rung, failure in failures.items())])
        print(f"| {name} | {precision} | {max(row['error'].values()):.1e} | {losses} | {peers} |", flush=True)
    print("\nA rehearsal: nothing was measured.")
    return int(wrong > 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="of those that bench_gpu list names; default: all")
    parser.add_argument("--program", help="default: build/release/bench_gpu, or bench_gpu_host_emulated for --rehearse")
    parser.add_argument("--out", type=Path, default=Path("build/gpu_bench"))
    parser.add_argument("--scratch", help="folder for what peers read, up to 1 GB; default: the system's")
    parser.add_argument("--limit", type=float, default=500, help="seconds")
    parser.add_argument("--precisions", nargs="+", metavar="PRECISION", help="of training rows; default: all")
    parser.add_argument("--ahead", type=int, default=max(1, (os.cpu_count() or 2) // 2), metavar="N",
                        help="rows made ready side by side, up to 10 GB of memory each")
    parser.add_argument("--turns", type=int, default=TURNS, help="measurements of a row")
    parser.add_argument("--alone", action="store_true", help="without peers; a later call in the same --out does not add them")
    parser.add_argument("--rehearse", action="store_true")
    arguments = parser.parse_args()
    build = HERE.parents[1] / "build/release"
    arguments.program = arguments.program or str(build / ("bench_gpu_host_emulated" if arguments.rehearse else "bench_gpu"))
    if not Path(arguments.program).exists():
        raise Failure(f"{arguments.program} is not there: build it, or name it with --program")
    return (rehearse if arguments.rehearse else run)(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, OutOfTime) as failure:
        print(f"gpu.py: {failure or 'out of time before the ceilings were measured'}", file=sys.stderr)
        sys.exit(GO_ON_LATER if isinstance(failure, OutOfTime) else 2)
