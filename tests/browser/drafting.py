"""The steps of the page « Synthèse » in a browser, as tests take them."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import listens, open_page

BOX = "[data-fanal-notes]"
PRESS_MS = 800
"""Long enough for the page to be drawn anew under the mouse."""

SELECT = """([words, place]) => {
  const box = document.querySelector("[data-fanal-notes]");
  const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  let seen = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    let at = -1;
    while ((at = node.data.indexOf(words, at + 1)) >= 0) {
      if (seen++ < place) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + words.length);
      const scroller = box.closest("[class*=-box]");
      const top = range.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
      scroller.scrollTop += top - scroller.clientHeight / 2;
      scroller.scrollIntoView({ block: "center" });
      const [first] = range.getClientRects();
      const last = [...range.getClientRects()].at(-1);
      return [first.left, first.top + first.height / 2, last.right, last.top + last.height / 2];
    }
  }
  return null;
}"""


def to_consent(page: Page, url: str, template: str) -> None:
    """Open the page and choose a template."""
    open_page(page, f"{url}/synthese")
    page.get_by_test_id("stRadioGroup").first.get_by_text(template, exact=True).click()
    expect(page.get_by_test_id("consent")).to_be_visible()


def to_notes(page: Page, url: str, template: str = "Bilan de compétences") -> Locator:
    """Choose a template and say that the person agrees; gives the place of the notes."""
    to_consent(page, url, template)
    page.get_by_text("Elle accepte", exact=True).click()
    page.get_by_role("button", name="Continuer vers les notes").click()
    notes = page.get_by_label("Notes d’entretien")
    expect(notes).to_be_visible()
    return notes


def to_masks(
    page: Page, url: str, notes: str, template: str = "Bilan de compétences", label: str = ""
) -> None:
    """Paste notes and go to the review of their masks."""
    to_notes(page, url, template).fill(notes)
    if label:
        page.get_by_label("Intitulé").fill(label)
    page.get_by_role("button", name="Relire les masques").click()
    expect(page.get_by_test_id("notes")).to_be_visible()
    listens(page)


def to_review(page: Page, url: str, notes: str, label: str = "") -> None:
    """Have a draft written with the masks as they were found."""
    to_masks(page, url, notes, label=label)
    write(page)


def write(page: Page) -> None:
    """Have the draft written, and wait until it is whole."""
    page.get_by_role("button", name="Rédiger la synthèse").click()
    expect(page.get_by_test_id("draft-head")).to_be_visible(timeout=30_000)


def select_words(page: Page, words: str, place: int = 0) -> None:
    """Select words of the notes with the mouse; `place` counts from 0 the places where they stand."""
    # A new step scrolls the page as its run ends.
    page.locator("[data-test-script-state=notRunning]").wait_for()
    bounds = page.evaluate(SELECT, [words, place])
    assert bounds, f"{words!r} is not in the notes"
    left, top, right, bottom = bounds
    page.mouse.move(left + 1, top)
    page.mouse.down()
    page.mouse.move((left + right) / 2, (top + bottom) / 2, steps=4)
    page.mouse.move(right - 1, bottom, steps=4)
    page.mouse.up()


def mask_selection(page: Page, kind: str) -> None:
    """Mask what is selected as a type, by its French name."""
    bar = page.get_by_test_id("mask-bar")
    expect(bar).to_contain_text("Sélection")
    bar.get_by_label("Type").select_option(label=kind)
    bar.get_by_role("button", name="Masquer la sélection").click()


def masks(page: Page) -> Locator:
    """Give the masks in the notes."""
    return page.get_by_test_id("mask")


def fresh(page: Page, label: str) -> Locator:
    """Give an editor by its label.

    When a new one takes its place, Streamlit leaves the former below it until the page is drawn to its end.
    """
    return page.locator("[data-stale=false]").get_by_label(label)


def section_text(page: Page, title: str) -> Locator:
    """Give the editor of a section."""
    return fresh(page, f"Texte de la rubrique {title}")


def edit(page: Page, title: str, text: str) -> None:
    """Write a section's text, leave it, and wait until it is saved."""
    section_text(page, title).fill(text)
    page.keyboard.press("Tab")
    expect(page.get_by_test_id("saved")).to_contain_text("Enregistré.")


def press(page: Page, button: Locator) -> None:
    """Press a button and let go of it where it was, as slowly as a person may."""
    button.scroll_into_view_if_needed()
    button.hover()
    page.mouse.down()
    page.wait_for_timeout(PRESS_MS)
    page.mouse.up()


def validate(page: Page, name: str) -> None:
    """Say that one has read it."""
    fresh(page, "Votre prénom et votre nom").fill(name)
    page.get_by_role("button", name="J’ai relu et je valide").click()
    expect(page.get_by_test_id("validated")).to_contain_text(f"Validée par {name}")
