"""What every command works with: the language of the terminal, the settings, and whether the process shall end."""

from __future__ import annotations

import logging
import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING

import click

from lipsync.cli.interruption import Interruption
from lipsync.errors import InvalidFieldError
from lipsync.messages import translate
from lipsync.runtime.setting_names import unknown_settings

if TYPE_CHECKING:
    from lipsync.settings import Settings


class Session:
    """One run of the command line."""

    def __init__(self, language: str, interruption: Interruption | None = None) -> None:
        self.language = language
        self.interruption = interruption or Interruption()

    def message(self, message_id: str, /, **values: object) -> str:
        """A message in the language of the terminal, with its placeholders filled in."""
        return translate(message_id, self.language, values)

    @cached_property
    def settings(self) -> Settings:
        """The settings of the environment. Raises InvalidFieldError for one with an invalid value.

        The log is set up by them when they are read.
        """
        from pydantic import ValidationError  # noqa: PLC0415 - --help needs none of it

        from lipsync.settings import Settings  # noqa: PLC0415

        try:
            settings = Settings()
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]
            name = f"LIPSYNC_{problem['loc'][0]}".upper() if problem["loc"] else "LIPSYNC_*"
            raise InvalidFieldError("bad_field", field=name, expected=problem["msg"]) from error
        is_debug = settings.log_level.upper() == "DEBUG"
        logging.basicConfig(
            level=logging.DEBUG if is_debug else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
        )
        return settings

    def checked_settings(self) -> Settings:
        """The settings, after a warning was printed for each variable ``LIPSYNC_…`` that names no setting."""
        settings = self.settings
        for problem in unknown_settings(os.environ):
            print(problem.message(self.language), file=sys.stderr)
        return settings


pass_session = click.make_pass_decorator(Session)
"""Decorator: the callback of a command gets the :class:`Session` as its first argument."""
