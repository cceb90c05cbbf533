"""click's commands with help in the language of the terminal.

The ``help`` of a command, an argument or an option is the id of a message (``help.say``), which is translated when
the help is printed. A usage error becomes one sentence.
"""

from __future__ import annotations

from collections.abc import Iterable

import click

from lipsync.cli.session import Session

HEADINGS = {
    "Positional arguments": "help.arguments",
    "Options": "help.options",
    "Commands": "help.commands",
}
"""Message for each heading that click writes in English."""


class HelpFormatter(click.HelpFormatter):
    """Writes help whose texts are ids of messages."""

    session: Session

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line with the command and its arguments."""
        super().write_usage(prog, args, prefix or f"{self.session.message('help.usage')}: ")

    def write_heading(self, heading: str) -> None:
        """Write the heading of a section."""
        super().write_heading(self.session.message(HEADINGS[heading]) if heading in HEADINGS else heading)

    def write_text(self, text: str) -> None:
        """Write the description of a command, of which ``text`` is the id."""
        super().write_text(self.session.message(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of names, each with the id of its description."""
        translated = [(name, self.session.message(text) if text else "") for name, text in rows]
        super().write_dl(translated, col_max, col_spacing)


class Context(click.Context):
    """A context whose help is in the language of its :class:`lipsync.cli.session.Session`."""

    def make_formatter(self) -> HelpFormatter:
        """A formatter for the help of this context's command."""
        formatter = HelpFormatter(width=self.terminal_width, max_width=self.max_content_width)
        formatter.session = self.find_object(Session) or Session("en")
        return formatter


def _print_help(context: click.Context, _parameter: click.Parameter, is_given: bool) -> None:
    """Callback of ``--help``. It prints by ``print``: ``click.echo`` writes UTF-8 also to an ASCII terminal."""
    if is_given and not context.resilient_parsing:
        print(context.get_help())
        context.exit()


_HELP_OPTION = click.Option(
    ["--help"], is_flag=True, is_eager=True, expose_value=False, help="help.help", callback=_print_help
)


class Command(click.Command):
    """A command with translated help."""

    context_class = Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:  # noqa: ARG002 - click calls it by name
        """The option ``--help``."""
        return _HELP_OPTION

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse ``args``. Every UsageError gets the context, by which the sentence names the command."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Group(Command, click.Group):
    """A group of commands with translated help."""

    command_class = Command
    group_class = type


json_option = click.option("--json", "as_json", is_flag=True, help="help.json")
"""Decorator: the option ``--json``."""


def usage_problem(error: click.UsageError, session: Session) -> str:
    """What is wrong with a command line, as a part of a sentence. Rare errors keep click's English text."""
    if isinstance(error, click.NoSuchOption):
        return session.message("cli.unknown_option", option=error.option_name)
    if isinstance(error, click.NoSuchCommand):
        return session.message("cli.unknown_command", command=error.command_name)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return session.message("cli.missing_argument", name=error.param.human_readable_name)
    if isinstance(error, click.BadOptionUsage):
        return session.message("cli.missing_value", option=error.option_name)
    text = " ".join(error.format_message().split())
    return session.message("cli.missing_command") if text == "Missing command." else text.removesuffix(".")
