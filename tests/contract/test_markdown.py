"""What is written for people is true as far as a machine can tell: links, blocks, logos."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from readme.blocks import OTHERS, Block, blocks

from sandbox.__main__ import make_parser

from .test_house_rules import ROOT, tracked

PAGES = tracked("*.md")
PACKAGES = [path.with_name("README.md") for path in tracked("*/pyproject.toml")]
HERE = re.compile(
    r"https://(?:github\.com/your-org/singer-taps/(?:blob|tree)|"
    r"raw\.githubusercontent\.com/your-org/singer-taps)/main/"
)
"""Addresses of this repository's own files."""
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
PRIVATE = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/\w+")
BY_HAND = {"bench/README.md"}
"""Its commands measure for minutes."""
BY_ITSELF = {"docs/guides/library.md"}
"""Its blocks are one tap, run by tests/readme/test_library_guide.py."""
BY_ENGINES = {
    "docs/guides/many-machines.md",
    "docs/guides/orchestrators.md",
    "docs/guides/schedule.md",
}
"""Their blocks are run by `make engines`."""
FOR_DEVELOPERS = re.compile(r"CONTRIBUTING|.*CHANGELOG|bench/|sandbox/")
INDEX = ROOT / "docs" / "README.md"
OWN_WORDS = re.compile(
    r"\b(?:rooms?|worlds?|walk(?:s|ed)?|floors?|contenders?|nasty|hostile|doctor)\b"
)
WRITTEN_BY_A_RUN = {"results/latest.json"}
SVG = "{http://www.w3.org/2000/svg}"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """The text without its fenced blocks, in which brackets mean something else."""
    return re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The anchors a page has, made of its headings as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    dead = []
    for found in LINK.finditer(prose(path)):
        target = found[1] or found[2]
        ours = HERE.match(target)
        if ours is None and re.match(r"\w+:", target):
            continue
        place, _, anchor = target[ours.end() if ours else 0 :].partition("#")
        page = ((ROOT if ours else path.parent) / place).resolve() if place else path
        if target in WRITTEN_BY_A_RUN:
            continue
        if not page.exists() or (anchor and anchor not in anchors(page)):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize("path", PACKAGES, ids=name_of)
def test_links_work_where_a_package_is_shown_alone(path: Path) -> None:
    """A package registry shows the page without the repository around it."""
    targets = [found[1] or found[2] for found in LINK.finditer(prose(path))]
    assert [one for one in targets if not re.match(r"#|\w+:", one)] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_block_is_run_or_says_why_not(path: Path) -> None:
    covered = name_of(path) in {"README.md", *OTHERS, *BY_HAND, *BY_ENGINES, *BY_ITSELF}
    for block in blocks(path):
        where = f"{name_of(path)}, line {block.line}"
        assert not block.runs or covered, f"{where} is run by no test and does not say why"
        assert not re.search(r"^\$ ", block.text, re.MULTILINE), f"{where} cannot be copied"
        check_syntax(block)


def check_syntax(block: Block) -> None:
    __tracebackhide__ = True
    if block.language == "python":
        compile(block.text, str(block.path), "exec")
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "yaml":
        yaml.safe_load(block.text)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_page_leads_to_all_others(path: Path) -> None:
    if FOR_DEVELOPERS.match(name_of(path)) or path == INDEX:
        return
    ways = {HERE.sub(f"{ROOT}/", found[1] or found[2]) for found in LINK.finditer(prose(path))}
    assert INDEX in {(path.parent / way).resolve() for way in ways}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_page_but_contributing_has_words_of_our_own(path: Path) -> None:
    """What the code, its tests and its sandbox call a thing is not what a reader looks for."""
    if name_of(path) == "CONTRIBUTING.md":
        return
    named = r"`[^`]*`|\([^)\s]*\)" if FOR_DEVELOPERS.match(name_of(path)) else r"(?!)"
    assert OWN_WORDS.findall(re.sub(named, "", prose(path))) == []


@pytest.mark.parametrize("system", ["cachet", "cortex", "cinchy"])
def test_no_help_has_words_of_our_own(system: str) -> None:
    """The taps' settings are in the pages; the sandbox's options are on the screen only."""
    subparsers = make_parser([system])._subparsers
    assert subparsers is not None
    [choices] = [action.choices for action in subparsers._group_actions]
    assert isinstance(choices, dict)
    assert OWN_WORDS.findall(choices[system].format_help()) == []


def test_nothing_private_is_told() -> None:
    texts = tracked("*.md", "*.yml", "*.toml", "*.svg", "Makefile", ".ci", "*.py", "*.txt")
    found = {
        f"{name_of(path)}: {match[0]}"
        for path in texts
        for match in PRIVATE.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_the_tap_of_the_readme_is_the_tap_of_the_tests() -> None:
    [shown] = [b.text for b in blocks(ROOT / "singer-rest" / "README.md") if b.language == "python"]
    tested = (ROOT / "tests" / "faults" / "example_tap.py").read_text(encoding="utf-8")
    assert shown.strip() == tested.split("\n", 1)[1].strip()


@pytest.mark.parametrize("tap", ["tap-cachet", "tap-cortex", "tap-cinchy"])
def test_logos_are_drawings_of_our_own(tap: str) -> None:
    [definition] = (ROOT / "hub" / "extractors" / tap).glob("*.yml")
    address = yaml.safe_load(definition.read_text(encoding="utf-8"))["logo_url"]
    path = ROOT / "hub" / address.removeprefix("/")
    root = ET.fromstring(path.read_text(encoding="utf-8"))
    assert root.tag == f"{SVG}svg"
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    assert (left, top) == (0, 0)
    assert width == height
    # Nothing is embedded, fetched or run, and no words are shown.
    drawn = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert drawn <= {"svg", "title", "g", "rect", "circle", "path"}
    assert all("href" not in name for element in root.iter() for name in element.attrib)
    assert f"hub{address}" in (ROOT / tap / "README.md").read_text(encoding="utf-8")
    assert f"hub{address}" in (ROOT / "README.md").read_text(encoding="utf-8")
