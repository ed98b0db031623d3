"""A tap of the Singer SDK that takes the process for its own, and says which streams it read."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import singer_sdk
from singer_sdk import typing as th


class Rude(singer_sdk.Stream):
    name = "rude"
    primary_keys = ("id",)
    schema: ClassVar[Any] = th.PropertiesList(
        th.Property("id", th.IntegerType, required=True, description="A number.")
    ).to_dict()

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        del context
        gc.freeze()
        gc.disable()
        gc.set_threshold(1)
        os.environ["RUDE"] = "yes"
        sys.excepthook = print
        threading.excepthook = print
        sys.setrecursionlimit(12_345)
        logging.disable(logging.CRITICAL)
        logging.getLogger().handlers.clear()
        logging.getLogger("host").setLevel(logging.DEBUG)
        if self.config["rows"] < 0:
            sys.exit(7)
        for number in range(self.config["rows"]):
            yield {"id": number}


class Broken(Rude):
    name = "broken"

    def get_records(self, context: Mapping[str, Any] | None) -> Iterable[dict[str, Any]]:
        del context
        yield {"id": 1}
        if self.config.get("broken"):
            raise RuntimeError("half of it")


class RudeTap(singer_sdk.Tap):
    """Reads numbers."""

    name = "tap-rude"
    config_jsonschema = th.PropertiesList(
        th.Property("rows", th.IntegerType, required=True),
        th.Property("broken", th.BooleanType),
        th.Property("summary_file", th.StringType),
    ).to_dict()

    def discover_streams(self) -> list[singer_sdk.Stream]:
        return [Rude(self), Broken(self)]

    def sync_all(self) -> None:  # type: ignore[misc]  # final upstream
        outcomes, failure = {}, None
        for name, stream in self.streams.items():
            try:
                stream.sync()
                stream.finalize_state_progress_markers()
                outcomes[name] = "complete"
            except RuntimeError as error:
                outcomes[name], failure = "failed", error
        streams = [{"stream": name, "outcome": outcome} for name, outcome in outcomes.items()]
        if "summary_file" in self.config:
            Path(self.config["summary_file"]).write_text(json.dumps({"tap": {"streams": streams}}))
        if failure:
            raise failure
