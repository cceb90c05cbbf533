"""What the API takes and answers, described by the code that does so."""
