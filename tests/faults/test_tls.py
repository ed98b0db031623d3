"""Certificates: F30, and what the environment says about them: F31."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .answers import redirect
from .certificates import Authority
from .stage import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from .runner import Runner

BAD = {
    "self_signed": "its certificate is self-signed",
    "expired": "its certificate has expired",
    "wrong_host": "its certificate is for another host",
    "good": "its certificate is signed by an authority this machine does not know",
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("kind", list(BAD))
def test_f30_a_bad_certificate_is_named(tap: Runner, authority: Authority, kind: str) -> None:
    with Stage(tls=getattr(authority, kind)()) as stage:
        trusted = {} if kind == "good" else {"ca_bundle": authority.bundle}
        run = tap(stage.config(**trusted), log="INFO")
        assert run.code == 2
        assert not run.messages
        assert f"127.0.0.1:{stage.port} cannot be trusted: {BAD[kind]}" in run.last
        assert "Set ca_bundle" in run.last
        assert run.summary["retries"] == 0
        assert not stage.seen, "the key never left this machine"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_f30_an_old_protocol_is_named(tap: Runner, authority: Authority) -> None:
    with Stage(tls=authority.old_protocol()) as stage:
        run = tap(stage.config(ca_bundle=authority.bundle))
        assert run.code == 2
        assert "speaks no TLS version that is still safe" in run.last
        assert not stage.seen


def test_f30_http_asked_of_an_https_port(tap: Runner, authority: Authority) -> None:
    with Stage(tls=authority.good()) as stage:
        run = tap(stage.config(api_url=stage.url.replace("https", "http"), max_retries=0))
        assert run.code == 1
        assert not run.messages


def test_f30_https_asked_of_an_http_port(stage: Stage, tap: Runner) -> None:
    run = tap(stage.config(api_url=stage.url.replace("http", "https")))
    assert run.code == 2
    assert (
        f"does not speak TLS on this port; if it is on a network you trust, write {stage.url}"
        in (run.last)
    )


def test_f30_a_handshake_that_breaks_off_is_tried_again(tap: Runner, authority: Authority) -> None:
    with Stage(tls=authority.good()) as stage:
        stage.dropped = 2
        run = tap(stage.config(ca_bundle=authority.bundle), select=["components"])
        assert run.code == 0, run.last
        assert run.summary["retries"] == 2


def test_f30_a_bundle_is_enough(tap: Runner, authority: Authority) -> None:
    with Stage(tls=authority.good()) as stage:
        run = tap(stage.config(ca_bundle=authority.bundle), select=["components"])
        assert run.code == 0, run.last
        assert set(run.ids("components")) == stage.ids("components")
        assert "verify_ssl" not in run.stderr


def test_f30_checking_nothing_works_and_warns(tap: Runner, authority: Authority) -> None:
    with Stage(tls=authority.self_signed()) as stage:
        run = tap(stage.config(verify_ssl=False), select=["components"], log="INFO")
        assert run.code == 0, run.last
        assert "verify_ssl is off" in run.warnings
        assert run.warnings.count("\n") == 0, "once, and no library adds its own"


def test_f30_a_bundle_that_does_not_exist(stage: Stage, tap: Runner, tmp_path: Path) -> None:
    run = tap(stage.config(ca_bundle=str(tmp_path / "nowhere.pem")), log="INFO")
    assert run.code == 2
    assert "nowhere.pem, which does not exist" in run.last


@pytest.mark.parametrize("text", ["", "no certificate"])
def test_f30_a_bundle_without_a_certificate(
    tap: Runner, authority: Authority, tmp_path: Path, text: str
) -> None:
    (tmp_path / "odd.pem").write_text(text)
    with Stage(tls=authority.good()) as stage:
        run = tap(stage.config(ca_bundle=str(tmp_path / "odd.pem")), log="INFO")
        assert run.code == 2
        assert "odd.pem" in run.last


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_f31_an_authority_from_the_environment(
    tap: Runner, authority: Authority, name: str
) -> None:
    with Stage(tls=authority.good()) as stage:
        run = tap(stage.config(), select=["status"], env={name: authority.bundle})
        assert run.code == 0, run.last
        assert run.rows("status")


def test_f34_a_redirect_from_https_to_http_is_refused(tap: Runner, authority: Authority) -> None:
    with Stage(tls=authority.good()) as stage, Stage() as plain:
        stage.script("/api/incidents", forever=redirect(f"{plain.url}/api/incidents"))
        stage.script(
            "/api/metrics", forever=redirect(stage.url.replace("https", "http") + "/api/metrics")
        )
        run = tap(
            stage.config(ca_bundle=authority.bundle), select=["incidents", "metrics"], log="INFO"
        )
        assert run.code == 1
        assert run.outcomes == {"incidents": "failed", "metrics": "failed"}
        assert not plain.seen
