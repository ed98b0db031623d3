"""Write every generated file, or check that none would change (``--check``)."""

from __future__ import annotations

import logging
import sys
import textwrap
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from dlt_bridge.about import settings_table
from docgen import analytics, personal, plugins, streams
from docgen.project import BESIDE_THE_TAPS, ROOT, TAPS, VARIANT, TapInfo
from docgen.samples import SYSTEMS, samples
from docgen.settings import settings_of, table
from singer_rest.sdk.streams import SourceStream

WRITTEN = "<!-- Written by `make docs` from the code; edit the code instead. -->"


def pages(tap: TapInfo) -> dict[Path, str]:
    """Return the reference page of a tap, and those of its groups of streams."""
    with SYSTEMS[tap.name]() as config:
        return _pages(tap, config)


def _pages(tap: TapInfo, config: dict[str, Any]) -> dict[Path, str]:
    tap_class = tap.load()
    logging.disable(logging.CRITICAL)
    instance = tap_class(config=config, setup_mapper=False)
    found = [s for s in instance.streams.values() if isinstance(s, SourceStream)]
    logging.disable(logging.NOTSET)
    rows = samples(tap.name, config)
    summary = (tap_class.__doc__ or "").strip().splitlines()[0]
    lines = [f"# {tap.name}", "", WRITTEN, "", _ways(tap), "", summary, "", tap.prerequisite, ""]
    if tap.groups:
        lines += ["| streams | what they hold |", "| --- | --- |"]
        lines += [f"| [{g.title}]({tap.name}/{g.name}.md) | {g.what} |" for g in tap.groups]
        lines += [""]
    lines += ["## Settings", "", *table(settings_of(tap.about()["settings"])), ""]
    lines += ["Every tap of the Singer SDK has settings for stream maps and batches besides.", ""]
    questions = sorted((ROOT / "docs" / "questions").glob(f"{tap.name}-*.sql"))
    if questions:
        lines += ["## Questions to ask the loaded data", ""]
        lines += ["They ask the [models](../analytics/README.md), in DuckDB or PostgreSQL.", ""]
        for question in questions:
            title, _, query = question.read_text(encoding="utf-8").partition("\n")
            lines += [title.removeprefix("-- "), "", "```sql", query.strip(), "```", ""]
    lines += ["## Streams", ""]
    lines += [tap.about_streams, ""] if tap.about_streams else []
    if not tap.groups:
        lines += [*streams.overview(found), ""]
    receipts = ["Every run also sends `singer_receipts`: [what was proved](receipts.md).", ""]
    written: dict[Path, str] = {}
    for group in tap.groups:
        own = [one for one in found if type(one).__module__.rpartition(".")[2] in group.modules]
        name = f"{tap.name}/{group.name}.md"
        lines += [f"### {group.title}", "", *streams.overview(own, name), ""]
        beside = " - ".join(f"[{g.title}]({g.name}.md)" for g in tap.groups if g != group)
        body = [f"# {tap.name}: {group.title[0].lower()}{group.title[1:]}", "", WRITTEN, ""]
        body += [f"[All pages](../README.md) - [{tap.name}](../{tap.name}.md) - {beside}", ""]
        body += [group.what, "", tap.about_streams, "", *streams.overview(own), ""]
        for stream in own:
            body += streams.section(stream, rows.get(stream.name))
        written[ROOT / "docs" / name] = _text(body)
    lines += receipts
    if not tap.groups:
        for stream in found:
            lines += streams.section(stream, rows.get(stream.name))
    return {ROOT / "docs" / f"{tap.name}.md": _text(lines), **written}


def _text(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _ways(tap: TapInfo) -> str:
    """Return the line that leads from a reference page to what else there is."""
    ways = {
        "All pages": "README.md",
        f"What {tap.name} does, and how": f"../{tap.name}/README.md",
        "personal data": "personal-data.md",
        "exit and error codes": "errors.md",
        "cost and tuning": "tuning.md",
    }
    return " - ".join(f"[{text}]({where})" for text, where in ways.items())


def env_example() -> str:
    """Return the environment variables a user sets, all of them out of effect."""
    lines = [
        "# Written by `make docs`. Copy it (cp -n .env.example .env), and take the # away from the",
        "# lines that you fill in. A line that is left empty counts as a mistake, not as nothing.",
    ]
    for tap in TAPS:
        settings = {setting.name: setting for setting in settings_of(tap.about()["settings"])}
        lines += ["", f"# {tap.label}: {tap.what}"]
        lines += textwrap.wrap(tap.prerequisite, 96, initial_indent="# ", subsequent_indent="# ")
        named = ["api_url", *(name for group in tap.alternatives for name in group)]
        named += [s.name for s in settings.values() if s.required or s.secret]
        for name in dict.fromkeys(named):
            lines.append(f"# {tap.env_prefix}{name.upper()}={settings[name].example}")
    return "\n".join(lines) + "\n"


def readme(tap: TapInfo) -> tuple[Path, str]:
    """Return the README of a tap with its settings table written anew."""
    body = table(settings_of(tap.about()["settings"]))
    return _renewed(ROOT / tap.name / "README.md", "settings", body)


def root_readme() -> tuple[Path, str]:
    """Return the README of the repository with its table of contents written anew."""
    lines = ["| | what | reads |", "| --- | --- | --- |"]
    for tap in TAPS:
        logo = f'<img src="hub{tap.logo}" width="32" alt="">'
        every = tap.streams()
        default = sum(bool(stream.selected_by_default) for stream in every.values())
        reads = tap.reads.format(streams=len(every), default=default)
        lines.append(
            f"| {logo} | [`{tap.name}`]({tap.name}/) | {reads}; [reference](docs/{tap.name}.md) |"
        )
    lines += [f"| | [`{name}`]({name}/) | {what} |" for name, what in BESIDE_THE_TAPS.items()]
    return _renewed(ROOT / "README.md", "what", lines)


def bridge_readme() -> tuple[Path, str]:
    """Return the README of dlt-bridge with its settings table written anew."""
    return _renewed(ROOT / "dlt-bridge" / "README.md", "settings", settings_table())


def personal_data() -> tuple[Path, str]:
    """Return the page on personal data with its table written anew."""
    return _renewed(ROOT / "docs" / "personal-data.md", "columns", personal.table(TAPS))


def _renewed(path: Path, name: str, lines: list[str]) -> tuple[Path, str]:
    """Return a file with the lines between its markers replaced."""
    text = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {name}: written by `make docs` -->\n", f"<!-- end of {name} -->\n"
    head, rest = text.split(begin)
    _old, tail = rest.split(end)
    body = "\n".join(lines)
    return path, f"{head}{begin}\n{body}\n\n{end}{tail}"


def files() -> dict[Path, str]:
    """Return every generated file with its content."""
    found = {ROOT / "meltano.yml": plugins.meltano_yml(TAPS), ROOT / ".env.example": env_example()}
    for tap in TAPS:
        found |= pages(tap)
        hub = ROOT / "hub" / "extractors" / tap.name / f"{VARIANT}.yml"
        found[hub] = plugins.hub_file(tap)
    loader = ROOT / "hub" / "loaders" / plugins.LOADER / f"{VARIANT}.yml"
    found[loader] = plugins.hub_loader()
    found |= analytics.files()
    return found | dict(map(readme, TAPS)) | dict([root_readme(), bridge_readme(), personal_data()])


def main() -> None:
    """Write or check."""
    check = "--check" in sys.argv[1:]
    stale = []
    for path, text in files().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if check and stale:
        raise SystemExit(f"make docs would change: {', '.join(stale)}")
    print("\n".join(stale) or "nothing to write")


if __name__ == "__main__":
    main()
