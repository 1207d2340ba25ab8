# SPDX-License-Identifier: MIT
"""Which files the rules are for, and their text."""
import functools
import os

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# What each part's headers are compiled with.
FLAGS = {
    "hypervisor": ["-ffreestanding", "-Ihypervisor", "-Iinclude"],
    "include": ["-ffreestanding", "-Iinclude"],
    "dom0-tools": ["-D_GNU_SOURCE", "-Idom0-tools", "-Iinclude", "-Ihypervisor"],
}


def _is_source(path):
    if path.endswith((".c", ".h", ".S", ".py", ".sh")):
        return True
    if "." in os.path.basename(path):
        return False
    with open(os.path.join(TOP, path), "rb") as stream:
        return stream.read(2) == b"#!"


@functools.lru_cache(None)
def files(part):
    """Paths of the sources below a part, relative to the top."""
    found = []
    for base, directories, names in os.walk(os.path.join(TOP, part)):
        directories.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(base, name), TOP)
            if _is_source(path):
                found.append(path)
    return found


@functools.lru_cache(None)
def lines(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as stream:
        return stream.read().split("\n")[:-1]
