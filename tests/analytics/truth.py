"""What the marts have to say, worked out from the sandboxes' worlds by other means.

Uptime is painted second by second: a byte per second of a component's life, worst colour last.
Nothing here knows the SQL of the marts or what the taps send.
"""

from __future__ import annotations

import collections
import datetime as dt
from collections.abc import Iterator

from sandbox import cinchy, cortex
from sandbox.cachet.options import Options
from sandbox.cachet.rows import Incident
from sandbox.cachet.truth import Truth, truth
from sandbox.cachet.world import World as Cachet
from sandbox.cortex.scoring import rule_key

FIXED, MAINTENANCE, UNTOLD = 4, 6, 3
PAINTED_IN_THIS_ORDER = (5, 2, 3, 4, 6)
"""Unknown, performance issues, partial outage, major outage, maintenance."""
ENDLESS = 24 * 3600

Seconds = dict[str, int]
NAMES = {
    1: "operational",
    2: "performance_issues",
    3: "partial_outage",
    4: "major_outage",
    5: "unknown",
    6: "maintenance",
}


def stored(seconds: int | None) -> dt.datetime | None:
    """Return a moment as the marts hold it: in UTC, without a zone."""
    if seconds is None:
        return None
    return dt.datetime.fromtimestamp(seconds, dt.UTC).replace(tzinfo=None)


class CachetTruth:
    """The status page as its administrator sees it now."""

    def __init__(self, world: Cachet, options: Options) -> None:
        self.world = world
        self.now = world.clock.now()
        self.seen: Truth = truth(world, options, options.tokens[0])
        ids = self.seen.ids("incidents")
        self.incidents = [row for row in world.incidents if row.id in ids]
        self._updates: dict[int, list[tuple[int, int, int | None]]] = collections.defaultdict(list)
        for one in world.updates:
            if one.parent_type == "incident" and one.created_at:
                self._updates[one.parent_id].append((one.created_at, one.id, one.status))

    def begins(self, row: Incident) -> int | None:
        """When an incident began."""
        if row.occurred_at is not None:
            return row.occurred_at
        return row.created_at if row.created_at is not None else self.first_update(row)

    def updates(self, row: Incident) -> list[tuple[int, int | None]]:
        """When an incident was updated, and the status it was given, in order."""
        found = sorted(self._updates[row.id], key=lambda part: part[:2])
        return [(at, status) for at, _id, status in found]

    def first_update(self, row: Incident) -> int | None:
        """When it was first updated."""
        return next((at for at, _status in self.updates(row)), None)

    def is_fixed(self, row: Incident) -> bool:
        """Whether it is over, told by its updates if it has no status."""
        if row.status is not None:
            return row.status == FIXED
        told = [status for _at, status in self.updates(row) if status is not None]
        return bool(told) and told[-1] == FIXED

    def ends(self, row: Incident) -> int | None:
        """When it was fixed: read from the end, the first of the last unbroken row of `fixed`."""
        if not self.is_fixed(row):
            return None
        end = None
        for at, status in reversed(self.updates(row)):
            if status == FIXED:
                end = at
            elif status is not None:
                break
        end = row.updated_at if end is None else end
        begin = self.begins(row)
        return end if end is None or begin is None else max(begin, end)

    def seconds_to_fix(self) -> dict[int, int]:
        """Return how long every fixed incident took, where both ends are known."""
        found = {}
        for row in self.incidents:
            begin, end = self.begins(row), self.ends(row)
            if begin is not None and end is not None:
                found[row.id] = end - begin
        return found

    def seconds_to_acknowledge(self) -> dict[int, int]:
        """Return how long every incident waited for its first update."""
        found = {}
        for row in self.incidents:
            begin, first = self.begins(row), self.first_update(row)
            if begin is not None and first is not None:
                found[row.id] = max(0, first - begin)
        return found

    def open_incidents(self) -> set[int]:
        """Return the incidents that are not over."""
        return {row.id for row in self.incidents if not self.is_fixed(row)}

    def most_hit_with_hours(self) -> list[tuple[str, int, int, float | None]]:
        """Return name, incidents, fixed ones and mean hours to fix, of components by incidents."""
        fixed = self.seconds_to_fix()
        names = {row.id: row.name for row in self.world.components}
        hits: dict[int, list[int]] = collections.defaultdict(list)
        for incident, component in self.seen.incident_components:
            hits[component].append(incident)
        found = []
        for component, incidents in hits.items():
            took = [fixed[one] for one in incidents if one in fixed]
            mean = sum(took) / len(took) / 3600 if took else None
            name = names.get(component, f"component {component} (not listed)")
            found.append((name, len(incidents), len(took), mean))
        return sorted(found, key=lambda row: (-row[1], row[0].encode()))

    def most_hit(self) -> list[tuple[str, int, int]]:
        """Return the same without the hours."""
        return [(name, hits, fixed) for name, hits, fixed, _hours in self.most_hit_with_hours()]

    def still_open(self) -> list[tuple[str, dt.datetime | None]]:
        """Return name and begin of the open incidents, oldest first."""
        rows = [row for row in self.incidents if not self.is_fixed(row)]
        rows.sort(key=lambda row: (self.begins(row) or 0, row.id))
        return [(row.name, stored(self.begins(row))) for row in rows]

    def maintenance_ahead(self) -> list[tuple[str, str, dt.datetime | None]]:
        """Return name, state and begin of what is under way or to come, soonest first."""
        ids = self.seen.ids("schedules")
        found = []
        for plan in self.world.schedules:
            end = plan.scheduled_at + ENDLESS if plan.completed_at is None else plan.completed_at
            if plan.id in ids and end > self.now:
                state = "to come" if plan.scheduled_at > self.now else "under way"
                found.append((plan.scheduled_at, plan.id, plan.name, state))
        return [(name, state, stored(at)) for at, _id, name, state in sorted(found)]

    def _spans(self, component: int) -> Iterator[tuple[int, int, int]]:
        """Yield colour, begin and end of everything that touches a component."""
        for row in self.incidents:
            pair = (row.id, component)
            if pair not in self.seen.incident_components:
                continue
            told = self.seen.incident_components[pair]
            colour = UNTOLD if told is None else told
            begin = self.begins(row)
            end = self.ends(row) if self.is_fixed(row) else self.now
            if begin is not None and end is not None:
                yield 5 if colour == 0 else colour, begin, end
        schedules = self.seen.ids("schedules")
        for plan in self.world.schedules:
            if plan.id in schedules and (plan.id, component) in self.seen.schedule_components:
                end = plan.completed_at
                yield (
                    MAINTENANCE,
                    plan.scheduled_at,
                    plan.scheduled_at + ENDLESS if end is None else end,
                )

    def painted(self, component: int) -> tuple[int, bytearray]:
        """Return when a component's history begins, and a byte for each second since."""
        row = self.world.components.find(component)
        assert row is not None
        assert row.created_at is not None
        since = row.created_at
        life = bytearray(b"\x01") * max(0, self.now - since)
        spans = list(self._spans(component))
        for colour in PAINTED_IN_THIS_ORDER:
            for painted, begin, end in spans:
                first, last = max(0, begin - since), min(len(life), end - since)
                if painted == colour and first < last:
                    life[first:last] = bytes([colour]) * (last - first)
        return since, life

    def uptime_by_month(self) -> dict[tuple[int, dt.date], Seconds]:
        """Return the seconds of every status by component and month."""
        found: dict[tuple[int, dt.date], Seconds] = {}
        for component in sorted(self.seen.ids("components")):
            since, life = self.painted(component)
            month = dt.datetime.fromtimestamp(since, dt.UTC).replace(
                day=1, hour=0, minute=0, second=0
            )
            while month.timestamp() < self.now:
                after = (month + dt.timedelta(days=32)).replace(day=1)
                first = max(0, int(month.timestamp()) - since)
                piece = life[first : max(0, int(after.timestamp()) - since)]
                if piece:
                    found[component, month.date()] = {
                        name: piece.count(colour) for colour, name in NAMES.items()
                    }
                month = after
        return found


def cortex_failing_rules(world: cortex.World) -> dict[tuple[str, str], tuple[int, int]]:
    """Return, by scorecard and rule, how many entities are judged and how many fail.

    Who is exempt does not fail, nor does anybody a rule that is not in force or worth nothing.
    """
    entities = world.by_id()
    found: dict[tuple[str, str], list[str]] = collections.defaultdict(list)
    for card in world.scorecards:
        for entity_id in card.judged:
            for rule in card.row["rules"]:
                state = world.scoring.state(card, entities[entity_id], rule)
                found[card.tag, rule_key(rule)].append(state)
    return {key: (len(states), states.count("failed")) for key, states in found.items()}


def cortex_deploys_by_week(world: cortex.World) -> dict[dt.date, int]:
    """Return how many deploys there were in every week that had one, by its Monday."""
    found: collections.Counter[dt.date] = collections.Counter()
    for entity in world.everything():
        if entity.deleted:
            continue
        for deploy in entity.deploys:
            day = dt.datetime.fromisoformat(deploy["timestamp"]).astimezone(dt.UTC).date()
            found[day - dt.timedelta(days=day.weekday())] += 1
    return dict(found)


def cortex_teams_that_fell(world: cortex.World) -> dict[str, tuple[float, float]]:
    """Return mean scores in per cent, before and now, of the teams whose scores fell.

    Before is the evaluation before the present one; a team's name stands for it.
    """
    names = {team["teamTag"]: (team.get("metadata") or {}).get("name") for team in world.teams}
    entities = world.by_id()
    present = world.scoring.evaluation
    means: list[dict[str, float]] = []
    for evaluation in (present - 1, present):
        world.scoring.evaluation = evaluation
        scores: dict[str, list[float]] = collections.defaultdict(list)
        for card in world.scorecards:
            for entity in (entities[one] for one in card.judged):
                summary = world.scoring.score(card, entity)["score"]["summary"]
                for tag in {team["tag"] for team in entity.owner_teams}:
                    scores[tag].append(float(summary["percentage"]))
        means.append({tag: sum(some) / len(some) for tag, some in scores.items()})
    before, now = means
    return {
        names.get(tag) or tag: (round(100 * before[tag], 1), round(100 * now[tag], 1))
        for tag in now
        if now[tag] < before[tag] - 1e-12
    }


def cortex_unowned(world: cortex.World) -> set[str]:
    """Return the ids of the entities that neither a team nor a person owns, teams left out."""
    return {
        entity.id for entity in world.entities if not entity.owner_teams and not entity.owner_people
    }


def cinchy_links(world: cinchy.World) -> dict[tuple[str, str], str]:
    """Return the table every link column of the story's tables leads to, by table and column."""
    return {
        (table.full_name, column.name): column.target_table
        for table in world.tables(system=True)
        for column in table.columns
        if column.target and not column.system
    }


def cinchy_rows_alive(world: cinchy.World) -> dict[str, int]:
    """Return how many rows every table has, those in the recycle bin left out."""
    return {
        table.full_name: len(world.truth(table.full_name, deleted=False))
        for table in world.tables()
    }
