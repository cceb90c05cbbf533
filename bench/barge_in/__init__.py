"""How fast a voice interrupts an answer, and what interrupts it falsely."""
