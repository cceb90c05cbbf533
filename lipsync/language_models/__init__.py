"""Language models that write the replies of a conversation, behind one interface, each with a fallback."""
