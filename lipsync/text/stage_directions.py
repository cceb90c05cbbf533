"""Stage directions in the replies of language models, such as ``*smiles*`` and ``(laughs)``, as actions."""

from __future__ import annotations

import re

ACTION_NAME = re.compile(r"[a-z][a-z_-]{0,29}")
"""Name of an action, such as ``greet``."""

_ACTIONS = {
    "smile": r"(?:smil|grin|beam)(?:e|es|s|ing|ning)?\b|улыба|улыбн|посміха|усміха|усміхн|жымия|күлімс",
    "laugh": r"(?:laugh|chuckl|giggl)(?:e|es|s|ing)?\b|смеё|смее|смейет|засмея|хихик|сміє|засмія|күледі",
    "nod": r"nod(?:s|ding)?\b|кива[еюя]|кивн|бас изе",
    "shake": r"shak(?:e|es|ing) (?:(?:his|her|my|their) )?head|кача\w* голов|хита\w* голов",
    "wave": r"wav(?:e|es|ing)\b|маш[еу]\w* рук|маха\w* рук|помах",
    "greet": r"(?:greet|bow)(?:s|ing)?\b|приветств|кланя|вітає|вклоня",
    "shrug": r"shrug(?:s|ging)?\b|пожима|пожал|знизу",
    "think": r"(?:think(?:s|ing)|ponder(?:s|ing)?|paus(?:e|es|ing)|hesitat(?:es|ing))\b|thoughtful|задум|думает"
    r"|замисл|ойлан|пауза",
    "explain": r"(?:gestur(?:e|es|ing)|points|pointing)\b|жестик|указыва|показує",
    "sigh": r"sigh(?:s|ing)?\b|вздых|вздохн|зітха",
    "wink": r"wink(?:s|ing)?\b|подмиг|підморг",
    "whisper": r"whisper(?:s|ing)\b|clears? (?:his|her|my|their) throat|шепч|шепоч|откашл",
}
"""Beginnings of the words of a direction, in English, Russian, Ukrainian and Kazakh, by action."""
_PRONOUNS = r"(?:he|she|он|она|він|вона)\s+"
_PATTERNS = {
    action: re.compile(rf"\W*(?:{_PRONOUNS})?(?:\w+ly\s+|\w+о\s+)?(?:{stems})") for action, stems in _ACTIONS.items()
}
MAX_WORDS = 4
"""Words of a direction: “shakes her head slowly”. Longer remarks are part of what is said."""


def direction_action(text: str) -> str | None:
    """Return the action that ``text``, the content of asterisks or brackets, directs; None where it directs nothing.

    >>> direction_action("smiles warmly")
    'smile'
    """
    folded = text.strip().casefold()
    if not folded or len(folded.split()) > MAX_WORDS:
        return None
    return next((action for action, pattern in _PATTERNS.items() if pattern.match(folded)), None)
