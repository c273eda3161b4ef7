"""Opening files from outside: a pool of worker processes that hand back text tables or a refusal.

The names are loaded when they are asked for: a worker imports from this package too, and must be confined
before anything heavy is.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from warehouse.intake.pool import Confinement, Intake, IntakeError, Job, Result, confinement

__all__ = ["Confinement", "Intake", "IntakeError", "Job", "Result", "confinement"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    return getattr(importlib.import_module("warehouse.intake.pool"), name)
