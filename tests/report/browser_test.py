"""The report in a headless Chromium: browser_test.py REPORT_SAMPLE. Ends with 77 (skipped) where no Chromium is installed."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from browser import Page, find_chromium

SECTIONS = ["comparison", "training", "cells", "generated", "genes", "run"]
DRAWN = "document.documentElement.dataset.figures !== undefined"
ENTER = {"key": "Enter", "code": 13, "text": "\r"}


def opened(page, report, width=1400, height=900, phone=False, scheme="light"):
    """Loads the report, waits for its figures and checks what holds for every page."""
    page.prefer(scheme)
    page.size(width, height, phone)
    page.open(report.as_uri())
    page.wait_for(f"{DRAWN} || document.querySelector('.failed') !== null")
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


def check_sections(page, report):
    opened(page, report)
    assert page.evaluate("[...document.querySelectorAll('main > section')].map(section => section.id)") == SECTIONS
    assert page.evaluate("[...document.querySelectorAll('.bar .links a')].map(link => link.hash.slice(1))") == SECTIONS
    assert has(page, "figure > .plot") == page.evaluate("Number(document.documentElement.dataset.figures)")
    for part in (".trace", "text.xtitle", "text.ytitle"):
        lacking = page.evaluate(
            f"[...document.querySelectorAll('figure > .plot')].filter(plot => !plot.querySelector('{part}')).map(plot => plot.parentNode.id)"
        )
        assert lacking == [], (part, lacking)
    assert has(page, "#comparison-tables table") == 2 and has(page, "#verdict-table tbody tr") == 4
    assert text(page, "#comparison-tables tbody td") == "0.0125"
    assert text(page, "#summary strong") == "ae"
    assert has(page, "#training-figures .panels") == 3
    assert has(page, "#run-details details") == 3
    assert "ae: steps run as recorded graphs; their time is divided as that of 20 sample steps" in text(page, "#run")
    assert "0.9.9" in text(page, "#facts")
    assert text(page, ".warning") == "Warning. The last batch holds few cells."


def check_points(page, report):
    """Every cell of the data is a drawn point, in every space."""
    opened(page, report)
    count = "document.querySelectorAll('#cell-scatter .scatterlayer .point').length"
    assert page.evaluate(count) == 3 * 240, page.evaluate(count)
    page.evaluate(
        "[...document.querySelectorAll('#cell-controls .choice button')].find(button => button.textContent === 'test').click()"
    )
    page.wait_for(f"{count} === {3 * 120}")
    page.evaluate("""(() => { const input = document.querySelector('#cell-controls input'); input.value = 'P1';
                     input.dispatchEvent(new Event('change')); })()""")
    page.wait_for("document.querySelector('#cell-scatter .legend').textContent.includes('P1 (highlighted)')")


def check_theme(page, report):
    background = "getComputedStyle(document.body).backgroundColor"
    figure = "document.querySelector('.plot .main-svg').style.background"
    opened(page, report, scheme="dark")
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


def check_keyboard(page, report):
    """The skip link is reached first, and the controls of tables answer to the Enter key."""
    opened(page, report)
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


def check_saving(page, report, folder):
    """Figures are saved as files, and the configuration is copied or selected."""
    opened(page, report)
    page.save_downloads(folder)
    for kind in ("svg", "png"):
        page.evaluate(f"document.querySelector('#training-ae-0 [aria-label$={kind.upper()}]').click()")
        file = folder / f"plain_training-ae-0.{kind}"
        wait_until(lambda: file.exists() and file.stat().st_size > 1000, f"{file.name} was not saved")
    page.evaluate("document.querySelectorAll('#run-details details').forEach(details => { details.open = true; })")
    page.evaluate("document.querySelector('#run-details button').focus()")
    page.press(**ENTER)
    page.wait_for("['Copied', 'Selected'].includes(document.querySelector('#run-details button').textContent)")
    assert page.problems == [], page.problems


def check_print(page, report):
    """On paper: light, as wide as the paper, without controls."""
    opened(page, report, scheme="dark")
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


def main(sample):
    program = find_chromium()
    if program is None:
        print("skipped: no Chromium is installed (Debian's package is chromium)")
        return 77
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        subprocess.run([sample, folder], check=True, stdout=subprocess.DEVNULL)
        plain, hostile, large, single = (folder / f"{kind}.html" for kind in ("plain", "hostile", "large", "single"))
        with Page(program) as page:
            check_sections(page, plain)
            check_points(page, plain)
            check_theme(page, plain)
            check_keyboard(page, plain)
            check_print(page, plain)
            check_saving(page, plain, folder)
            for report in (plain, hostile, single):
                opened(page, report, 390, 844, phone=True)
            assert has(page, "#generated") == 0 and has(page, "#cells") == 1
            opened(page, hostile)
            assert has(page, "img") == 0 and text(page, "h1").startswith("</script><img")
            page_has_webgl = page.evaluate("document.createElement('canvas').getContext('webgl') !== null")
            check_large(page, large, page_has_webgl)
        with Page(program, webgl=False) as page:
            check_large(page, large, False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
