"""What a person does on the page « Qualité », and the pictures that are taken of it.

The pictures of `docs/guide-qualite.md` are taken in `reports/screenshots/`, or in `docs/images/` where the environment
has GUIDE_IMAGES=1.
"""

import os

import pytest
from playwright.sync_api import Locator, Page, TimeoutError

from tests.browser.conftest import ROOT, SCREENSHOTS, listens, open_page

PICTURES = ROOT / "docs" / "images" if os.environ.get("GUIDE_IMAGES") else SCREENSHOTS
TRIES, OPENED_MS = 3, 6_000
NARROW = {"width": 400, "height": 860}


def visit(page: Page, url: str) -> None:
    """Open a place of the page and wait until its buttons do something."""
    open_page(page, url)
    listens(page)


def picture(page: Page, name: str, top: Locator | None = None) -> None:
    """Take a picture of the guide at 1280x800, from an element on if one is given."""
    page.set_viewport_size({"width": 1280, "height": 800})
    page.mouse.move(5, 400)
    if top is not None:
        top.evaluate(
            "element => { element.style.scrollMarginTop = '70px'; element.scrollIntoView({block: 'start'}); }"
        )
    page.wait_for_timeout(600)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"qualite-{name}.png")


def is_too_wide(page: Page) -> bool:
    """Tell whether the page has to be moved sideways to be read."""
    main = page.locator("[data-testid=stMain]")
    return bool(main.evaluate("element => element.scrollWidth > element.clientWidth + 1"))


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a list, as a person does: one that closes because the page is drawn again is opened once more."""
    wanted = page.get_by_role("option", name=option)
    for _ in range(TRIES):
        page.get_by_label(label, exact=True).click()
        try:
            wanted.first.click(timeout=OPENED_MS)
        except TimeoutError:
            page.keyboard.press("Escape")
        else:
            return
    pytest.fail(f"« {option} » was not offered: {page.get_by_role('option').all_inner_texts()}")
