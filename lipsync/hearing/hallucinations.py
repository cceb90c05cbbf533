"""Text that Whisper invents: sentences that repeat themselves, and the subtitles of its training data.

On silence base writes "you", in Russian «Редактор субтитров А. Синецкая»; on pink noise «ТРЕВОЖНАЯ МУЗЫКА».
"""

from __future__ import annotations

import re

_MAX_REPEATS = 4
"""Repetitions of one or two words that nobody says."""
_MIN_PHRASE = 3
"""Words of a phrase that is cut where the text is nothing but its repetition."""

_CREDITS = re.compile(
    r".*(?:amara\.org|dimatorzok)|редактор субтитров|субтитры (?:сделал|создавал|подготов|предоставл|делал)"
    r"|субтитрування|субтитри (?:створив|зробив|створено)|untertitel (?:im auftrag|von|der)|untertitelung"
    r"|sous-titr(?:es|age) (?:réalisés|par|st)|sottotitoli (?:e revisione|creati)|subtítulos (?:realizados|por)"
    r"|legendas pela|napisy stworzone|titulky vytvořil|altyazı m\.?k|subtitles by",
    re.IGNORECASE | re.DOTALL,
)
"""How the credits of subtitles begin."""
_SOUND = re.compile(
    r"[\[(*♪].*[\])*♪]|(?:[А-ЯЁ]+ )?(?:МУЗЫКА|АПЛОДИСМЕНТЫ|СМЕХ|МУЗИКА|ОПЛЕСКИ|СМІХ|MUSIC|APPLAUSE|LAUGHTER)[.!]?",
    re.DOTALL,
)
"""The description of a sound: “[MUSIC]”, “*laughs*”, «ТРЕВОЖНАЯ МУЗЫКА»."""

_ON_SILENCE = frozenset(
    (
        *("thanks for watching", "thank you for watching", "спасибо за просмотр", "дякую за перегляд"),
        *("you", "thank you", "thanks", "bye", "bye bye", "oh", "so", "the", "i", "hmm", "um"),
        *("спасибо", "ну", "угу", "пока", "всё", "и", "а", "продолжение следует"),
        *("дякую", "ну що", "до побачення", "рахмет"),
        *("vielen dank", "danke", "merci", "gracias", "grazie", "obrigado", "dziękuję", "děkuji", "teşekkürler"),
    )
)
"""What Whisper writes for silence and noise, and what people say too. Not "yes" and "no": short answers count."""
MIN_VOICED_S = 0.4
"""Seconds of voice below which a text of _ON_SILENCE is taken for an invention."""


def cut_repeats(text: str) -> str:
    """The text without the repetitions at its end: a short window makes Whisper repeat itself until its limit.

    >>> cut_repeats("Tell me a joke, please. Tell me a joke, please. Tell me a")
    'Tell me a joke, please.'
    >>> cut_repeats("Well, no, no.")
    'Well, no, no.'
    """
    words = text.split()
    keys = [re.sub(r"\W", "", word).casefold() or word for word in words]
    for period in range(1, len(words) // 2 + 1):
        start = len(words) - period
        while start > 0 and keys[start - 1] == keys[start - 1 + period]:
            start -= 1
        repeats = (len(words) - start) / period
        is_whole = start == 0 and period >= _MIN_PHRASE and repeats >= 2
        if is_whole or repeats >= _MAX_REPEATS:
            return " ".join(words[: start + period])
    return text


def is_invented(text: str, voiced_s: float) -> bool:
    """Whether nobody said ``text``, in which ``voiced_s`` seconds of voice were found."""
    bare = text.strip()
    if _CREDITS.match(bare) or _SOUND.fullmatch(bare):
        return True
    return voiced_s < MIN_VOICED_S and re.sub(r"[^\w\s]", "", bare).casefold().strip() in _ON_SILENCE
