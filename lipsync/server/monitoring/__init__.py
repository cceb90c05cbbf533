"""What shows how the server is."""
