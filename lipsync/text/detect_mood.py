"""The mood of a sentence, by its words, punctuation, emoji and emoticons."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lipsync.text.mood import Mood
from lipsync.text.mood_lexicon import MoodLexicon, fold, mood_lexicon

MAX_STRENGTH = 0.7
"""Greatest strength of a mood that is found: a sentence is rarely as clear as a mark."""
_MIN_SCORE = 0.5
"""Smallest score that is a mood."""
_MAX_RIVAL = 0.7
"""Greatest score of a second mood, relative to that of the first, with which the first is shown."""
_STRONG, _MILD, _SIGN = 1.0, 0.45, 1.0
"""Scores of a strong word, of a mild word, and of an emoji or emoticon."""
_MORE, _LESS = 1.4, 0.6
"""Factors for a word beside one that intensifies or weakens it."""
_REACH = 2
"""Number of words over which a negation or an intensifier acts, within its clause."""
_MAX_CHARACTERS = 2000
"""Maximum number of characters of a sentence that are examined."""

_EMOJI: dict[Mood, str] = {
    "happy": "😀😃😄😁😆😅🤣😂🙂😊😇🥰😍🤩😘😗😚😙😋😛😜🤪😝🤗😎🥳😺😸😹😻🎉🎊🥂❤🧡💛💚💙💜💕💖💗💞💝👍👏🙌💪🌞☺♥🏆✌",
    "sad": "😞😔😟🙁☹😣😖😫😩🥺😢😭😥😓😿💔😪🥀😰",
    "thinking": "🤔🧐💭🤨😕🫤",
    "surprised": "😮😯😲😳🤯😱🙀😦😧🫢",
    "angry": "😠😡🤬😤👿💢🖕👎😾",
}
_EMOTICONS: dict[Mood, re.Pattern[str]] = {
    "happy": re.compile(r"(?<![\w:;])[:;=][-'^]?[)D](?!\w)|\^_\^|<3(?!\d)"),
    "sad": re.compile(r"(?<![\w:;>])[:;=]['-]?\((?!\w)|T_T"),
    "thinking": re.compile(r"(?<![\w:])[:=]-?[/\\](?![/\\\w])"),
    "surprised": re.compile(r"(?<![\w:])[:=]-?[oOоО0](?!\w)|(?<!\w)[oO]_[oO](?!\w)"),
    "angry": re.compile(r"(?<!\w)>[:;]-?\("),
}
_LOUD: tuple[Mood, ...] = ("happy", "surprised", "angry")
"""Moods that an exclamation mark makes clearer."""
_QUIET: tuple[Mood, ...] = ("thinking", "sad")
"""Moods that an ellipsis makes clearer."""
_OPEN, _CLOSED = re.compile(r"\({2,}(?!\w)"), re.compile(r"\){2,}")
"""Brackets in a row that are a smile or the opposite in Russian, where they have no counterparts: “весело)))”."""
_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_CLAUSE_END = re.compile(r"[,.;:!?…()—–\n]")
_ASKS_LOUDLY = re.compile(r"\?!|!\?|\?{2,}")


def detect_mood(sentence: str, language: str) -> tuple[Mood, float]:
    """The mood of ``sentence``, which is in NFC and has its emoji, and its strength, 0 to MAX_STRENGTH.

    ``language`` is a code; in languages without a lexicon only emoji and punctuation count. A sentence that shows no
    mood, or two of them about equally, is neutral with strength 0.
    """
    text = sentence[:_MAX_CHARACTERS]
    scores = dict.fromkeys(_EMOJI, 0.0)
    for mood, signs in _EMOJI.items():
        scores[mood] += _SIGN * min(2, sum(character in signs for character in text))
    for mood, emoticon in _EMOTICONS.items():
        if emoticon.search(text):
            scores[mood] += _SIGN
    surplus = text.count(")") - text.count("(")
    scores["happy"] += _SIGN * (surplus >= 2 and _CLOSED.search(text) is not None)
    scores["sad"] += _SIGN * (surplus <= -2 and _OPEN.search(text) is not None)
    lexicon = mood_lexicon(language)
    if lexicon is not None:
        for mood, score in _score_words(fold(text), lexicon):
            scores[mood] += score
    _score_punctuation(text, scores)
    first = max(scores, key=lambda mood: scores[mood])
    best, second = sorted(scores.values(), reverse=True)[:2]
    if best < _MIN_SCORE or second > _MAX_RIVAL * best:
        return "neutral", 0.0
    return first, min(MAX_STRENGTH, 0.2 + 0.3 * best)


def _score_words(text: str, lexicon: MoodLexicon) -> Iterator[tuple[Mood, float]]:
    """The mood and score of each word or phrase of the lexicon in ``text``, which is folded."""
    text = lexicon.ignored.sub(lambda match: "·" * len(match[0]), text)
    taken: set[int] = set()  # indices of characters that belong to a longer phrase
    found = [
        (match, mood, score)
        for patterns, score in ((lexicon.strong, _STRONG), (lexicon.mild, _MILD))
        for mood, pattern in patterns.items()
        for match in pattern.finditer(text)
    ]
    for match, mood, score in sorted(found, key=lambda one: one[0].start() - one[0].end()):
        if not taken.isdisjoint(range(*match.span())):
            continue
        taken.update(range(*match.span()))
        before = _WORD.findall(_CLAUSE_END.split(text[: match.start()])[-1])[-_REACH:]
        after = _WORD.findall(_CLAUSE_END.split(text[match.end() :], maxsplit=1)[0])[:1]
        if not lexicon.negation_before.isdisjoint(before) or not lexicon.negation_after.isdisjoint(after):
            if mood == "happy" and score == _STRONG:
                yield "sad", score * _LESS
            continue
        if not lexicon.more.isdisjoint([*before, *after]):
            yield mood, score * _MORE
        elif not lexicon.less.isdisjoint([*before, *after]):
            yield mood, score * _LESS
        else:
            yield mood, score


def _score_punctuation(text: str, scores: dict[Mood, float]) -> None:
    """Add to ``scores`` what the punctuation of ``text`` says: alone only “?!”, besides it makes a mood clearer."""
    if _ASKS_LOUDLY.search(text):
        scores["surprised"] += 0.7
    elif "!" in text:
        for mood in _LOUD:
            scores[mood] *= 1.2 + 0.1 * min(text.count("!") - 1, 2)
    if "…" in text or "..." in text:
        for mood in _QUIET:
            scores[mood] *= 1.3
