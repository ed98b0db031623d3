from __future__ import annotations

from faults.conftest import any_system, stage, tap, tap_cinchy

__all__ = ["any_system", "stage", "tap", "tap_cinchy"]
