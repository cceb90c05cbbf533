"""Words in the letters of another language: Latin ones in Cyrillic text as they sound, and the reverse.

Some voices skip letters that they do not know, and each reads them its own way; so all are given the same.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lipsync.errors import LipsyncError
from lipsync.speech.reading.passage import Rule

_KNOWN = {
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
"""As they are said where Russian is spoken; not as their English sounds would be written."""

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
"""What stands in Russian for an English sound."""
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
"""BGN/PCGN romanisation, and the like for Kazakh and Belarusian."""

_WORD = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:['’-][A-Za-zÀ-ÖØ-öø-ɏ]+)*")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u04ff]+")
_SPELLED = 5
"""Letters: a longer word in capitals is a word."""


def foreign_rules(language: str) -> list[Rule]:
    """For a language in Cyrillic letters its Latin words, and for a language in Latin letters its Cyrillic ones."""
    if language in ("ru", "uk", "kk", "be"):
        return [Rule(_WORD, lambda found: in_cyrillic(found[0], language))]
    if language == "ka":
        return []
    return [Rule(_CYRILLIC_WORD, lambda found: in_latin(found[0]))]


@lru_cache(maxsize=4096)
def in_cyrillic(word: str, language: str) -> str:
    """``word`` as it sounds in English, in Cyrillic letters: "computer" is "кемпьютер", "IBM" is "ай-би-эм"."""
    if known := _KNOWN.get(word.lower()):
        said = known
    elif "-" in word:
        return "-".join(in_cyrillic(part, language) for part in word.split("-"))
    elif word.isupper() and word.isalpha() and len(word) <= _SPELLED and word.isascii():
        said = "-".join(_LETTERS[letter] for letter in word.lower())
    elif len(word) == 1 and word.isascii():
        said = _LETTERS[word.lower()]
    else:
        said = _by_sound(word)
    return said.translate(_UKRAINIAN) if language == "uk" else said


def in_latin(word: str) -> str:
    """``word`` in Latin letters: "Пушкин" is "Pushkin"."""
    said = "".join(_LATIN.get(letter, "") for letter in word.lower())
    return said.capitalize() if word[:1].isupper() else said


def _by_sound(word: str) -> str:
    from lipsync.speech.espeak import EspeakVoice  # noqa: PLC0415 - a text without foreign words needs none of it

    try:
        phones = [phone.symbol for piece in EspeakVoice().speak(word, "en") for phone in piece.phones]
    except LipsyncError:
        return word
    sounds = "".join(phones).translate(str.maketrans("", "", "ˈˌ̩"))
    said = ""
    place = 0
    while place < len(sounds):
        size = next((size for size in (3, 2, 1) if sounds[place : place + size] in _SOUNDS), 0)
        letters = _SOUNDS.get(sounds[place : place + size], "") if size else ""
        place += size or 1
        if not letters:
            continue
        if said.endswith("й") and letters[0] in _AFTER_J:
            soft = len(said) > 1 and said[-2] not in _VOWELS
            said = said[:-1] + ("ь" if soft else "") + _AFTER_J[letters[0]] + letters[1:]
        elif letters[0] == "е" and (not said or said[-1] in _VOWELS):
            said += "э" + letters[1:]
        else:
            said += letters
    return said or word
