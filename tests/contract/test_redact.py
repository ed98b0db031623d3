"""One redactor, in two packages that do not need each other."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from urllib.parse import quote

import pytest

from singer_rest.redact import MASK, Redactor, secret_texts

ROOT = Path(__file__).resolve().parents[2]
SECRET = 'p@ss "w0rd"\\/é'


@pytest.mark.parametrize(
    ("ours", "theirs"), [("redact.py", "redact.py"), ("run/summary_file.py", "summary_file.py")]
)
def test_both_packages_have_the_same_file(ours: str, theirs: str) -> None:
    mine = ROOT / "singer-rest" / "singer_rest" / ours
    assert mine.read_bytes() == (ROOT / "dlt-bridge" / "dlt_bridge" / theirs).read_bytes()


@pytest.mark.parametrize(
    "form",
    [SECRET, json.dumps(SECRET), repr(SECRET), quote(SECRET), quote(SECRET, safe="").lower()],
)
def test_a_known_secret_is_masked_however_it_is_written(form: str) -> None:
    masked = Redactor([SECRET]).text(f"it says {form}.")
    assert MASK in masked
    assert "w0rd" not in masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://u:a@b-c@host/db", f"postgresql://u:{MASK}@host/db"),
        ("at http://u:p%40w@host:80/x, again", f"at http://u:{MASK}@host:80/x, again"),
        ("http://127.0.0.1:8080/users/a@example.com", "http://127.0.0.1:8080/users/a@example.com"),
        ("host=h password=abc user=u", f"host=h password={MASK} user=u"),
        ("?client_secret=abc&x=1", f"?client_secret={MASK}&x=1"),
        ("{'password': 'a b'}", f"{{'password': '{MASK}'}}"),
        (r'{"access_token": "a\"b", "x": 1}', f'{{"access_token": "{MASK}", "x": 1}}'),
        (r'"{\"api_key\":\"a b\",\"x\":1}"', rf'"{{\"api_key\":\"{MASK}\",\"x\":1}}"'),
        ("The setting api_key is empty.", "The setting api_key is empty."),
    ],
)
def test_passwords_are_masked_without_being_known(text: str, masked: str) -> None:
    assert Redactor().text(text) == masked
    assert Redactor().text(masked) == masked


def test_the_password_of_a_secret_url_is_a_secret() -> None:
    redactor = Redactor(["postgresql://loader:s3cr%40t-word@db.example.com/x"])
    assert redactor.text("s3cr@t-word and s3cr%40t-word") == f"{MASK} and {MASK}"
    assert redactor.text("db.example.com") == "db.example.com"


def test_what_an_exception_says_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    redactor = Redactor(["hunter22"])
    caplog.handler.addFilter(redactor)
    try:
        raise ValueError("hunter22 at https://u:p@w@h/")
    except ValueError:
        logging.getLogger("test").exception("It broke with %s", "hunter22")
    finally:
        caplog.handler.removeFilter(redactor)
    assert "hunter22" not in caplog.text
    assert "p@w" not in caplog.text
    assert caplog.records[0].exc_info is None


def test_secrets_are_found_at_any_depth() -> None:
    config = {"a": [{"api_key": "k"}], "b": {"db": {"password": "p", "user": "u"}}}
    assert secret_texts(config) == ["k", "p"]
