"""Prints the names of NumPy's groups of AVX-512 instructions that this processor has: ``NPY_DISABLE_CPU_FEATURES``.

NumPy warns of a name that its build does not dispatch, and of one that the processor does not have.
"""

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__  # type: ignore[import-not-found]


def groups() -> list[str]:
    """Those of ``X86_V4``, ``AVX512_…`` that NumPy would use here."""
    return [
        name
        for name in __cpu_dispatch__
        if (name.startswith("AVX512") or name == "X86_V4") and __cpu_features__.get(name)
    ]


if __name__ == "__main__":
    print(" ".join(groups()))
