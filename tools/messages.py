"""Brings the message catalogues up to date after a change of a ``.po`` file: ``python -m tools.messages``.

Copies the English sentence and the notes for translators into the other languages' ``.po`` files, marks the
translations of changed English sentences as fuzzy, and compiles all files to the ``.mo`` files of the package. Writes
the messages of the widget into its script. docs/translating.md describes the files.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from lipsync.messages.languages import DEFAULT_LANGUAGE, LANGUAGES
from lipsync.server.widget_words import widget_module

_PACKAGE = Path(__file__).resolve().parent.parent / "lipsync"
LOCALES = _PACKAGE / "messages" / "locales"
"""The folder of the catalogues."""
WIDGET = _PACKAGE / "server" / "static" / "embed" / "messages.js"
"""The script with the messages of the widget."""
_ENGLISH = "English: "
"""Begins the comment that holds the English sentence."""


def main(folder: Path = LOCALES) -> int:
    """Rewrite the ``.po`` files of ``folder`` and compile them; 1 where translations are missing or fuzzy, else 0."""
    source = read_catalogue(folder / f"{DEFAULT_LANGUAGE}.po")
    unfinished = 0
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        catalogue = read_catalogue(path)
        if language != DEFAULT_LANGUAGE:
            catalogue = merge(source, catalogue)
            unfinished += report(language, catalogue)
        with path.open("wb") as file:
            write_po(file, catalogue, width=0)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue, use_fuzzy=True)
    return 1 if unfinished else 0


def widget_messages(folder: Path = LOCALES) -> str:
    """The script with the messages of the widget, from the catalogues of ``folder``."""
    catalogues = {language: read_catalogue(folder / f"{language}.po") for language in LANGUAGES}

    def text_of(name: str, language: str) -> str:
        message = catalogues[language].get(name)
        if message is None:
            raise KeyError(name)
        return forms(message)[0]

    return widget_module(text_of)


def read_catalogue(path: Path) -> Catalog:
    """The catalogue in a ``.po`` file, whose name is its language."""
    with path.open("rb") as file:
        return read_po(file, locale=path.stem, abort_invalid=True)


def merge(source: Catalog, translated: Catalog) -> Catalog:
    """The messages of ``source`` in their order, with the translations and the header of ``translated``."""
    merged = Catalog(locale=translated.locale, header_comment=translated.header_comment, fuzzy=False)
    merged.mime_headers = translated.mime_headers
    for message in source:
        if not message.id:
            continue
        old = translated.get(message_id(message))
        notes = [*message.auto_comments, *english(message)]
        flags = set(old.flags) if old else set()
        if old and english_part(old.auto_comments) not in ("", english_part(notes)):
            flags.add("fuzzy")
        user_comments = old.user_comments if old else ()
        string = old.string if old else ""
        merged.add(message.id, string, flags=flags, auto_comments=notes, user_comments=user_comments)
    return merged


def message_id(message: Message) -> str:
    """The id of a message, with or without plural forms."""
    return message.id if isinstance(message.id, str) else message.id[0]


def english(message: Message) -> list[str]:
    """The English forms of a message as comments for translators, one line each."""
    return [_ENGLISH + form for form in dict.fromkeys(" ".join(form.split()) for form in forms(message))]


def forms(message: Message) -> list[str]:
    """The forms of a message's translation; one where it has no plural."""
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def english_part(comments: Sequence[str]) -> str:
    """The English sentences in the comments of a message, which ``write_po`` has wrapped."""
    _, mark, rest = " ".join(comments).partition(_ENGLISH)
    return mark + rest


def report(language: str, catalogue: Catalog) -> int:
    """Print the ids of missing and fuzzy translations; how many there are."""
    unfinished = [
        message_id(message) for message in catalogue if message.id and (message.fuzzy or not all(forms(message)))
    ]
    for name in unfinished:
        print(f"{language}.po: {name} has to be translated or reviewed (remove “fuzzy” after the review)")
    return len(unfinished)


if __name__ == "__main__":
    status = main()
    WIDGET.write_text(widget_messages(), "utf-8")
    sys.exit(status)
