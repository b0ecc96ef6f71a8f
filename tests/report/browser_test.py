"""The report in a headless Chromium: browser_test.py REPORT_SAMPLE. Ends with 77 (skipped) where no Chromium is installed."""

import contextlib
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

from browser import Page, find_chromium

SECTIONS = ["comparison", "training", "cells", "generated", "genes", "run"]
DRAWN = "document.documentElement.dataset.figures !== undefined"
MOST_SECONDS = 10  # of work for 200,000 cells, where software stands in for a GPU
ENTER = {"key": "Enter", "code": 13, "text": "\r"}


def opened(page, report, width=1400, height=900, phone=False, scheme="light", patience=60):
    """Loads the report, waits for its figures and checks what holds for every page."""
    page.prefer(scheme)
    page.size(width, height, phone)
    page.open(report.as_uri())
    page.wait_for(f"{DRAWN} || document.querySelector('.failed') !== null", patience)
    assert page.evaluate("document.querySelector('.failed')?.textContent ?? ''") == ""
    assert page.problems == [], page.problems
    asked = [address for address in page.requests if not address.startswith(("data:", "blob:"))]
    assert asked == [report.as_uri()], asked
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0, f"{report.name} is {overflow} pixels wider than the window of {width}"


def wait_until(condition, failure, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(0.05)


def has(page, selector):
    return page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")


def text(page, selector):
    return page.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")


def check_sections(page):
    assert page.evaluate("[...document.querySelectorAll('main > section')].map(section => section.id)") == SECTIONS
    assert page.evaluate("[...document.querySelectorAll('.bar .links a')].map(link => link.hash.slice(1))") == SECTIONS
    assert has(page, "figure > .plot") == page.evaluate("Number(document.documentElement.dataset.figures)")
    for part in (".trace, .hm", "text.xtitle", "text.ytitle"):
        lacking = page.evaluate(
            f"[...document.querySelectorAll('figure > .plot')].filter(plot => !plot.querySelector('{part}')).map(plot => plot.parentNode.id)"
        )
        assert lacking == [], (part, lacking)
    assert has(page, "#comparison-tables table") == 2 and has(page, "#verdict-table tbody tr") == 4
    assert text(page, "#comparison-tables tbody td") == "0.0125"
    assert text(page, "#summary .lead strong") == "ae"
    assert text(page, "#early-stops").startswith("ae stopped early, after ") and text(page, "#early-stops").endswith(" after 4 of them.")
    assert text(page, "#judged-cells") == "All are judged on the same test cells."
    head = page.evaluate("[...document.querySelectorAll('.standings tbody tr')].map(row => row.innerText)")
    assert len(head) == 3 and "▼ does worse" in head[0] and "not told from real cells" in head[1], head
    assert has(page, "#training-figures .panels") == 3
    assert has(page, "#run-details details") == 3
    assert "ae: steps run as recorded graphs; their time is divided as that of 20 sample steps" in text(page, "#run")
    assert "0.9.9" in text(page, "#facts")
    assert text(page, ".warning") == "Warning. The last batch holds few cells."


def check_best(page):
    """A mean over fewer perturbations than others' is none of the best, and says so."""
    rows = page.evaluate(
        "[...document.querySelectorAll('#comparison-tables table')].find(table => "
        "table.innerText.toLowerCase().includes('unseen l2')).innerText.split('\\n').filter(line => line.includes('perturbations')).join('|')"
    )
    assert "of 4 perturbations" in rows, rows
    best = page.evaluate("[...document.querySelectorAll('#comparison-tables td.best')].map(cell => cell.firstChild.textContent)")
    assert "2" in [value.rstrip("0").rstrip(".") for value in best] and "1" not in [value.rstrip("0").rstrip(".") for value in best], best


def check_points(page):
    """Every cell of the data is a drawn point, in every space."""
    count = "document.querySelectorAll('#cell-scatter .scatterlayer .point').length"
    assert page.evaluate(count) == 3 * 240, page.evaluate(count)
    page.evaluate(
        "[...document.querySelectorAll('#cell-controls .choice button')].find(button => button.textContent === 'test').click()"
    )
    page.wait_for(f"{count} === {3 * 120}")
    enter(page, "#highlight", "P1")
    page.wait_for("document.querySelector('#cell-scatter .legend').textContent.includes('P1 (highlighted)')")


def enter(page, selector, value):
    """As a reader who types and leaves the field."""
    page.evaluate(
        f"""(() => {{ const field = document.querySelector({json.dumps(selector)}); field.value = {json.dumps(value)};
            for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind)); }})()"""
    )


def check_colours(page):
    """Cells are coloured by everything that the page offers, and the numbers behind a colour are the cells'."""
    traces = "document.querySelector('#cell-scatter .plot').data"
    offered = page.evaluate("[...document.querySelectorAll('#cell-colour option')].map(option => option.value)")
    assert offered == ["perturbation", "split", "total:0", "total:1", "gene", "model"], offered
    enter(page, "#cell-colour", "split")
    page.wait_for(f"{traces}.map(trace => trace.name).join() === {json.dumps(','.join(['train', 'test'] * 3))}")
    enter(page, "#cell-colour", "total:0")
    page.wait_for(f"{traces}.length === 3 && {traces}.every(trace => trace.marker.coloraxis === 'coloraxis')")
    assert "normalized" in page.evaluate("document.querySelector('#cell-scatter .colorbar').textContent")
    enter(page, "#cell-colour", "gene")
    assert page.evaluate("document.getElementById('gene-colour').checkVisibility()")
    enter(page, "#gene-colour", "g4")  # the case of a gene's name does not matter
    page.wait_for("document.querySelector('#cell-scatter .colorbar').textContent.includes('G4')")
    # Gene 4 of the sample is (1 + sin(1.3 cell)) * 4 / 12.
    largest = page.evaluate(f"Math.max(...{traces}[0].customdata)")
    assert 0.65 < largest <= 2 * 4 / 12 + 1e-6, largest
    enter(page, "#gene-colour", "no such gene")
    assert "and not this one" in page.evaluate("document.getElementById('gene-colour').validationMessage")
    enter(page, "#cell-colour", "model")
    page.wait_for(f"{traces}.map(trace => trace.name).join() === 'real test cells,generated by vae,generated by gan'")
    assert page.problems == [], page.problems


def check_generated(page):
    kinds = "document.querySelector('#generated-scatter .plot').data.map(trace => trace.type)"
    button = "[...document.querySelectorAll('#generated-controls button')].find(button => button.textContent === '{}').click()"
    assert page.evaluate(f"{kinds}.filter(kind => kind === 'contour').length") == 4
    page.evaluate(button.format("density"))
    page.wait_for(f"!{kinds}.some(kind => kind.startsWith('scatter'))")
    page.evaluate(button.format("points"))
    page.wait_for(f"!{kinds}.includes('contour')")
    names = "document.querySelector('#totals .plot').data.map(trace => trace.name)"
    assert page.evaluate(names) == 2 * ["real test cells", "one half of them", "the other half", "vae", "gan"]
    heat = "document.querySelector('#correlations .plot').data"
    assert page.evaluate(f"{heat}.map(trace => trace.z.length)") == [12, 12, 12]
    assert page.evaluate(f"{heat}[0].z[{heat}[0].x.indexOf('G2')][{heat}[0].x.indexOf('G4')]") > 0.99


def check_every_control(page):
    """Every button, field and choice of the page is used; nothing is reported to the console."""
    page.evaluate("document.querySelectorAll('details').forEach(details => { details.open = true; })")
    page.evaluate(
        """(async () => {
        const pause = () => new Promise(resolve => setTimeout(resolve, 30));
        for (const select of document.querySelectorAll('select')) {
          for (const option of select.options) { select.value = option.value; select.dispatchEvent(new Event('change')); await pause(); }
        }
        for (const field of document.querySelectorAll('input')) {
          if (field.type === 'checkbox') field.click();
          else { field.value = '1'; field.dispatchEvent(new Event('input')); field.dispatchEvent(new Event('change'));
                 field.value = ''; field.dispatchEvent(new Event('input')); }
          await pause();
        }
        for (const button of [...document.querySelectorAll('button')]) {
          if (button.disabled || button.closest('figcaption') || button.classList.contains('save')) continue;  // those have tests of their own
          button.click();
          await pause();
        }
        for (const link of document.querySelectorAll('a[href^="#"]')) { link.click(); await pause(); }
      })()"""
    )
    unlabelled = page.evaluate(
        """[...document.querySelectorAll('button, input, select')]
           .filter(control => !(control.ariaLabel || control.textContent.trim() || control.labels?.[0]?.textContent.trim())).length"""
    )
    assert unlabelled == 0
    assert page.problems == [], page.problems
    page.evaluate("localStorage.clear()")


def check_theme(page):
    background = "getComputedStyle(document.body).backgroundColor"
    figure = "document.querySelector('.plot .main-svg').style.background"
    dark = page.evaluate(background)
    dark_figure = page.evaluate(figure)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("document.getElementById('theme').focus()")
    page.press(**ENTER)
    page.wait_for(f"{figure} !== {json.dumps(dark_figure)}")
    assert page.evaluate(background) != dark
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("localStorage.clear()")
    assert page.problems == [], page.problems


def check_keyboard(page):
    """The skip link is reached first, and the controls of tables answer to the Enter key."""
    page.press("Tab", 9)
    assert page.evaluate("document.activeElement.hash") == "#comparison"
    page.evaluate("document.querySelector('#perturbation-table thead button').focus()")
    page.press(**ENTER)
    first = "document.querySelector('#perturbation-table tbody th').textContent"
    assert page.evaluate(first) == "control", page.evaluate(first)
    assert page.evaluate("document.querySelector('#perturbation-table thead th').ariaSort") == "ascending"
    page.press(**ENTER)
    assert page.evaluate(first) == "P3"
    page.evaluate("document.querySelector('#gene-table input').focus()")
    page.press("1", 49, text="1")
    assert page.evaluate("[...document.querySelectorAll('#gene-table tbody th')].map(head => head.textContent)") == [
        "G1",
        "G10",
        "G11",
    ]
    hidden = page.evaluate(
        "[...document.querySelectorAll('button, input, summary, .scroll')].filter(control => control.tabIndex < 0).length"
    )
    assert hidden == 0


def saved_file(file):
    wait_until(lambda: file.exists() and file.stat().st_size > 0, f"{file.name} was not saved")
    time.sleep(0.05)
    return file.read_bytes()


def check_saving(page, folder):
    """Every figure is saved as SVG and PNG, tables as CSV; configuration and provenance are copied or selected."""
    page.save_downloads(folder)
    figures = page.evaluate("[...document.querySelectorAll('figure')].map(figure => [figure.id, figure.querySelector('.plot').clientWidth])")
    assert len(figures) > 15
    for figure, width in figures:
        for kind in ("svg", "png"):
            page.evaluate(f"document.querySelector('#{figure} [aria-label$={kind.upper()}]').click()")
            content = saved_file(folder / f"plain_{figure}.{kind}")
            if kind == "svg":
                drawing = ElementTree.fromstring(content)
                assert drawing.get("width") == str(width), (figure, drawing.get("width"))
                parts = {part.tag.split("}")[1] for part in drawing.iter()}
                assert {"path", "text"} <= parts, (figure, parts)
            else:
                assert content.startswith(b"\x89PNG\r\n\x1a\n"), figure
                assert int.from_bytes(content[16:20], "big") == 3 * width, figure
    check_tables_saved(page, folder)
    page.evaluate("document.querySelectorAll('#run-details details').forEach(details => { details.open = true; })")
    copies = "[...document.querySelectorAll('#run-details button')]"
    assert page.evaluate(f"{copies}.length") == 2  # configuration, provenance
    for index in range(2):
        page.evaluate(f"{copies}[{index}].focus()")
        page.press(**ENTER)
        page.wait_for(f"['Copied', 'Selected'].includes({copies}[{index}].textContent)")
    assert page.problems == [], page.problems


def check_tables_saved(page, folder):
    """What the filter leaves, with numbers that a program reads."""
    enter(page, "#gene-table input", "G1")
    page.evaluate("document.querySelector('#gene-table .save').click()")
    rows = list(csv.DictReader(saved_file(folder / "plain_genes_ae.csv").decode().splitlines()))
    assert [row["gene"] for row in rows] == ["G1", "G10", "G11"]
    assert float(rows[1]["mean_real"]) == 1 and float(rows[1]["ae_mse"]) == 0.1 and "vae_mse" not in rows[1]
    page.evaluate("document.querySelector('#perturbation-table .save').click()")
    rows = list(csv.DictReader(saved_file(folder / "plain_perturbations.csv").decode().splitlines()))
    assert [row["perturbation"] for row in rows] == ["P1", "P2", "P3", "control"] and rows[0]["cells"] == "60", rows
    page.evaluate("document.querySelector('#verdict-table .save').click()")
    rows = list(csv.DictReader(saved_file(folder / "plain_verdicts.csv").decode().splitlines()))
    assert [row["Verdict"] for row in rows] == ["worse", "worse", "better", "better"], rows


def check_print(page):
    """On paper: light, as wide as the paper, without controls."""
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.prefer("dark", medium="print")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert (
        page.evaluate("Math.max(...[...document.querySelectorAll('.plot .main-svg')].map(svg => svg.clientWidth))")
        <= 720
    )
    assert page.evaluate(
        "[...document.querySelectorAll('.bar, .controls, .pager, .modebar')].every(part => !part.checkVisibility({opacityProperty: true}))"
    )
    page.prefer("dark")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def check_large(page, report, webgl):
    opened(page, report)
    assert page.evaluate(
        "document.getElementById('cell-scatter').textContent.includes('20,000 of 30,000 cells are shown')"
    )
    assert (has(page, "#cell-scatter canvas") > 0) == webgl
    drawn = page.evaluate(
        "document.querySelector('#cell-scatter .plot').data.filter(trace => trace.xaxis === 'x')"
        ".map(trace => trace.x.length).reduce((sum, points) => sum + points)"
    )
    assert drawn == 20000, drawn


def busy_seconds(page):
    """What the page's thread has worked so far, in its own time: a machine that does other work as well does not count."""
    return next(metric["value"] for metric in page.send("Performance.getMetrics")["metrics"] if metric["name"] == "TaskDuration")


def check_huge(page, report):
    """200,000 cells in three spaces, all drawn: neither the first drawing nor a change of colours keeps the page from its reader."""
    page.send("Performance.enable", timeDomain="threadTicks")
    start = busy_seconds(page)
    opened(page, report, patience=300)
    drawn = busy_seconds(page)
    shown = "document.querySelector('#cell-scatter .plot').data.filter(trace => trace.xaxis === 'x').reduce((sum, trace) => sum + trace.x.length, 0)"
    assert page.evaluate(shown) == 200000
    assert "All 200,000 cells are shown" in text(page, "#cell-scatter figcaption")
    assert has(page, "#cell-scatter canvas") > 0
    before = busy_seconds(page)
    enter(page, "#cell-colour", "total:0")
    page.wait_for("document.querySelector('#cell-scatter .colorbar') !== null", 300)
    coloured = busy_seconds(page)
    print(f"200,000 cells: {report.stat().st_size / 1e6:.1f} MB, the page works {drawn - start:.1f} s to draw itself and {coloured - before:.1f} s to change colours")
    assert report.stat().st_size < 5e6
    assert drawn - start < MOST_SECONDS and coloured - before < MOST_SECONDS


def main(sample):
    program = find_chromium()
    if program is None:
        print("skipped: no Chromium is installed (Debian's package is chromium)")
        return 77
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subprocess.run([sample, folder], check=True, stdout=subprocess.DEVNULL)
        kinds = ("plain", "hostile", "large", "huge", "single", "predicting")
        plain, hostile, large, huge, single, predicting = (folder / f"{kind}.html" for kind in kinds)
        with Page(program) as page:
            opened(page, plain)
            check_sections(page)
            check_keyboard(page)
            check_generated(page)
            check_colours(page)
            opened(page, plain)
            check_points(page)
            check_saving(page, folder)
            opened(page, plain)
            check_every_control(page)
            opened(page, plain, scheme="dark")
            check_print(page)
            check_theme(page)
            for report in (plain, hostile, single):
                opened(page, report, 390, 844, phone=True)
            assert has(page, "#generated") == 0 and has(page, "#cells") == 1
            opened(page, predicting)
            check_best(page)
            opened(page, hostile)
            assert has(page, "img") == 0 and text(page, "h1").startswith("</script><img")
            page_has_webgl = page.evaluate("document.createElement('canvas').getContext('webgl') !== null")
            check_large(page, large, page_has_webgl)
            if page_has_webgl:
                check_huge(page, huge)
        with Page(program, webgl=False) as page:
            check_large(page, large, False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
