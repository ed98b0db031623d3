"""Who sees what on 3.x, and what closes the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.cachet import Options, Size, Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cachet import World

    from .client import Client

    Start = Callable[..., tuple[Client, World, Options]]

SMALL = Size(incidents=40, metric_points=30, schedules=12, subscribers=12)
MANAGER = Token("2|manager", ("subscribers.manage",))
NOBODY = Token("3|nobody", ())


def test_a_wrong_key_is_a_guest_and_the_old_header_is_ignored(start: Start) -> None:
    client, _, _ = start(SMALL)
    everything = client.get("incidents", "sort=id&per_page=100").ids
    as_guest = client.as_guest().get("incidents", "sort=id&per_page=100")
    assert as_guest.status == 200
    assert set(as_guest.ids) < set(everything)
    wrong = client.with_token("1|wrong").get("incidents", "sort=id&per_page=100")
    assert (wrong.status, wrong.ids) == (200, as_guest.ids)
    old_way = client.as_guest()
    old_way.headers["X-Cachet-Token"] = "1|sandbox-admin"
    assert old_way.get("incidents", "sort=id&per_page=100").ids == as_guest.ids
    assert client.with_token("1|wrong").get("subscribers").status == 401


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("Bearer 1|sandbox-admin", 200),
        ("bearer sandbox-admin", 200),
        ("Token 1|sandbox-admin", 401),
        ("1|sandbox-admin", 401),
    ],
)
def test_how_a_token_is_read(start: Start, header: str, status: int) -> None:
    client, _, _ = start(SMALL)
    client.headers["Authorization"] = header
    assert client.get("subscribers").status == status


def test_an_expired_token_is_no_token(start: Start) -> None:
    client, world, _ = start(SMALL, tokens=(Token("9|old", expires_at=1_795_168_801),))
    client.headers["Authorization"] = "Bearer 9|old"
    assert client.get("subscribers").status == 200
    world.clock.advance(1)
    assert client.get("subscribers").status == 401


def test_abilities(start: Start) -> None:
    client, _, _ = start(SMALL, tokens=(Token("1|all"), MANAGER, NOBODY))
    everything = client.with_token("1|all").get("incidents", "sort=id&per_page=100").ids
    manager = client.with_token(MANAGER.text)
    assert manager.get("subscribers").status == 200
    assert set(manager.get("incidents", "sort=id&per_page=100").ids) < set(everything)
    denied = client.with_token(NOBODY.text).get("subscribers")
    assert (denied.status, denied.json) == (403, {"message": "Invalid ability provided."})


def test_disabled_components_need_a_filter_and_a_token(start: Start) -> None:
    client, _, _ = start(SMALL)
    shown = client.get("components", "per_page=100").json["data"]
    assert all(row["attributes"]["enabled"] for row in shown)
    lifted = client.get("components", "per_page=100&filter[enabled]=0,1").json["data"]
    assert sum(not row["attributes"]["enabled"] for row in lifted) == len(lifted) - len(shown) > 0
    asked = client.as_guest().get("components", "per_page=100&filter[enabled]=0,1").json["data"]
    assert all(row["attributes"]["enabled"] for row in asked)


def test_an_old_build_hides_nothing(start: Start) -> None:
    client, world, _ = start(SMALL, api="3-2025")
    for path, table in (("components", world.components), ("incidents", world.incidents)):
        assert client.as_guest().get(path, "sort=id&per_page=500").ids == [row.id for row in table]


def test_included_components_are_not_filtered_but_hidden_groups_are_null(start: Start) -> None:
    client, world, _ = start(Size(incidents=120))
    body = client.as_guest().get("incidents", "per_page=100&include=components.group").json
    components = [row for row in body["included"] if row["type"] == "components"]
    assert any(not row["attributes"]["enabled"] for row in components)
    for row in components:
        component = world.components.find(int(row["id"]))
        assert component is not None
        group = component.group_id and world.component_groups.find(component.group_id)
        pointer = row["relationships"]["group"]["data"]
        assert (pointer is not None) == bool(group and group.visible == 1)


def test_an_embargoed_incident_appears_later_with_an_old_id(start: Start) -> None:
    client, world, _ = start(SMALL)
    late = world.incidents.insert(
        guid="g", name="late", message="m", published_at=world.clock.now() + 60
    )
    newer = world.incidents.insert(guid="g", name="n", message="m")
    reader = client.as_guest()
    assert late.id not in reader.get("incidents", "sort=-id&per_page=100").ids
    assert reader.get(f"incidents/{late.id}").status == 404
    world.clock.advance(60)
    assert reader.get("incidents", "sort=-id&per_page=100").ids[:2] == [newer.id, late.id]


def test_the_rate_limit(start: Start) -> None:
    client, _, options = start(SMALL, rate_limit=2)
    left = [client.get("ping").headers["x-ratelimit-remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = client.get("components")
    assert (refused.status, refused.json) == (429, {"message": "Too Many Attempts."})
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert int(refused.headers["x-ratelimit-reset"]) > 1_795_168_800
    # A route that authenticates counts per token, not per address.
    assert client.get("subscribers").status == 200
    options.rate_limit = None
    free = [client.get("ping").headers for _ in range(2)]
    assert [(one["x-ratelimit-limit"], one["x-ratelimit-remaining"]) for one in free] == [
        ("300", "299")
    ] * 2


def test_settings_that_close_the_api(start: Start) -> None:
    client, _, options = start(SMALL, api_protected=True)
    reader = client.as_guest()
    assert reader.get("ping").json == {"message": "Unauthenticated."}
    assert client.get("ping").status == 200
    options.stale_host_config = True
    assert reader.get("ping").status == 200
    options.stale_host_config, options.api_enabled = False, False
    assert (client.get("ping").status, client.get("ping").json) == (404, {"message": ""})
    options.maintenance, options.maintenance_retry_after = True, 7
    down = client.get("ping")
    assert (down.status, down.headers["retry-after"]) == (503, "7")


def test_errors_of_old_builds_are_html_unless_json_is_accepted(start: Start) -> None:
    for api, kind in (("3", "application/json"), ("3-2025", "text/html; charset=utf-8")):
        client, _, _ = start(SMALL, api=api)
        assert client.get("components/9999").headers["content-type"] == "application/json"
        client.headers["Accept"] = "*/*"
        assert client.get("components/9999").headers["content-type"] == kind
        assert client.get("components").headers["content-type"] == "application/vnd.api+json"
