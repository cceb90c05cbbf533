"""Nested dataclasses of arrays and numbers to flat arrays and back, for files that hold no code (no pickle)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")


def flatten(value: object, prefix: str = "") -> dict[str, NDArray[Any]]:
    """The fields of a dataclass as arrays, by dotted name. Fields: arrays, numbers, tuples of dataclasses."""
    if not is_dataclass(value):
        return {prefix: np.asarray(value)}
    arrays: dict[str, NDArray[Any]] = {}
    for field in fields(value):
        part, name = getattr(value, field.name), f"{prefix}{field.name}"
        if is_dataclass(part):
            arrays |= flatten(part, f"{name}.")
        elif isinstance(part, tuple):
            arrays[f"{name}.count"] = np.asarray(len(part))
            for index, item in enumerate(part):
                arrays |= flatten(item, f"{name}.{index}.")
        else:
            arrays[name] = np.asarray(part)
    return arrays


def unflatten(kind: type[Value], arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Value:
    """The dataclass ``kind`` from what ``flatten`` gave. Raises KeyError when something is missing."""
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        hint, name = hints[field.name], f"{prefix}{field.name}"
        if is_dataclass(hint):
            values[field.name] = unflatten(hint, arrays, f"{name}.")  # type: ignore[arg-type]
        elif get_origin(hint) is tuple:
            item, count = get_args(hint)[0], int(arrays[f"{name}.count"])
            values[field.name] = tuple(unflatten(item, arrays, f"{name}.{index}.") for index in range(count))
        elif isinstance(hint, type) and issubclass(hint, (int, float)):  # enumerations of integers, too
            values[field.name] = hint(arrays[name].item())
        else:
            values[field.name] = arrays[name]
    return kind(**values)
