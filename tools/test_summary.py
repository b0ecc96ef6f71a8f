"""What tools/test.sh says about a run of ctest, from its JUnit file.

test_summary.py skipped RESULTS.xml                               prints how many tests were skipped, and why
test_summary.py record RECORD.md PART SECONDS RESULTS.xml OUT.md   writes a part of a full run into the record: its tests and
                                                                   what it printed, where there are such files
"""

import collections
import datetime
import os
import platform
import re
import subprocess
import sys
import xml.etree.ElementTree

# Parts of tools/test.sh --full.
PARTS = {
    "tests": "what continuous integration runs",
    "slow": "a thousand kills, preempted and lost jobs of Slurm, the course's GAN, the package on an older system",
    "address": "the emulated CUDA device under AddressSanitizer",
    "architectures": "kernels compiled for every GPU that is supported",
    "mutation": "mutated kernels (`tools/mutate_kernels`)",
    "parity": "the course's models against PyTorch (`tools/bench/parity.sh`)",
    "peers": "what a GPU is measured beside: the benchmark's peers in PyTorch on the CPU, small (`tools/bench/gpu.py --rehearse`)",
    "models": "the strong recipes beside their baselines (`tools/bench/models.sh`)",
}


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
    changed = command_output("git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!tests/record.md")
    return command_output("git", "rev-parse", "HEAD") + (" with uncommitted changes" if changed else "")


def sections_of(path):
    """The record's sections below their titles."""
    if not os.path.exists(path):
        return {}
    with open(path) as file:
        parts = re.split(r"^## (\w+): .*$", file.read(), flags=re.MULTILINE)
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2])}


def section(seconds, results, output):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        f"* date: {now:%Y-%m-%d %H:%M} UTC, {seconds / 60:.0f} minutes",
        f"* commit: {commit()}",
        f"* machine: {machine()}",
        f"* compiler: {command_output('c++', '--version').splitlines()[0]}",
    ]
    if os.path.exists(results):
        lines.append("* tests: all passed; " + "\n".join(summary(results)))
    if os.path.exists(output):
        with open(output) as file:
            lines += ["", file.read().strip()]
    return "\n".join(lines)


def record(target, part, seconds, results, output):
    sections = sections_of(target)
    sections[part] = section(seconds, results, output)
    text = ["# The last full test run", "", "Written by `tools/test.sh --full [PART...]`, each part when it passed.", ""]
    for name, title in PARTS.items():
        text += [f"## {name}: {title}", "", sections.get(name, "Not run."), ""]
    with open(target + ".part", "w") as file:
        file.write("\n".join(text))
    os.replace(target + ".part", target)


def main():
    match sys.argv[1:]:
        case ["skipped", results]:
            print("\n".join(summary(results)))
        case ["record", target, part, seconds, results, output] if part in PARTS:
            record(target, part, int(seconds), results, output)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
