"""The ASGI entry of Daomap: ``streamlit run app.py`` finds ``app`` by itself."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ui.routes import ROUTES, SecurityHeaders

app = st.App(
    Path(__file__).resolve().parent / "ui" / "shell.py",
    routes=ROUTES,
    middleware=[Middleware(SecurityHeaders)],
)
