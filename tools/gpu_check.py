"""What is to be shown on a machine with a GPU. Called by gpu_check.sh.

Parts, each within --limit seconds (500):
  correctness   every test that knows a GPU, with SPARCELL_REQUIRE=cuda: one that is skipped has failed
  bench         tools/bench/gpu.py: ceilings, rows, peers
  profile       ncu's counters of one step, kernel by kernel
  sanitizer     compute-sanitizer's four tools over the tests of the ops, which launch every kernel
Where a GPU is lent for minutes: --within SECONDS is the time of all parts together, of which each may take half of what is left
and the last all of it; --alone leaves the benchmark's peers out.
Tests, also those under the sanitizer, are spread over --jobs processes that share the GPU; what is timed has it alone. Results
are lines in FOLDER/<part>.jsonl as they come, which --record takes even where this was killed; FOLDER/<part>.json and
FOLDER/<part>.md at the end. A part that cannot begin leaves the others alone. Exit code 0: done and good; 1: something failed; 2:
it cannot begin; 75: not finished, call again. A folder holds one commit on one GPU.
"""
import argparse
import csv
import glob
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gpu_check_gtest
import gpu_check_record

ROOT = Path(__file__).resolve().parent.parent
GO_ON_LATER = 75
# In the order of what is missed most where time runs out: the emulated device shows addresses and uninitialised memory, not warps that
# really run at once.
TOOLS = ("racecheck", "memcheck", "synccheck", "initcheck")
SANITIZED = "ops_tests"
LONGEST_TEST = {"correctness": 100, "sanitizer": 150}  # seconds
SHORTEST_PART = 20
PROFILED = ("ae_course", "ae_5000", "critic")
# Name in the table: ncu's metric.
METRICS = {
    "us": "gpu__time_duration.sum",  # which ncu gives in nanoseconds
    "bytes read": "dram__bytes_read.sum",
    "bytes written": "dram__bytes_write.sum",
    "memory %": "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
    "multiprocessors %": "sm__throughput.avg.pct_of_peak_sustained_elapsed",
    "occupancy %": "sm__warps_active.avg.pct_of_peak_sustained_active",
    "registers": "launch__registers_per_thread",
}


class Failure(Exception):
    """A sentence for the user."""


class Place:
    """A package or a build tree: where programs are, and the tests that know a GPU with their filters."""

    def __init__(self, build):
        self.folder = ROOT
        package = (ROOT / "tests/on_cuda.txt").exists()
        if package:
            self.sparcell, self.bench = ROOT / "bin/sparcell", ROOT / "bench/bench_gpu"
        else:
            self.sparcell, self.bench = build / "sparcell", build / "bench_gpu"
        if not self.sparcell.exists():
            raise Failure(f"{self.sparcell} is not there: build it, or unpack the archive of tools/package")
        self.environment = {**os.environ, "SPARCELL_TEST_DEVICE": "cuda", "SPARCELL_REQUIRE": "cuda",
                            "SPARCELL_PROGRAM": str(self.sparcell), "LD_LIBRARY_PATH": library_path()}
        self.tests = self.of_package() if package else self.of_build(build)
        if not self.tests:
            raise Failure(f"{build} has no test that knows a GPU: it was built without CUDA, or without tests")

    @staticmethod
    def of_package():
        lines = (ROOT / "tests/on_cuda.txt").read_text().splitlines()
        return {name: (ROOT / "tests" / name, test_filter) for name, test_filter in (line.split(" ", 1) for line in lines)}

    @staticmethod
    def of_build(build):
        said = subprocess.run(["ctest", "--test-dir", build, "-L", "^cuda$", "--show-only=json-v1"], capture_output=True, text=True,
                              check=False)
        if said.returncode != 0:
            raise Failure(f"ctest does not list the tests of {build}: {said.stderr.strip()}")
        tests = {}
        for test in json.loads(said.stdout)["tests"]:
            program, *arguments = test["command"]
            chosen = [a.split("=", 1)[1] for a in arguments if a.startswith("--gtest_filter=")]
            tests[Path(program).name] = (Path(program), chosen[0] if chosen else "*")
        return tests

    def list(self, name):
        program, test_filter = self.tests[name]
        try:
            return gpu_check_gtest.listed(program, test_filter, self.environment, self.folder)
        except (OSError, subprocess.CalledProcessError) as error:
            said = str(getattr(error, "stderr", "")).strip() or error
            raise Failure(f"{program} does not list its tests: {said}") from error


def library_path():
    """CUDA's libraries of a toolkit, and those beside a PyTorch (cuDNN is there)."""
    toolkit = [os.environ.get("CUDA_HOME", "/usr/local/cuda") + "/lib64"]
    beside = [folder for place in sys.path for folder in sorted(glob.glob(glob.escape(place or ".") + "/nvidia/*/lib"))]
    given = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    return ":".join(folder for folder in [*given, *toolkit, *beside] if folder and os.path.isdir(folder))


def ask(command, why):
    if shutil.which(str(command[0])) is None:
        raise Failure(f"{why}: {command[0]} is not there")
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{why}: {command[0]} says {(done.stderr or done.stdout).strip().splitlines()[-1:] or ['nothing']}")
    return done.stdout


def facts_of(place):
    """Commit, GPU and driver: what a folder of results is of."""
    gpus = ask(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"], "a GPU is needed").strip().splitlines()
    if not gpus:
        raise Failure("a GPU is needed: nvidia-smi names none")
    name, driver = (part.strip() for part in gpus[0].split(","))
    info = ask([place.sparcell, "info"], "sparcell info")
    said = dict(line.split(None, 1) for line in info.splitlines() if len(line.split(None, 1)) == 2)
    return {"commit": said.get("commit", "unknown"), "gpu": name, "driver": driver}


class Results:
    """Lines of JSON that outlive this process. Threads may add them."""

    def __init__(self, path):
        self.path, self.lines, self.lock = path, gpu_check_record.lines_in(path), threading.Lock()
        if path.exists() and not path.read_bytes().endswith(b"\n"):
            with path.open("a") as file:  # behind what a process that was killed began to write
                file.write("\n")

    def add(self, **line):
        with self.lock:
            self.lines.append(line)
            with self.path.open("a") as file:
                file.write(json.dumps(line) + "\n")

    def of(self, **keys):
        return [line for line in self.lines if all(line.get(key) == value for key, value in keys.items())]


class Work:
    """Those of a program's tests that have no result with `keys` yet, cut in shares that run side by side."""

    def __init__(self, place, results, name, prefix, keys, jobs, longest):
        self.place, self.results, self.keys, self.longest = place, results, keys, longest
        self.command = [*prefix, str(place.tests[name][0])]
        stopped = results.of(**keys, stopped=True)
        done = {line["test"] for line in results.of(**keys) if "test" in line}
        left = []
        try:
            left = [] if stopped else [test for test in place.list(name) if test not in done]
        except Failure as failure:  # the others can run
            results.add(**keys, stopped=True, text=str(failure))
        self.shares = [left[first::jobs] for first in range(min(jobs, len(left)))]

    def run(self, tests, deadline):
        """True where all of a share have a result then."""
        left, said = gpu_check_gtest.run_all(
            self.command, tests, self.place.environment, self.place.folder, deadline, self.longest,
            lambda test, result, seconds, text: self.results.add(**self.keys, test=test, result=result, seconds=seconds, text=text))
        if said:
            self.results.add(**self.keys, stopped=True, text=said, left=len(left))
        return said or not left


def run_side_by_side(works, jobs, deadline):
    with ThreadPoolExecutor(jobs) as pool:
        return all(list(pool.map(lambda share: share[0].run(share[1], deadline), [(work, s) for work in works for s in work.shares])))


def correctness(place, results, deadline, arguments):
    longest = arguments.longest or LONGEST_TEST["correctness"]
    works = [Work(place, results, name, [], {"program": name}, arguments.jobs, longest) for name in place.tests]
    return run_side_by_side(works, arguments.jobs, deadline)


def sanitizer(place, results, deadline, arguments):
    if shutil.which("compute-sanitizer") is None:
        results.add(skipped="compute-sanitizer is not on the PATH")
        return True
    longest, finished = arguments.longest or LONGEST_TEST["sanitizer"], True
    for left, tool in zip(range(len(TOOLS), 0, -1), TOOLS, strict=True):
        prefix = ["compute-sanitizer", "--tool", tool, "--report-api-errors", "no", "--print-limit", "20", "--target-processes", "all"]
        work = Work(place, results, SANITIZED, prefix, {"tool": tool}, arguments.jobs, longest)
        begin = time.monotonic()  # a slow tool leaves the others their share
        finished = run_side_by_side([work], arguments.jobs, begin + (deadline - begin) / left) and finished
    return finished


def bench(place, results, deadline, arguments):
    out = arguments.out
    command = [sys.executable, ROOT / "tools/bench/gpu.py", "--program", place.bench, "--out", out / "rows", "--limit",
               max(deadline - time.monotonic() - 15, 1), *(["--alone"] if arguments.alone else [])]
    try:
        with (out / "bench.log").open("a") as told:
            code = subprocess.run([str(part) for part in command], env=place.environment, cwd=place.folder, stdout=subprocess.DEVNULL,
                                  stderr=told, timeout=max(deadline - time.monotonic(), 1), check=False).returncode
    except subprocess.TimeoutExpired:
        return False
    if code == GO_ON_LATER:
        return False
    if code == 2:
        said = (out / "bench.log").read_text().strip().splitlines()
        raise Failure(said[-1] if said else "tools/bench/gpu.py cannot begin")
    results.add(code=code)
    return True


def kernels_of(text):
    """ncu's comma-separated page: a line a kernel."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    rows = list(csv.DictReader(lines))
    number = lambda value, name: float(value.replace(",", "")) / (1e3 if name == "us" else 1) if value else None  # noqa: E731
    # The line behind the head holds units.
    return [{"kernel": row["Kernel Name"], **{name: number(row[metric], name) for name, metric in METRICS.items()}}
            for row in rows if row["ID"]]


def profile(place, results, deadline, _):
    if shutil.which("ncu") is None:
        results.add(skipped="ncu is not on the PATH")
        return True
    for row in PROFILED:
        if results.of(row=row):
            continue
        if time.monotonic() > deadline - 20:
            return False
        # --clock-control none: the card's clocks are left as they are.
        command = ["ncu", "--clock-control", "none", "--profile-from-start", "off", "--target-processes", "all", "--csv", "--page",
                   "raw", "--print-units", "base", "--metrics", ",".join(METRICS.values()), str(place.bench), "step", row]
        try:
            done = subprocess.run(command, env=place.environment, cwd=place.folder, capture_output=True, text=True,
                                  timeout=deadline - time.monotonic(), check=False)
        except subprocess.TimeoutExpired:
            return False
        kernels = kernels_of(done.stdout) if done.returncode == 0 else []
        if not kernels:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(("==ERROR==", "bench_gpu:"))]
            results.add(row=row, skipped=lines[-1] if lines else f"ncu gave no kernels (exit code {done.returncode})")
            continue
        results.add(row=row, kernels=kernels)
    return True


PARTS = {"correctness": correctness, "bench": bench, "profile": profile, "sanitizer": sanitizer}


def write(path, text):
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_text(text)
    partial.replace(path)


def run_part(name, place, limit, arguments):
    """0, 1, 2 or GO_ON_LATER."""
    out = arguments.out
    results = Results(out / f"{name}.jsonl")
    if not results.of(finished=True):
        try:
            if PARTS[name](place, results, time.monotonic() + limit, arguments):
                results.add(finished=True)
        except Failure as failure:
            print(f"gpu_check: {name}: {failure}", file=sys.stderr)
            return 2
    summary = gpu_check_record.summary_in(out, name)
    if summary is not None:
        write(out / f"{name}.json", json.dumps(summary, indent=1) + "\n")
        write(out / f"{name}.md", gpu_check_record.markdown_of(summary))
        print(gpu_check_record.markdown_of(summary), flush=True)
    if summary is None or not summary["finished"]:
        print(f"{name}: not finished; call again to go on", file=sys.stderr)
        return GO_ON_LATER
    return 0 if summary["good"] else 1


def run_parts(place, arguments):
    """The codes of the parts. Those that --within leaves no time are not begun."""
    names = [arguments.part] if arguments.part else list(PARTS)
    end = time.monotonic() + (arguments.within or float("inf"))
    codes = []
    for name in names:
        left = end - time.monotonic()
        if left < SHORTEST_PART:
            print(f"{name}: not begun, for want of time; call again to go on", file=sys.stderr)
            codes.append(GO_ON_LATER)
            continue
        codes.append(run_part(name, place, min(arguments.limit, left if name == names[-1] else left / 2), arguments))
    return codes


def check(arguments):
    place = Place(arguments.build)
    facts = facts_of(place)
    arguments.out.mkdir(parents=True, exist_ok=True)
    before = arguments.out / "facts.json"
    if before.exists() and json.loads(before.read_text()) != facts:
        then = json.loads(before.read_text())
        raise Failure(f"{arguments.out} holds results of commit {then['commit']} on {then['gpu']}, driver {then['driver']}; this is "
                      f"{facts['commit']} on {facts['gpu']}, driver {facts['driver']}: remove it, or name another --out")
    write(before, json.dumps(facts) + "\n")
    print(f"gpu_check: commit {facts['commit']} on {facts['gpu']}, driver {facts['driver']}", file=sys.stderr)
    codes = run_parts(place, arguments)
    return GO_ON_LATER if GO_ON_LATER in codes else max(codes)


def main():
    parser = argparse.ArgumentParser(prog="tools/gpu_check.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--out", type=Path, default=Path("gpu_check"), help="folder of the results")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="build folder, outside of a package")
    parser.add_argument("--jobs", type=int, default=max(1, min(12, (os.cpu_count() or 2) - 2)), help="test programs at once")
    parser.add_argument("--limit", type=float, default=500, help="seconds of a part")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="time of all parts of this call; default: --limit for each")
    parser.add_argument("--longest", type=float, metavar="SECONDS", help="a test that takes longer has failed; default: 100, and 150 "
                                                                        "under the sanitizer")
    parser.add_argument("--alone", action="store_true", help="benchmark without peers; a later call does not add them")
    parser.add_argument("--record", type=Path, metavar="FILE",
                        help="write what --out holds as the record of the last run; runs nothing")
    arguments = parser.parse_args()
    for path in ("out", "build"):
        setattr(arguments, path, getattr(arguments, path).resolve())
    if arguments.record:
        write(arguments.record, gpu_check_record.record_of(arguments.out))
        print(f"Written: {arguments.record}")
        return 0
    return check(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Failure, gpu_check_record.Incomplete) as failure:
        print(f"gpu_check: {failure}", file=sys.stderr)
        sys.exit(2)
