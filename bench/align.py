"""``python -m bench.align``: how far p, b and m are from where two engines themselves put them, and what it costs.

Silero (Russian, four voices, steps of 12.5 ms) and hibari (English, two speeds, steps of 25 ms) are asked for the
times by which they made their sound; :func:`lipsync.speech.alignment.align.align_phones` gets only the sound and the
text.

An engine's clock may run before or behind its sound: it is set by the hiss of s and sh, which the alignment of p, b
and m has nothing to do with, as the shift at which the engine's own s and sh fit best with the power above 4 kHz.
Then "plain" is what stretching espeak-ng's times to the length of the sound would give.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from bench.hibari_times import hibari_phonemes
from bench.silero_times import silero_letters
from lipsync.speech.alignment.align import align_phones, find_voiced_range
from lipsync.speech.engines.espeak import EspeakVoice
from lipsync.speech.types import Phone, Speech

RUSSIAN = """Мама мыла раму, а папа пел песню.
Бабушка купила на рынке большой арбуз и спелые помидоры.
Мы приехали в город поздно вечером, когда все магазины были закрыты.
Петя подарил Маше букет полевых цветов.
Пожалуйста, передайте мне кувшин с холодной водой.
На столе лежали книги, бумаги и старый компас.
Он обещал вернуться через минуту, но пропал на два часа.
Любимый пёс бежал впереди, а за ним прыгал маленький мальчик.
Погода была прекрасная: солнце, тёплый ветер и ни одного облака.
Сегодня я хочу показать вам, как работает эта программа.
Компания объявила о продаже нового телефона по низкой цене.
Помните, что завтра будет большой праздник.
Врач попросил больного спокойно подышать и не двигаться.
Император подписал документ и приказал отправить посла.
Мне нравится смотреть на море, особенно зимой.
Поезд прибывает на первый путь, будьте внимательны.
Объём памяти ограничен, поэтому программа быстро закрывается.
Бобры построили плотину поперёк маленькой реки.
Меня зовут Гаусс, я математик и астроном."""
ENGLISH = """My mother bought a big map of Brazil at the market.
Please bring me a cup of black coffee and a piece of apple pie.
The boy jumped over the bridge, and the dog barked at him.
We hope to meet you at the museum before the party begins.
Bob and Pam built a small boat and painted it blue.
Speech is the most natural way for people to talk with each other.
When a computer speaks, we expect its face to move with the words.
Maybe the best option is to simply remove the broken pump.
A member of parliament promised to improve public transport.
Many people believe that the problem is impossible to solve.
The temperature dropped rapidly, and by morning the pond was frozen.
He put the empty bottle back in the paper bag.
Remember to submit the report by the end of September.
In the beginning, nobody imagined how popular the program would become.
The baby sleeps in the middle of a big bed.
I am about to open the window; the room is too warm.
Plants need water, air, and sunlight to grow properly.
Sometimes a simple map is better than a clever machine.
They camped above the bay and picked blueberries.
My name is Gauss, and I have been hanging on this wall for years."""

_LIPS = {"п": "p", "б": "p", "м": "m", "p": "p", "b": "p", "m": "m"}
"""p and b are one here: which of them sounds is often a matter of the neighbour."""
_HISSES = frozenset("сшщsʃ")
_CLOSED = 0.7
"""Of a p or b, the part before its burst, as lipsync.animation counts it."""


@dataclass(frozen=True)
class Told:
    """A sentence, and what its engine tells of it."""

    text: str
    language: str
    samples: NDArray[np.float32]
    rate: int
    sounds: list[tuple[str, float, float]]


def main() -> None:
    """Print the table."""
    print(f"{date.today():%d %B %Y}, {len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f}")
    print("| voice | p, b, m | median | 90 % | p and b | m | plain: median, 90 % | clock | ms a second of speech |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, language, said in _voices():
        print(
            _row(
                name, [_told(text, language, said) for text in (RUSSIAN if language == "ru" else ENGLISH).split("\n")]
            )
        )


Said = Callable[[str], tuple[NDArray[np.float32], list[tuple[str, float, float]]]]


def _voices() -> Iterator[tuple[str, str, Said]]:
    for speaker, sex in (("aidar", "man"), ("eugene", "man"), ("baya", "woman"), ("xenia", "woman")):
        yield f"silero {speaker} (Russian, {sex})", "ru", lambda text, speaker=speaker: silero_letters(text, speaker)  # type: ignore[misc]
    for speed in (1.0, 1.25):
        yield (
            f"hibari (English, woman, speed {speed:g})",
            "en",
            lambda text, speed=speed: hibari_phonemes(text, speed),
        )  # type: ignore[misc]


def _told(text: str, language: str, said: Said) -> Told:
    samples, sounds = said(text)
    return Told(text, language, samples, 48000 if language == "ru" else 24000, sounds)


def _row(name: str, told: Sequence[Told]) -> str:
    clock = _clock(told)
    aligned: list[tuple[str, float]] = []
    plain: list[tuple[str, float]] = []
    skipped, seconds, spoken = 0, 0.0, 0.0
    for one in told:
        speech = Speech(one.samples, one.rate, text=one.text, language=one.language)
        began = time.process_time()
        found = align_phones(speech, one.language)
        seconds += time.process_time() - began
        spoken += speech.duration
        true = _true(one.sounds, clock)
        mine, stretched = _lips(found.phones), _lips(_stretched(speech, one.language))
        if [sound for sound, _ in mine] != [sound for sound, _ in true]:
            skipped += 1  # another pronunciation: there is no telling which is which
            continue
        aligned += [(sound, at - of) for (sound, at), (_, of) in zip(mine, true, strict=True)]
        plain += [(sound, at - of) for (sound, at), (_, of) in zip(stretched, true, strict=True)]
    both = {kind: _figures(off for sound, off in aligned if sound in kind) for kind in ("pm", "p", "m")}
    left = f" ({skipped} sentences said otherwise)" if skipped else ""
    return (
        f"| {name} | {len(aligned)}{left} | {both['pm'][0]:.0f} ms | {both['pm'][1]:.0f} ms | "
        f"{both['p'][0]:.0f}, {both['p'][1]:.0f} | {both['m'][0]:.0f}, {both['m'][1]:.0f} | "
        f"{', '.join(f'{value:.0f}' for value in _figures(off for _, off in plain))} | {1000 * clock:.0f} ms | "
        f"{1000 * seconds / spoken:.0f} |"
    )


def _figures(off: Iterator[float]) -> tuple[float, float]:
    """Median and 90th percentile of the distances, in milliseconds."""
    values = 1000 * np.abs(list(off))
    return float(np.median(values)), float(np.percentile(values, 90))


def _true(sounds: list[tuple[str, float, float]], clock: float) -> list[tuple[str, float]]:
    """Each closure's middle; two letters in a row are one."""
    found: list[tuple[str, float, float]] = []
    for sound, start, end in sounds:
        kind = _LIPS.get(sound)
        if kind and found and found[-1][0] == kind and start - found[-1][2] < 0.001:
            found[-1] = (kind, found[-1][1], end)
        elif kind:
            found.append((kind, start, end))
    return [(kind, (start + end) / 2 + clock) for kind, start, end in found]


def _lips(phones: Sequence[Phone]) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for phone in phones:
        kind = _LIPS.get(phone.symbol[:1])
        if kind:
            closed = _CLOSED if kind == "p" else 1.0
            found.append((kind, phone.start + closed * (phone.end - phone.start) / 2))
    return found


def _stretched(speech: Speech, language: str) -> list[Phone]:
    """espeak-ng's phones, from the first to the last sound of ``speech``."""
    (reference,) = EspeakVoice().speak(speech.text, language)
    theirs, ours = (
        find_voiced_range(reference.samples, reference.rate),
        find_voiced_range(speech.samples, speech.rate),
    )
    assert theirs is not None
    assert ours is not None
    factor = (ours[1] - ours[0]) / speech.rate / ((theirs[1] - theirs[0]) / reference.rate)
    start, first = ours[0] / speech.rate, theirs[0] / reference.rate
    return [
        Phone(p.symbol, start + (p.start - first) * factor, start + (p.end - first) * factor)
        for p in reference.phones
    ]


def _clock(told: Sequence[Told]) -> float:
    """Seconds to add to the engine's times so that its s and sh lie where hissing is heard."""
    shifts = np.arange(-0.08, 0.0801, 0.005)
    fits = [
        [_fit(hiss, times, one.sounds, shift) for shift in shifts] for one in told for times, hiss in [_hiss(one)]
    ]
    return float(shifts[int(np.argmax(np.nansum(fits, axis=0)))])


def _fit(
    hiss: NDArray[np.float64], times: NDArray[np.float64], sounds: Sequence[tuple[str, float, float]], shift: float
) -> float:
    inside = np.zeros(len(times))
    for sound, start, end in sounds:
        if sound in _HISSES:
            inside[(times >= start + shift) & (times < end + shift)] = 1
    return float(np.corrcoef(inside, hiss)[0, 1]) if inside.any() else float("nan")


def _hiss(told: Told) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Moments 2.5 ms apart, and for each the logarithm of the power above 4 kHz against that below 3."""
    width = round(0.01 * told.rate)
    times = np.arange(int(len(told.samples) / told.rate / 0.0025)) * 0.0025
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(told.samples, (width // 2, width)), width)
    powers = np.square(np.abs(np.fft.rfft(windows[np.round(times * told.rate).astype(int)] * np.hanning(width))))
    hertz = np.fft.rfftfreq(width, 1 / told.rate)
    high, low = powers[:, hertz > 4000].sum(axis=1), powers[:, hertz < 3000].sum(axis=1)
    quiet = high + low < 1e-5 * (high + low).max()
    share = np.log10((high + 1e-7) / (low + 1e-7))
    return times, np.clip(np.where(quiet, -2.0, share), -2.0, 1.0)


if __name__ == "__main__":
    main()
