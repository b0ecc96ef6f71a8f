"""Test programs run so that every result is kept as it comes: what gpu_check.py stops it can go on with."""
import os
import re
import select
import subprocess
import time

START, END = "[ RUN      ] ", re.compile(r"^\[ +(OK|FAILED|SKIPPED) +\] (\S+?),?(?: .*)?$")
FINDING = re.compile(r"^========= +(?!COMPUTE-SANITIZER|ERROR SUMMARY|RACECHECK SUMMARY|LEAK SUMMARY|Target application)(\S.*)$")
KEPT_LINES = 12


def listed(program, test_filter, environment, folder):
    """The tests of a program that the filter takes."""
    done = subprocess.run([program, f"--gtest_filter={test_filter}", "--gtest_list_tests"], env=environment, cwd=folder,
                          capture_output=True, text=True, check=True)
    names, suite = [], ""
    for line in done.stdout.splitlines():
        name = line.split("#")[0].rstrip()
        if name.startswith(" "):
            names.append(suite + name.strip())
        elif name.endswith("."):
            suite = name
    return names


def lines_of(process, deadline):
    """Lines of the output as they come; stops at deadline(), which may move (the process is left running)."""
    buffer = b""
    while True:
        left = deadline() - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            return
        more = os.read(process.stdout.fileno(), 1 << 16)
        if not more:
            if buffer:
                yield buffer.decode(errors="replace")
            return
        *whole, buffer = (buffer + more).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")


class Run:
    """One process over some tests. `results`: {test: (result, seconds, text)}; `said`: its last lines outside of tests.
    A test that takes longer than `longest` seconds has failed. One that failed ends the process, as one that dies does: an error of
    a kernel stays with its process, where all tests behind it would fail too."""

    def __init__(self, command, tests, environment, folder, deadline, longest, on_result):
        self.results, self.said, self.on_result = {}, [], on_result
        self.current, self.last, self.text, self.findings, self.started, self.failed = None, None, [], [], 0.0, False
        process = subprocess.Popen(command, env={**environment, "GTEST_FILTER": ":".join(tests), "GTEST_COLOR": "no"}, cwd=folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for line in lines_of(process, lambda: deadline if self.current is None else min(deadline, self.started + longest)):
            self.take(line)
            if self.failed:
                break
        too_long = self.current is not None and time.monotonic() - self.started >= longest
        self.timed_out = time.monotonic() >= deadline and process.poll() is None
        if self.timed_out or too_long or self.failed:
            process.kill()
        self.code = process.wait()
        process.stdout.close()
        if too_long:
            self.finish(self.current, "FAILED", f"no end after {longest:g} s")
        elif self.current is not None and not self.timed_out:
            how = f"signal {-self.code}" if self.code < 0 else f"exit code {self.code}"
            self.finish(self.current, "FAILED", f"the program ended in it ({how})")

    def take(self, line):
        if line.startswith(START):
            self.current, self.text, self.findings, self.started = line[len(START):].strip(), [], [], time.monotonic()
            return
        end = END.match(line)
        if end and end[2] == self.current:
            self.finish(end[2], end[1], "")
            return
        finding = FINDING.match(line)
        if self.current is None:
            self.said = [*self.said, line][-KEPT_LINES:]
            if finding and self.last is not None:  # of a kernel that the test did not wait for
                self.on_result(self.last, "FAILED", 0, f"behind it: {finding[1]}")
                self.last = None
        elif finding:
            self.findings.append(finding[1])
        else:
            self.text.append(line)

    def finish(self, test, result, why):
        text = [why] if why else self.text if result != "OK" else []
        if self.findings:
            result, text = "FAILED", self.findings
        self.results[test] = (result, round(time.monotonic() - self.started, 2), "\n".join(text[:KEPT_LINES]))
        self.on_result(test, *self.results[test])
        self.current, self.last, self.failed = None, test, result == "FAILED"


def run_all(command, tests, environment, folder, deadline, longest, on_result):
    """Runs all tests, in a new process after each that ended its own. Returns what is left, and the last lines of a
    process that ran none."""
    left = list(tests)
    while left and time.monotonic() < deadline:
        run = Run(command, left, environment, folder, deadline, longest, on_result)
        left = [test for test in left if test not in run.results]
        if left and not run.timed_out and not run.results:
            return left, " ".join(line.strip() for line in run.said if line.strip()) or f"exit code {run.code}"
    return left, ""
