"""The swipe alone on a page, over the modelled pair; the address says which area and language."""

import sys
from pathlib import Path

import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.nightlight import products, read_cog
from ui.data import warehouse
from ui.swipe import Side, picture_name, swipe
from ui.texts import Words
from warehouse.light_files import raster_file
from warehouse.light_images import image_bounds, image_url

words = Words(st.query_params.get("lang", "th"))
code = st.query_params.get("area", "TH")
house = warehouse()
area = house.area(code)
product = products()["modelled"]
st.title("swipe")


@st.cache_resource
def grid_of(snapshot, year):
    return read_cog(house.info.path / raster_file("modelled", year))[1]


def side(year):
    be = words.pick(str(year + 543), str(year))
    return Side(
        url=image_url(house.snapshot, "modelled", (year,), area=code),
        bounds=image_bounds(grid_of(house.snapshot, year), house.bounds(code)),
        year=be,
        year_long=words.pick(f"พ.ศ. {be}", be),
        period="",
        product=f"{product.name(words.language)} · {product.publisher} · {product.licence}",
        file=picture_name("modelled", code, year),
        unit=product.unit,
        modelled=True,
    )


st.button("again")
swipe(
    words,
    side(2012),
    side(2021),
    place=st.query_params.get("place", words.pick(area.name_th, area.name_en)),
    lines=f"/layers/{house.snapshot}/province/TH/poverty-2018.geojson",
    own=code,
    notes=product.caveats(words.language),
)
