"""Derive ``provinces.geojson`` from Natural Earth.

Usage: ``python data/boundaries/derive_provinces.py WORLD_MAP_GPKG``, where WORLD_MAP_GPKG is
``resources/data/world_map.gpkg`` of Debian's package ``qgis-common``. Running it again on the same file gives
the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from geo.codes import official_areas, read_name
from geo.layers import DECIMALS, feature_geometries

OUTPUT = Path(__file__).with_name("provinces.geojson")


def main(path: str) -> None:
    """Write the outlines of the 77 provinces, or stop saying what does not fit."""
    layer = pyogrio.read_dataframe(path, layer="states_provinces", where="iso_a2 = 'TH'")
    codes = []
    for name, other in zip(layer["name"], layer["gn_name"], strict=True):
        # Natural Earth editions leave the name of one province empty; the GeoNames name stands beside it.
        code = read_name(name, "province").code or read_name(other, "province").code
        if code is None:
            raise SystemExit(f"no province is called {name!r} or {other!r}")
        codes.append(code)
    missing = {a.code for a in official_areas().values() if a.level == "province"} ^ set(codes)
    if missing or len(set(codes)) != len(codes):
        raise SystemExit(f"provinces missing or repeated: {sorted(missing)}")
    rounded = shapely.transform(np.asarray(layer.geometry), lambda xy: np.round(xy, DECIMALS))
    if not shapely.is_valid(rounded).all() or not shapely.coverage_is_valid(rounded):
        raise SystemExit("rounding broke the shared edges; use more decimals")
    gdf = gpd.GeoDataFrame({"code": codes}, geometry=rounded, crs="EPSG:4326").sort_values("code")
    areas = official_areas()
    features = [
        '{"type":"Feature","properties":'
        + json.dumps(
            {"code": code, "name_th": areas[code].name_th, "name_en": areas[code].name_en},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        + f',"geometry":{text}}}'
        for code, text in feature_geometries(gdf).items()
    ]
    # One feature a line keeps a change of one province readable in version control.
    OUTPUT.write_text(
        '{"type":"FeatureCollection","features":[\n' + ",\n".join(features) + "\n]}\n", encoding="utf-8"
    )
    print(f"{OUTPUT.name}: {len(features)} provinces, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
