"""What the browser fetches beside the page: layer files, the map's background style and the Thai font."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.data import store
from warehouse.query import layer_file

_FOREVER = "public, max-age=31536000, immutable"
BACKGROUNDS = {"light": "#e9eff1", "dark": "#0b1114"}


async def layer(request: Request) -> Response:
    """One theme and year of one level, as published: immutable, so cached for a year under its snapshot's name."""
    part = request.path_params
    path = layer_file(store().snapshots, part["snapshot"], part["level"], part["parent"], part["name"])
    if path is None:
        return PlainTextResponse("not found", status_code=404)
    tag = f'"{part["snapshot"]}/{part["level"]}/{part["parent"]}/{part["name"]}"'
    headers = {"Cache-Control": _FOREVER, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    body = path.read_bytes()
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return Response(body, media_type="application/geo+json", headers=headers)


async def map_style(request: Request) -> Response:
    """A background colour and nothing else: the map never calls a tile server."""
    colour = BACKGROUNDS.get(request.path_params["name"])
    if colour is None:
        return PlainTextResponse("not found", status_code=404)
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


ROUTES = [
    Route("/layers/{snapshot}/{level}/{parent}/{name}.geojson", layer),
    Route("/map/{name}.json", map_style),
    Route("/fonts/noto-sans-thai.ttf", font),
]


class SecurityHeaders:
    """Headers every answer carries; a proxy may add to them."""

    HEADERS = (
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"x-frame-options", b"SAMEORIGIN"),
        (
            b"content-security-policy",
            b"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
            b"script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; worker-src 'self' blob:; font-src 'self' data:; "
            b"connect-src 'self' blob: data: ws: wss:; frame-ancestors 'self'; base-uri 'self'; object-src 'none'",
        ),
    )

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((name, value) for name, value in self.HEADERS if name not in present),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)
