"""What the browser fetches beside the page: layer files, pictures of light, the map's background style and the Thai font."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from math import inf
from pathlib import Path

from anyio import CapacityLimiter, fail_after
from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from ui.data import snapshots_with
from ui.errors import message, note
from ui.palette import MAP_GROUNDS, NIGHT_GROUND, difference_colours, hex_of, light_colours
from ui.small_multiples import picture_bytes, read_address
from warehouse import (  # noqa: F401 - their kinds of layers become known
    access_layers,
    light_layers,
    neet_layers,
    pair_layers,
    place_layers,
    several_layers,
    village_layers,
)
from warehouse.computed_layers import computed_layer, read_spec
from warehouse.light_files import raster_file
from warehouse.light_images import DIFFERENCE_COLOURS, LIGHT_COLOURS, light_image, read_name
from warehouse.point_layers import POINTS, point_layer_bytes, read_set
from warehouse.query import any_layer, layer_file, published_file, shared
from warehouse.report import QueryError
from warehouse.snapshots import DATABASE, StoreError

_FOREVER = "public, max-age=31536000, immutable"
WAIT = 20.0
"""Seconds until a request that found no thread is told to come again."""
BACKGROUNDS = {name: hex_of(colour) for name, colour in MAP_GROUNDS.items()}


def not_found() -> Response:
    """Says nothing of what there is, and is not kept: the same address may exist after the next import."""
    return PlainTextResponse("not found", status_code=404, headers={"Cache-Control": "no-store"})


def _published(snapshot: str, level: str, parent: str, name: str) -> Path | None:
    """The file behind the address of a layer; None for anything that is not a plain file of a published snapshot."""
    folder = snapshots_with(snapshot)
    path = layer_file(folder, snapshot, level, parent, name)
    return path if path is not None and _inside(path, folder) else None


def _inside(path: Path, folder: Path) -> bool:
    """Whether a file is the plain one of its name: a link in its place, or on the way to it, would lead elsewhere."""
    return Path(os.path.realpath(path)) == Path(os.path.realpath(folder)) / path.relative_to(folder)


def _has(request: Request, tag: str) -> bool:
    """Whether the browser holds what a tag stands for."""
    known = request.headers.get("if-none-match", "")
    return tag in (one.strip().removeprefix("W/") for one in known.split(","))


def _geojson(request: Request, address: str, body: Callable[[], bytes | None]) -> Response:
    """A gzipped layer, which is what it is for as long as its address: kept for a year by that name."""
    tag = f'"{address}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag, "Vary": "Accept-Encoding"}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    packed = body()
    if packed is None:
        return not_found()
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        packed = gzip.decompress(packed)
    return Response(packed, media_type="application/geo+json", headers=headers)


# A plain function: Streamlit's loop goes on while a thread reads the file.
def layer(request: Request) -> Response:
    """One theme and year of one level, as published."""
    part = request.path_params
    path = _published(part["snapshot"], part["level"], part["parent"], part["name"])
    if path is None:
        return not_found()
    address = f"{part['snapshot']}/{part['level']}/{part['parent']}/{part['name']}"
    return _geojson(request, address, path.read_bytes)


@cache
def _threads(_kind: str, number: float) -> CapacityLimiter:
    """Threads for what takes sums: with their own, no kind holds up another, nor those that hand out files."""
    return CapacityLimiter(number)


async def _summed(kind: str, work: Callable[[Request], Response], request: Request) -> Response:
    """The answer of `work`, or that there are too many before it: whoever waits for ever holds a connection for nothing."""
    places, place = _threads(kind, 8), object()
    try:
        with fail_after(WAIT):
            await places.acquire_on_behalf_of(place)
    except TimeoutError:
        headers = {"Cache-Control": "no-store", "Retry-After": "10"}
        return PlainTextResponse("busy", status_code=503, headers=headers)
    try:
        return await run_sync(work, request, limiter=_threads("all", inf))
    finally:
        places.release_on_behalf_of(place)


async def computed(request: Request) -> Response:
    """Values that are not stored, over the geometry of a published layer."""
    return await _summed("computed", _computed, request)


def _computed(request: Request) -> Response:
    part = request.path_params
    place = (part["snapshot"], part["level"], part["parent"])
    folder = snapshots_with(part["snapshot"])
    file = any_layer(folder, *place)
    if file is None or read_spec(part["spec"]) is None or not _inside(file, folder):
        return not_found()
    address = f"{'/'.join(place)}/computed/{part['spec']}"
    return _geojson(request, address, lambda: computed_layer(folder, *place, part["spec"]))


async def points(request: Request) -> Response:
    """Places or villages as points, or gathered into bubbles."""
    return await _summed("points", _points, request)


def _points(request: Request) -> Response:
    part = request.path_params
    parts = (part["snapshot"], part["set"], part["parent"])
    folder = snapshots_with(part["snapshot"])
    file = published_file(folder, part["snapshot"], DATABASE)
    if file is None or read_set(part["set"]) is None or not _inside(file, folder):
        return not_found()
    # With the version of the rules, after which the same address may give other bytes.
    return _geojson(request, f"points/{'/'.join(parts)}/{POINTS}", lambda: point_layer_bytes(folder, *parts))


async def light(request: Request) -> Response:
    """A picture of night light of one year, or of the difference of two."""
    return await _summed("light", _light, request)


def _light(request: Request) -> Response:
    part, query = request.path_params, dict(request.query_params)
    name = read_name(part["product"], part["name"], query)
    if name is None or len(query) != len(request.query_params.multi_items()):
        return not_found()
    folder = snapshots_with(part["snapshot"])
    years = [published_file(folder, part["snapshot"], raster_file(name.product, year)) for year in name.years]
    if not all(file is not None and _inside(file, folder) for file in years):
        return not_found()
    # No name of a snapshot or product needs quoting, so the address as it came is the tag.
    tag = f'"{request.url.path}?{request.url.query}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag}
    if len(name.years) == 1:
        colours = light_colours(LIGHT_COLOURS)
        ground = NIGHT_GROUND
    else:
        colours = difference_colours(DIFFERENCE_COLOURS, name.theme)
        ground = colours[DIFFERENCE_COLOURS // 2]
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    body = light_image(folder, part["snapshot"], name, colours, ground)
    if body is None:
        return not_found()
    return Response(body, media_type="image/png", headers=headers)


async def multiple(request: Request) -> Response:
    """One of the small pictures that stand side by side."""
    return await _summed("multiples", _multiple, request)


def _multiple(request: Request) -> Response:
    part, query = request.path_params, dict(request.query_params)
    place = (part["snapshot"], part["level"], part["parent"])
    picture = read_address(part["level"], part["parent"], part["name"], query)
    folder = snapshots_with(part["snapshot"])
    file = any_layer(folder, *place)
    if (
        picture is None
        or file is None
        or not _inside(file, folder)
        or len(query) != len(request.query_params.multi_items())
    ):
        return not_found()
    tag = f'"{request.url.path}?{request.url.query}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag}
    if _has(request, tag):
        return Response(status_code=304, headers=headers)
    try:
        body = picture_bytes(shared(folder, part["snapshot"]), picture)
    except (QueryError, StoreError):
        return not_found()
    return not_found() if body is None else Response(body, media_type="image/svg+xml", headers=headers)


async def map_style(request: Request) -> Response:
    """A background colour and nothing else: the map never calls a tile server."""
    colour = BACKGROUNDS.get(request.path_params["name"])
    if colour is None:
        return not_found()
    style = {
        "version": 8,
        "sources": {},
        "layers": [{"id": "background", "type": "background", "paint": {"background-color": colour}}],
    }
    return JSONResponse(style, headers={"Cache-Control": "public, max-age=3600"})


@cache
def _font() -> bytes:
    folder = files("fontpkg_noto_sans_thai") / "files"
    return next(f for f in folder.iterdir() if f.name.endswith(".ttf")).read_bytes()


async def font(_request: Request) -> Response:
    """Noto Sans Thai (SIL Open Font License), from its installed package."""
    return Response(_font(), media_type="font/ttf", headers={"Cache-Control": "public, max-age=604800"})


@cache
def _thai_digits() -> bytes:
    return (Path(__file__).resolve().parent / "thai-digits.ttf").read_bytes()


async def thai_digits(_request: Request) -> Response:
    """0-9 drawn as Thai digits, cut out of Noto Sans Thai by ``python -m deploy.thai_digits`` (SIL Open Font License)."""
    return Response(
        _thai_digits(), media_type="font/ttf", headers={"Cache-Control": "public, max-age=604800"}
    )


async def nothing(_request: Request) -> Response:
    """Any other address below the folders above."""
    return not_found()


ROUTES = [
    Route("/layers/{snapshot}/{level}/{parent}/{name}.geojson", layer),
    Route("/layers/{snapshot}/{level}/{parent}/computed/{spec}.geojson", computed),
    Route("/points/{snapshot}/{set}/{parent}.geojson", points),
    Route("/lights/{snapshot}/{product}/{name}.png", light),
    Route("/multiples/{snapshot}/{level}/{parent}/{name}.svg", multiple),
    Route("/map/{name}.json", map_style),
    Route("/fonts/noto-sans-thai.ttf", font),
    Route("/fonts/thai-digits.ttf", thai_digits),
    # What is not there is said to be missing; without these Streamlit would answer with its page.
    *(
        Route(f"/{folder}/{{rest:path}}", nothing)
        for folder in ("layers", "points", "lights", "multiples", "map", "fonts")
    ),
]


class SecurityHeaders:
    """Headers every answer carries, errors included; a proxy may add to them.

    A request for a host that is not in ``server.allowedHosts`` is refused: Streamlit looks at the host of a socket only, and a
    foreign name that leads here (DNS rebinding) would read the rest. An error nobody caught is answered with a code alone.
    """

    HEADERS = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"SAMEORIGIN"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
        (
            b"content-security-policy",
            b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
            b"script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; font-src 'self' data:; "
            b"connect-src 'self' blob: data:; frame-ancestors 'self'; form-action 'self'; base-uri 'self'; object-src 'none'",
        ),
    )

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def send_with_headers(sent: Message) -> None:
            nonlocal started
            if sent["type"] == "http.response.start":
                started = True
                present = {name.lower() for name, _ in sent["headers"]}
                sent["headers"] = [
                    *sent["headers"],
                    *((name, value) for name, value in self.HEADERS if name not in present),
                ]
            await send(sent)

        if not is_host_allowed(Headers(scope=scope).get("host")):
            refusal = PlainTextResponse("host not allowed; see server.allowedHosts", status_code=403)
            await refusal(scope, receive, send_with_headers)
            return
        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            code = note(error, "request")
            if started:
                raise
            answer = PlainTextResponse(message(code), status_code=500, headers={"Cache-Control": "no-store"})
            await answer(scope, receive, send_with_headers)
