"""Reports of a sweep and of an ablation in a headless Chromium, and their CSV files in Python's csv: browser_test.py SPARCELL.
Ends with 77 (skipped) where no Chromium is installed."""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "report"))
from browser import Page, find_chromium  # noqa: E402

EXPERIMENT = """
name: "a <b>name"
threads: 1
device: cpu
read: {path: cells.h5ad}
select: {genes: 60}
model: {ae: {type: autoencoder, hidden: [16], latent: 4, dropout: [0.1]}}
train: {epochs: 3, batch: 32}
evaluate: {resamples: 100}
report: {html: false}
sweep:
  parameters: {model.ae.latent: {values: [2, 4]}, train.optimizer.learning_rate: {values: [1.0e-3, 1.0e-1]},
               model.ae.activation: {values: [relu, silu]}}
  seeds: [0, 1]
ablation: {no_dropout: [model.ae.dropout=0], wide: ["model.ae.hidden=[32]"]}
"""


# Three runs that fail alike, and one that does not.
FAILING = EXPERIMENT[: EXPERIMENT.index("sweep:")] + """
sweep:
  parameters: {train.optimizer.learning_rate: {values: [1.0e+30, 1.0e-3]}, model.ae.latent: {values: [2, 3, 4]}}
  exclude: [{train.optimizer.learning_rate: 1.0e-3, model.ae.latent: 2}, {train.optimizer.learning_rate: 1.0e-3, model.ae.latent: 3}]
"""


def run(program, folder, *arguments, code=0):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr


def opened(page, report, sections):
    page.prefer("light")
    page.size(1400, 900, False)
    page.open(report.as_uri())
    page.wait_for("document.documentElement.dataset.figures !== undefined || document.querySelector('.failed') !== null")
    assert page.evaluate("document.querySelector('.failed')?.textContent ?? ''") == ""
    assert page.problems == [], page.problems
    assert page.evaluate("[...document.querySelectorAll('main > section')].map(section => section.id)") == sections
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, overflow


def rows_of(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def check_sweep(page, folder):
    opened(page, folder / "s" / "report.html", ["configurations", "runs", "parameters", "curves", "cost"])
    assert page.evaluate("document.querySelector('h1').textContent") == "a <b>name"
    results = rows_of(folder / "s" / "results.csv")
    assert len(results) == 16 and {row["state"] for row in results} == {"done"}
    assert page.evaluate("document.querySelectorAll('#runs-table tbody tr').length") == 16
    best = min(results, key=lambda row: float(row["metric"]))["run"]
    assert page.evaluate("document.querySelector('#runs-table tbody th').textContent") == best
    # Configurations in the order of their file, the best of them in words and its two seeds in colour.
    configurations = rows_of(folder / "s" / "configurations.csv")
    shown = page.evaluate("[...document.querySelectorAll('#configurations-table tbody th')].map(cell => cell.textContent)")
    assert shown == [row["configuration"] for row in configurations] and len(shown) == 8
    said = page.evaluate("document.querySelector('#summary').textContent")
    assert said.startswith(f"Best over seeds: configuration {shown[0]} (model.ae.latent={configurations[0]['model.ae.latent']}, "), said
    rates = page.evaluate("[...document.querySelectorAll('#configurations-table tbody td:nth-child(8)')].map(cell => cell.textContent)")
    assert [float(rate) for rate in rates] == [float(row["train.optimizer.learning_rate"]) for row in configurations], rates
    check_each_parameter(page, configurations)
    compared = [(float(row["low"]), float(row["high"])) for row in configurations if row["low"]]
    alike = sum(low <= 0 <= high for low, high in compared)
    others = f"{alike} of {len(compared)} others from it." if alike else f"All {len(compared)} others are behind it over equal seeds."
    assert " (standard deviation over 2 seeds). " in said and said.endswith(others) and len(compared) == 7, said
    intervals = page.evaluate("[...document.querySelectorAll('#configurations-table tbody td:nth-child(5)')].map(cell => cell.textContent)")
    assert intervals[0] == "" and all(" (" in text and " to " in text for text in intervals[1:]), intervals
    check_printed_lines(page)
    # Lines of the learning curves, and an axis for each parameter and the metric.
    assert page.evaluate("document.querySelectorAll('#curves-overlaid .trace').length") == 16
    assert page.evaluate("document.querySelectorAll('#parameters-lines .y-axis').length") == 4


def check_printed_lines(page):
    """The lines of all parameters are drawn a moment later than a page is printed: they are printed as they stand, made smaller."""
    plot = "document.querySelector('#parameters-lines .plot')"
    width = page.evaluate(f"{plot}.querySelector('.main-svg').clientWidth")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for(f"{plot}.style.zoom !== ''")
    assert page.evaluate(f"{plot}.querySelector('.main-svg').clientWidth") == width
    assert page.evaluate(f"{plot}.getBoundingClientRect().width <= 690")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.wait_for(f"{plot}.style.zoom === ''")


def check_each_parameter(page, configurations):
    """A panel for every parameter: the points are configurations, and the line goes through the means of its values."""
    traces = page.evaluate(
        "document.querySelector('#parameters-each .plot').data.filter(({xaxis}) => xaxis === 'x2').map(({mode, x, y}) => ({mode, x, y}))"
    )
    assert [trace["mode"] for trace in traces] == ["lines", "markers"], traces
    of_rate = {}
    for row in configurations:
        of_rate.setdefault(float(row["train.optimizer.learning_rate"]), []).append(float(row["metric_mean"]))
    means = dict(zip(traces[0]["x"], traces[0]["y"]))
    assert list(means) == sorted(of_rate), means
    assert all(abs(means[rate] - sum(of_rate[rate]) / len(of_rate[rate])) < 1e-6 for rate in of_rate), means
    assert len(traces[1]["x"]) == len(configurations)
    ticks = page.evaluate("[...document.querySelectorAll('#parameters-each .x2tick text')].map(text => text.textContent)")
    assert "0.001" in ticks and "0.1" in ticks, ticks  # a logarithmic axis, its numbers written out


def check_failures(page, folder):
    """Runs that failed alike are told once."""
    opened(page, folder / "f" / "report.html", ["runs", "curves", "cost"])
    told = page.evaluate("[...document.querySelectorAll('#warnings .warning')].map(warning => warning.innerText)")
    assert len(told) == 1 and " and 2 like it: " in told[0] and "not a number" in told[0] or "not finite" in told[0], told
    assert page.evaluate("document.querySelectorAll('#runs-table tbody tr').length") == 4


def check_ablation(page, folder):
    opened(page, folder / "a" / "report.html", ["ablation", "configurations", "runs", "curves", "cost"])
    assert page.evaluate("document.querySelectorAll('#ablation-bars .point').length") == 2
    shown = page.evaluate("document.querySelectorAll('#ablation-table tbody tr').length")
    assert shown == 2
    differences = rows_of(folder / "a" / "differences.csv")
    assert {row["arm"] for row in differences} == {"no_dropout", "wide"} and {row["seeds"] for row in differences} == {"2"}
    changes = page.evaluate("[...document.querySelectorAll('#ablation-table tbody tr')].map(row => [row.cells[0], row.cells[1]].map(cell => cell.textContent))")
    assert dict(changes) == {"no_dropout": "model.ae.dropout=[0.0]", "wide": "model.ae.hidden=[32]"}, changes
    check_sentences(page, differences)
    intervals = sum(1 for row in differences if row["low"])
    assert page.evaluate("document.querySelector('#ablation-note').textContent").startswith(f"Each of {intervals} intervals "), intervals
    choose = "const choice = document.querySelector('#ablation-controls select'); choice.value = {}; choice.dispatchEvent(new Event('change'))"
    page.evaluate(choose.format(json.dumps("ae.test.mse")))
    assert page.evaluate("document.querySelector('#ablation-table caption').textContent") == "ae.test.mse"


def check_sentences(page, differences):
    """The head says of each arm what its interval says, in the metric that ranks."""
    ranked = page.evaluate("document.querySelector('#ablation-controls select').value")
    said = page.evaluate("[...document.querySelectorAll('#summary li')].map(item => item.textContent)")
    expected = {"Better than the reference": [], "Worse than the reference": [], "No difference shown": []}
    for row in [row for row in differences if row["metric"] == ranked]:
        low, high = float(row["low"]), float(row["high"])
        title = "Worse than the reference" if low > 0 else "Better than the reference" if high < 0 else "No difference shown"
        expected[title].append(row["arm"])
    for title, arms in expected.items():
        sentences = [sentence for sentence in said if sentence.startswith(title)]
        assert len(sentences) == (1 if arms else 0), (said, expected)
        assert all(arm in sentences[0] for arm in arms), (said, expected)


def main():
    browser = find_chromium()
    if browser is None:
        print("no Chromium is installed", file=sys.stderr)
        sys.exit(77)
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "e.yaml").write_text(EXPERIMENT)
        run(program, folder, "simulate", "cells.h5ad", "--cells", "240", "--genes", "120", "--perturbations", "4")
        run(program, folder, "sweep", "e.yaml", "--out", "s")
        run(program, folder, "ablate", "e.yaml", "--out", "a")
        (folder / "f.yaml").write_text(FAILING)
        run(program, folder, "sweep", "f.yaml", "--out", "f", code=1)
        with Page(browser) as page:
            check_sweep(page, folder)
            check_ablation(page, folder)
            check_failures(page, folder)


main()
