"""Tables of the page, on the screen and on paper."""

def check_best(page):
    """A mean over fewer perturbations than others' is none of the best, and says so."""
    rows = page.evaluate("[...document.querySelectorAll('#comparison-tables td')].map(cell => cell.innerText).join('|')")
    assert "of 4 perturbations" in rows, rows
    best = page.evaluate("[...document.querySelectorAll('#comparison-tables td.best')].map(cell => cell.firstChild.textContent)")
    assert "2" in [value.rstrip("0").rstrip(".") for value in best] and "1" not in [value.rstrip("0").rstrip(".") for value in best], best


def check_cost(page):
    """The epoch that the figures, which begin at 0, call 3 is told as four epochs, as beside the curves."""
    rows = page.evaluate("[...document.querySelector('[aria-label=\"Cost of training\"]').querySelectorAll('tr')].map(row => [...row.cells].map(cell => cell.innerText))")
    at = [head.lower() for head in rows[0]].index("best after")
    best = {row[at] for row in rows[1:]}
    assert "4 epochs" in best and best <= {"4 epochs", "–"}, rows
    assert "after 4 epochs" in page.evaluate("document.getElementById('training-figures').innerText")


def check_metrics_down(page):
    """A dozen metrics stand below each other, without the word that they all begin with, and the table fits the page."""
    rows = page.evaluate(
        "[...document.querySelectorAll('table.down tr')].map(row => [...row.cells].map(cell => cell.firstChild?.textContent ?? ''))"
    )
    assert rows[0] == ["", "an_autoencoder_whose_name_is_longer_than_its_panel", "control_mean", "additive"] and len(rows) == 1 + 14, rows
    assert rows[1:4] == [["L2", "2", "3", "1"], ["Perturbations", "9", "9", "4"], ["kNN share", "0.5000", "0.2500", "–"]], rows
    assert rows[4] == ["More 1", "1", "2", "3"] and rows[-1] == ["More 11", "11", "12", "13"], rows
    assert page.evaluate("document.querySelector('table.down').parentNode.scrollWidth <= document.querySelector('main').clientWidth")


def check_judged_first(page):
    """Where perturbations are held out, the table of perturbations begins with those that have test cells."""
    tested = page.evaluate(
        "(() => { const table = document.querySelector('#perturbation-table table'), at = [...table.tHead.rows[0].cells].findIndex(head => head.innerText.startsWith('test'));"
        " return [...table.tBodies[0].rows].map(row => row.cells[at].innerText); })()"
    )
    assert tested == ["60", "60", "0", "0"], tested


def check_folded(page):
    """Tables of baselines alone are folded, and open to the reader."""
    folded = page.evaluate("document.querySelector('#comparison-tables details').innerText")
    assert "no model of this run competes" in folded and "split_half" not in folded, folded
    page.evaluate("document.querySelector('#comparison-tables details').open = true")
    assert "split_half" in page.evaluate("document.querySelector('#comparison-tables details').innerText")


def check_predictions(page):
    """Every perturbation is a point: the model against the best baseline of those that predict all, or against another."""
    drawn = "(({x, y, text, marker}) => ({x, y, text, symbols: marker.symbol}))(document.querySelector('#predictions-each .plot').data[0])"
    at_first = page.evaluate(drawn)
    points = {name: (x, y) for name, x, y in zip(at_first["text"], at_first["x"], at_first["y"]) if name != "control"}
    assert points == {f"P{p}": (3, p) for p in range(1, 6)}, points
    assert set(at_first["symbols"]) == {"diamond", "circle"}, at_first["symbols"]
    page.evaluate(
        "(() => { const field = document.querySelector('#perturbation-table select'); field.value = 'additive'; field.dispatchEvent(new Event('change')); })()"
    )
    page.wait_for("document.querySelector('#predictions-each .xtitle').textContent.includes('additive')")
    other = page.evaluate(drawn)
    assert [x for name, x in sorted(zip(other["text"], other["x"])) if name != "control"] == [None, 1, None, 1, None], other
    page.evaluate("[...document.querySelectorAll('#perturbation-table .choice button')].find(button => button.textContent.includes('Pearson')).click()")
    page.wait_for("document.querySelector('#predictions-each .xtitle').textContent.includes('Pearson')")
    assert page.evaluate(drawn)["y"].count(0.5) == 1


def check_print(page):
    """On paper: light, neither figures nor tables wider than the paper, without controls; no page of a table is left out."""
    turned = "[...document.querySelectorAll('.pager [role=status]')].map(status => status.textContent)"
    before = page.evaluate(turned)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.prefer("dark", medium="print")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert (
        page.evaluate("Math.max(...[...document.querySelectorAll('.plot .main-svg')].map(svg => svg.clientWidth))")
        <= 720
    )
    assert page.evaluate(
        "[...document.querySelectorAll('.bar, .controls, .pager button, .modebar')].every(part => !part.checkVisibility({opacityProperty: true}))"
    )
    for shown in page.evaluate(turned):
        rows, of = shown.split(" of ")
        assert rows.split("–")[1] == of, shown
    # Chrome repeats the head of a table on every page, but no text in boxes of buttons.
    assert page.evaluate("[...document.querySelectorAll('thead button')].every(button => getComputedStyle(button).display === 'contents')")
    beyond = "[...document.querySelectorAll('table')].filter(table => table.getBoundingClientRect().right > {} + 1).length"
    assert page.evaluate(beyond.format("document.querySelector('main').getBoundingClientRect().left + 688")) == 0
    page.prefer("dark")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("[...document.querySelectorAll('.scroll')].every(box => box.style.zoom === '')")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate(turned) == before
    return before
