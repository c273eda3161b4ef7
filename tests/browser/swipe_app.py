"""The page beside it behind the product's own routes and headers."""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from ui.routes import ROUTES, SecurityHeaders

app = st.App(
    Path(__file__).with_name("swipe_page.py"), routes=ROUTES, middleware=[Middleware(SecurityHeaders)]
)
