#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that our public headers describe the same ABI as Debian's libxen-dev.

check.py build DIR   generates and compiles one program against ours and one against Debian's
check.py run DIR     runs both, compares, and tests each header alone in C and in assembly
"""

import fnmatch
import os
import re
import subprocess
import sys

from generate import (CC, HERE, PUBLIC, SAMPLES, THEIR_HEADERS, TOP, TYPE_MACROS, is_guard, macros,
                      our_headers, parse)

THEIR_ROOT = os.environ.get("XEN_HEADERS", "/usr/include/xen")
THEIR_FLAGS = ["-D__XEN_TOOLS__", "-I", os.path.dirname(THEIR_ROOT)]
# errno.h shows two of its numbers only to the hypervisor itself.
THEIR_INCLUDES = ('#define __XEN__\n#include <xen/errno.h>\n#undef __XEN__\n' +
                  "".join("#include <xen/%s>\n" % h for h in THEIR_HEADERS))
OUR_FLAGS = ["-I", os.path.join(TOP, "include")]
# Families of op numbers that must be complete, not only right.
COMPLETE = re.compile(r"^(__HYPERVISOR_[a-z]|XEN_DOMCTL_[a-z]|XEN_SYSCTL_[a-z]|XENMEM_[a-z]|"
                      r"EVTCHNOP_|GNTTABOP_[a-z]|SCHEDOP_|VCPUOP_|PHYSDEVOP_|XENPF_|VIRQ_|"
                      r"XENFEAT_|XENVER_|MMUEXT_|MMU_|VMASST_|XEN_ELFNOTE_|CALLBACK|GNTST_|GTF_|"
                      r"GNTMAP_|DOMID_|XEN_DOMINF_|SHUTDOWN_|XS_|XEN_E[A-Z0-9]+$)")
FACT = re.compile(r"(constant .*?|size .*?|offset \S+ \S+?|bits \S+ \S+?) "
                  r"([-\d\"].*|[0-9a-f]{2}.*)$")

HARNESS = """
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
%s
static void number(const char *name, long long value) { printf("%%s %%lld\\n", name, value); }
static void text(const char *name, const char *value) { printf("%%s \\"%%s\\"\\n", name, value); }
#define CONSTANT(x) _Generic((x), char *: text, const char *: text, \\
    default: number)("constant " #x, \\
    _Generic((x), char *: (x), const char *: (x), default: (long long)(x)))
#define SIZE(t) printf("size %%s %%zu\\n", #t, sizeof(t))
#define OFFSET(t, f) printf("offset %%s.%%s %%zu\\n", #t, #f, offsetof(t, f))
#define SIGN(x) _Generic((x), signed char: "signed", short: "signed", int: "signed", \\
    long: "signed", long long: "signed", default: "plain")
#define FIELD(t, f) printf("offset %%s.%%s %%zu size %%zu %%s\\n", #t, #f, offsetof(t, f), \\
    sizeof(((t *)0)->f), SIGN(((t *)0)->f))
#define BITS(t, f) do { union { t s; unsigned char raw[sizeof(t)]; } u; memset(&u, 0, sizeof(u)); \\
    u.s.f = -1; printf("bits %%s.%%s", #t, #f); \\
    for (size_t i = 0; i < sizeof(t); i++) printf(" %%02x", u.raw[i]); puts(""); } while (0)
static struct trap_info trap_sample = { 1, 6, 3, 4 };
int main(void)
{
    (void)trap_sample;
    (void)text;
%s
    return 0;
}
"""


class Results:
    """Counts, and prints each failure."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, good, message):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAIL: " + message)

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed or not self.passed else 0


def read_list(name):
    """Entries of an exception file: list of (pattern, reason)."""
    entries = []
    for line in open(os.path.join(HERE, name)):
        line = line.strip()
        if line and not line.startswith("#"):
            entries.append(tuple(line.split(None, 1)) if " " in line else (line, ""))
    return entries


def covered(name, entries):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern, _ in entries)


def our_includes():
    return "".join('#include "public/%s"\n' % h for h in our_headers())


def collect():
    """Everything our headers declare: (constants, functions, types, typedefs)."""
    constants, functions = [], []
    for name, (callable_, body) in sorted(macros(our_includes(), OUR_FLAGS).items()):
        if is_guard(name, body) or name in TYPE_MACROS:
            continue
        (functions if callable_ else constants).append(name)
    types, typedefs = {}, set()
    for header in our_headers():
        parser = parse(header)
        types.update(parser.types)
        typedefs.update(parser.typedefs)
        constants += [e for e in parser.enums if e not in constants]
    return constants, functions, types, sorted(typedefs)


def statements(skip):
    """Body of the programs: one statement for each fact, leaving out what `skip` covers."""
    constants, functions, types, typedefs = collect()
    out = ["CONSTANT(%s);" % c for c in constants if not skip(c)]
    for name in functions:
        if skip(name):
            continue
        if name not in SAMPLES:
            out.append("#error no sample arguments for the macro %s" % name)
        out += ["CONSTANT(%s(%s));" % (name, args) for args in SAMPLES.get(name, [])]
    for name in typedefs:
        if not skip(name):
            out.append("SIZE(%s);" % name)
    for name, fields in sorted(types.items()):
        if skip(name.split()[1]):
            continue
        out.append("SIZE(%s);" % name)
        verbs = {"plain": "FIELD", "flexible": "OFFSET", "bits": "BITS"}
        out += ["%s(%s, %s);" % (verbs[kind], name, path) for path, kind in fields]
    return out


def build(folder):
    """Writes and compiles both programs; compile errors are kept for run() to report."""
    os.makedirs(folder, exist_ok=True)
    only = read_list("ours-only")
    body = "\n".join("    " + s if s[0] != "#" else s
                     for s in statements(lambda name: covered(name, only)))
    sides = {"ours": (our_includes(), OUR_FLAGS), "theirs": (THEIR_INCLUDES, THEIR_FLAGS)}
    for side, (includes, flags) in sides.items():
        path = os.path.join(folder, side)
        with open(path + ".c", "w") as out:
            out.write(HARNESS % (includes, body))
        if os.path.exists(path):
            os.unlink(path)
        done = subprocess.run([CC, "-std=gnu11", "-w", *flags, "-o", path, path + ".c"],
                              capture_output=True, text=True)
        with open(path + ".errors", "w") as out:
            out.write(done.stderr if done.returncode else "")


def output_of(folder, side, results):
    """What a program printed, as fact -> value; a compile error is a failure of its symbol."""
    errors = open(os.path.join(folder, side + ".errors")).read()
    for line in errors.splitlines():
        if "error:" in line:
            why = line.split("error:")[1].strip()
            results.check(False, "%s does not compile: %s" % (side, why))
    if errors:
        return None
    done = subprocess.run([os.path.join(folder, side)], capture_output=True, text=True, check=True)
    facts = {}
    for line in done.stdout.splitlines():
        match = FACT.match(line)
        facts[match[1]] = match[2]
    return facts


def compare(folder, results):
    """Every fact of ours must be Debian's too."""
    ours = output_of(folder, "ours", results)
    theirs = output_of(folder, "theirs", results)
    if ours is None or theirs is None:
        return {}
    for fact, value in ours.items():
        results.check(theirs.get(fact) == value,
                      "%s: ours %s, theirs %s" % (fact, value, theirs.get(fact)))
    return ours


def exceptions(results):
    """The two exception files are neither stale nor too wide, and op families are complete."""
    constants, functions, types, typedefs = collect()
    names = set(constants) | set(functions) | set(typedefs) | {t.split()[1] for t in types}
    theirs = set(macros(THEIR_INCLUDES, THEIR_FLAGS))
    for pattern, reason in read_list("ours-only"):
        mine = fnmatch.filter(names, pattern)
        results.check(mine and reason, "ours-only: %s covers nothing or has no reason" % pattern)
        clash = [n for n in mine if n in theirs]
        results.check(not clash, "ours-only: %s exists in libxen-dev: %s" % (pattern, clash))
    left_out = read_list("left-out")
    missing = sorted(n for n in theirs if COMPLETE.match(n) and n not in names)
    for pattern, reason in left_out:
        results.check(fnmatch.filter(missing, pattern) and reason,
                      "left-out: %s covers nothing or has no reason" % pattern)
    for name in missing:
        results.check(covered(name, left_out), "%s is in libxen-dev, not in ours" % name)


def alone(results):
    """Each header compiles by itself, twice, as C in several dialects and as assembly."""
    dialects = [["-std=gnu11", "-ffreestanding"], ["-std=c11", "-pedantic"], ["-std=gnu99"]]
    for header in our_headers():
        source = '#include "public/%s"\n' % header * 2
        for dialect in dialects:
            flags = ["-Wall", "-Wextra", "-Werror", *dialect, "-x", "c"]
            compile_one(source + "int nothing;\n", flags, "%s as C %s" % (header, dialect), results)
        compile_one(source, ["-x", "assembler-with-cpp"], "%s as assembly" % header, results)


def compile_one(source, flags, what, results):
    done = subprocess.run([CC, *OUR_FLAGS, *flags, "-c", "-o", "/dev/null", "-"], input=source,
                          capture_output=True, text=True)
    results.check(done.returncode == 0, "%s: %s" % (what, done.stderr.strip()))


def assembly(folder, facts, results):
    """Each numeric constant has the same value in assembly as in C."""
    values = {}
    for fact, value in facts.items():
        match = re.match(r"constant (\w+)$", fact)
        if match and not value.startswith('"'):
            values[match[1]] = int(value)
    source = our_includes()
    enums = {e for header in our_headers() for e in parse(header).enums}
    names = sorted(n for n in values if n not in enums)
    source += ".data\n" + "".join(".quad %s\n" % n for n in names)
    path = os.path.join(folder, "constants")
    subprocess.run([CC, *OUR_FLAGS, "-x", "assembler-with-cpp", "-c", "-o", path + ".o", "-"],
                   input=source, text=True, check=False)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".data", path + ".o", path], check=False)
    data = open(path, "rb").read() if os.path.exists(path) else b""
    results.check(len(data) == 8 * len(names), "constants do not assemble")
    for i, name in enumerate(names):
        got = int.from_bytes(data[8 * i:8 * i + 8], "little")
        results.check(got == values[name] % 2**64,
                      "%s is %#x in assembly, %#x in C" % (name, got, values[name] % 2**64))


def run(folder):
    results = Results()
    facts = compare(folder, results)
    exceptions(results)
    alone(results)
    if facts:
        assembly(folder, facts, results)
    return results.finish()


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("build", "run"):
        sys.exit(__doc__)
    if not os.path.isdir(THEIR_ROOT) or not os.path.isdir(PUBLIC):
        sys.exit("cannot test: install libxen-dev (no %s)" % THEIR_ROOT)
    if sys.argv[1] == "build":
        build(sys.argv[2])
        return 0
    return run(sys.argv[2])


if __name__ == "__main__":
    sys.exit(main())
