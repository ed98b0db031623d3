"""What was measured: kept per round, judged by medians."""

from __future__ import annotations

import dataclasses
import statistics
from typing import TYPE_CHECKING, Any, Literal

from bench.measure import Cost, minus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.scenarios import Scenario

Metric = Literal["cpu", "seconds", "memory"]
MINUTE = 60.0


class NotMeasuredError(LookupError):
    """A scenario or a contender was left out of the run."""


@dataclasses.dataclass(frozen=True)
class Round:
    """One run of one contender."""

    cost: Cost
    asked: Mapping[str, float]
    """The server's own statistics."""


@dataclasses.dataclass
class Entry:
    """All runs of one contender in one scenario."""

    size: int
    """Records or entities of the world it was given."""
    start: Cost
    """What it costs with a world of one; median of the rounds."""
    rounds: list[Round] = dataclasses.field(default_factory=list)
    failure: str = ""
    """The last words of a contender that did not finish."""

    def of(self, metric: Metric) -> list[float]:
        """Return a metric of every round, start-up subtracted from time and CPU."""
        return [getattr(minus(one.cost, self.start), metric) for one in self.rounds]

    def median(self, metric: Metric) -> float:
        """Return the median of a metric."""
        return statistics.median(self.of(metric))


def median_cost(costs: list[Cost]) -> Cost:
    """Return the medians of several costs."""
    return Cost(
        statistics.median(cost.seconds for cost in costs),
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.memory for cost in costs),
        costs[0].records,
    )


class Outcome:
    """Everything that was measured."""

    def __init__(self) -> None:
        self.scenarios: dict[str, Scenario] = {}
        self.entries: dict[str, dict[str, Entry]] = {}

    def entry(self, scenario: str, contender: str) -> Entry:
        """Return the runs of a contender.

        Raises:
            NotMeasuredError: There are none.
        """
        entry = self.entries.get(scenario, {}).get(contender)
        if entry is None or entry.failure:
            raise NotMeasuredError(scenario, contender)
        return entry

    def ratio(self, scenario: str, above: str, below: str, metric: Metric) -> float:
        """Return the median over the rounds of what one needs for each of what another needs.

        Worlds of different sizes are compared by record or entity.
        """
        one, other = self.entry(scenario, above), self.entry(scenario, below)
        scale = 1.0 if metric == "memory" else other.size / one.size
        pairs = zip(one.of(metric), other.of(metric), strict=False)
        return statistics.median(scale * a / b if b else float("inf") for a, b in pairs)

    def to_ideal(self, scenario: str, contender: str) -> float:
        """Return the time needed for each that latency alone would take all workers."""
        entry = self.entry(scenario, contender)
        made = self.scenarios[scenario]
        ideal = entry.size * made.requests_each * made.latency_ms / 1000 / made.workers
        return entry.median("seconds") / ideal

    def share_of_limit(self, scenario: str, contender: str, limit: int) -> float:
        """Return the part of a limit per minute that was used while requests were made."""
        asked = self.entry(scenario, contender).rounds[0].asked
        return asked["requests"] / limit * MINUTE / (asked["last"] - asked["first"])

    def refused(self, scenario: str, contender: str) -> float:
        """Return the answers 429 per 1 000 requests that were answered."""
        asked = self.entry(scenario, contender).rounds[0].asked
        return 1000 * asked["refused"] / asked["requests"]

    def growth_of_memory(self, small: str, large: str, contender: str) -> float:
        """Return how many megabytes more a larger world takes."""
        sizes = [self.entry(name, contender).median("memory") for name in (small, large)]
        return sizes[1] - sizes[0]

    def per_size(self, large: str, small: str, contender: str) -> float:
        """Return the CPU per entity in a larger world for each in a smaller one."""
        costs = [self.entry(name, contender) for name in (large, small)]
        each = [entry.median("cpu") / entry.size for entry in costs]
        return each[0] / each[1] if each[1] else float("inf")

    @property
    def failed(self) -> list[str]:
        """Return the contenders that did not finish."""
        return [
            contender
            for entries in self.entries.values()
            for contender, entry in entries.items()
            if entry.failure
        ]

    def as_json(self) -> list[dict[str, Any]]:
        """Return what is worth keeping, scenario by scenario."""
        found = []
        for name, entries in self.entries.items():
            made = self.scenarios[name]
            readers = [_reader(contender, entry) for contender, entry in entries.items()]
            found.append({"name": name, "title": made.title, "contenders": readers})
        return found


def _reader(contender: str, entry: Entry) -> dict[str, Any]:
    if entry.failure:
        return {"name": contender, "size": entry.size, "failure": entry.failure}
    asked = [one.asked for one in entry.rounds]
    return {
        "name": contender,
        "size": entry.size,
        "cpu": round(entry.median("cpu"), 3),
        "seconds": round(entry.median("seconds"), 3),
        "memory_mb": round(entry.median("memory"), 1),
        "start_up_cpu": round(entry.start.cpu, 3),
        "start_up_seconds": round(entry.start.seconds, 3),
        "requests": [int(one["requests"]) for one in asked],
        "refused": [int(one["refused"]) for one in asked],
        "cpu_of_rounds": [round(value, 3) for value in entry.of("cpu")],
    }
