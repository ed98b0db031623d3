"""The installed command serves a platform, and refuses options it does not know."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

from sandbox.cinchy.command import options_from


def test_the_command_serves_what_it_says() -> None:
    command = [sys.executable, "-m", "sandbox", "cinchy", "--rows", "25", "--max-seconds", "60"]
    chosen = ["--option", "page_cap=7", "--option", "output_zone=UTC", "--churn", "1"]
    chosen += ["--empty-tables", "2", "--series-rows", "1000000", "--first-id", "-9"]
    chosen += ["--id-step", "4"]
    with subprocess.Popen(
        [*command, *chosen], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        form = {"Query": "SELECT [Cinchy Id] FROM [Delivery].[Tasks]", "ResultFormat": "JSON"}
        headers = {"Authorization": "Bearer pat-reader"}
        answer = requests.post(f"{url}/API/ExecuteCQL", form, headers=headers, timeout=60)
        form["Query"] = "SELECT TOP 1 [Cinchy Id] FROM [Scale].[Events] ORDER BY [Cinchy Id] DESC"
        highest = requests.post(f"{url}/API/ExecuteCQL", form, headers=headers, timeout=60)
        form["Query"] = "SELECT [Cinchy Id] FROM [Scale].[Empty 0002]"
        empty = requests.post(f"{url}/API/ExecuteCQL", form, headers=headers, timeout=60)
        process.terminate()
        _, said = process.communicate(timeout=10)
    assert [row[0] for row in answer.json()["data"]] == list(range(-9, 19, 4))
    assert highest.json()["data"] == [[1_000_000]]
    assert empty.json()["data"] == []
    assert "personal access token: pat-reader" in said


def test_the_year_of_the_company_is_an_option() -> None:
    command = [sys.executable, "-m", "sandbox", "cinchy", "--max-seconds", "60"]
    chosen = ["--company", "--now", "2026-11-20T10:00", "--days-ago", "90"]
    with subprocess.Popen(
        [*command, *chosen, "--churn-every", "5"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        query = "SELECT [Cinchy Id], [Booked] FROM [Operations].[Shipments]"
        form = {"Query": query, "ResultFormat": "JSON"}
        headers = {"Authorization": "Bearer pat-reader"}
        answer = requests.post(f"{url}/API/ExecuteCQL", form, headers=headers, timeout=30)
        process.terminate()
        process.communicate(timeout=10)
    booked = [row[1] for row in answer.json()["data"]]
    assert len(booked) > 1000
    assert max(booked) < "2026-08-23"


def test_options_are_read_by_their_type() -> None:
    options = options_from(
        [
            "page_cap=5",
            "refuse_encoded_slash=true",
            "backend=postgres",
            "start_row_base=1",
            "idp_path=/sso",
        ]
    )
    assert (options.page_cap, options.refuse_encoded_slash, options.backend) == (
        5,
        True,
        "postgres",
    )
    assert (options.start_row_base, options.idp_path) == (1, "/sso")
    assert options_from(["page_cap="]).page_cap is None
    assert options_from(["start_row_base=ignored"]).start_row_base == "ignored"
    assert options_from(["sort_cost=0.5", "timeout_above_scanned=9"]).sort_cost == 0.5
    assert options_from(["forbidden_query_status=403"]).forbidden_query_status == 403


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("nothing=1", "there is no option 'nothing'"),
        ("health=Red", "there is no option 'health'"),
        ("backend=oracle", "takes one of sqlserver, postgres, not 'oracle'"),
        ("refuse_encoded_slash=yes", "takes one of true, false, not 'yes'"),
        ("page_cap=many", "takes a number, not 'many'"),
    ],
)
def test_wrong_options_are_refused(setting: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        options_from([setting])
