"""Stands where the vendor's package stands on Windows: a folder for the PYTHONPATH of a bridge under test."""

from __future__ import annotations

from typing import Any

from hive_exec.simulators.metatrader.state import from_environment

_package = from_environment()


def __getattr__(name: str) -> Any:
    return getattr(_package, name)
