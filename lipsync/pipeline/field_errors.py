"""What pydantic finds wrong with a request, as the errors that people see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lipsync.errors import InvalidFieldError, LipsyncError
from lipsync.messages import Message
from lipsync.text.errors import TextError

_MAX_SHOWN = 40
"""Characters of a field's name that an error repeats."""

Model = TypeVar("Model", bound=BaseModel)


def read_fields(model: type[Model], fields: Mapping[str, Any], *, strict: bool = True, text: str = "text") -> Model:
    """``fields`` as a ``model``. ``strict`` refuses "25" for a number; a form and a command line have only strings.

    ``text`` names the field with the text to speak. Raises LipsyncError: empty_text (without text),
    bad_characters (the text has a lone surrogate), bad_box, bad_field.
    """
    for name in fields:
        if name not in model.model_fields and model.model_config.get("extra") == "forbid":
            raise bad_field(name, Message("field.unknown", known=list(model.model_fields)))
    try:
        return model.model_validate(fields, strict=strict)
    except ValidationError as error:
        raise field_error(model, error.errors(include_url=False)[0], text) from error


def field_error(model: type[BaseModel], problem: ErrorDetails, text: str = "text") -> LipsyncError:
    """The error for one ``problem`` that pydantic found in the fields of ``model``."""
    field = str(problem["loc"][0])
    if field == text and problem["type"] == "missing":
        return TextError("empty_text")
    return bad_field(field, _expected(model, field, problem))


def bad_field(field: str, expected: Message) -> InvalidFieldError:
    """``bad_field`` with the field's name as far as it can be shown."""
    shown = field[:_MAX_SHOWN].encode("utf-8", "backslashreplace").decode()
    return InvalidFieldError("bad_field", field=shown, expected=expected)


def _expected(model: type[BaseModel], field: str, problem: ErrorDetails) -> Message:
    """What the field has to be."""
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "string_too_long":
        return Message("field.max_characters", limit=context["max_length"])
    if kind == "literal_error":  # pydantic's list of literals: "'mp3', 'opus' or 'wav'"
        return Message("field.one_of", known=re.findall(r"'([^']*)'", context["expected"]))
    if kind.startswith("string"):
        return Message("field.language_code") if field == "language" else Message("field.string")
    if kind in ("greater_than_equal", "less_than_equal", "finite_number"):
        minimum, maximum = _range(model, field)
        if isinstance(minimum, float):
            return Message("field.number_range", minimum=minimum, maximum=maximum)
        return Message("field.whole_number_range", minimum=minimum, maximum=maximum)
    return Message("field.number") if kind.startswith("float") else Message("field.whole_number")


def _range(model: type[BaseModel], field: str) -> tuple[float, float]:
    """Minimum and maximum of a field: integers, or floats, as they are declared."""
    limits = model.model_fields[field].metadata
    minimum = next(limit.ge for limit in limits if hasattr(limit, "ge"))
    maximum = next(limit.le for limit in limits if hasattr(limit, "le"))
    return minimum, maximum
