"""Commands for those who develop or install lipsync: lock files and installation. Not part of the package."""
