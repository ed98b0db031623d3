"""Lies in what carries the rows: status, headers, bytes, and errors that pass for data."""

from __future__ import annotations

import dataclasses
import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from lies.scene import PAGES, Scene, Spot, Ways

if TYPE_CHECKING:
    from lies.wire import Answer

ways = Ways("answers")
way = ways.way
LOGIN = (
    b"<!doctype html><html><head><title>Sign in</title></head><body>Sign in please</body></html>"
)
HTML = "text/html; charset=utf-8"
ENDS = (Spot.FIRST, Spot.LAST)
ONE_SOME_ALL = (*PAGES, Spot.SOME, Spot.ALL)


def _error_body(scene: Scene, status: int) -> Any:
    """Return an error in the words of the vendor."""
    words = f"The server says {status}"
    if scene.route.system.startswith("cachet-2"):
        return {"errors": [{"id": "1", "status": status, "title": words, "detail": words}]}
    if scene.route.system.startswith("cortex"):
        kind = "NOT_FOUND" if status == 404 else "BAD_REQUEST"
        return {"message": words, "type": kind, "httpStatus": status, "requestId": "req-1"}
    return {"message": words}


def _status(scene: Scene, status: int) -> Answer:
    if scene.answer.status >= 400:
        raise LookupError
    body = json.dumps(_error_body(scene, status)).encode()
    return scene.answer.with_status(status).with_body(body, "application/json")


def _page_of_a_proxy(scene: Scene, status: int) -> Answer:
    if scene.answer.status >= 400:
        raise LookupError
    body = f"<html><head><title>{status}</title></head><body>{status}</body></html>".encode()
    return scene.answer.with_status(status).with_body(body, HTML)


for _code in (404, 403, 405, 410):
    ways.many("status", {str(_code): _code}, _status, *ONE_SOME_ALL)
    ways.many("web_page", {str(_code): _code}, _page_of_a_proxy, Spot.FIRST, Spot.LAST, Spot.ALL)
for _code in (400, 401, 409, 422, 500, 501, 502, 503, 504):
    ways.many("status", {str(_code): _code}, _status, *ENDS)


@way(*ENDS)
def status_429(scene: Scene) -> Answer:
    """Refuse for ever."""
    return _status(scene, 429).with_header("retry-after", "5")


def _odd_success(scene: Scene, status: int) -> Answer:
    """Return another 2xx or 3xx with half of the rows."""
    rows = scene.rows
    answer = scene.with_rows(rows[: len(rows) // 2]) if rows else scene.answer
    if status in {204, 304}:
        answer = answer.with_body(b"")
    return answer.with_status(status)


ways.many(
    "status",
    {str(code): code for code in (201, 202, 204, 205, 206, 207, 226, 299, 300, 304)},
    _odd_success,
    *ENDS,
)


def _redirect(scene: Scene, where: str | None) -> Answer:
    if scene.answer.status >= 400:
        raise LookupError
    answer = scene.answer.with_status(302).with_body(b"", HTML)
    query = urlencode(scene.ask.query, quote_via=quote)
    places = {"itself": f"{scene.ask.path}?{query}", "path": scene.ask.path}
    return answer.with_header("location", places.get(where or "", where))


ways.many(
    "redirect",
    {
        "to_a_login_page": "/lies/login",
        "to_itself": "itself",
        "to_no_parameters": "path",
        "to_nothing": None,
        "to_another_host": "http://127.0.0.1:9/login",
        "to_a_broken_address": "http://[::1",
        "to_a_wrong_port": "http://127.0.0.1:99999/",
    },
    _redirect,
    *ENDS,
)


# Bodies


def _body(scene: Scene, value: tuple[bytes, str | None]) -> Answer:
    if scene.answer.status >= 400:
        raise LookupError
    return scene.answer.with_body(*value)


ways.many(
    "body_is",
    {
        "empty": (b"", None),
        "blank": (b" \n", None),
        "null": (b"null", None),
        "an_empty_list": (b"[]", None),
        "an_empty_object": (b"{}", None),
        "a_text": (b'"OK"', None),
        "a_number": (b"0", None),
        "plain": (b"OK", "text/plain"),
        "a_login_page": (LOGIN, HTML),
        "a_login_page_called_json": (LOGIN, "application/json"),
    },
    _body,
    *PAGES,
)


@way(*ENDS)
def body_is_cut(scene: Scene) -> Answer:
    """Send half of the bytes as if they were all."""
    return scene.answer.with_body(scene.answer.body[: len(scene.answer.body) // 2])


@way(*ENDS)
def connection_is_cut(scene: Scene) -> Answer:
    """Break off in the middle."""
    return dataclasses.replace(scene.answer, cut=True)


@way(*ENDS)
def body_twice(scene: Scene) -> Answer:
    """Send two documents in one answer."""
    return scene.answer.with_body(scene.answer.body * 2)


@way(*ENDS)
def body_with_a_tail(scene: Scene) -> Answer:
    """Send something after the document."""
    return scene.answer.with_body(scene.answer.body + b"<!-- cached -->")


@way(*ENDS)
def body_is_no_utf8(scene: Scene) -> Answer:
    """Send a byte that no text has."""
    return scene.answer.with_body(scene.answer.body.replace(b'"', b'"\xff', 1))


@way(*ENDS)
def body_is_utf16(scene: Scene) -> Answer:
    """Send another encoding than the usual."""
    return scene.answer.with_body(scene.answer.body.decode().encode("utf-16"))


@way(*ENDS)
def body_after_a_mark(scene: Scene) -> Answer:
    """Begin with a byte order mark."""
    return scene.answer.with_body(b"\xef\xbb\xbf" + scene.answer.body)


@way(*ENDS)
def zip_is_cut(scene: Scene) -> Answer:
    """Pack the body and lose the end of it."""
    packed = gzip.compress(scene.answer.body)
    return scene.answer.with_body(packed[:-12]).with_header("content-encoding", "gzip")


@way(*ENDS)
def zip_is_none(scene: Scene) -> Answer:
    """Claim that plain bytes are packed."""
    return scene.answer.with_header("content-encoding", "gzip")


def _kind(scene: Scene, kind: str | None) -> Answer:
    return scene.answer.with_header("content-type", kind)


ways.many(
    "type_is",
    {"html": HTML, "plain": "text/plain", "xml": "text/xml", "missing": None},
    _kind,
    *ENDS,
)


# Errors that pass for data


def _error(scene: Scene, marker: dict[str, Any]) -> Answer:
    """Return half of the rows and, beside them, that something went wrong."""
    if not isinstance(scene.body, dict) or scene.answer.status >= 400:
        raise LookupError
    rows = scene.rows
    answer = scene.with_rows(rows[: len(rows) // 2]) if rows else scene.answer
    return answer.with_json({**answer.json, **marker})


MARKERS: dict[str, dict[str, Any]] = {
    "error_text": {"error": "upstream timeout"},
    "error_object": {"error": {"code": 500, "message": "upstream timeout"}},
    "errors_list": {"errors": ["upstream timeout"]},
    "errors_of_objects": {"errors": [{"status": 500, "detail": "upstream timeout"}]},
}
ways.many("half_beside", MARKERS, _error, *PAGES)


def _failed(scene: Scene, marker: dict[str, Any]) -> Answer:
    if not isinstance(scene.body, dict) or not scene.rows:
        raise LookupError
    answer = scene.with_rows([])
    return answer.with_json({**answer.json, **marker})


ways.many("nothing_beside", MARKERS, _failed, *PAGES)


@way(*PAGES)
def error_called_200(scene: Scene) -> Answer:
    """Send an error body with 200."""
    return _status(scene, 500).with_status(200)


@way(Spot.FIRST, Spot.LAST, needs="cinchy")
def error_header(scene: Scene) -> Answer:
    """Say in the vendor's header that the query failed, over half of the rows."""
    rows = scene.rows
    answer = scene.with_rows(rows[: len(rows) // 2]) if rows else scene.answer
    return answer.with_header("x-cinchy-error", "Execution Timeout Expired.")


# The clock


def _clock(scene: Scene, date: str | None) -> Answer:
    return scene.answer.with_header("date", date)


ways.many(
    "clock",
    {
        "of_1970": "Thu, 01 Jan 1970 00:00:00 GMT",
        "of_2099": "Thu, 01 Jan 2099 00:00:00 GMT",
        "is_missing": None,
        "is_garbage": "yesterday",
    },
    _clock,
    Spot.ALWAYS,
    needs="dated",
)
