"""Holds what a tap handed over against its own receipts, before dlt is given any of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from dlt_bridge.errors import ProofError
from dlt_bridge.findings import compare
from dlt_bridge.receipts import UNFINISHED, Receipt, read_receipt
from dlt_bridge.verify import matching_kinds, read_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dlt_bridge.digest import Digest
    from dlt_bridge.load_batch import Batch
    from dlt_bridge.stream_intake import StreamIntake


class Arrivals:
    """The receipts of one run of a tap."""

    def __init__(self) -> None:
        self._receipts: dict[str, Receipt] = {}

    def take(self, record: bytes) -> None:
        """Take a receipt out of its record; the one that opens a stream says nothing yet."""
        receipt = read_receipt(json.loads(record))
        if receipt is not None and receipt.verdict != UNFINISHED:
            self._receipts[receipt.table] = receipt

    def checked(
        self, streams: Mapping[str, StreamIntake], batches: Mapping[str, Batch]
    ) -> dict[str, Batch]:
        """Compare what came with what was sent: how many records, and which keys they have.

        Args:
            streams: What came, by the name it was sent by.
            batches: The rows to load, by the same names.

        Returns:
            The batches; those in which every key came once, as the comparison showed, say so.

        Raises:
            ProofError: If it is not the same.
        """
        known = dict(batches)
        for name, receipt in self._receipts.items():
            stream = streams.get(name)
            came = stream.received if stream else 0
            if came != receipt.written:
                raise ProofError(
                    f"Stream {name!r}: {came} records came of the {receipt.written} that its "
                    "receipt says were sent. Nothing was loaded; run again."
                )
            batch = batches.get(name)
            found = _digest(receipt, batch) if batch is not None and batch.rows else None
            if batch is None or found is None:
                continue
            known[name] = replace(batch, distinct=found.keys == batch.rows)
            if reason := compare(receipt.upserted, found):
                raise ProofError(
                    f"Stream {name!r}: what came is not what its receipt says was sent, for "
                    f"{reason}. Nothing was loaded; run again."
                )
        return known


def _digest(receipt: Receipt, batch: Batch) -> Digest | None:
    """Return the digest of a batch; nothing without a key of which one can be made."""
    kinds = matching_kinds(receipt, batch.layout)
    if not kinds:
        return None
    present = {name for file in batch.files for name in file.columns}
    deleted = batch.layout.deleted_column
    return read_files(batch, kinds, deleted if deleted in present else None)
