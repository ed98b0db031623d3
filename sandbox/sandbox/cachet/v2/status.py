"""The status of the whole page on 2.x."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.cachet.world import World

OPERATIONAL, MAJOR, FIXED = 1, 4, 4
MAJOR_SHARE = 0.5


def page_status(world: World, api: str) -> dict[str, str]:
    """Work out the status from enabled components and, if all are well, open incidents."""
    enabled = [row.status for row in world.components.on_disk() if row.enabled]
    some = len(enabled) > 1
    if enabled and enabled.count(MAJOR) / len(enabled) >= MAJOR_SHARE:
        trouble = "Some systems are" if some else "The system is"
        return {"status": "danger", "message": f"{trouble} experiencing major issues"}
    well = all(status == OPERATIONAL for status in enabled)
    if well and not any(_is_open(world, row.id, api) for row in world.incidents.on_disk()):
        message = "All systems are operational" if some else "System operational"
        return {"status": "success", "message": message}
    trouble = "Some systems are" if some else "The system is"
    return {"status": "info", "message": f"{trouble} experiencing issues"}


def _is_open(world: World, incident_id: int, api: str) -> bool:
    incident = world.incidents.find(incident_id)
    if incident is None or not incident.visible:
        return False
    updates = world.updates.of_parent(("incident", incident_id), by_id=True)
    if updates and api != "2.3":
        newest = max(updates, key=lambda row: (row.created_at or 0, row.id))
        return newest.status != FIXED
    return incident.status not in {0, FIXED}
