"""The tap of two streams, found where it is shown: in examples."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

from library_tap import TapLibrary

__all__ = ["TapLibrary"]
