"""Authentication of callers by API keys and JSON Web Tokens, and their scopes."""
