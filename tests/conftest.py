"""One embedded snapshot for all tests that read one, built where no test can touch the user's own."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory) -> Path:
    """A data home with the embedded snapshot; ``DAOMAP_HOME`` points to it for the whole session."""
    home = tmp_path_factory.mktemp("home")
    os.environ["DAOMAP_HOME"] = str(home)
    from ui import data
    from warehouse.cli import main

    data.settings.cache_clear()
    data.store.cache_clear()
    assert main(["build"]) == 0
    return home
