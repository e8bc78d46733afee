"""The Dagster UI of a running Hive in a headless browser: the asset graph reads as the story of the data,
a plot is drawn, and no page asks any other machine for anything."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(900)]

ASSETS_BY_GROUP = {
    "landing": ("landed_messages",),
    "market": ("bars",),
    "signals": ("messages", "valid_signals", "decisions"),
    "execution": ("orders",),
    "sources": ("source_scorecards",),
    "marts": ("fct_orders",),
}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 60_000
"""Two cores serve the page, the browser and Dagster's daemon at once."""


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser of this machine. CI installs it; elsewhere a person may not have it."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is not installed, and CI is to look at the UI")
    if path is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return path


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser, running) -> Iterator:
    """A page as wide as a laptop's screen, and `page.hosts`: every host that it asked for something."""
    made = browser.new_page(viewport={"width": 1600, "height": 1000})
    made.set_default_timeout(WAIT_MS)
    # The navigation folded, for the graph to have the room.
    made.add_init_script("localStorage.setItem('dagster-nav-collapsed', 'true')")
    made.hosts = set()
    made.on("request", lambda request: made.hosts.add(urlsplit(request.url).hostname))
    yield made
    made.close()


def asked_nobody_else(page) -> bool:
    """Whether everything came from loopback; `data:` and `blob:` addresses have no host."""
    return page.hosts - {None} == {"127.0.0.1"}


def test_the_asset_graph_shows_the_groups_and_their_assets(page, running, tmp_path: Path):
    page.goto(f"{running.dagster_url}/asset-groups")
    for group in ASSETS_BY_GROUP:
        page.get_by_text(group, exact=True).first.wait_for()
    for group, assets in ASSETS_BY_GROUP.items():
        # One group at a time: the graph draws only what is in view, and all of it at once is not.
        page.goto(f"{running.dagster_url}/asset-groups?expanded=global@global:{group}")
        for asset in assets:
            page.get_by_text(asset, exact=True).first.wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=tmp_path / "asset_graph.png")
    assert asked_nobody_else(page), page.hosts


def test_an_assets_page_shows_its_words_its_rows_and_its_plot(page, running, tmp_path: Path):
    page.goto(f"{running.dagster_url}/assets/account_equity")
    page.get_by_text("Balance, equity and the floors of each account").first.wait_for()
    page.get_by_text(f"{running.facts['stages']['account_equity']:,}", exact=True).first.wait_for()
    page.screenshot(path=tmp_path / "account_equity.png")
    page.get_by_text("[Show Markdown]").first.click()
    picture = page.locator("img[src^='data:image/png']").first
    picture.wait_for()
    assert picture.evaluate("image => [image.complete, image.naturalWidth, image.naturalHeight]") == [
        True,
        720,
        288,
    ]
    page.wait_for_timeout(500)  # the dialog fades in
    page.screenshot(path=tmp_path / "account_equity_plot.png")
    assert asked_nobody_else(page), page.hosts
