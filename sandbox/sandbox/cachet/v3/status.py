"""The status of the whole page on 3.x."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cachet.options import Build
    from sandbox.cachet.world import World

OPERATIONAL, MAJOR, MAINTENANCE = 1, 4, 6
MAJOR_SHARE = 0.25

MESSAGES = {
    "operational": "All systems are operational.",
    "partial_outage": "Some systems are experiencing issues.",
    "major_outage": "Some systems are experiencing major issues.",
    "under_maintenance": "Some systems are under maintenance.",
}


def system_status(world: World, build: Build) -> dict[str, str]:
    """Work out the status from the enabled components, those of hidden groups too.

    Two captured replies show a quarter of broken components as major on a new build, and as
    partial on an old one, which fits an old build that counts disabled components as well.
    """
    counted = [
        row.status for row in world.components.on_disk() if row.enabled or not build.visibility
    ]
    broken = counted.count(MAJOR)
    failing = [value for value in counted if value != OPERATIONAL]
    if broken and broken / len(counted) >= MAJOR_SHARE:
        status = "major_outage"
    elif not failing:
        status = "operational"
    elif set(failing) == {MAINTENANCE}:
        status = "under_maintenance"
    else:
        status = "partial_outage"
    return {"status": status, "message": MESSAGES[status]}
