"""Words in a foreign script: Latin words in Cyrillic text are transcribed by sound, Cyrillic words romanized.

Some voices skip letters that they do not know, and others read them in their own way; this makes them uniform.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lipsync.errors import LipsyncError
from lipsync.text.normalization.rules import Rule
from lipsync.text.phonemize import phonemize

_ESTABLISHED = {
    "google": "гугл", "youtube": "ютуб", "iphone": "айфон", "ipad": "айпад", "apple": "эппл", "windows": "виндоус",
    "microsoft": "майкрософт", "android": "андроид", "linux": "линукс", "telegram": "телеграм", "whatsapp": "вотсап",
    "facebook": "фейсбук", "instagram": "инстаграм", "wikipedia": "википедия",
    "python": "пайтон", "java": "джава",
    "javascript": "джаваскрипт", "wi-fi": "вай-фай", "wifi": "вай-фай", "bluetooth": "блютус", "online": "онлайн",
    "email": "имейл", "e-mail": "имейл", "ok": "окей",
    "github": "гитхаб", "gmail": "джимейл", "mail": "мейл",
    "yandex": "яндекс", "chatgpt": "чат джи-пи-ти", "covid": "ковид", "zoom": "зум", "excel": "эксель",
    "word": "ворд",
    "twitter": "твиттер", "netflix": "нетфликс", "samsung": "самсунг",
    "tesla": "тесла", "nasa": "наса", "com": "ком",
    "ru": "ру", "org": "орг", "net": "нет", "www": "вэ-вэ-вэ", "http": "эйч-ти-ти-пи", "lipsync": "липсинк",
}  # fmt: skip
"""Words with an established Russian spelling that differs from a transcription of their English sounds."""

_LETTERS = {
    "a": "эй", "b": "би", "c": "си", "d": "ди", "e": "и", "f": "эф", "g": "джи", "h": "эйч", "i": "ай", "j": "джей",
    "k": "кей", "l": "эл", "m": "эм", "n": "эн", "o": "оу", "p": "пи", "q": "кью", "r": "ар", "s": "эс", "t": "ти",
    "u": "ю", "v": "ви", "w": "дабл-ю", "x": "икс", "y": "уай", "z": "зет",
}  # fmt: skip

_SOUNDS = {
    "tʃ": "ч", "dʒ": "дж", "aɪ": "ай", "aʊ": "ау", "eɪ": "эй", "ɔɪ": "ой", "oʊ": "оу", "ɪɹ": "ир", "ɛɹ": "эр",
    "ɑːɹ": "ар", "ɔːɹ": "ор", "oːɹ": "ор", "ʊɹ": "ур", "aɪɚ": "айер", "ɜː": "ёр", "ɚ": "ер", "iː": "и", "uː": "у",
    "ɔː": "о", "ɑː": "а", "iə": "ия", "ɪ": "и", "i": "и", "ᵻ": "и", "ɛ": "е", "e": "е", "æ": "э", "a": "а", "ɐ": "э",
    "ə": "е", "ʌ": "а", "ɑ": "а", "ɒ": "о", "ɔ": "о", "ʊ": "у", "u": "у", "b": "б", "d": "д", "f": "ф", "ɡ": "г",
    "h": "х", "k": "к", "l": "л", "m": "м", "n": "н", "ŋ": "нг", "p": "п", "ɹ": "р", "r": "р", "s": "с", "ʃ": "ш",
    "t": "т", "ɾ": "т", "θ": "с", "ð": "з", "v": "в", "w": "в", "z": "з", "ʒ": "ж", "j": "й", "x": "х", "ʔ": "т",
}  # fmt: skip
"""Cyrillic letters for English phonemes."""
_VOWELS = "аеёиоуыэюя"
_AFTER_J = {"а": "я", "о": "ё", "у": "ю", "э": "е", "е": "е", "и": "и"}
_UKRAINIAN = str.maketrans({"ё": "е", "э": "е", "ы": "и", "и": "і"})

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "yo", "ж": "zh", "з": "z", "и": "i", "й": "y",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu",
    "я": "ya", "і": "i", "ї": "yi", "є": "ye", "ґ": "g", "ә": "a", "ғ": "gh", "қ": "q", "ң": "ng", "ө": "o", "ұ": "u",
    "ү": "u", "һ": "h", "ў": "w",
}  # fmt: skip
"""BGN/PCGN romanization, extended for Kazakh and Belarusian."""

_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ɏ]+)*")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u04ff]+")
_MAX_SPELLED_LENGTH = 5
"""Maximum letters of an acronym that is spelled; a longer word in capitals is read as a word."""


def foreign_rules(language: str) -> list[Rule]:
    """Rules for Latin words in a language with Cyrillic script, and for Cyrillic words in one with Latin script."""
    if language in ("ru", "uk", "kk", "be"):
        return [Rule(_WORD, lambda match: to_cyrillic(match[0], language))]
    if language == "ka":
        return []
    return [Rule(_CYRILLIC_WORD, lambda match: to_latin(match[0]))]


@lru_cache(maxsize=4096)
def to_cyrillic(word: str, language: str) -> str:
    """Transcribe ``word`` by its English sounds: "computer" gives «кемпьютер», "IBM" gives «ай-би-эм»."""
    if known := _ESTABLISHED.get(word.lower()):
        spelling = known
    elif "-" in word:
        return "-".join(to_cyrillic(part, language) for part in word.split("-"))
    elif word.isupper() and word.isalpha() and len(word) <= _MAX_SPELLED_LENGTH and word.isascii():
        spelling = "-".join(_LETTERS[letter] for letter in word.lower())
    elif len(word) == 1 and word.isascii():
        spelling = _LETTERS[word.lower()]
    else:
        spelling = _transcribe(word)
    return spelling.translate(_UKRAINIAN) if language == "uk" else spelling


def to_latin(word: str) -> str:
    """Romanize ``word``: «Пушкин» gives "Pushkin"."""
    spelling = "".join(_LATIN.get(letter, "") for letter in word.lower())
    return spelling.capitalize() if word[:1].isupper() else spelling


def _transcribe(word: str) -> str:
    """``word`` in Cyrillic letters by its English phonemes; ``word`` itself if espeak-ng is missing or is silent."""
    try:
        phonemes = phonemize(word, "en-us")
    except LipsyncError:
        return word
    sounds = phonemes.translate(str.maketrans("", "", "ˈˌ̩ "))
    spelling = ""
    position = 0
    while position < len(sounds):
        size = next((size for size in (3, 2, 1) if sounds[position : position + size] in _SOUNDS), 0)
        letters = _SOUNDS.get(sounds[position : position + size], "") if size else ""
        position += size or 1
        if not letters:
            continue
        if spelling.endswith("й") and letters[0] in _AFTER_J:
            follows_consonant = len(spelling) > 1 and spelling[-2] not in _VOWELS
            spelling = spelling[:-1] + ("ь" if follows_consonant else "") + _AFTER_J[letters[0]] + letters[1:]
        elif letters[0] == "е" and (not spelling or spelling[-1] in _VOWELS):
            spelling += "э" + letters[1:]
        else:
            spelling += letters
    return spelling or word
