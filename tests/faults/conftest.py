"""The log of the product, seen by the tests whatever an earlier test set up."""

import logging

import pytest


@pytest.fixture(autouse=True)
def log_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger("daomap"), "propagate", True)
