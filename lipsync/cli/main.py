"""The command line: ``lipsync say``, ``serve``, ``keys``, ``doctor``, ``voices``, ``avatars``, ``models``."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import click

from lipsync import __version__
from lipsync.cli.commands import Command, Group, json_option, usage_problem
from lipsync.cli.interruption import Interruption, interruptible
from lipsync.cli.keys import keys_group
from lipsync.cli.say import say_command
from lipsync.cli.session import Session, pass_session
from lipsync.cli.terminal import print_any_text, print_json
from lipsync.cli.voices import voices_group
from lipsync.cli.weights import models_group
from lipsync.errors import LipsyncError
from lipsync.messages import language_of_locale
from lipsync.runtime.garbage_collection import rare_collections
from lipsync.runtime.process_exit import end_process

log = logging.getLogger(__name__)

USAGE_ERROR, FAILURE, INTERRUPTED = 2, 1, 130
"""Exit codes: for a mistake of the caller, for any other error, and for Ctrl-C as in a shell."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, or one of USAGE_ERROR, FAILURE and INTERRUPTED.

    Without ``arguments`` those of the process are used, and the process ends here.
    """
    with rare_collections(), interruptible() as interruption:
        status = _run(sys.argv[1:] if arguments is None else arguments, interruption)
        if arguments is None:
            end_process(status)
    return status


def _run(arguments: Sequence[str], interruption: Interruption) -> int:
    session = Session(language_of_locale(os.environ), interruption)
    print_any_text()
    try:
        status = _invoke(arguments, session)
        sys.stdout.flush()
        return status
    except LipsyncError as error:
        print(error.message(session.language), file=sys.stderr)
        return FAILURE if error.is_server_fault else USAGE_ERROR
    except KeyboardInterrupt:
        return _report_interruption(session)
    except BrokenPipeError:  # the reader of our output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # an unexpected error: one sentence, which says how to see the traceback
        if interruption.happened:  # an import that is interrupted may raise another exception
            return _report_interruption(session)
        log.debug("unexpected", exc_info=True)
        print(session.message("cli.unexpected_error", error=f"{type(error).__name__}: {error}"), file=sys.stderr)
        return FAILURE


def _invoke(arguments: Sequence[str], session: Session) -> int:
    """Parse the arguments, call the command and return its exit code.

    It replaces ``Group.main()``, which prints a line of its own for Ctrl-C and ends the process for a broken pipe.
    """
    try:
        with lipsync_group.make_context("lipsync", list(arguments), obj=session) as context:
            return int(lipsync_group.invoke(context))
    except click.exceptions.Exit as exit:
        return exit.exit_code
    except click.UsageError as error:
        program = error.ctx.command_path if error.ctx else "lipsync"
        problem = usage_problem(error, session)
        print(session.message("cli.usage_error", problem=problem, program=program), file=sys.stderr)
        return USAGE_ERROR


def _report_interruption(session: Session) -> int:
    print(session.message("cli.interrupted"), file=sys.stderr)
    return INTERRUPTED


@click.group("lipsync", cls=Group, help="help.lipsync", no_args_is_help=False)
@click.version_option(__version__, message="%(version)s", help="help.version")
def lipsync_group() -> None:
    """Parent of all commands."""


@click.command("serve", cls=Command, help="help.serve")
@click.option("--mock", is_flag=True, help="help.serve_mock")
@pass_session
def serve_command(session: Session, mock: bool) -> int:
    """Replace this process by the server."""
    if mock:
        os.environ["LIPSYNC_MOCK"] = "1"
    _ = session.settings  # an invalid setting is reported here, before the server starts
    config = "python:lipsync.server.gunicorn.config"
    server = [sys.executable, "-m", "gunicorn", "--config", config, "lipsync.server.wsgi:app"]
    sys.stdout.flush()
    os.execv(sys.executable, server)


@click.command("doctor", cls=Command, help="help.doctor")
@json_option
@pass_session
def doctor_command(session: Session, as_json: bool) -> int:
    """Check the installation. Returns FAILURE where something required is missing."""
    from lipsync.cli.doctor import examine  # noqa: PLC0415 - --help needs none of it

    findings = examine(session.settings)
    if as_json:
        print_json({"version": __version__, "findings": [finding.as_json(session.language) for finding in findings]})
    else:
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            mark = "✓" if finding.found else "✗" if finding.needed else "–"
            purpose = finding.adds.text(session.language)
            if not finding.found:
                message_id = "cli.finding_needed" if finding.needed else "cli.finding_optional"
                purpose = session.message(message_id, purpose=purpose)
            print(f"{mark} {finding.name:<{width}}  {finding.detail_text(session.language)}  ({purpose})")
    return FAILURE if any(finding.needed and not finding.found for finding in findings) else 0


@click.command("avatars", cls=Command, help="help.avatars")
@json_option
@pass_session
def avatars_command(session: Session, as_json: bool) -> int:
    """List the bundled portraits."""
    from lipsync.face.avatars import shipped_avatars  # noqa: PLC0415 - --help needs none of it

    max_side = session.checked_settings().max_side
    avatars = shipped_avatars()
    if as_json:
        print_json([{**avatar.facts(max_side), "path": str(avatar.path)} for avatar in avatars])
    else:
        for avatar in avatars:
            width, height = avatar.video_size(max_side)
            picture, video = f"{avatar.width}x{avatar.height}", f"{width}x{height}"
            sizes = session.message("cli.avatar_sizes", picture=picture, video=video)
            print(f"{avatar.name:<8} {sizes:<34} {avatar.title.text(session.language)}. {avatar.credit}")
    return 0


for command in (
    say_command,
    models_group,
    serve_command,
    keys_group,
    doctor_command,
    voices_group,
    avatars_command,
):
    lipsync_group.add_command(command)
