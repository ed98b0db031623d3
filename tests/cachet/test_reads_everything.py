"""Keys read = keys in the world, for every version, page size and kind of reader."""

from __future__ import annotations

import datetime as dt

import pytest

from .conftest import Site, site

DEFAULT_STREAMS = {
    "components",
    "components_groups",
    "dashboards",
    "incident_components",
    "incident_templates",
    "incident_updates",
    "incidents",
    "metric_points",
    "metrics",
    "schedule_components",
    "schedule_updates",
    "schedules",
    "status",
}
OPT_IN = {"subscribers", "subscriptions"}
SINCE_2_4 = {"incident_templates", "schedule_components", "schedule_updates", "schedules"}


def assert_reads_all(running: Site, *, guest: bool = False, **settings: object) -> None:
    streams = DEFAULT_STREAMS | (set() if guest or running.options.api == "3-2025" else OPT_IN)
    if guest:
        settings["api_key"] = None
    run = running.run(streams=tuple(streams), settings=settings)
    assert run.exit_code == 0, run.stderr
    run.check_records()
    expected = running.truth(guest=guest).keys
    for stream in streams & set(expected):
        assert set(run.keys(stream)) == expected[stream], stream
    assert len(run.records["status"]) == len(run.records["dashboards"]) == 1
    full_table = streams - {"metric_points"}
    absent = SINCE_2_4 if running.options.api == "2.3" else set()
    assert set(run.activated) == full_table - absent, "what a version lacks is skipped"


@pytest.mark.parametrize("page_size", [100, 7])
def test_every_row_of_every_version(any_site: Site, page_size: int) -> None:
    assert_reads_all(any_site, page_size=page_size)


def test_what_a_guest_may_see(any_site: Site) -> None:
    assert_reads_all(any_site, guest=True)


@pytest.mark.parametrize("database", ["sqlite", "postgresql", "mysql"])
def test_every_back_end(database: str) -> None:
    with site("3", seed=7, database=database) as running:
        assert_reads_all(running, page_size=7)


def test_statuses_of_incident_components_are_exact(new_site: Site) -> None:
    run = new_site.run(streams=("incident_components", "schedule_components"))
    truth = new_site.truth()
    read = {
        (r["incident_id"], r["component_id"]): r["component_status"]
        for r in run.records["incident_components"]
    }
    assert read == truth.incident_components
    read = {
        (r["schedule_id"], r["component_id"]): r["component_status"]
        for r in run.records["schedule_components"]
    }
    assert read == truth.schedule_components


def test_one_walk_serves_three_streams() -> None:
    with site("3", tags=True) as running:  # which is refused once otherwise
        running.run(streams=("incidents",))
        alone = [r for r in running.server.requests if r.path.startswith("/api/incidents")]
        running.server.forget()
        running.run(streams=("incidents", "incident_updates"))
        both = [r for r in running.server.requests if r.path.startswith("/api/incidents")]
        running.server.forget()
        running.run(streams=("incident_components",))
        exact = [r for r in running.server.requests if r.path.startswith("/api/incidents")]
        running.server.forget()
        running.run(streams=("incidents", "incident_components", "incident_updates"))
        all_three = [r for r in running.server.requests if r.path.startswith("/api/incidents")]
    assert len(alone) == len(both)
    assert len(exact) == len(all_three)


@pytest.mark.parametrize("where", ["", "/", "/api", "/api/"])
def test_every_way_to_write_the_address(new_site: Site, where: str) -> None:
    run = new_site.run(streams=("status",), settings={"api_url": new_site.server.url + where})
    assert run.exit_code == 0, run.stderr


@pytest.mark.parametrize("where", ["", "/api", "/api/v1", "/api/v1/"])
def test_every_way_to_write_the_address_of_2_4(where: str) -> None:
    with site("2.4") as running:
        run = running.run(streams=("status",), settings={"api_url": running.server.url + where})
    assert run.exit_code == 0, run.stderr


@pytest.mark.parametrize("prefix", ["/status", "/deep/status"])
def test_an_installation_below_a_path(prefix: str) -> None:
    with site("3", prefix=prefix) as running:
        url = running.server.url + prefix
        run = running.run(streams=("components",), settings={"api_url": url})
    assert run.exit_code == 0, run.stderr
    assert set(run.keys("components")) == running.truth().keys["components"]


def test_secrets_of_the_server_stay_there() -> None:
    with site("2.4") as running:
        run = running.run(streams=(), settings={"incident_ids": [1]}, env={"LOGLEVEL": "DEBUG"})
        codes = {row.verify_code for row in running.world.subscribers}
        hooks = {row.slack_webhook_url for row in running.world.subscribers} - {None}
    assert codes
    assert hooks
    assert run.records["subscribers"]
    for secret in [*codes, *hooks]:
        assert str(secret) not in run.stdout + run.stderr


def test_local_times_become_instants() -> None:
    with site("3", timezone="Europe/Berlin") as berlin:
        wrong = berlin.run(streams=("incidents",))
        right = berlin.run(streams=("incidents",), settings={"timezone": "Europe/Berlin"})
    times = [row.created_at for row in berlin.world.incidents if row.created_at]
    assert times
    moved = {row["id"]: row["created_at"] for row in right.records["incidents"]}
    plain = {row["id"]: row["created_at"] for row in wrong.records["incidents"]}
    for incident in berlin.world.incidents:
        if incident.id not in moved or incident.created_at is None:
            continue
        instant = dt.datetime.fromtimestamp(incident.created_at, dt.UTC)
        assert moved[incident.id] == instant.isoformat().replace("+00:00", "Z")
        assert plain[incident.id] != moved[incident.id]
