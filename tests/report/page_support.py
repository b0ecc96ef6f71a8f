"""What checks of pages in a browser share."""

import json
import time

DRAWN = "document.documentElement.dataset.figures !== undefined"
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
    cut = page.evaluate(
        "[...document.querySelectorAll('.plot .annotation')].filter(title => title.getBoundingClientRect().right > "
        "title.closest('.plot').getBoundingClientRect().right + 1).map(title => title.textContent)"
    )
    assert cut == [], (report.name, cut)


def wait_until(condition, failure, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, failure
        time.sleep(0.05)


def has(page, selector):
    return page.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length")


def text(page, selector):
    return page.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")


def enter(page, selector, value):
    """As a reader who types and leaves the field."""
    page.evaluate(
        f"""(() => {{ const field = document.querySelector({json.dumps(selector)}); field.value = {json.dumps(value)};
            for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind)); }})()"""
    )
