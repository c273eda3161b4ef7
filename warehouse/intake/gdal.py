"""Which kinds of map file GDAL may open, and how the list of all others is found.

GDAL decides by what is inside a file, not by its name: a virtual-layer file called ``.geojson`` reads any
other file of the machine. So everything outside a short list is switched off through the environment, which
has to be set before the library loads. The worker looks at what is left and refuses to open anything if
something unexpected is.

pyogrio and rasterio each bring a GDAL of their own, with drivers and a version of their own.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass

from warehouse.intake.confine import ENVIRONMENT

ALLOWED = frozenset({"ESRI Shapefile", "GeoJSON", "GPKG"})
ALLOWED_RASTER = frozenset({"GTiff", "COG", "MEM"})
#: GDAL of pyogrio that is required, and GDAL of rasterio below which raster files are read in confinement only.
REQUIRED_VECTOR = (3, 12, 4)
WANTED_RASTER = (3, 11, 0)

_LIST = """
import json
import pyogrio, rasterio
with rasterio.Env() as env:
    raster = sorted(env.drivers())
print(json.dumps({
    "vector": sorted(pyogrio.list_drivers()), "raster": raster,
    "vector_version": list(pyogrio.__gdal_version__), "raster_version": rasterio.__gdal_version__,
}))
"""


@dataclass(frozen=True, slots=True)
class Gdal:
    """The two GDALs of this installation.

    Attributes
    ----------
    vector, raster : frozenset of str
        Short names of all drivers of pyogrio's and rasterio's GDAL.
    vector_version, raster_version : tuple of int
    """

    vector: frozenset[str]
    raster: frozenset[str]
    vector_version: tuple[int, ...]
    raster_version: tuple[int, ...]

    @property
    def vector_old(self) -> bool:
        """Whether maps must not be opened with this pyogrio at all."""
        return self.vector_version < REQUIRED_VECTOR

    @property
    def raster_old(self) -> bool:
        """Whether rasters may be opened in a confined worker only."""
        return self.raster_version < WANTED_RASTER

    def complaints(self, language: str = "th") -> list[str]:
        """One line for each GDAL that is too old; none where both are fit."""
        lines = []
        if self.vector_old:
            found, wanted = _dotted(self.vector_version), _dotted(REQUIRED_VECTOR)
            lines.append(
                f"GDAL ของ pyogrio เก่าเกินไป: พบ {found} ต้องเป็น {wanted} ขึ้นไป ไฟล์แผนที่จะไม่ถูกเปิด วิธีแก้: ติดตั้งไลบรารีตาม uv.lock"
                if language == "th"
                else f"pyogrio's GDAL is too old: found {found}, expected {wanted} or newer; maps are not opened. "
                "To mend: install the libraries of uv.lock"
            )
        if self.raster_old:
            found, wanted = _dotted(self.raster_version), _dotted(WANTED_RASTER)
            lines.append(
                f"GDAL ของ rasterio เก่า: พบ {found} ควรเป็น {wanted} ขึ้นไป ภาพจะถูกอ่านเมื่อมีการกักกันเท่านั้น วิธีแก้: ใช้ Python 3.12 ขึ้นไป"
                if language == "th"
                else f"rasterio's GDAL is old: found {found}, expected {wanted} or newer; rasters are read in "
                "confinement only. To mend: use Python 3.12 or newer"
            )
        return lines


@functools.lru_cache(maxsize=1)
def installed() -> Gdal:
    """Drivers and versions of both GDALs, asked of a process of its own so that the server never loads them.

    Raises
    ------
    subprocess.SubprocessError
        When the libraries cannot be loaded.
    """
    listed = subprocess.run(
        # -P: what lies in the folder a person stands in is not ours to import.
        [sys.executable, "-P", "-c", _LIST],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    told = json.loads(listed.strip().splitlines()[-1])
    return Gdal(
        frozenset(told["vector"]),
        frozenset(told["raster"]),
        tuple(told["vector_version"]),
        _version(told["raster_version"]),
    )


def skip_environment() -> dict[str, str]:
    """``GDAL_SKIP`` and ``OGR_SKIP`` naming every driver of pyogrio's GDAL that is not allowed.

    Should skipping one driver bring a hidden one forward, the worker sees it and refuses.
    """
    return _skip(installed().vector - ALLOWED)


def raster_skip_environment() -> dict[str, str]:
    """The same for rasterio's GDAL, to be set between the two imports.

    ``GDAL_SKIP`` alone leaves a dozen vector drivers registered there, HTTP and PDF among them.
    """
    return _skip(installed().raster - ALLOWED_RASTER)


def _skip(names: frozenset[str]) -> dict[str, str]:
    listed = ",".join(sorted(names))
    return {"GDAL_SKIP": listed, "OGR_SKIP": listed}


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("-")[0].split("rc")[0].split(".")[:3] if part.isdigit())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
