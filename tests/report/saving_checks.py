"""What a reader saves from the page: figures, tables, configuration and provenance."""

import csv
import time
from xml.etree import ElementTree

from page_support import ENTER, enter, wait_until


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
    assert [row["perturbation"] for row in rows] == ["P1", "P3", "P2", "control"] and rows[0]["cells"] == "60", rows
    page.evaluate("document.querySelector('#verdict-table .save').click()")
    rows = list(csv.DictReader(saved_file(folder / "plain_verdicts.csv").decode().splitlines()))
    assert [row["Verdict"] for row in rows] == ["worse", "worse", "better", "better"], rows
