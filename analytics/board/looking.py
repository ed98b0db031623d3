"""Look at the page as its readers do: at a desk and on a phone, light and dark, without network.

``python -m board.looking PAGE --screenshots FOLDER`` prints what is wrong, one line each, and ends
with 1 if anything is. It needs a Chromium on the machine; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = ("chromium", "chromium-browser", "google-chrome")
MILLISECONDS = 300_000
"""A loaded machine draws slowly."""


@dataclasses.dataclass(frozen=True)
class View:
    """One way of looking."""

    name: str
    width: int
    height: int
    scheme: Any
    touch: bool = False


VIEWS = (
    View("desktop", 1280, 900, "light"),
    View("desktop-dark", 1280, 900, "dark"),
    View("phone", 390, 844, "light", touch=True),
    View("phone-dark", 390, 844, "dark", touch=True),
)

FIND = """
() => {
  const wrong = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) wrong.push(`the page is ${wide} px wider than the screen`);
  for (const chart of document.querySelectorAll(".chart")) {
    const svg = chart.querySelector("svg");
    if (!svg) { wrong.push(`${chart.id}: nothing was drawn`); continue; }
    const marks = [...svg.querySelectorAll(
      ".mark-rect.role-mark path, .mark-symbol.role-mark path, .mark-rule.role-mark line")]
      .filter(mark => { const box = mark.getBoundingClientRect();
                        return box.width + box.height > 0.5; });
    if (!marks.length) wrong.push(`${chart.id}: the chart is empty`);
    const frame = chart.closest(".card").getBoundingClientRect();
    for (const text of svg.querySelectorAll("text")) {
      const box = text.getBoundingClientRect();
      if (!text.textContent || !box.width) continue;
      if (box.left < frame.left - 1 || box.right > frame.right + 1)
        wrong.push(`${chart.id}: "${text.textContent.slice(0, 40)}" leaves the card`);
    }
  }
  for (const part of document.querySelectorAll(".tile, .card, .tile p, h1, h2, h3, .note, .empty"))
    if (part.scrollWidth > part.clientWidth + 1)
      wrong.push(`"${part.textContent.trim().slice(0, 40)}" does not fit`);
  const box = element => element.getBoundingClientRect();
  for (const svg of document.querySelectorAll(".chart svg")) {
    const names = [...svg.querySelectorAll(".role-axis .role-axis-label text")]
      .filter(text => text.textContent && +getComputedStyle(text).opacity && box(text).width)
      .filter(text => !/rotate\\(-?[1-9]/.test(text.getAttribute("transform") || ""));
    for (let one = 1; one < names.length; one++) {
      const [a, b] = [box(names[one - 1]), box(names[one])];
      if (a.left < b.right - 1 && b.left < a.right - 1 &&
          a.top < b.bottom - 3 && b.top < a.bottom - 3)
        wrong.push(`"${names[one - 1].textContent}" and "${names[one].textContent}" overlap`);
    }
  }
  return wrong;
}
"""


def find_browser() -> str:
    """Return the Chromium of this machine.

    Raises:
        SystemExit: There is none.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise SystemExit("No Chromium on this machine; on Debian: apt-get install chromium")


def look(page: Path, screenshots: Path | None) -> Iterator[str]:
    """Yield what is wrong with the page in every view, and take pictures of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_browser(), args=["--no-sandbox"], timeout=MILLISECONDS
        )
        for view in VIEWS:
            context = browser.new_context(
                viewport={"width": view.width, "height": view.height},
                color_scheme=view.scheme,
                has_touch=view.touch,
                device_scale_factor=1,
                offline=True,
            )
            yield from (
                f"{view.name}: {wrong}" for wrong in _open(context, page, view, screenshots)
            )
            context.close()
        browser.close()


def _open(context: Any, path: Path, view: View, screenshots: Path | None) -> list[str]:
    wrong: list[str] = []
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    page.on(
        "console",
        lambda message: (
            wrong.append(f"console: {message.text}")
            if message.type in {"error", "warning"}
            else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:", "blob:"))
            else wrong.append(f"asked {request.url}")
        ),
    )
    page.goto(path.resolve().as_uri())
    try:
        page.wait_for_selector("body[data-ready]")
    except Exception as error:  # noqa: BLE001  # whatever kept it from being drawn is the finding
        return [*wrong, f"the charts were not drawn: {str(error).splitlines()[0]}"]
    wrong += page.evaluate(FIND)
    if screenshots:
        screenshots.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=screenshots / f"board-{view.name}.png", full_page=True)
    return wrong


def main(given: Sequence[str] | None = None) -> int:
    """Look, tell, and return the exit code."""
    parser = argparse.ArgumentParser(prog="board.looking", description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--screenshots", type=Path)
    options = parser.parse_args(given)
    found = list(look(options.page, options.screenshots))
    print("\n".join(found) or "nothing wrong")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
