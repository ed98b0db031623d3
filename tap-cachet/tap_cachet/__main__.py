"""Run the tap with ``python -m tap_cachet``."""

from __future__ import annotations

from tap_cachet.tap import TapCachet

TapCachet.cli()
