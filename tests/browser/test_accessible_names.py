"""Every control of the page has a name that a screen reader says, Streamlit's own controls included."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ask, current, listens, open_page, panel

pytestmark = pytest.mark.browser

CONTROLS = {
    "button", "checkbox", "combobox", "DisclosureTriangle", "image", "link", "listbox", "menuitem", "option",
    "progressbar", "radio", "searchbox", "slider", "spinbutton", "switch", "tab", "textbox",
}  # fmt: skip


def nameless(page: Page) -> list[str]:
    """Give the HTML of the controls to which the browser finds no name."""
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    found = []
    for node in session.send("Accessibility.getFullAXTree")["nodes"]:
        if not node["ignored"] and _value(node, "role") in CONTROLS and not _value(node, "name").strip():
            where = {"backendNodeId": node["backendDOMNodeId"]}
            found.append(session.send("DOM.getOuterHTML", where)["outerHTML"][:300])
    session.detach()
    return found


def _value(node: dict[str, Any], key: str) -> str:
    return str(node.get(key, {}).get("value", ""))


def test_every_control_of_a_conversation_has_a_name(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)
    assert nameless(page) == []
    ask(page, "Que faire du CPF ?")
    expect(page.get_by_role("button", name="Refaire la réponse")).to_be_visible()
    ask(page, "Quel délai pour une réclamation ?")
    expect(page.get_by_test_id("conflict")).to_be_visible()

    page.get_by_role("button", name="Non", exact=True).click()
    expect(page.get_by_label("Précisez si vous le souhaitez")).to_be_visible()
    listens(page)
    current(page).get_by_test_id("citation").first.click()
    expect(panel(page).locator("mark")).to_be_visible()

    assert nameless(page) == []


def test_every_control_beside_a_pdf_and_of_the_sources_has_a_name(page: Page, ui_url: str) -> None:
    open_page(page, ui_url)
    ask(page, "Que faire du CPF ?")
    expect(page.get_by_role("button", name="Refaire la réponse")).to_be_visible()
    listens(page)
    current(page).get_by_test_id("citation").first.click()
    expect(panel(page).get_by_test_id("page")).to_be_visible()
    assert nameless(page) == []

    page.get_by_role("link", name="Sources").click()
    expect(page.get_by_test_id("sources")).to_be_visible()
    assert nameless(page) == []
