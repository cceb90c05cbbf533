"""What is read how. The tables are by language; what follows them holds for any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync.text.languages import LANGUAGES
from lipsync.text.normalization.normalize import LEXICONS, normalize, verbalize
from tests.speech.samples import SAMPLES

RUSSIAN = {
    # numbers, and what they count
    "5 и 21": "пять и двадцать один",
    "1000 лет": "тысяча лет",
    "1 250 000 жителей": "один миллион двести пятьдесят тысяч жителей",
    "2 книги, 2 стола, 22 окна": "две книги, два стола, двадцать два окна",
    "1 минута, 21 книга, 1 окно, 101 день": "одна минута, двадцать одна книга, одно окно, сто один день",
    "2 большие комнаты, 2 больших дома": "две большие комнаты, два больших дома",
    "3,5 и 0.25": "три целых пять десятых и ноль целых двадцать пять сотых",
    "до 5 часов, К 8": "до пяти часов, К восьми",
    "5-й, 21-го, 3-я, 90-х": "пятый, двадцать первого, третья, девяностых",
    "10–15 минут": "десять–пятнадцать минут",
    "счёт 3:2, 3/4": "счёт три два, три четвёртых",
    "2+2=4": "два плюс два равно четыре",
    "007": "ноль ноль семь",
    "MP3 и Т-34": "эм-пи три и Т-тридцать четыре",
    "версия 3.11.2": "версия три точка одиннадцать точка два",
    # units, money
    "5 км, 21 км, 2 км": "пять километров, двадцать один километр, два километра",
    "60 км/ч, 10 м², 2 т": "шестьдесят километров в час, десять квадратных метров, две тонны",
    "около 21 кг": "около двадцати одного килограмма",
    "2,5 л": "две целых пять десятых литра",
    "20 %, 1%, 3,5 %": "двадцать процентов, один процент, три целых пять десятых процента",
    "−5 °C": "минус пять градусов Цельсия",
    "100 ₽, 1 руб. 50 коп.": "сто рублей, один рубль пятьдесят копеек.",
    "$9.99, 5 €": "девять долларов девяносто девять центов, пять евро",
    "5 млн руб. за дом": "пять миллионов рублей за дом",
    "2 тыс. человек": "две тысячи человек",
    # dates and times
    "12.03.2024": "двенадцатого марта две тысячи двадцать четвёртого года",
    "2024-03-12": "двенадцатого марта две тысячи двадцать четвёртого года",
    "8 марта": "восьмого марта",
    "1 января 2000 г. началось": "первого января двухтысячного года началось",
    "в 1812 году, с 1990 года": "в тысяча восемьсот двенадцатом году, с тысяча девятьсот девяностого года",
    "14:30, 09:05, 12:00": "четырнадцать тридцать, девять ноль пять, двенадцать ноль-ноль",
    "XX век, в XIX в.": "двадцатый век, в девятнадцатом веке",
    "Пётр I и Екатерина II": "Пётр первый и Екатерина вторая",
    # short forms
    "т. е. так, и т. д.": "то есть так, и так далее.",
    "и др. Он": "и другие. Он",
    "ул. Ленина, д. 5": "улица Ленина, дом пять",
    "США, МГУ, НАТО и ФСБ": "сэ-шэ-а, эм-гэ-у, НАТО и эф-эс-бэ",
    "Да. 5 лет": "Да. Пять лет",
    "в г. Москве": "в городе Москве",
    "Сайт a.com/b?c=1. Да": "Сайт эй точка ком слэш би. Да",
    "№ 5 и § 3": "номер пять и параграф три",
    # addresses, other letters
    "Пишите: anna@mail.ru.": "Пишите: эне собака мейл точка ру.",
    "Сайт https://www.google.com/maps?x=1.": "Сайт гугл точка ком слэш мэпс.",
    "+7 (495) 123-45-67": "плюс семь, четыреста девяносто пять, сто двадцать три, сорок пять, шестьдесят семь",
    "Windows 11, Wi-Fi": "виндоус одиннадцать, вай-фай",
    "C-C и I'M": "си-си и айм",
    "#привет": "хэштег привет",
}

ENGLISH = {
    "5 and 21": "five and twenty-one",
    "1,250 people": "one thousand two hundred and fifty people",
    "In 1999, 2024 and the 1990s": "In nineteen ninety-nine, twenty twenty-four and the nineteen nineties",
    "3.14": "three point one four",
    "21st, 3rd": "twenty-first, third",
    "5–10 km, 1 km": "five to ten kilometres, one kilometre",
    "60 mph, 20%": "sixty miles per hour, twenty percent",
    "$9.99, $1.5M, £5 million.": "nine dollars and ninety-nine cents, one point five million dollars, "
    "five million pounds.",
    "March 12, 2024": "March twelfth, twenty twenty-four",
    "12 March 2024": "the twelfth of March, twenty twenty-four",
    "on Jan. 3, Sept. 21, 2024": "on January third, September twenty-first, twenty twenty-four",
    "12/25/2024": "December twenty-fifth, twenty twenty-four",
    "2:30 pm, 9:05, 12:00": "two thirty p m, nine oh five, twelve o'clock",
    "Chapter IV, Louis XIV, World War II, and I": "Chapter four, Louis the fourteenth, World War two, and I",
    "Dr. Smith, e.g. Mr. Brown etc.": "Doctor Smith, for example Mister Brown et cetera.",
    "a.b@mail.com": "a dot b at mail dot com",
    "See https://www.example.com/path?q=1.": "See example dot com slash path.",
    "1/2 and 3/4": "one half and three quarters",
    "Пушкин": "Pushkin",
}

UKRAINIAN = {
    "2 книги, 2 столи, 1 година": "дві книги, два столи, одна година",
    "5 км, 2,5 км": "п'ять кілометрів, дві цілих п'ять десятих кілометра",
    "250,50 грн": "двісті п'ятдесят гривень п'ятдесят копійок",
    "12.03.2024": "дванадцятого березня дві тисячі двадцять четвертого року",
    "У 1991 році": "У тисяча дев'ятсот дев'яносто першому році",
    "3-й, 5-та": "третій, п'ята",
    "XX століття": "двадцяте століття",
    "Facebook": "фейсбук",
}

KAZAKH = {
    "5 км, 2,5 кг": "бес километр, екі бүтін оннан бес килограмм",
    "12.03.2024": "екі мың жиырма төртінші жылғы он екінші наурыз",
    "2024 жылы": "екі мың жиырма төртінші жылы",
    "3-ші, 20 %": "үшінші, жиырма пайыз",
    "5000 ₸": "бес мың теңге",
    "XX ғасыр": "жиырмасыншы ғасыр",
    "Google": "гугл",
}

CASES = [
    (code, text, said)
    for code, table in (("ru", RUSSIAN), ("en", ENGLISH), ("uk", UKRAINIAN), ("kk", KAZAKH))
    for text, said in table.items()
]


@pytest.mark.parametrize(("language", "text", "said"), CASES)
def test_normalized_text(language: str, text: str, said: str) -> None:
    assert verbalize(normalize(text, language)) == said


@pytest.mark.parametrize("language", LEXICONS)
def test_plain_words_stay_as_they_are(language: str) -> None:
    assert verbalize(normalize(SAMPLES[language], language)) == SAMPLES[language]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_no_digit_remains_with_a_lexicon(language) -> None:
    said = verbalize(normalize("12 345 и 6,7 ½ 2024 1:2:3 4.5.6 7-8 №9 A10", language.code))
    assert any(character.isdigit() for character in said) is (language.code not in LEXICONS)


@given(st.text("а1 2.,:-–/%$€№§@#+=°CкмгXIVvг.рa\n½", max_size=60), st.sampled_from([*LEXICONS, "de", "be"]))
def test_the_parts_joined_are_the_text(text: str, language: str) -> None:
    assert "".join(part.written for part in normalize(text, language)) == text


LONG = ("1", "1.", "a@", "a.", "1 ", "X", "+7 ", "-", "т. ", "№", "я1")


@pytest.mark.parametrize("text", [*(part * (5000 // len(part)) for part in LONG), "http://" + "a" * 4990])
def test_normalization_is_fast(text: str) -> None:
    started = time.process_time()
    for language in LEXICONS:
        normalize(text, language)
    assert time.process_time() - started < 8
