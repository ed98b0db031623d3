"""Run the tap with ``python -m tap_cortex``."""

from __future__ import annotations

from tap_cortex.tap import TapCortex

TapCortex.cli()
