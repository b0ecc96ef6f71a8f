"""The results of gpu_check.py as a summary, as Markdown, and as tests/gpu_record.md."""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))
import gpu_table  # noqa: E402

PARTS = ("correctness", "sanitizer", "bench", "profile")
SHOWN_KERNELS = 40
NOT_OF_A_GPU = "f64 is the CPU's alone"  # tests/ops/op_test.h: the same test of a scalar that no GPU version has


class Incomplete(Exception):
    """A sentence for the user."""


def tests_of(lines, key):
    """By program or tool: counts and what failed. A test that was skipped has failed, but for what is not a GPU's."""
    groups = {}
    for line in lines:
        if key not in line or NOT_OF_A_GPU in line.get("text", ""):
            continue
        group = groups.setdefault(line[key], {"passed": 0, "failed": [], "stopped": ""})
        if line.get("stopped"):
            group["stopped"] = line["text"]
        elif line["result"] == "OK":
            group["passed"] += 1
        else:
            group["failed"].append({"test": line["test"], "text": line["text"] or line["result"].lower()})
    return groups


def summary_of(part, lines):
    skipped = [line["skipped"] for line in lines if "skipped" in line]
    if part == "correctness":
        groups = tests_of(lines, "program")
        return {"programs": groups, "good": bool(groups) and all(not g["failed"] and not g["stopped"] for g in groups.values())}
    if part == "sanitizer":
        groups = tests_of(lines, "tool")
        return {"tools": groups, "skipped": skipped, "good": all(not g["failed"] for g in groups.values())}
    if part == "profile":
        return {"steps": {line["row"]: line["kernels"] for line in lines if "kernels" in line}, "skipped": skipped, "good": True}
    return {"rows": [], "good": False}


def failures(groups):
    return [f"* {name}: {failure['test']}: {failure['text'].splitlines()[0]}"
            for name, group in groups.items() for failure in group["failed"]]


def tests_markdown(head, groups, of_stopped):
    rows = [[name, str(group["passed"]), str(len(group["failed"])), f"{of_stopped} {group['stopped']}" if group["stopped"] else ""]
            for name, group in groups.items()]
    return [*gpu_table.table([head, "passed", "failed", ""], rows), "", *failures(groups)]


def profile_markdown(steps):
    lines = []
    for row, kernels in steps.items():
        names = [name for name in kernels[0] if name != "kernel"]
        show = lambda name, value: "" if value is None else f"{value:.2f}" if name == "us" else f"{value:,.0f}"  # noqa: E731
        longest = sorted(kernels, key=lambda kernel: -kernel["us"])[:SHOWN_KERNELS]
        time = sum(kernel["us"] for kernel in kernels)
        lines += ["", f"{row}: {len(kernels)} kernels, {time:.1f} us of kernels (clocks not controlled, caches flushed by ncu)", "",
                  *gpu_table.table(["kernel", *names],
                                   [[f"`{kernel['kernel'][:70]}`", *(show(name, kernel[name]) for name in names)] for kernel in longest])]
    return lines


def markdown_of(summary):
    lines = [f"## {summary['part']}", f"{summary['gpu']}, driver {summary['driver']}, commit {summary['commit']}, {summary['date']}"
             + ("" if summary["finished"] else " - not finished"), ""]
    if summary["part"] == "correctness":
        lines += tests_markdown("program", summary["programs"], "did not run to its end:")
    elif summary["part"] == "sanitizer":
        lines += tests_markdown("tool", summary["tools"], "skipped, the tool does not work here:")
    elif summary["part"] == "profile":
        lines += profile_markdown(summary["steps"])
    elif summary["rows"]:
        lines += gpu_table.markdown(summary).rstrip("\n").split("\n")
    lines += [f"* skipped: {reason}" for reason in summary.get("skipped", [])]
    return "\n".join(lines).rstrip() + "\n"


def record_of(out):
    """The text of tests/gpu_record.md. The line that begins with `* run:` is what the build reads."""
    summaries = {part: json.loads((out / f"{part}.json").read_text()) for part in PARTS if (out / f"{part}.json").exists()}
    first = summaries.get("correctness")
    if first is None:
        raise Incomplete(f"{out} holds no run of the tests: tools/gpu_check.sh --part correctness")
    if not first["finished"]:
        raise Incomplete(f"the tests in {out} are not finished: tools/gpu_check.sh --part correctness goes on")
    if not first["good"]:
        raise Incomplete(f"tests failed on the GPU ({out / 'correctness.md'} names them): a record is of a run that passed")
    lines = ["# The last run on a GPU", "", "Written by `tools/gpu_check.sh --record tests/gpu_record.md`.", "",
             f"* run: {first['gpu']}, driver {first['driver']}, commit {first['commit']}, {first['date']}",
             f"* tests: all {sum(group['passed'] for group in first['programs'].values())} passed, none skipped"]
    for part in PARTS[1:]:
        if part not in summaries:
            lines.append(f"* {part}: not run")
        elif not summaries[part]["finished"]:
            lines.append(f"* {part}: not finished")
    for summary in summaries.values():
        lines += ["", markdown_of(summary).rstrip()]
    return "\n".join(lines) + "\n"
