"""One embedded snapshot for all tests that read one, built where no test can touch the user's own."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# The same examples at every run, and no stop-watch: a red run is then a change's fault, and can be repeated.
# DAOMAP_EXPLORE=1 looks for new examples, more of them.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("explore" if os.environ.get("DAOMAP_EXPLORE") else "steady")


# Begun first where tests run side by side: what takes minutes must not be what everybody waits for at the end.
LONG = (
    "tests/faults/test_kill.py",
    "browser",
    "tests/real/test_disclosure_real.py",
    "tests/malformed/test_generated.py",
)


def _together(nodeid: str) -> str:
    """What runs in one process: a file's tests, for the servers and homes they share; all with a browser, which fills a machine."""
    file = nodeid.partition("::")[0]
    return "browser" if file.startswith("tests/browser/") or file == "tests/web/test_deploy.py" else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {name: position for position, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(_together(item.nodeid), len(place)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Deals the groups of `_together` to the processes, the longest first."""

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _together(nodeid)

    return Groups(config, log)


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
