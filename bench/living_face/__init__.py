"""How well portraits move and speak, by an independent face mesh: ``python -m bench.living_face``."""
