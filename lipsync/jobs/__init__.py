"""Videos as jobs: written down, made in turn, followed, cancelled, and made again after a crash."""
