"""Run the tap with ``python -m tap_cinchy``."""

from __future__ import annotations

from tap_cinchy.tap import TapCinchy

TapCinchy.cli()
