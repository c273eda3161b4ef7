"""A picture with one bright cell under the outlines of the provinces; buttons change the year and the opacity."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.nightlight import THAILAND
from tests.warehouse.lights import COARSE
from ui.data import warehouse
from ui.map import AreaLayer, clicked_code, deck, raster_layer
from ui.palette import LIGHT
from warehouse.light_images import image_bounds

house = warehouse()
st.title("map")
year = 2021 if st.toggle("later") else 2012
opacity = 0.25 if st.toggle("pale") else 1.0
picture = raster_layer(f"/made/{year}.png", image_bounds(COARSE), opacity)
areas = AreaLayer(
    f"/layers/{house.snapshot}/province/TH/poverty-2018.geojson", "target_poor_rate", (), (), filled=False
)
chosen = st.pydeck_chart(
    deck(areas, THAILAND, LIGHT, "<b>{name_en}</b>", under=[picture], night=True),
    key="map",
    height=700,
    on_select="rerun",
    selection_mode="single-object",
)
st.text(f"chosen: {clicked_code(chosen.selection)}")
