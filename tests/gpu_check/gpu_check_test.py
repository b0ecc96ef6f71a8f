"""tools/gpu_check.sh and tools/bench/gpu.py in a package of stand-ins: results, continuing, limits, exit codes, tables, the record."""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools/bench"))
sys.path.insert(0, str(ROOT / "tools"))
import gpu  # noqa: E402
import gpu_check_record  # noqa: E402
import gpu_table  # noqa: E402

PROGRAMS = {"bin/sparcell", "tests/ops_tests", "bench/bench_gpu"}
TOOLS = {"nvidia-smi", "compute-sanitizer", "ncu"}
GO_ON_LATER = 75


class Package(unittest.TestCase):
    """A folder as tools/package makes it, and another with NVIDIA's tools."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = Path(temporary.name) / "package"
        self.tools = Path(temporary.name) / "nvidia"
        self.starts = Path(temporary.name) / "starts"
        self.out = Path(temporary.name) / "out"
        shutil.copytree(ROOT / "tools/bench", self.root / "tools/bench", ignore=shutil.ignore_patterns("gpu", "kernels", "__*__"))
        for script in (ROOT / "tools").glob("gpu_check*"):
            if script.is_file():
                shutil.copy(script, self.root / "tools")
        for path in [*(self.root / name for name in PROGRAMS), *(self.tools / name for name in TOOLS)]:
            self.stand_in(path)
        (self.root / "tests/on_cuda.txt").write_text("ops_tests *\n")
        self.script = {"tests": {"Gather.Dense": "OK", "Gather.Empty": "OK", "Layer.Forward/2": "OK"}}

    def stand_in(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable}\n{(HERE / 'stand_ins.py').read_text()}")
        path.chmod(0o755)

    def check(self, *arguments, limit=100):
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "SCRIPT": json.dumps(self.script),
                       "STARTS": str(self.starts), "GPU_CHECK_PYTHON": sys.executable}
        self.done = subprocess.run([self.root / "tools/gpu_check.sh", "--out", self.out, "--limit", str(limit), *map(str, arguments)],
                                   env=environment, capture_output=True, text=True, check=False)
        return self.done.returncode

    def results(self, part):
        return json.loads((self.out / f"{part}.json").read_text())

    def started(self, program):
        lines = self.starts.read_text().splitlines() if self.starts.exists() else []
        return [line for line in map(json.loads, lines) if line[0] == program]


class Correctness(Package):
    def test_passes(self):
        self.assertEqual(self.check("--part", "correctness"), 0, self.done.stderr)
        results = self.results("correctness")
        self.assertEqual(results["programs"]["ops_tests"], {"passed": 3, "failed": [], "stopped": ""})
        self.assertEqual((results["commit"], results["gpu"], results["driver"]), ("0123456789ab", "Stand-in GPU", "580.1"))
        self.assertIn("| ops_tests | 3 | 0 |", (self.out / "correctness.md").read_text())

    def test_failures_skips_and_deaths_fail_and_the_others_run(self):
        self.script["tests"] = {"A.Fails": "FAILED", "A.Dies": "dies", "B.Skips": "SKIPPED", "B.Passes": "OK"}
        self.assertEqual(self.check("--part", "correctness"), 1)
        group = self.results("correctness")["programs"]["ops_tests"]
        self.assertEqual([failure["test"] for failure in group["failed"]], ["A.Fails", "A.Dies", "B.Skips"])
        self.assertEqual(group["passed"], 1)
        self.assertIn("Expected: 1", group["failed"][0]["text"])
        self.assertIn("signal 6", group["failed"][1]["text"])
        self.assertEqual(len(self.started("ops_tests")), 3)  # again behind each of the first two

    def test_what_one_broke_does_not_fail_the_others(self):
        self.script["tests"] = {"A.Breaks": "breaks", "A.Passes": "OK", "B.Passes": "OK"}
        self.assertEqual(self.check("--part", "correctness", "--jobs", "1"), 1)
        group = self.results("correctness")["programs"]["ops_tests"]
        self.assertEqual([failure["test"] for failure in group["failed"]], ["A.Breaks"])
        self.assertEqual(group["passed"], 2)

    def test_what_only_the_cpu_has_is_left_out(self):
        self.script["tests"] = {"A/0.Passes": "OK", "A/1.Passes": "of the CPU"}
        self.assertEqual(self.check("--part", "correctness"), 0, self.done.stderr)
        self.assertEqual(self.results("correctness")["programs"]["ops_tests"], {"passed": 1, "failed": [], "stopped": ""})
        self.assertIn(gpu_check_record.NOT_OF_A_GPU, (ROOT / "tests/ops/op_test.h").read_text())

    def test_goes_on_where_time_ran_out(self):
        self.script["tests"] = {"A.First": "OK", "A.Hangs": "hangs", "A.Last": "OK"}
        begin = time.monotonic()
        self.assertEqual(self.check("--part", "correctness", limit=3), GO_ON_LATER)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertFalse(self.results("correctness")["finished"])
        self.assertEqual(self.results("correctness")["programs"]["ops_tests"]["passed"], 1)
        self.script["tests"]["A.Hangs"] = "OK"
        self.assertEqual(self.check("--part", "correctness"), 0, self.done.stderr)
        self.assertEqual(self.results("correctness")["programs"]["ops_tests"]["passed"], 3)
        lines = [json.loads(line) for line in (self.out / "correctness.jsonl").read_text().splitlines()]
        self.assertEqual([line["test"] for line in lines if "test" in line], ["A.First", "A.Hangs", "A.Last"])  # none twice

    def test_a_test_without_an_end_fails_and_the_others_run(self):
        self.script["tests"] = {"A.First": "OK", "A.Hangs": "hangs", "A.Last": "OK"}
        self.assertEqual(self.check("--part", "correctness", "--longest", "2", "--jobs", "1"), 1)
        group = self.results("correctness")["programs"]["ops_tests"]
        self.assertEqual(group["failed"], [{"test": "A.Hangs", "text": "no end after 2 s"}])
        self.assertEqual(group["passed"], 2)

    def test_says_first_what_runs_where(self):
        self.check("--part", "correctness")
        self.assertTrue(self.done.stderr.startswith("gpu_check: commit 0123456789ab on Stand-in GPU, driver 580.1\n"))

    def test_a_finished_part_does_not_run_again(self):
        self.check("--part", "correctness")
        count = len(self.started("ops_tests"))
        self.assertEqual(self.check("--part", "correctness"), 0)
        self.assertEqual(len(self.started("ops_tests")), count)

    def test_survives_a_line_that_was_cut(self):
        self.script["tests"]["Layer.Forward/2"] = "hangs"
        self.check("--part", "correctness", limit=3)
        with (self.out / "correctness.jsonl").open("a") as file:
            file.write('{"program": "ops_tests", "te')
        self.script["tests"]["Layer.Forward/2"] = "OK"
        self.assertEqual(self.check("--part", "correctness"), 0, self.done.stderr)
        self.assertEqual(self.results("correctness")["programs"]["ops_tests"]["passed"], 3)

    def test_a_program_that_does_not_start_leaves_the_others_alone(self):
        with (self.root / "tests/on_cuda.txt").open("a") as file:
            file.write("absent_tests *\n")
        self.assertEqual(self.check("--part", "correctness"), 1)
        programs = self.results("correctness")["programs"]
        self.assertEqual(programs["ops_tests"]["passed"], 3)
        self.assertIn("absent_tests does not list its tests", programs["absent_tests"]["stopped"])

    def test_without_a_device_nothing_passes(self):
        self.script["no_device"] = True
        self.assertEqual(self.check("--part", "correctness"), 1)
        group = self.results("correctness")["programs"]["ops_tests"]
        self.assertEqual(group["passed"], 0)
        self.assertIn("no NVIDIA driver is installed", group["stopped"])

    def test_without_a_gpu_it_does_not_begin(self):
        self.script["no_gpu"] = True
        self.assertEqual(self.check(), 2)
        self.assertIn("couldn't communicate with the NVIDIA driver", self.done.stderr)
        (self.tools / "nvidia-smi").unlink()
        if shutil.which("nvidia-smi") is None:
            self.assertEqual(self.check(), 2)
            self.assertEqual(self.done.stderr, "gpu_check: a GPU is needed: nvidia-smi is not there\n")

    def test_a_folder_is_of_one_gpu_and_commit(self):
        self.check("--part", "correctness")
        self.script["gpu"] = "Another GPU"
        self.assertEqual(self.check("--part", "correctness"), 2)
        self.assertIn("holds results of commit 0123456789ab on Stand-in GPU", self.done.stderr)

    def test_unknown_part(self):
        self.assertEqual(self.check("--part", "speed"), 2)
        self.assertIn("invalid choice: 'speed'", self.done.stderr)


class Sanitizer(Package):
    def test_a_finding_fails_its_test_though_it_passed(self):
        self.script["findings"] = {"racecheck": "Gather.Empty"}
        self.assertEqual(self.check("--part", "sanitizer"), 1)
        tools = self.results("sanitizer")["tools"]
        self.assertEqual({tool: group["passed"] for tool, group in tools.items()},
                         {"memcheck": 3, "racecheck": 2, "synccheck": 3, "initcheck": 3})
        self.assertEqual(tools["racecheck"]["failed"][0]["test"], "Gather.Empty")
        self.assertIn("Invalid __global__ read", tools["racecheck"]["failed"][0]["text"])

    def test_a_finding_behind_a_test_fails_it_once(self):
        self.script["late"] = "racecheck"
        self.assertEqual(self.check("--part", "sanitizer", "--jobs", "1"), 1)
        group = self.results("sanitizer")["tools"]["racecheck"]
        self.assertEqual([failure["test"] for failure in group["failed"]], ["Layer.Forward/2"])
        self.assertRegex(group["failed"][0]["text"], "^behind it: Error: Race reported")
        self.assertEqual(group["passed"], 2)

    def test_a_slow_tool_leaves_the_others_their_time(self):
        self.script["slow"] = "racecheck"
        self.assertEqual(self.check("--part", "sanitizer", limit=40), GO_ON_LATER)
        tools = self.results("sanitizer")["tools"]
        self.assertEqual({tool: group["passed"] for tool, group in tools.items()}, {"memcheck": 3, "synccheck": 3, "initcheck": 3})

    def test_a_tool_that_does_not_work_is_skipped_with_its_sentence(self):
        self.script["refuses"] = "memcheck"
        self.assertEqual(self.check("--part", "sanitizer"), 0)
        self.assertIn("Device not supported", self.results("sanitizer")["tools"]["memcheck"]["stopped"])
        self.assertEqual(self.results("sanitizer")["tools"]["initcheck"]["passed"], 3)
        self.assertIn("skipped, the tool does not work here", (self.out / "sanitizer.md").read_text())

    def test_absent(self):
        (self.tools / "compute-sanitizer").unlink()
        if shutil.which("compute-sanitizer") is None:
            self.assertEqual(self.check("--part", "sanitizer"), 0)
            self.assertEqual(self.results("sanitizer")["skipped"], ["compute-sanitizer is not on the PATH"])


class Bench(Package):
    def test_rows_and_table(self):
        self.assertEqual(self.check("--part", "bench"), 0, self.done.stderr)
        results = self.results("bench")
        self.assertEqual([(row["row"], row["precision"]) for row in results["rows"]],
                         [("copy", "f32"), ("layer", "f32"), ("layer", "tf32")])
        self.assertEqual(results["rows"][0]["microseconds"]["sparcell"], [4.0 + turn for turn in range(11)])
        # The floor: 100 MFLOP at 50 TFLOP/s are 2 us, 4 MB at 4,000 GB/s are 1; the median is 9.
        self.assertIn("| 2.0 | 9.0 (4.0 to 14.0) | 0.22 |", (self.out / "bench.md").read_text())
        self.assertIn("| copy | f32 | cuDNN | 8.0 (8.0 to 8.0) | 0.89 | 2.0e-08 |", (self.out / "bench.md").read_text())

    def test_rows_that_differ_or_fail_are_named(self):
        self.script["bench"] = {"copy": "differs", "sum": "fails", "scale": "good"}
        self.assertEqual(self.check("--part", "bench"), 1)
        rows = {row["row"]: row for row in self.results("bench")["rows"]}
        self.assertEqual(rows["copy"]["failed"], "differs from f64 by 1.0e-03, more than 1e-06")
        self.assertEqual(rows["sum"]["failed"], "bench_gpu: out of memory on cuda:0")
        self.assertIn("sparcell", rows["scale"]["microseconds"])

    def test_a_peer_that_fails_is_a_result(self):
        self.script["bench"] = {"copy": "peer"}
        if shutil.which("nvidia-smi") is None:  # else it may well not fail
            self.assertEqual(self.check("--part", "bench"), 0, self.done.stderr)
            (peer,) = self.results("bench")["rows"][0]["peers"].values()
            self.assertRegex(peer["failed"], "^failed: ")
            self.assertIn(peer["failed"], (self.out / "bench.md").read_text())

    def test_goes_on_where_time_ran_out(self):
        self.script["bench"] = {"copy": "good", "slow": "slow"}
        self.assertEqual(self.check("--part", "bench", limit=40), GO_ON_LATER)
        count = len(self.started("bench_gpu"))
        self.assertEqual(self.check("--part", "bench", limit=40), 0, self.done.stderr)
        again = self.started("bench_gpu")[count:]
        self.assertEqual([start[1:3] for start in again], [["list"], ["row", "slow"]])  # no ceilings, no first row again

    def measure(self, *arguments):
        """tools/bench/gpu.py of the package alone."""
        environment = {**os.environ, "SCRIPT": json.dumps(self.script), "STARTS": str(self.starts)}
        program = [sys.executable, self.root / "tools/bench/gpu.py", "--program", self.root / "bench/bench_gpu", "--out", self.out]
        subprocess.run([*program, *arguments], env=environment, capture_output=True, check=True)
        return json.loads((self.out / "gpu.json").read_text())["rows"]

    def test_alone_leaves_peers_out(self):
        self.script["bench"] = {"copy": "peer"}
        (row,) = self.measure("--alone", "--turns", "2")
        self.assertEqual(row["peers"], {})
        self.assertEqual(row["microseconds"]["sparcell"], [4.0, 5.0])

    def test_rows_are_made_ready_side_by_side_and_measured_in_order(self):
        self.script["bench"] = {name: "good" for name in ("copy", "sum", "scale")}
        for ahead in ("1", "3"):
            rows = self.measure("--ahead", ahead, "--turns", "1")
            self.assertEqual([row["row"] for row in rows], ["copy", "sum", "scale"])
            shutil.rmtree(self.out)

    def test_the_rows_are_of_one_commit(self):
        self.check("--part", "bench")
        (self.out / "bench.jsonl").unlink()
        self.script["bench_commit"] = "another"
        self.assertEqual(self.check("--part", "bench"), 2)
        self.assertIn("holds results of commit 0123456789ab, this program is another", self.done.stderr)


class Parts(Package):
    def test_one_that_cannot_begin_leaves_the_others_alone(self):
        (self.root / "bench/bench_gpu").unlink()
        self.assertEqual(self.check(), 2)
        self.assertRegex(self.done.stderr, "(?m)^gpu_check: bench: .*bench_gpu is not there")
        for part in ("correctness", "profile", "sanitizer"):
            self.assertTrue(self.results(part)["finished"], part)

    def test_together_they_end_in_time(self):
        self.script["tests"]["Layer.Forward/2"] = "hangs"
        begin = time.monotonic()
        self.assertEqual(self.check("--within", "30"), GO_ON_LATER)
        self.assertLess(time.monotonic() - begin, 40)
        self.assertEqual(self.results("correctness")["programs"]["ops_tests"]["passed"], 2)  # it took half of the time
        self.assertIn("bench: not begun, for want of time", self.done.stderr)

    def test_time_that_is_left_goes_on_to_the_others(self):
        self.assertEqual(self.check("--within", "90", "--alone"), 0, self.done.stderr)
        self.assertTrue(self.results("sanitizer")["finished"])


class Profile(Package):
    def test_counters_of_kernels(self):
        self.assertEqual(self.check("--part", "profile"), 0, self.done.stderr)
        kernels = self.results("profile")["steps"]["ae_5000"]
        self.assertEqual([kernel["us"] for kernel in kernels], [2.5, 1.5])
        self.assertEqual(kernels[0]["bytes read"], 4e6)
        self.assertIn("ae_5000: 2 kernels, 4.0 us", (self.out / "profile.md").read_text())
        for start in self.started("ncu"):
            self.assertEqual(start[start.index("--clock-control") + 1], "none")

    def test_what_ncu_says_where_it_may_not(self):
        self.script["ncu_fails"] = True
        self.assertEqual(self.check("--part", "profile"), 0)
        self.assertIn("ERR_NVGPUCTRPERM", self.results("profile")["skipped"][0])


class Record(Package):
    def record(self):
        return self.check("--record", self.out / "record.md")

    def test_of_a_whole_run(self):
        self.assertEqual(self.check(), 0, self.done.stderr)
        self.assertEqual(self.record(), 0, self.done.stderr)
        text = (self.out / "record.md").read_text()
        self.assertRegex(text, r"(?m)^\* run: Stand-in GPU, driver 580.1, commit 0123456789ab, 20\d\d-\d\d-\d\d \d\d:\d\d UTC$")
        self.assertIn("* tests: all 3 passed, none skipped", text)
        for part in ("correctness", "sanitizer", "bench", "profile"):
            self.assertIn(f"## {part}", text)

    def test_of_a_run_that_was_killed(self):
        self.check("--part", "correctness")
        self.script["slow"] = "memcheck"
        environment = {**os.environ, "PATH": f"{self.tools}:{os.environ['PATH']}", "SCRIPT": json.dumps(self.script),
                       "STARTS": str(self.starts), "GPU_CHECK_PYTHON": sys.executable}
        process = subprocess.Popen([self.root / "tools/gpu_check.sh", "--out", self.out, "--part", "sanitizer", "--jobs", "1"],
                                   env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        while len(self.started("compute-sanitizer")) < 2:  # racecheck, then memcheck
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self.assertEqual(self.record(), 0, self.done.stderr)
        text = (self.out / "record.md").read_text()
        self.assertIn("* sanitizer: not finished", text)
        self.assertIn("| racecheck | 3 | 0 |", text)

    def test_says_what_was_not_run(self):
        self.check("--part", "correctness")
        self.assertEqual(self.record(), 0)
        self.assertIn("* bench: not run", (self.out / "record.md").read_text())

    def test_needs_tests_that_passed(self):
        self.assertEqual(self.record(), 2)
        self.assertIn("holds no run of the tests", self.done.stderr)
        self.script["tests"]["Gather.Dense"] = "FAILED"
        self.check("--part", "correctness")
        self.assertEqual(self.record(), 2)
        self.assertIn("a record is of a run that passed", self.done.stderr)
        self.assertFalse((self.out / "record.md").exists())


class Losses(unittest.TestCase):
    ROW = {"title": "AE", "precision": "f32", "microseconds": {"sparcell": [2.0, 4.0, 3.0]}, "losses_differ": 3e-4,
           "peers": {"eager": {"microseconds": [8.0, 8.0, 9.0]}, "compile": {"failed": "failed: out of memory"}}}

    def test_no_ratio_where_first_losses_differ(self):
        _, ratio = gpu_table.peer_cells({**self.ROW, "losses_agree": False})
        self.assertEqual(ratio, "none: losses differ by 3.0e-04")
        self.assertNotIn("3.00", "".join(gpu_table.peers_table([{**self.ROW, "losses_agree": False}])))

    def test_a_ratio_is_of_the_same_turns(self):
        best, ratio = gpu_table.peer_cells({**self.ROW, "losses_agree": True})
        self.assertEqual((best, ratio), ("eager: 8.0 (8.0 to 9.0)", "3.00 (2.00 to 4.00)"))

    def test_the_difference_is_of_the_largest_and_sees_what_is_no_number(self):
        theirs = {"loss": [2.0, 1.0], "penalty": [0.5, 0.5]}
        self.assertEqual(gpu.losses_differ({"loss": [2.0, 1.5], "penalty": [0.5, 0.5], "rate": [0, 0]}, theirs), 0.25)
        self.assertEqual(gpu.losses_differ({"loss": [2.0, float("nan")], "penalty": [0.5, 0.5]}, theirs), float("inf"))
        self.assertEqual(gpu.losses_differ({"loss": [float("nan"), 1.0], "penalty": [0.5, 0.5]}, theirs), float("inf"))


class Order(unittest.TestCase):
    def test_rows_with_goals_come_first_and_bf16_last(self):
        listed = {"rows": [{"row": "adam", "trains": False}, {"row": "epoch", "trains": True}, {"row": "ae_course", "trains": True}],
                  "precisions": ["f32", "bf16"]}
        self.assertEqual(gpu.wanted(argparse.Namespace(rows=[], precisions=None), listed),
                         [("ae_course", "f32"), ("epoch", "f32"), ("adam", "f32"), ("ae_course", "bf16"), ("epoch", "bf16")])

    def test_those_first_are_rows(self):
        sources = "".join(file.read_text() for file in (ROOT / "tools/bench/gpu").glob("*.cpp"))
        self.assertEqual([name for name in gpu.ROWS_FIRST if f'{{"{name}",' not in sources], [])


class Repository(unittest.TestCase):
    def test_the_readme_says_that_no_kernel_ran_on_a_gpu_until_a_record_does(self):
        record = ROOT / "tests/gpu_record.md"
        recorded = record.exists() and re.search(r"(?m)^\* run: ", record.read_text())
        self.assertEqual("No kernel of this project has run on a GPU yet" in (ROOT / "README.md").read_text(), not recorded)


if __name__ == "__main__":
    unittest.main()
