"""What the server hands out beside the page: published files by their known names and nothing else, with its headers on all."""

import asyncio
import gzip
import http.client
import json
import shutil
import sqlite3
import threading
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from tests.browser.conftest import start_server, stop_server
from ui import routes
from ui.routes import ROUTES, SecurityHeaders
from warehouse import computed_layers
from warehouse.kept import Kept
from warehouse.snapshots import Store

CANARY = b"CANARY-0123456789"


@pytest.fixture(scope="module")
def served(embedded_home, tmp_path_factory):
    """A running server over a home with things lying about that must not leave it."""
    home = tmp_path_factory.mktemp("served") / "home"
    shutil.copytree(embedded_home, home)
    info = Store(home).current()
    (home / "secret.geojson.gz").write_bytes(gzip.compress(CANARY))
    (home / "secret.geojson").write_bytes(CANARY)
    layers = info.path / "layers"
    (layers / "province" / "TH" / "linked-2018.geojson.gz").symlink_to(home / "secret.geojson.gz")
    (layers / "province" / "10").symlink_to(home / "outside")
    (info.path / "nightlight" / "linked").symlink_to(info.path / "nightlight" / "modelled")
    (home / "outside").mkdir()
    (home / "outside" / "poverty-2018.geojson.gz").write_bytes(gzip.compress(CANARY))
    (layers / "secret-2018.geojson.gz").write_bytes(gzip.compress(CANARY))
    elsewhere = home / "snapshots" / "snap-999999-0123456789ab"
    elsewhere.symlink_to(home / "other")
    (home / "other/layers/province/TH").mkdir(parents=True)
    (home / "other/layers/province/TH/poverty-2018.geojson.gz").write_bytes(gzip.compress(CANARY))
    server = start_server(home)
    yield SimpleNamespace(
        url=server.url,
        home=home,
        snapshot=info.id,
        layer=f"/layers/{info.id}/province/TH/poverty-2018.geojson",
    )
    stop_server(server)


def ask(served, path, method="GET", **headers):
    """One request, its path sent byte for byte."""
    connection = http.client.HTTPConnection(served.url.removeprefix("http://"), timeout=10)
    connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return SimpleNamespace(status=answer.status, headers=answer.headers, body=body)


def call(app, path):
    """One request to an app without a server."""
    sent = []
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    headers = {name.decode().title(): value.decode() for name, value in sent[0]["headers"]}
    return SimpleNamespace(
        status=sent[0]["status"], headers=headers, body=b"".join(m.get("body", b"") for m in sent[1:])
    )


def guarded(answer):
    """The headers of every answer."""
    headers = answer.headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["img-src"] == "'self' data: blob:"
    assert policy["connect-src"] == "'self' blob: data:"
    assert policy["object-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    return answer


def test_a_layer_is_immutable_typed_and_whole(served):
    answer = guarded(ask(served, served.layer))
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(json.loads(answer.body)["features"]) == 77
    packed = ask(served, served.layer, Accept_Encoding="br, gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == answer.body
    assert ask(served, served.layer, Accept_Encoding="identity").body == answer.body
    for tag in (answer.headers["ETag"], "W/" + answer.headers["ETag"], '"x", ' + answer.headers["ETag"]):
        again = guarded(ask(served, served.layer, If_None_Match=tag))
        assert (again.status, again.body) == (304, b"")


def test_a_picture_of_light_is_immutable_and_typed(served):
    base = f"/lights/{served.snapshot}/modelled"
    for path in (f"{base}/2021.png", f"{base}/2012-2021.png?v=2&theme=dark", f"{base}/2012.png?v=2&area=50"):
        answer = guarded(ask(served, path))
        assert answer.status == 200, path
        assert answer.headers["Content-Type"] == "image/png"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.body.startswith(b"\x89PNG")
        again = guarded(ask(served, path, If_None_Match=answer.headers["ETag"]))
        assert (again.status, again.body) == (304, b"")
    light, dark = (ask(served, f"{base}/2012-2021.png?theme={name}").body for name in ("light", "dark"))
    assert light != dark


TRAVERSALS = (
    "../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%5c", "%2e%2e%5c", "..\\", "%252e%252e%252f", "..%252f", "%c0%ae%c0%ae/",
    "%c0%ae%c0%ae%c0%af", "....//", "..;/", ".%2e/", "%2e./", "..%c0%af", "..%ef%bc%8f", "%uff0e%uff0e/", "%2f", "//", "..%00/",
)  # fmt: skip


@pytest.mark.parametrize("up", TRAVERSALS)
def test_no_encoding_climbs_out_of_a_snapshot(served, up):
    depth = {"manifest.json": 3, "warehouse.duckdb": 3, "secret.geojson": 5, "CURRENT": 5}
    for name, levels in depth.items():
        for path in (
            f"/layers/{served.snapshot}/province/TH/{up * levels}{name}",
            f"/layers/{served.snapshot}/province/TH/{up * levels}{name}.geojson",
            f"/layers/{served.snapshot}/{up * (levels - 2)}{name}/x/poverty-2018.geojson",
            f"/layers/{up * 2}{name}",
            f"/lights/{served.snapshot}/modelled/{up * levels}{name}.png",
            f"/lights/{served.snapshot}/{up * (levels - 1)}{name}/2012.png",
            f"/lights/{up * 2}{name}",
            f"/layers/{up}secret/province/TH/poverty-2018.geojson",
            f"/points/{served.snapshot}/{up * levels}{name}/TH.geojson",
            f"/points/{served.snapshot}/place-school/{up * levels}{name}.geojson",
            f"/points/{up * 2}{name}",
            f"/map/{up * 3}{name}.json",
            f"/fonts/{up * 3}{name}",
            f"/{up * 4}etc/passwd",
            f"/app/static/{up}{name}",
            f"/media/{up * 3}{name}",
            f"/component/{up * 3}{name}",
        ):
            answer = ask(served, path)
            assert CANARY not in answer.body, path
            assert b'"files"' not in answer.body and b"root:" not in answer.body, path
            # Streamlit answers any address that is no file with its one page; ours and its files never.
            page = answer.status == 200 and b'<div id="root">' in answer.body
            page = page and not path.startswith(("/layers/", "/points/", "/lights/", "/map/", "/fonts/"))
            assert answer.status in (400, 403, 404) or page, (path, answer.status)
            guarded(answer)


@pytest.mark.parametrize(
    "path",
    [
        "/lights/{snapshot}/modelled/2013.png",
        "/lights/{snapshot}/modelled/2021-2012.png",
        "/lights/{snapshot}/modelled/2012.tif",
        "/lights/{snapshot}/modelled/2012-observations.png",
        "/lights/{snapshot}/modelled/2012.png%00",
        "/lights/{snapshot}/modelled/2012.png?area=50&area=51",
        "/lights/{snapshot}/modelled/2012.png?area=99",
        "/lights/{snapshot}/modelled/2012.png?area=5%00",
        "/lights/{snapshot}/modelled/2012.png?width=99999",
        "/lights/{snapshot}/modelled/2012.png?theme=",
        "/lights/{snapshot}/linked/2012.png",
        "/lights/{snapshot}/other/2012.png",
        "/lights/CURRENT/modelled/2012.png",
        "/lights/snap-999999-0123456789ab/modelled/2012.png",
        "/lights/{snapshot}/",
        "/layers/{snapshot}/province/TH/linked-2018.geojson",
        "/layers/{snapshot}/province/10/poverty-2018.geojson",
        "/layers/snap-999999-0123456789ab/province/TH/poverty-2018.geojson",
        "/layers/snap-000009-0123456789ab/province/TH/poverty-2018.geojson",
        "/layers/CURRENT/province/TH/poverty-2018.geojson",
        "/layers/{snapshot}/layers/TH/secret-2018.geojson",
        "/layers/{snapshot}/province/TH/poverty-2018.geojson%00",
        "/layers/{snapshot}/province/TH/poverty-2018%00.geojson",
        "/layers/{snapshot}%00/province/TH/poverty-2018.geojson",
        "/layers/{snapshot}%0a/province/TH/poverty-2018.geojson",
        "/layers/{snapshot}/province/TH/poverty-2018.geojson.gz",
        "/layers/{snapshot}/province/TH/poverty-2018",
        "/layers/{snapshot}/province/TH/POVERTY-2018.geojson",
        "/layers/{snapshot}/province/th/poverty-2018.geojson",
        "/layers/{snapshot}/province/TH/poverty-1999.geojson",
        "/layers/{snapshot}/province/TH/.geojson",
        "/layers/{snapshot}/village/TH/poverty-2018.geojson",
        "/layers/{snapshot}/province/TH/computed/poverty-2018.geojson",
        "/layers/{snapshot}/province/TH/computed/unknown.1.geojson",
        "/layers/{snapshot}/province/TH/computed/unknown.1~a%00.geojson",
        "/layers/{snapshot}/province/TH/computed/..%2fpoverty-2018.geojson",
        "/layers/{snapshot}/province/TH/computed/.geojson",
        "/layers/{snapshot}/boundaries/province.parquet",
        "/points/{snapshot}/unknown/TH.geojson",
        "/points/{snapshot}/place-unknown/TH.geojson",
        "/points/{snapshot}/place-school/TH.geojson%00",
        "/points/{snapshot}/place-school%00/TH.geojson",
        "/points/{snapshot}/place-school/warehouse.duckdb",
        "/points/{snapshot}/",
        "/points/CURRENT/place-school/TH.geojson",
        "/points/snap-999999-0123456789ab/place-school/TH.geojson",
        "/layers/{snapshot}/manifest.json",
        "/layers/{snapshot}/warehouse.duckdb",
        "/snapshots/{snapshot}/warehouse.duckdb",
        "/map/config.json",
        "/map/light.json%00",
        "/fonts/other.ttf",
    ],
)
def test_nothing_else_of_the_home_is_served(served, path):
    answer = guarded(ask(served, path.format(snapshot=served.snapshot)))
    assert CANARY not in answer.body
    page = b'<div id="root">' in answer.body and path.startswith("/snapshots/")
    assert answer.status in (400, 404) or page
    if path.endswith(".geojson"):
        assert answer.status in (400, 404)
    if answer.status == 404:
        assert answer.headers["Cache-Control"] == "no-store"


def test_only_reading_is_answered(served):
    for path in (served.layer, "/map/light.json", "/fonts/noto-sans-thai.ttf"):
        head = guarded(ask(served, path, "HEAD"))
        assert (head.status, head.body) == (200, b"")
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"):
            answer = guarded(ask(served, path, method, Content_Length="0"))
            assert answer.status == 405, (path, method)


def test_pages_sockets_and_streamlits_own_routes_carry_the_headers(served):
    for path in (
        "/",
        "/poverty_map",
        "/nowhere.js",
        "/_stcore/health",
        "/_stcore/host-config",
        "/media/x.png",
        "/_stcore/upload_file/a/b",
    ):
        guarded(ask(served, path))


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "", "127.0.0.1:x"]
)
def test_a_foreign_host_reads_nothing(served, host):
    for path in ("/", served.layer, "/_stcore/health", "/map/light.json"):
        answer = ask(served, path, Host=host)
        assert answer.status in (400, 403)
        if answer.status == 403:
            guarded(answer)


def test_an_error_nobody_caught_shows_a_code_and_no_more(capsys, caplog):
    async def broken(_request):
        raise sqlite3.Error("secret value in /srv/data")

    app = Starlette(routes=[*ROUTES, Route("/broken", broken)], middleware=[Middleware(SecurityHeaders)])
    with caplog.at_level("ERROR", logger="daomap"):
        answer = call(app, "/broken")
    text = answer.body.decode()
    assert answer.status == 500
    assert "secret" not in text and "/srv" not in text
    code = text.rsplit(" ", 1)[1]
    assert len(code) == 6 and f"รหัส {code} / " in text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    logged = next(r for r in caplog.records if code in r.getMessage())
    assert "secret value" in str(logged.exc_info[1])


def test_the_home_may_lie_behind_a_link(embedded_home, tmp_path, monkeypatch):
    link = tmp_path / "home"
    link.symlink_to(embedded_home)
    snapshot = Store(embedded_home).current().id
    monkeypatch.setattr("ui.data.store", lambda: Store(link))
    answer = call(Starlette(routes=ROUTES), f"/layers/{snapshot}/province/TH/poverty-2018.geojson")
    assert answer.status == 200


def test_a_computed_layer_is_immutable_too_and_only_of_a_published_snapshot(
    embedded_home, tmp_path, monkeypatch
):
    computed_layers.register("routed")(lambda house, level, parent, arguments: [])
    try:
        snapshot = Store(embedded_home).current().id
        address = f"/layers/{snapshot}/province/TH/computed/routed.1~a.geojson"
        monkeypatch.setattr("ui.data.store", lambda: Store(embedded_home))
        app = Starlette(routes=ROUTES)
        answer = call(app, address)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/geo+json"
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Etag"] == f'"{snapshot}/province/TH/computed/routed.1~a"'
        assert len(json.loads(answer.body)["features"]) == 77
        for other in (
            address.replace(snapshot, "snap-000009-0123456789ab"),
            address.replace("/TH/", "/10/"),
            address.replace("routed.1", "routed.2"),
            address.replace(".geojson", ".geojson.gz"),
        ):
            missing = call(app, other)
            assert (missing.status, missing.headers["Cache-Control"]) == (404, "no-store")
        # Behind a link in a snapshot's place lie other bytes than the published ones.
        elsewhere = Store(tmp_path)
        elsewhere.snapshots.mkdir(parents=True)
        shutil.copytree(Store(embedded_home).snapshots / snapshot, tmp_path / "moved")
        (elsewhere.snapshots / snapshot).symlink_to(tmp_path / "moved")
        monkeypatch.setattr("ui.data.store", lambda: elsewhere)
        assert call(app, address).status == 404
    finally:
        computed_layers.unregister("routed")


def test_too_many_sums_are_told_to_come_again_and_hold_up_no_other_kind(monkeypatch):
    monkeypatch.setattr(routes, "WAIT", 0.05)
    gate = threading.Event()

    def slow(_request):
        gate.wait(10)
        return routes.PlainTextResponse("done")

    async def crowd():
        routes._threads.cache_clear()
        first = [asyncio.create_task(routes._summed("points", slow, None)) for _ in range(8)]
        await asyncio.sleep(0.05)
        late = await routes._summed("points", slow, None)
        other = await routes._summed("light", lambda _: routes.PlainTextResponse("light"), None)
        gate.set()
        return late, other, await asyncio.gather(*first)

    try:
        late, other, first = asyncio.run(crowd())
    finally:
        routes._threads.cache_clear()
    assert (late.status_code, late.headers["retry-after"], late.headers["cache-control"]) == (
        503,
        "10",
        "no-store",
    )
    assert other.body == b"light" and [one.body for one in first] == [b"done"] * 8


def test_one_kind_of_answer_does_not_wait_for_another():
    slow, quick = Kept(1), Kept(1)
    begun, gate = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: slow.get(1, lambda: begun.set() or gate.wait(10)))
    thread.start()
    try:
        assert begun.wait(10)
        other = threading.Thread(target=lambda: quick.get(1, lambda: 2), daemon=True)
        other.start()
        other.join(5)
        assert not other.is_alive()
    finally:
        gate.set()
        thread.join()
