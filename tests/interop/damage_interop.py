"""Damaged files of every format are read or refused by one sentence with exit code 3: no crash, no hang, no large allocation.

    damage_interop.py BUILD [--random N] [--structural N] [--seed S] [--only NAME...]

Random damage is N times to the bytes of each file; structural damage is every object and attribute of it replaced by every kind
of wrong one, or N of those spread evenly. What cut off the end is always refused (but in a plain text's last line), and a change
of what nobody reads, in uns or obsm, changes nothing. Without options it is the short form that tests run.
"""

import argparse
import json
import random
import select
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import h5py
    from damaged_files import damage, make_files, structural_changes
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

SECONDS = 300  # a file; the program's own limit is of processor time
UNREAD = ("uns/method", "obsm")


class Reader:
    """The program that reads; begun again after a crash."""

    def __init__(self, program):
        self.program, self.process = program, None

    def outcome(self, path):
        if self.process is None:
            self.errors = tempfile.TemporaryFile()
            self.process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.process.stdin.write(f"{path}\n".encode())
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], SECONDS)
        line = self.process.stdout.readline() if ready else b""
        if line:
            return json.loads(line)
        self.process.kill()
        code = self.process.wait()
        self.errors.seek(0)
        words = self.errors.read().decode(errors="replace")[-3000:]
        self.process = None
        return {"code": code, "sentence": f"died ({'hung' if not ready else code}): {words}"}


def problem_of(outcome, path, truncated, expected_hash):
    """What is wrong with an outcome, or nothing."""
    sentence = outcome.get("sentence", "")
    if outcome["code"] not in (0, 3):
        return f"exit code {outcome['code']}: {sentence}"
    if outcome["code"] == 0:
        if truncated:
            return "was read though its end is cut off"
        return "was read as something else" if expected_hash not in (None, outcome["hash"]) else None
    if expected_hash is not None:
        return f"was refused for what nobody reads: {sentence}"
    if str(path) not in sentence or "\n" in sentence.strip() or len(sentence) > 2000:
        return f"is no sentence about the file: {sentence!r}"
    return None


def check_random(reader, name, path, parts, rounds, seed, report):
    for part in parts:
        whole = part.read_bytes()
        for i in range(rounds):
            chance = random.Random(f"{seed} {part.name} {i}")
            damaged = damage(whole, chance)
            part.write_bytes(damaged)
            cut = len(damaged) < len(whole) and part.suffix in (".h5", ".gz")
            report(f"{name} {part.name} random {i}", reader.outcome(path), path, cut, None)
        part.write_bytes(whole)


def check_structural(reader, name, path, most, report):
    changes = list(structural_changes(path))
    step = max(1, len(changes) // most) if most else 1
    original = path.with_suffix(".original")
    shutil.copy(path, original)
    whole = reader.outcome(path)
    assert whole["code"] == 0, (name, whole)
    for words, change in changes[sum(map(ord, name)) % step::step]:
        shutil.copy(original, path)
        with h5py.File(path, "a") as file:
            try:
                change(file)
            except (KeyError, OSError, TypeError, ValueError):  # a change that h5py cannot make there
                continue
        unread = words.startswith(UNREAD)
        report(f"{name} {words}", reader.outcome(path), path, False, whole["hash"] if unread else None)
    shutil.copy(original, path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("--random", type=int, default=12)
    parser.add_argument("--structural", type=int, default=40)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--only", nargs="*")
    asked = parser.parse_args()
    counts = {"tried": 0, "refused": 0}
    problems = []

    def report(words, outcome, path, truncated, expected_hash):
        counts["tried"] += 1
        counts["refused"] += outcome["code"] == 3
        problem = problem_of(outcome, path, truncated, expected_hash)
        if problem:
            problems.append(words)
            print(f"{words}: {problem}", flush=True)

    reader = Reader(asked.build / "interop_outcomes")
    with tempfile.TemporaryDirectory() as folder:
        for name, (path, parts) in make_files(folder).items():
            if asked.only and name not in asked.only:
                continue
            check_random(reader, name, path, parts, asked.random, asked.seed, report)
            if path.suffix == ".h5":
                check_structural(reader, name, path, asked.structural, report)
    print(f"{counts['tried']} damaged files: {counts['refused']} refused, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
