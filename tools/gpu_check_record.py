"""The results of gpu_check.py as a summary, as Markdown, and as tests/gpu_record.md."""
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))
import gpu_table  # noqa: E402

PARTS = ("correctness", "sanitizer", "bench", "profile")
SHOWN_KERNELS = 40
NOT_OF_A_GPU = "f64 is the CPU's alone"  # tests/ops/op_test.h: the same test of a scalar that no GPU version has


class Incomplete(Exception):
    """A sentence for the user."""


def lines_in(path):
    """Of a part's results, as they came."""
    lines = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:  # the last line of a process that was killed
            continue
    return lines


def tests_of(lines, key):
    """By program or tool: counts and what failed. A test that was skipped has failed, but for what is not a GPU's; of a test's
    results the last counts."""
    groups = {}
    last = {(line.get(key), line.get("test")): line for line in lines}
    for line in last.values():
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


def rows_in(folder):
    """What gpu.py left: its summary, or of one that was killed the rows that were finished."""
    if (folder / "gpu.json").exists():
        return json.loads((folder / "gpu.json").read_text())
    if not (folder / "ceilings.json").exists():
        return None
    rows = sorted(folder.glob("row_*.json"), key=lambda row: row.stat().st_mtime)
    return {**json.loads((folder / "ceilings.json").read_text()), "rows": [json.loads(row.read_text()) for row in rows]}


def summary_in(out, part):
    """What the folder holds of a part, also of one that was killed; None where it was not begun."""
    path, lines = out / f"{part}.jsonl", lines_in(out / f"{part}.jsonl")
    summary = rows_in(out / "rows") if part == "bench" else None
    if summary is not None:
        summary["good"] = all(line.get("code", 0) == 0 for line in lines)
    elif path.exists():
        summary = summary_of(part, lines)
    else:
        return None
    last = max(file.stat().st_mtime for file in [path, *(out / "rows").glob("*.json")] if file.exists())
    return {"part": part, **json.loads((out / "facts.json").read_text()),
            "date": datetime.fromtimestamp(last, timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
            "finished": any(line.get("finished") for line in lines), **summary}


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
    summaries = {part: summary for part in PARTS if (summary := summary_in(out, part)) is not None}
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
