"""Who is let in, and the address that takes files for nobody else."""

from __future__ import annotations

import asyncio

import pytest

from ui import upload_gate
from ui.upload_gate import SECRET, Door, Permission, Tries, UploadDoor, is_local, permission
from warehouse.settings import Settings

SHIPPED = {"server.address": "127.0.0.1", "server.allowedHosts": ["127.0.0.1", "localhost"]}


def send(method, path, monkeypatch, opened=()):
    """Status of one request, and whether a byte of its body was asked for."""
    door = Door()
    for session in opened:
        door.open(session)
    monkeypatch.setattr(upload_gate, "door", door)
    read, sent = [], []

    async def inner(scope, receive, answer):
        await receive()
        await answer({"type": "http.response.start", "status": 204, "headers": []})
        await answer({"type": "http.response.body", "body": b""})

    async def receive():
        read.append(1)
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def answer(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    asyncio.run(UploadDoor(inner)(scope, receive, answer))
    return sent[0]["status"], bool(read)


@pytest.mark.parametrize("prefix", ["", "/daomap"])
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_files_are_taken_from_sessions_that_were_shown_an_uploader(method, prefix, monkeypatch):
    path = f"{prefix}/_stcore/upload_file/mine/a-file"
    assert send(method, path, monkeypatch) == (403, False)
    assert send(method, path, monkeypatch, ["another"]) == (403, False)
    assert send(method, path, monkeypatch, ["mine"]) == (204, True)


def test_other_addresses_are_not_the_doors_business(monkeypatch):
    for method, path in (("GET", "/"), ("PUT", "/poverty_map"), ("OPTIONS", "/_stcore/upload_file/a/b")):
        assert send(method, path, monkeypatch)[0] == 204


def test_the_door_is_shut_again_and_forgets_sessions_that_ended():
    door = Door()
    door.open("a")
    door.open("b", {"b"}.__contains__)
    assert not door.lets("a") and door.lets("b")
    door.shut("b")
    assert not door.lets("b")


def test_the_running_app_has_the_door(monkeypatch):
    import app

    assert UploadDoor in [m.cls for m in app.app._user_middleware]


@pytest.mark.parametrize(
    ("changed", "headers", "local"),
    [
        ({}, {"Host": "127.0.0.1:8501"}, True),
        ({}, {"host": "localhost:8501"}, True),
        ({}, {"Host": "dashboard.example.go.th"}, False),
        ({}, {"Host": "127.0.0.1", "X-Forwarded-For": "10.0.0.7"}, False),
        ({}, {"Host": "127.0.0.1", "forwarded": "for=10.0.0.7"}, False),
        ({"server.allowedHosts": ["dashboard.example.go.th", "127.0.0.1"]}, {"Host": "127.0.0.1"}, False),
        ({"server.address": "0.0.0.0"}, {"Host": "127.0.0.1"}, False),
        ({"server.address": None}, {"Host": "127.0.0.1"}, False),
    ],
)
def test_a_server_behind_a_proxy_is_not_this_machines_alone(changed, headers, local):
    assert is_local((SHIPPED | changed).get, headers) is local


@pytest.mark.parametrize(
    ("switched_on", "local", "secret", "confined", "possible"),
    [
        (True, True, "none", True, True),
        (True, False, "set", True, True),
        (True, True, "set", True, True),
        (False, True, "set", True, False),
        (True, False, "none", True, False),
        (True, True, "short", True, False),
        (True, True, "none", False, False),
    ],
)
def test_all_three_conditions_are_needed(switched_on, local, secret, confined, possible):
    assert Permission(switched_on, local, secret, confined).possible is possible


def test_the_shipped_settings_let_nobody_in_and_start_no_reader(monkeypatch):
    def fail():
        raise AssertionError("a worker was started for a visitor")

    monkeypatch.setattr(upload_gate, "_confinement", fail)
    assert not permission(Settings(), True).possible


def test_wrong_secrets_slow_everybody_down_and_keep_nobody_out(monkeypatch):
    now = [0.0]
    tries = Tries(lambda: now[0])
    monkeypatch.setenv(SECRET, "correct horse battery")
    for _ in range(upload_gate.MOST_TRIES):
        assert tries.wait == 0
        assert not tries.right("wrong")
        now[0] += 1
    assert 0 < tries.wait < 60
    assert tries.right("correct horse battery")
    assert tries.wait > 0
    now[0] += upload_gate.TRIES_WITHIN_S
    assert tries.wait == 0


@pytest.mark.parametrize("secret", ["", "short"])
def test_no_secret_and_a_short_one_open_nothing(secret, monkeypatch):
    monkeypatch.setenv(SECRET, secret)
    assert not Tries().right(secret)
