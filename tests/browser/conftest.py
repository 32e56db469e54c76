"""What browser tests share: servers on free ports, Streamlit as a server runs it, and Chromium."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect, sync_playwright

from tests.browser.patience import waiting_for_one
from tests.browser.scripted_api import scripted_api

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "reports" / "screenshots"
CHROMIUM = Path("/usr/bin/chromium")
LOCAL_NAME = "fanal.test"
"""What people would type in a real place; the browser finds it on this machine, nobody else finds it at all."""
ARGUMENTS = ["--no-sandbox", f"--host-resolver-rules=MAP {LOCAL_NAME} 127.0.0.1"]
"""One Chromium serves all tests: a second driver in one process is refused."""
DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=420, height=860)
STARTED_MS = 15_000
"""How long a thing may take to appear, in milliseconds: a machine that runs other tests is slow."""
START_LIMIT_S = 60.0
RUN_LIMIT_S = 240.0

StartStreamlit = Callable[[str], str]


def free_port() -> int:
    """Give a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application from a thread; gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # from here on a connection waits for the server instead of being refused
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def streamlit(api_url: str, log: Path) -> Iterator[str]:
    """Run the page against a server; gives its address once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "ui/app.py", "--server.port", str(port)]
    environment = {**os.environ, "FANAL_API_URL": api_url}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/_stcore/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"streamlit stopped at its start:\n{log.read_text(errors='replace')}")
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"streamlit did not answer in {START_LIMIT_S:.0f} s:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def start_streamlit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartStreamlit]:
    """Give a function that runs the page against a server's address and gives the page's own."""
    logs = tmp_path_factory.mktemp("streamlit")
    with ExitStack() as running:
        yield lambda api_url: running.enter_context(streamlit(api_url, logs / f"{time.monotonic_ns()}.log"))


@pytest.fixture(scope="session")
def scripted() -> Iterator[tuple[FastAPI, str]]:
    """Give the scripted server and its address."""
    app = scripted_api()
    with served(app) as url:
        yield app, url


@pytest.fixture(scope="session")
def ui_url(scripted: tuple[FastAPI, str], start_streamlit: StartStreamlit) -> str:
    """Give the address of the page that talks to the scripted server."""
    return start_streamlit(scripted[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Chromium, or skip the test where the machine has none."""
    if not CHROMIUM.exists():
        pytest.skip(f"Chromium is not installed ({CHROMIUM})")
    expect.set_options(timeout=STARTED_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        with waiting_for_one():
            yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a fresh tab of 1280x900 in French; a script error on the page fails the test."""
    context = browser.new_context(viewport=DESKTOP, locale="fr-FR", timezone_id="Europe/Paris")
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert not errors


@dataclass(frozen=True)
class Running:
    """What `make run` started."""

    process: subprocess.Popen[bytes]
    api: str
    page: str


@contextmanager
def make_run(folder: Path, **settings: str) -> Iterator[Running]:
    """Start Fanal as `make run` does, over an empty data folder, and stop it as Ctrl-C does."""
    api, page = free_port(), free_port()
    environment = {
        **os.environ,
        "FANAL_DATA_DIR": str(folder / "data"),
        "FANAL_PORT": str(api),
        "FANAL_UI_PORT": str(page),
        "FANAL_EMBED_PROCESSES": "1",
        **settings,
    }
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "infra/run.py"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            ended = process.poll
            until(
                lambda: b"Ctrl-C" in log.read_bytes() or ended() is not None, RUN_LIMIT_S, "the welcome line"
            )
            if ended() is not None:
                pytest.fail(f"Fanal stopped at its start:\n{log.read_text(errors='replace')[-2_000:]}")
            yield Running(process, f"http://127.0.0.1:{api}", f"http://127.0.0.1:{page}")
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)


def until(true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until a condition holds; fail the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come in {seconds:.0f} s")
        time.sleep(0.5)


def open_page(page: Page, url: str) -> None:
    """Go to a page of the application and wait until it is drawn."""
    page.goto(url)
    page.locator("h1").wait_for()


def ask(page: Page, question: str) -> None:
    """Type a question and send it as the page says: Ctrl + Enter."""
    expect(page.get_by_role("button", name="Demander")).to_be_enabled()
    page.get_by_label("Question", exact=True).fill(question)
    page.keyboard.press("Control+Enter")


def listens(page: Page) -> None:
    """Wait until the page's own buttons, which are drawn before their script has come, do something."""
    page.locator("body[data-fanal-listens]").wait_for(state="attached")


def current(page: Page) -> Locator:
    """Give the place of the last answer's statements: those of the former turns are folded above."""
    return page.locator(".st-key-answer")


def panel(page: Page) -> Locator:
    """Give the panel that a citation has opened."""
    return page.locator(".st-key-panel")


def screenshot(page: Page, name: str, full: bool = False) -> None:
    """Keep a picture of the page at 1280x900 and at 420x860, in `reports/screenshots/`."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        page.wait_for_timeout(400)
        page.screenshot(path=SCREENSHOTS / f"{name}-{size['width']}.png", full_page=full)
