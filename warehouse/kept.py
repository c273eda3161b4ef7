"""Answers kept in memory, a bounded number of them, one of a kind being worked out at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class Kept:
    """The last answers of some heavy question; only one is being worked out at a time, so that memory stays bounded.

    Each question has a lock of its own: whoever asks for light does not wait for access. What an answer is worked out from may
    be kept too, never the other way round, so that two locks are always taken in the same order.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._working = threading.RLock()

    def get(self, key: Hashable, work: Callable[[], T]) -> T:
        """The answer for `key`, from memory or from `work`."""
        for last in (False, True):
            with self._lock:
                if key in self._answers:
                    self._answers.move_to_end(key)
                    found: T = self._answers[key]
                    return found
            if not last:
                with self._working:
                    with self._lock:
                        known = key in self._answers
                    if not known:
                        made = work()
                        with self._lock:
                            self._answers[key] = made
                            while len(self._answers) > self._size:
                                self._answers.popitem(last=False)
                        return made
        return work()  # made by another thread and thrown out again meanwhile
