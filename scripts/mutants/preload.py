"""What every run of the unit tests imports, besides what they test."""

from __future__ import annotations

import importlib
import sys

for name in (
    "pytest", "_pytest.assertion.rewrite", "_hypothesis_pytestplugin", "hypothesis.strategies",
    "pytest_timeout", "singer_rest", "singer_rest.sdk.tap", "singer_rest.sdk.arrow",
    "pyarrow.parquet",
):  # fmt: skip
    try:
        importlib.import_module(name)
    except ImportError:
        print(f"{name} is imported by each run: it is not there before", file=sys.stderr)
for name in [name for name in sys.modules if name.split(".")[0] == "singer_rest"]:
    del sys.modules[name]  # the mutant's is imported instead
