"""Homes and keys of their own for every test of the desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.desk.keys import Keys, find_keys, make_keys
from warehouse.desk.store import DeskStore
from warehouse.intake import Intake
from warehouse.settings import load_settings


@pytest.fixture
def desk_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of a desk, with keys beside it and both named by the environment."""
    monkeypatch.setenv("DAOMAP_DESK_HOME", str(tmp_path / "desk"))
    monkeypatch.setenv("DAOMAP_DESK_KEYS", str(make_keys(tmp_path / "keys")))
    for name in ("DAOMAP_DESK_KEY", "DAOMAP_DESK_ID_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "desk"


@pytest.fixture
def keys(desk_home: Path) -> Keys:
    return find_keys(load_settings())


@pytest.fixture
def desk(desk_home: Path, keys: Keys):
    store = DeskStore(desk_home, keys)
    yield store
    store.close()


@pytest.fixture(scope="session")
def intake():
    with Intake(workers=1) as workers:
        yield workers
