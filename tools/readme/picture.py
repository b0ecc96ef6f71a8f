"""The README's picture: the head of a report, down to the end of its first table.

picture.py REPORT.html PICTURE.png     needs Chromium
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "report"))

from browser import Page, find_chromium  # noqa: E402

WIDTH = 1400
END = "Math.ceil(document.querySelectorAll('#comparison .scroll')[0].getBoundingClientRect().bottom + scrollY) + 12"


def main(report, picture):
    program = find_chromium() or sys.exit("picture.py: no Chromium is installed (Debian's package is chromium)")
    with Page(program) as page:
        page.prefer("light")
        page.size(WIDTH, 900)
        page.open(Path(report).resolve().as_uri())
        page.screenshot(picture, {"x": 0, "y": 0, "width": WIDTH, "height": page.evaluate(END)})


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
