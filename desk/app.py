"""The ASGI entry of the officers' desk, started by ``daomap desk``: no route hands out anything but the font."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.guard import failed, refuse_wider
from ui.errors import set_up_log
from ui.routes import SecurityHeaders, font, not_found, nothing
from ui.server_settings import refuse_unsafe

FILE_WAYS = ("/media", "/app/static", "/_stcore/upload_file")
"""Streamlit's own ways for files; nothing of a household may ever lie there."""


class NothingKept:
    """No browser and no proxy keeps an answer of the desk, and no way for files is open."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_without_keeping(sent: Message) -> None:
            if sent["type"] == "http.response.start":
                kept = [pair for pair in sent["headers"] if pair[0].lower() != b"cache-control"]
                sent["headers"] = [*kept, (b"cache-control", b"no-store")]
            await send(sent)

        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"].startswith(FILE_WAYS):
            await not_found()(scope, receive, send)
        else:
            await self.app(scope, receive, send_without_keeping)


app = st.App(
    Path(__file__).resolve().parent / "shell.py",
    routes=[
        Route("/fonts/noto-sans-thai.ttf", font),
        Route("/fonts/{rest:path}", nothing),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(NothingKept)],
    on_script_error=failed,
)
refuse_unsafe()
refuse_wider()
set_up_log()
