"""The command line as a Singer user expects it, and every way to get the configuration wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.tap_run import BIN, discover, run_tap

from .conftest import Site, site


def test_about_and_version() -> None:
    about = run_tap("tap-cachet", {}, "--about", "--format", "json")
    assert about.exit_code == 0
    info = json.loads(about.stdout)
    assert info["name"] == "tap-cachet"
    properties = info["settings"]["properties"]
    assert all(setting.get("description") for setting in properties.values())
    assert properties["api_key"]["secret"] is True
    assert run_tap("tap-cachet", {}, "--version").stdout.startswith("tap-cachet v")


def test_discovery_needs_no_configuration() -> None:
    catalog = discover("tap-cachet")
    for stream in catalog["streams"]:
        assert stream["key_properties"], stream["tap_stream_id"]
        for name, definition in stream["schema"]["properties"].items():
            assert definition.get("description"), f"{stream['tap_stream_id']}.{name}"


def test_doctor_tells_what_can_be_read(new_site: Site) -> None:
    good = new_site.run("--test", cold=True)
    assert good.exit_code == 0
    assert "incidents " in good.stdout
    assert good.stdout.strip().splitlines()[-1].startswith("RESULT 13 ok")
    assert not good.stdout.startswith("{")


def test_doctor_names_the_missing_permission() -> None:
    with site("3") as running:
        run = running.run(
            "--test", streams=("incidents", "subscribers"), settings={"api_key": None}
        )
    assert run.exit_code == 1
    assert "forbidden" in run.stdout
    assert "subscribers.manage" in run.last_line


def test_doctor_as_json(new_site: Site) -> None:
    run = new_site.run("--test=json")
    findings = json.loads(run.stdout)
    assert {finding["result"] for finding in findings} == {"ok"}


def test_plan_counts_requests(any_site: Site) -> None:
    run = any_site.run("--plan=json", cold=True)
    assert run.exit_code == 0, run.stderr
    plan = json.loads(run.stdout)
    assert plan["requests"] >= 9
    [dashboards] = [one for one in plan["sources"] if "dashboards" in one["streams"]]
    assert dashboards["requests"] == 3  # its status, its version, and who asks


def test_schema_messages_only(new_site: Site) -> None:
    run = new_site.run("--test=schema")
    assert {message["type"] for message in run.messages} == {"SCHEMA"}


def test_one_forbidden_stream_does_not_stop_the_others() -> None:
    with site("3") as running:
        run = running.run(
            streams=("incidents", "subscribers", "components"), settings={"api_key": None}
        )
        truth = running.truth(guest=True)
    assert run.exit_code == 1
    assert set(run.keys("incidents")) == truth.keys["incidents"]
    assert set(run.keys("components")) == truth.keys["components"]
    assert sorted(run.activated) == ["components", "incidents"]
    assert "subscribers.manage" in run.last_line
    assert "Traceback" not in run.stderr


def test_forbidden_streams_can_be_excused() -> None:
    with site("3") as running:
        run = running.run(
            streams=("incidents", "subscribers"),
            settings={"api_key": None, "on_stream_error": "skip"},
        )
    assert run.exit_code == 0, run.stderr


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api_url": "status.example.com"}, "scheme"),
        ({"api_url": "ftp://status.example.com"}, "http(s)"),
        ({"api_url": "https://user:pass@status.example.com"}, "user name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"page_size": 1000}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"api_version": "4"}, "api_version"),
        ({"api_key": 12}, "api_key"),
        ({"start_date": "yesterday"}, "start_date"),
        ({"ca_bundle": "/no/such/file.pem"}, "ca_bundle"),
    ],
)
def test_bad_settings_are_refused_before_any_row(
    new_site: Site, settings: dict[str, object], words: str
) -> None:
    run = new_site.run(settings=settings, cold=True)
    assert run.exit_code == 2, run.stderr
    assert words in run.last_line
    assert run.stdout == ""
    assert "Traceback" not in run.stderr


def test_missing_address() -> None:
    run = run_tap("tap-cachet", {})
    assert run.exit_code == 2
    assert "api_url" in run.last_line


@pytest.mark.parametrize("api", ["3", "2.4", "2.3"])
def test_wrong_key_never_loads_guest_data(api: str) -> None:
    with site(api) as running:
        run = running.run(settings={"api_key": "1|WRONG-marker"}, cold=True)
    assert run.exit_code == 2
    assert "api_key rejected" in run.last_line
    assert run.records == {}
    assert "WRONG-marker" not in run.stderr


@pytest.mark.parametrize("spelled", ["Bearer {}", " {} ", '"{}"'])
def test_pasted_keys_are_cleaned(new_site: Site, spelled: str) -> None:
    key = spelled.format(new_site.options.tokens[0].text)
    run = new_site.run(streams=("status",), settings={"api_key": key})
    assert run.exit_code == 0, run.stderr


@pytest.mark.parametrize("path", ["/components", "/nowhere", "/api/v1"])
def test_a_wrong_path_gets_a_did_you_mean(new_site: Site, path: str) -> None:
    run = new_site.run(settings={"api_url": new_site.server.url + path})
    if path == "/api/v1":  # a 3.x server below an address of 2.x is recognised
        assert run.exit_code == 0, run.stderr
        return
    assert run.exit_code == 2
    assert f"Did you mean {new_site.server.url}/api?" in run.last_line


def test_unknown_settings_are_named(new_site: Site) -> None:
    run = new_site.run(streams=("status",), settings={"api_tokn": "x", "pagesize": 5})
    assert run.exit_code == 0
    assert "did you mean page_size?" in run.stderr


def test_protected_api_without_a_key() -> None:
    with site("3", api_protected=True) as running:
        run = running.run(settings={"api_key": None})
        assert run.exit_code == 2
        assert "protected" in run.last_line
        assert running.run(streams=("incidents",)).exit_code == 0


def test_api_switched_off() -> None:
    with site("3", api_enabled=False) as running:
        run = running.run()
    assert run.exit_code == 2
    assert "switched off" in run.last_line


def test_2_4_that_always_authenticates() -> None:
    with site("2.4", always_authenticate=True) as running:
        run = running.run(streams=("components", "status"))
        assert run.exit_code == 0, run.stderr
        guest = running.run(streams=("components", "status"), settings={"api_key": None})
    assert guest.exit_code != 0
    assert guest.records["components"] == []


def test_ids_that_do_not_exist(new_site: Site) -> None:
    known = min(new_site.truth().ids("incidents"))
    run = new_site.run(
        streams=("incidents_by_id", "components"), settings={"incident_ids": [known, 999_999]}
    )
    assert run.exit_code == 1
    assert run.keys("incidents_by_id") == [(known,)]
    assert "999999" in run.last_line
    assert run.activated == ["components"]


def test_output_can_be_piped_into_a_target(new_site: Site, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(new_site.config()))
    with subprocess.Popen(
        [str(BIN / "tap-cachet"), "--config", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as tap:
        count = subprocess.run(
            [sys.executable, "-c", "import sys; print(len(sys.stdin.readlines()))"],
            stdin=tap.stdout,
            capture_output=True,
            text=True,
            check=True,
        )
    assert tap.returncode == 0
    assert int(count.stdout) > 500
