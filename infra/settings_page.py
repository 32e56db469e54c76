"""`make docs`: write the table of settings into `docs/settings.md`, below its introduction."""

from pathlib import Path

from server.settings import settings_table

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"
TABLE_BEGINS = "| Variable |"


def written(page: str) -> str:
    """Give the page with a fresh table."""
    return page[: page.index(TABLE_BEGINS)] + settings_table()


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text("utf-8")), "utf-8")
