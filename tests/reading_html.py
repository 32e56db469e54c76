"""Reads HTML in tests: the tags, attributes, links and words that are really in it, and what is marked."""

import re
from html import unescape
from html.parser import HTMLParser


def marked(html: str) -> list[str]:
    return [unescape(piece) for piece in re.findall(r"<mark>(.*?)</mark>", html, re.DOTALL)]


class TagCollector(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data
