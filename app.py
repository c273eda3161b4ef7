"""The ASGI entry of Daomap: ``streamlit run app.py`` finds ``app`` by itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Thread

import streamlit as st
from starlette.middleware import Middleware

from ui.data import warm_up
from ui.errors import page_failed, set_up_log
from ui.routes import ROUTES, SecurityHeaders
from ui.server_settings import refuse_unsafe
from ui.upload_gate import UploadDoor


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Load what the first visitor would wait for while the browser is still opening."""
    Thread(target=warm_up, daemon=True).start()
    yield


app = st.App(
    Path(__file__).resolve().parent / "ui" / "shell.py",
    lifespan=lifespan,
    routes=ROUTES,
    middleware=[Middleware(SecurityHeaders), Middleware(UploadDoor)],
    on_script_error=page_failed,
)
# Here and not before: making the app is what lets Streamlit find its configuration, whoever serves it.
refuse_unsafe()
set_up_log()
