"""Conversations: a person asks, by voice or in writing, and the portrait answers aloud."""
