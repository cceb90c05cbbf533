"""What is written -> what is said: "5 км", "12.03.2024", "$9.99", "ivan@mail.ru" in words, alike for every voice.

:func:`lipsync.speech.reading.read.read` is the way in.
"""
