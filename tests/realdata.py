"""Where tests find the real files agencies published.

The files are not part of this repository (most state no licence), so every test that wants one asks for it
here and is skipped, with the reason printed, on a machine that does not have it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parent.parent


def real_root() -> Path:
    """Folder that holds the real files: ``DAOMAP_REAL_DATA``, or ``shared/data`` beside the checkout.

    Returns
    -------
    Path
        The folder, which may not exist.
    """
    configured = os.environ.get("DAOMAP_REAL_DATA")
    return Path(configured) if configured else _CHECKOUT.parent / "shared" / "data"


def real_path(relative: str) -> Path:
    """Path of one real file or folder; skips the running test where it is absent.

    Parameters
    ----------
    relative : str
        Path below the folder of real files, such as ``"boundaries/tha_adm1_province_shapefile.zip"``.

    Returns
    -------
    Path
        An existing path.
    """
    path = real_root() / relative
    if not path.exists():
        pytest.skip(
            f"real file not on this machine: {relative} (set DAOMAP_REAL_DATA to the folder that holds it)"
        )
    return path
