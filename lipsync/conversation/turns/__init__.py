"""The turn machine: who speaks when, as values and functions without input, output, threads or a clock.

Events go in with the time they happened at, actions come out: see ``TurnMachine`` in ``machine.py``.
"""
