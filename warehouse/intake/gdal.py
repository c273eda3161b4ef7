"""Which kinds of map file GDAL may open, and how the list of all others is found.

GDAL decides by what is inside a file, not by its name: a virtual-layer file called ``.geojson`` reads any
other file of the machine. So everything outside a short list is switched off through the environment, which
has to be set before the library loads. The worker looks at what is left and refuses to open anything if
something unexpected is.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys

from warehouse.intake.confine import ENVIRONMENT

ALLOWED = frozenset({"ESRI Shapefile", "GeoJSON", "GPKG"})
_LIST = "import pyogrio; print('\\n'.join(pyogrio.list_drivers()))"


@functools.lru_cache(maxsize=1)
def skip_environment() -> dict[str, str]:
    """``GDAL_SKIP`` naming every vector driver of this GDAL that is not allowed.

    The names are asked of a process of its own, so that the server itself never loads GDAL for this. Should
    skipping one driver bring a hidden one forward, the worker sees it and refuses.
    """
    listed = subprocess.run(
        [sys.executable, "-c", _LIST],
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.splitlines()
    return {"GDAL_SKIP": ",".join(sorted({name for name in listed if name} - ALLOWED))}
