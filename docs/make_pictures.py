"""The pictures of README and docs, made from a Hive that runs: `python docs/make_pictures.py`.

The asset graph and a plot are photographed in headless Chromium; the terminal pictures are what the command
printed under a pseudo-terminal, as SVG. A cut in them is marked by a line of dots.
"""

from __future__ import annotations

import io
import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.text import Text

from hive_cli.settings import load_settings

FOLDER = Path(__file__).parent / "pictures"
COLUMNS = 112
QUIET_BROWSER = [
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
CUT = "  ⋮"


def shown_in_terminal(*arguments: str) -> list[str]:
    """What `hive` prints on a terminal of `COLUMNS` columns, colours included, without its live display."""
    command = [sys.executable, "-m", "hive_cli", *arguments]
    main, sub = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "LINES": "200", "TERM": "xterm-256color"}
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=sub, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment
    )
    os.close(sub)
    printed = b""
    while True:
        try:
            piece = os.read(main, 65_536)
        except OSError:  # how Linux says that the other end has closed
            break
        if not piece:
            break
        printed += piece
    os.close(main)
    if process.wait() != 0:
        raise SystemExit(f"hive {' '.join(arguments)} ended with {process.returncode}")
    return printed.decode("utf-8").replace("\r\n", "\n").rstrip("\n").split("\n")


def plain(line: str) -> str:
    """A line without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def cut_after(lines: list[str], title: str, keep: int) -> list[str]:
    """The table under `title` with its first `keep` lines, and dots for the rest."""
    start = next(number for number, line in enumerate(lines) if plain(line).startswith(title))
    end = next(
        number
        for number, line in enumerate(lines[start + 2 :], start + 2)
        if not plain(line).strip() and number > start + 3
    )
    return [*lines[: start + keep], CUT, *lines[end:]] if end > start + keep else lines


def without(lines: list[str], title: str) -> list[str]:
    """The lines without the table under `title`."""
    start = next((number for number, line in enumerate(lines) if plain(line).startswith(title)), None)
    if start is None:
        return lines
    end = next(n for n, line in enumerate(lines[start + 4 :], start + 4) if not plain(line).strip())
    return lines[:start] + lines[end + 1 :]


def draw_terminal(name: str, title: str, lines: list[str]) -> None:
    """Lines with colours as an SVG that loads nothing from anywhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for line in lines:
        console.print(Text.from_ansi(line), overflow="crop", no_wrap=True, crop=True)
    drawn = console.export_svg(title=title)
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace(
        "Fira Code, monospace", "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
    )
    (FOLDER / f"{name}.svg").write_text(re.sub(r"[ \t]+\n", "\n", drawn), "utf-8")


def keep_png(name: str, picture: bytes, box: tuple[int, int, int, int] | None, width: int) -> None:
    """A screenshot, cut to `box`, scaled and with few colours, so that it stays small."""
    image: Any = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop(box) if box else image
    image = image.resize((width, round(image.height * width / image.width)), Image.Resampling.LANCZOS)
    image.quantize(64, dither=Image.Dither.NONE).save(FOLDER / f"{name}.png", optimize=True)


def photograph_graph(page: Page, url: str) -> None:
    """The whole asset graph, every group open."""
    page.set_viewport_size({"width": 1700, "height": 1800})
    page.goto(f"{url}/asset-groups", wait_until="networkidle")
    page.get_by_text("Hide navigation").click()
    page.wait_for_timeout(1_000)
    page.keyboard.press("Alt+e")
    page.wait_for_timeout(2_000)
    page.reload(wait_until="networkidle")
    page.wait_for_timeout(4_000)
    boxes = [found for node in page.query_selector_all("foreignObject") if (found := node.bounding_box())]
    left, top = (min(box[side] for box in boxes) for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes)
    bottom = max(box["y"] + box["height"] for box in boxes)
    page.evaluate("document.querySelectorAll('button').forEach(each => each.parentElement.remove())")
    # In pixels of the screenshot, which has two for one, and a margin.
    edges = (2 * left - 24, 2 * top - 24, 2 * right + 24, 2 * bottom + 24)
    keep_png("asset-graph", page.screenshot(), tuple(int(edge) for edge in edges), 1_600)  # type: ignore[arg-type]


def photograph_plot(page: Page, url: str) -> None:
    """The plot of account equity, as its asset's page opens it."""
    page.set_viewport_size({"width": 1600, "height": 1000})
    page.goto(f"{url}/assets/account_equity", wait_until="networkidle")
    page.get_by_text("[Show Markdown]").first.click()
    page.wait_for_timeout(1_500)
    plot = page.query_selector("img[alt^=Equity]")
    if plot is None:
        raise SystemExit("account_equity shows no plot")
    keep_png("account-equity", plot.screenshot(), None, 1_200)


def main() -> None:
    """Make every picture."""
    FOLDER.mkdir(exist_ok=True)
    settings = load_settings()
    flow = shown_in_terminal("flow")
    order = next(line for line in map(plain, flow) if line.startswith("why an order exists"))
    shown = cut_after(cut_after(flow, "Refused, and why", 12), "Rows at each stage", 40)
    draw_terminal("make-run", "make run", without(without(shown, "Runs"), "Wall time"))
    draw_terminal("explain", "hive explain", shown_in_terminal("explain", order.rsplit(" ", 1)[-1]))
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=QUIET_BROWSER)
        page = browser.new_page(device_scale_factor=2)
        photograph_graph(page, settings.dagster_url)
        photograph_plot(page, settings.dagster_url)
        browser.close()


if __name__ == "__main__":
    main()
