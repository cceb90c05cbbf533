"""Text normalization: numbers, dates, money, units, abbreviations, addresses and foreign words in words.

"5 км", "12.03.2024", "$9.99" and "ivan@mail.ru" sound alike in every voice. The entry point is
:func:`lipsync.text.normalization.normalize.normalize`.

To add a language that has words of its own for numbers and units:

1. Write its :class:`~lipsync.text.normalization.lexicon.Lexicon` in a module of its own (see ``kazakh.py``, the
   shortest): names of months and units, abbreviations, signs. It is Python rather than TOML, because the type checker
   then finds a missing field, and nouns with several forms are written in one line.
2. Add it to ``LEXICONS`` in ``normalize.py``.
3. Add the order of day, month and year in ``dates.py`` (``date_rules``), the endings of ordinals in ``amounts.py``
   (``_ORDINAL_ENDINGS``), names of centuries, parts and rulers in ``roman.py``, and the words of decimal fractions in
   ``numbers.py`` (``decimal``). num2words must know the numbers of the language.
4. Add cases to tests/text/normalization/test_normalize.py.

A language without a lexicon only has its foreign words rewritten; the rest is left to the voice.
"""
