# SPDX-License-Identifier: MIT
"""The floors of docs/floors.md, checked in the include graph and in the symbols."""
import glob
import os
import re
import subprocess

import sources

FLOORS = {"lib": 0, "hw": 1, "mm": 2, "core": 3, "pv": 4, "hcall": 5, "boot": 6, "debug": 6}
# Headers of the compiler itself; they name no function.
FREESTANDING = {"stdint.h", "stdbool.h", "stddef.h", "stdarg.h", "limits.h", "stdnoreturn.h",
                "cpuid.h", "immintrin.h"}
# Debian's static libraries that unpack dom0's kernel, for the one folder that calls them.
UNPACKERS = {"zlib.h", "lzma.h", "zstd.h", "lz4.h", "lz4frame.h"}
INCLUDE = re.compile(r'\s*#\s*include\s+(["<])([^">]+)[">]')


def folder_of(path):
    """Folder of hypervisor/ that a source or object stands in, None for the top itself."""
    parts = path.split("/")
    return parts[0] if len(parts) > 1 else None


def _judge(path, quote, target):
    """What is wrong with this include, or None."""
    inside = path.partition("/")[2] if path.startswith("hypervisor/") else None
    if path.startswith("include/"):
        beside = os.path.normpath(os.path.join(os.path.dirname(path), target))
        public = beside.startswith("include/public/") or target.startswith("public/")
        fine = public if quote == '"' else target in FREESTANDING
        return None if fine else "a public header includes only public ones"
    folder = folder_of(inside)
    if target.startswith("public/"):
        return None
    if quote == "<":
        if target in FREESTANDING or (folder == "boot" and target in UNPACKERS):
            return None
        return "not one of ours"
    other = folder_of(target)
    if other is None or other not in FLOORS:
        # config.h and generated headers stand on the ground.
        return None
    if folder is not None and FLOORS[other] > FLOORS[folder]:
        return "%s stands above %s" % (other, folder)
    return None


def check_includes(part):
    problems = []
    for path in sources.files(part):
        if not path.endswith((".c", ".h", ".S")):
            continue
        for number, line in enumerate(sources.lines(path), start=1):
            match = INCLUDE.match(line)
            wrong = match and _judge(path, match.group(1), match.group(2))
            if wrong:
                problems.append("%s:%d: %s: %s" % (path, number, match.group(2), wrong))
    if part == "hypervisor":
        for folder in sorted({folder_of(path.partition("/")[2])
                              for path in sources.files(part)} - set(FLOORS) - {None}):
            problems.append("hypervisor/%s: a folder without a floor" % folder)
    return problems


def _allowed():
    """(object's source, symbol) pairs from the table in docs/floors.md."""
    with open(os.path.join(sources.TOP, "docs", "floors.md"), encoding="utf-8") as stream:
        rows = re.findall(r"^\| `([\w/.]+)` \| `(\w+)` \|", stream.read(), re.MULTILINE)
    return set(rows)


def check_symbols(_part):
    """No object takes a symbol from a higher floor; None when nothing is built."""
    build = os.path.join(sources.TOP, "build", "hypervisor")
    objects = sorted(glob.glob(os.path.join(build, "*", "*.[cS].o")))
    objects = [path for path in objects
               if os.path.exists(os.path.join(sources.TOP, "hypervisor",
                                              os.path.relpath(path, build)[:-2]))]
    if not objects:
        return None
    defined = {}
    wanted = []
    for path in objects:
        name = os.path.relpath(path, build)[:-2]
        listing = subprocess.run(["nm", path], check=True, stdout=subprocess.PIPE,
                                 text=True).stdout
        for line in listing.splitlines():
            kind, symbol = line.split()[-2:]
            if kind == "U":
                wanted.append((name, symbol))
            elif kind.isupper():
                defined[symbol] = name
    allowed = _allowed()
    problems = []
    for name, symbol in wanted:
        owner = defined.get(symbol)
        # The compiler calls these by itself, on every floor.
        if owner is None or symbol.startswith("__stack_chk_") or (name, symbol) in allowed:
            continue
        if FLOORS[folder_of(owner)] > FLOORS[folder_of(name)]:
            problems.append("%s takes %s from %s, which stands above it"
                            % (name, symbol, owner))
    return problems
