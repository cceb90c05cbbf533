"""One live conversation: drives the turn machine with a microphone, a recognizer and answers."""
