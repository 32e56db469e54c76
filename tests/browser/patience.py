"""Wait while the page holds a thing twice: Streamlit draws the new one before it takes the former away.

Playwright waits for an element to appear, but refuses at once when two answer to one description. For the 30 to 90 ms
(more on a busy machine) in which Streamlit holds both, that refusal is asked again; a thing that stays twice still
fails, once the time is up.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from playwright.sync_api import Error, Locator, LocatorAssertions

P = ParamSpec("P")
R = TypeVar("R")

TWICE = "strict mode violation"
SETTLES_S = 5.0
"""How long the page may hold a thing twice, in seconds."""
PAUSE_S = 0.05

ACTIONS = (
    "bounding_box blur check clear click dispatch_event element_handle evaluate fill focus get_attribute hover "
    "inner_html inner_text input_value is_checked is_disabled is_editable is_enabled press press_sequentially "
    "screenshot scroll_into_view_if_needed select_option select_text set_checked set_input_files text_content "
    "uncheck wait_for"
).split()
"""What needs one element, and has done nothing when it finds two."""


@contextmanager
def waiting_for_one(settles_s: float = SETTLES_S) -> Iterator[None]:
    """Have every action and expectation wait, at most `settles_s` seconds, until its element is there only once."""
    asserted = [name for name in dir(LocatorAssertions) if name.startswith(("to_", "not_to_"))]
    places = [(Locator, name) for name in ACTIONS] + [(LocatorAssertions, name) for name in asserted]
    former = [(owner, name, getattr(owner, name)) for owner, name in places]
    for owner, name, method in former:
        setattr(owner, name, _patient(method, settles_s))
    try:
        yield
    finally:
        for owner, name, method in former:
            setattr(owner, name, method)


def _patient(method: Callable[P, R], settles_s: float) -> Callable[P, R]:
    @wraps(method)
    def called(*args: P.args, **options: P.kwargs) -> R:
        deadline = time.monotonic() + settles_s
        while True:
            try:
                return method(*args, **options)
            except (Error, AssertionError) as error:
                if TWICE not in str(error) or time.monotonic() > deadline:
                    raise
            time.sleep(PAUSE_S)

    return called
