"""Wav2Lip: the mouth is drawn by the network of a checkpoint that the user has (extra `wav2lip`)."""
