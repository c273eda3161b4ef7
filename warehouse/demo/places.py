"""A point in every subdistrict, for fields that are alike at places near each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from geo.boundaries import embedded_provinces
from geo.codes import official_areas


@lru_cache(maxsize=1)
def inner_points() -> Mapping[str, tuple[float, float]]:
    """Longitude and latitude (EPSG:4326) of a point for every official subdistrict.

    Districts stand on a spiral around the middle of their province, subdistricts around their district, in the order of their
    codes: near in the list is near on the map, which is all that a smooth field asks of them.
    """
    frame = embedded_provinces()
    middles = frame.geometry.representative_point()
    box = frame.geometry.bounds
    spread = np.sqrt((box["maxx"] - box["minx"]) * (box["maxy"] - box["miny"]) / 2).to_numpy()
    middle = {
        code: (point.x, point.y, float(size))
        for code, point, size in zip(frame["code"], middles, spread, strict=True)
    }
    found: dict[str, tuple[float, float]] = {}
    for area in official_areas().values():
        if area.level == "subdistrict":
            x, y, size = middle[area.code[:2]]
            dx, dy = _spiral(int(area.code[2:4]))
            sx, sy = _spiral(int(area.code[4:6]))
            found[area.code] = (
                x + size * (0.09 * dx + 0.025 * sx),
                y + size * (0.09 * dy + 0.025 * sy),
            )
    return found


def _spiral(number: int) -> tuple[float, float]:
    """The position of a number on a sunflower's spiral, about 1 apart."""
    angle = number * np.pi * (3.0 - np.sqrt(5.0))
    return float(np.sqrt(number) * np.cos(angle)), float(np.sqrt(number) * np.sin(angle))
