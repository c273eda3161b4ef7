"""Opening files from outside: a pool of worker processes that hand back text tables or a refusal."""

from __future__ import annotations

from warehouse.intake.pool import Intake, IntakeError, Job, Result

__all__ = ["Intake", "IntakeError", "Job", "Result"]
