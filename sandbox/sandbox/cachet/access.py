"""Who is asking, and which rows they may see."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cachet.options import Options, Token
    from sandbox.cachet.rows import Component, ComponentGroup, Incident, Metric, Schedule
    from sandbox.cachet.world import World

EVERYBODY, SIGNED_IN = 1, 0


@dataclasses.dataclass(frozen=True)
class Viewer:
    """The rights of one caller."""

    token: Token | None = None

    @property
    def known(self) -> bool:
        """Whether a valid key was sent."""
        return self.token is not None

    def can(self, ability: str) -> bool:
        """Tell whether the caller's key has an ability of 3.x."""
        return self.token is not None and self.token.can(ability)


def viewer_of_bearer(header: str | None, options: Options, now: int) -> Viewer:
    """Return the caller of 3.x: ``Authorization: Bearer``, the ``id|`` part being optional."""
    scheme, _, text = (header or "").partition(" ")
    if scheme.lower() == "bearer":
        sent = text.strip()
        for token in options.tokens:
            fits = sent in {token.text, token.text.partition("|")[2] or token.text}
            if fits and (token.expires_at is None or now < token.expires_at):
                return Viewer(token)
    return Viewer()


def viewer_of_key(header: str | None, options: Options) -> Viewer:
    """Return the caller of 2.x: ``X-Cachet-Token``."""
    for token in options.tokens:
        if header == token.text:
            return Viewer(token)
    return Viewer()


@dataclasses.dataclass(frozen=True)
class Sight:
    """Which rows of a 3.x world one caller sees at one moment."""

    world: World
    options: Options
    viewer: Viewer
    now: int

    def level(self, visible: int) -> bool:
        """Tell whether something of a visibility shows."""
        if not self.options.build.visibility:
            return True
        return visible == EVERYBODY or (visible == SIGNED_IN and self.viewer.known)

    def group(self, row: ComponentGroup) -> bool:
        """Tell whether a group shows."""
        return self.level(row.visible)

    def metric(self, row: Metric) -> bool:
        """Tell whether a metric shows."""
        return self.level(row.visible)

    def component(self, row: Component) -> bool:
        """Tell whether a component shows: guests see no disabled one, nobody a hidden group's."""
        if not self.options.build.visibility:
            return True
        if not row.enabled and not self.viewer.known:
            return False
        group = self.world.component_groups.find(row.group_id) if row.group_id else None
        return group is None or self.group(group)

    def incident(self, row: Incident) -> bool:
        """Tell whether an incident shows."""
        return self.level(row.visible) and self._published(row.published_at, "incidents.manage")

    def schedule(self, row: Schedule) -> bool:
        """Tell whether a schedule shows."""
        return self._published(row.published_at, "schedules.manage")

    def _published(self, at: int | None, ability: str) -> bool:
        if not self.options.build.embargo or at is None or at <= self.now:
            return True
        return self.viewer.can(ability)
