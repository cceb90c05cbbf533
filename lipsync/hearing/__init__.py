"""What a person says: voice activity, speech recognition, and where a turn of the conversation ends."""
