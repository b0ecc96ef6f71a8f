"""What tools/test.sh says about a run of ctest, from its JUnit file.

test_summary.py skipped RESULTS.xml                                  prints how many tests were skipped, and why
test_summary.py record RESULTS.xml PARITY.md MUTATION.md RECORD.md   writes the record of a full run
"""

import collections
import datetime
import os
import platform
import re
import subprocess
import sys
import xml.etree.ElementTree


def skip_reason(output):
    """GoogleTest prints the sentence below `file:line: Skipped`; a script says it in its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for line, following in zip(lines, lines[1:]):
        if line.endswith(": Skipped"):
            return following
    return lines[-1].removeprefix("skipped: ") if lines else "no reason was printed"


def read_results(path):
    """Number of tests, and a counter of reasons for those that were skipped."""
    cases = xml.etree.ElementTree.parse(path).getroot().findall("testcase")
    skipped = collections.Counter(
        skip_reason(case.findtext("system-out", "")) for case in cases if case.find("skipped") is not None
    )
    return len(cases), skipped


def summary(path):
    tests, skipped = read_results(path)
    lines = [f"{sum(skipped.values())} of {tests} tests skipped" + (":" if skipped else "")]
    return lines + [f"  {count} x {reason}" for reason, count in skipped.most_common()]


def first_match(pattern, text, default):
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1).strip() if found else default


def command_output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def machine():
    with open("/proc/cpuinfo") as file:
        processor = first_match(r"^model name\s*:(.*)$", file.read(), platform.machine())
    with open("/proc/meminfo") as file:
        gibibytes = int(first_match(r"^MemTotal:\s*(\d+)", file.read(), "0")) / 2**20
    with open("/etc/os-release") as file:
        system = first_match(r'^PRETTY_NAME="?([^"\n]*)', file.read(), platform.system())
    return f"{processor}, {len(os.sched_getaffinity(0))} cores, {gibibytes:.0f} GiB, {system}"


def commit():
    changed = command_output("git", "status", "--porcelain", "--untracked-files=no")
    return command_output("git", "rev-parse", "HEAD") + (" with uncommitted changes" if changed else "")


def text_of(path):
    with open(path) as file:
        return file.read().strip()


def record(results, parity, mutation, target):
    now = datetime.datetime.now(datetime.timezone.utc)
    text = "\n".join(
        [
            "# The last full test run",
            "",
            "Written by `tools/test.sh --full` when everything passed.",
            "",
            f"* date: {now:%Y-%m-%d %H:%M} UTC",
            f"* commit: {commit()}",
            f"* machine: {machine()}",
            f"* compiler: {command_output('c++', '--version').splitlines()[0]}",
            "* tests: all passed; " + "\n".join(summary(results)),
            "",
            "## Against PyTorch (`tools/bench/parity.sh`)",
            "",
            text_of(parity),
            "",
            "## Mutated kernels (`tools/mutate_kernels`)",
            "",
            text_of(mutation),
            "",
        ]
    )
    with open(target + ".part", "w") as file:
        file.write(text)
    os.replace(target + ".part", target)


def main():
    match sys.argv[1:]:
        case ["skipped", results]:
            print("\n".join(summary(results)))
        case ["record", results, parity, mutation, target]:
            record(results, parity, mutation, target)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
