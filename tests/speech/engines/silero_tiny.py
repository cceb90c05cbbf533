"""What stands in for Silero's network in tests: the same face, a tone for a voice. It is packed as theirs is."""

from __future__ import annotations

import torch

PITCH = {"xenia": 220.0, "eugene": 110.0, "en_0": 330.0, "en_20": 440.0}


class TinySilero:
    """A tone of a twentieth of a second for each character."""

    symbols = "_~|!+,-.:;?абвгдежзийклмнопрстуфхцчшщъыьэюяё–… "

    def __init__(self, symbols: str = symbols) -> None:
        self.symbols = symbols
        self.said: list[str] = []

    def apply_tts(self, text: str, speaker: str, sample_rate: int, put_accent: bool, put_yo: bool) -> torch.Tensor:
        assert put_accent
        assert put_yo
        if "тишина" in text:
            return torch.zeros(sample_rate)
        if "ошибка" in text:
            raise ValueError
        self.said.append(text)
        time = torch.arange(len(text) * sample_rate // 20) / sample_rate
        return 0.5 * torch.sin(2 * torch.pi * PITCH[speaker] * time)
