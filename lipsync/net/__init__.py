"""One request to another machine: bounded in time and in bytes, and never to a private machine that was not named."""
