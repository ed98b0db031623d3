"""Plugin definitions: the extractors of meltano.yml, and the files for Meltano Hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from docgen.project import REPOSITORY, ROOT, VARIANT
from docgen.settings import as_plugin, settings_of

if TYPE_CHECKING:
    from docgen.project import TapInfo

BEGIN = "  # Extractors: written by `make docs`, do not edit.\n"
END = "  # End of what `make docs` writes.\n"


def definition(tap: TapInfo, pip_url: str) -> dict[str, Any]:
    """Return what meltano.yml and the Hub have in common."""
    about = tap.about()
    settings = settings_of(about["settings"])
    select = {"select": ["*.*", *(f"!{name}.*" for name in tap.opt_in)]} if tap.opt_in else {}
    return {
        "name": tap.name,
        "namespace": tap.namespace,
        "label": tap.label,
        "pip_url": pip_url,
        "executable": tap.name,
        "capabilities": sorted(about["capabilities"]),
        **select,
        "settings_group_validation": [
            list(group) for group in tap.alternatives or [[s.name for s in settings if s.required]]
        ],
        "settings": [as_plugin(setting) for setting in settings],
    }


def meltano_yml(taps: tuple[TapInfo, ...]) -> str:
    """Return meltano.yml with its extractors written anew."""
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    _old, tail = rest.split(END)
    extractors = [
        definition(tap, f"-c constraints/workspace.txt -e ./singer-rest -e ./{tap.name}")
        for tap in taps
    ]
    body = dump({"extractors": extractors})
    indented = "".join(f"  {line}\n" for line in body.splitlines())
    return head + BEGIN + indented + END + tail


def hub_file(tap: TapInfo) -> str:
    """Return the Hub's definition of a tap."""
    about = tap.about()
    git = f"git+{REPOSITORY}.git#subdirectory="
    values = {
        **definition(tap, f"{git}singer-rest {git}{tap.name}"),
        "variant": VARIANT,
        "description": tap.what,
        "domain_url": tap.domain_url,
        "repo": REPOSITORY,
        "docs": f"{REPOSITORY}/blob/main/docs/{tap.name}.md",
        "logo_url": tap.logo,
        "keywords": list(tap.keywords),
        "maintenance_status": "active",
        "quality": "silver",
        "prereq": tap.prerequisite,
        "next_steps": tap.next_steps,
        "supported_python_versions": about["supported_python_versions"],
    }
    return dump(dict(sorted(values.items())))


def dump(values: dict[str, Any]) -> str:
    """Return YAML, keys in the given order."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)
