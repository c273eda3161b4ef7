"""The page beside it behind the product's own routes and headers, and a made picture of each year."""

import sys
from pathlib import Path

import numpy as np
import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Route

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.warehouse.lights import COARSE
from ui.routes import ROUTES, SecurityHeaders
from warehouse.light_images import DARK, FIRST, LIGHT_COLOURS, encode

CELLS = {2012: (25, 34), 2021: (116, 43)}
BRIGHT = (0, 255, 0)


def made(request):
    numbers = np.full(COARSE.shape, DARK, dtype=np.uint8)
    numbers[CELLS[int(request.path_params["year"])]] = FIRST
    return Response(encode(numbers, COARSE, [BRIGHT] * LIGHT_COLOURS), media_type="image/png")


app = st.App(
    Path(__file__).with_name("map_page.py"),
    routes=[Route("/made/{year}.png", made), *ROUTES],
    middleware=[Middleware(SecurityHeaders)],
)
