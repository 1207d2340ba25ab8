#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Finds every constant, macro, type, size and field of our public headers by parsing them."""

import os
import re
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
PUBLIC = os.path.join(TOP, "include", "public")
CC = os.environ.get("CC", "gcc")

# Debian's headers that together define what ours do.
THEIR_HEADERS = """xen.h arch-x86/cpuid.h arch-x86/hvm/start_info.h callback.h domctl.h elfnote.h
event_channel.h features.h grant_table.h memory.h nmi.h physdev.h platform.h sched.h
sysctl.h vcpu.h version.h io/ring.h io/console.h io/xs_wire.h io/xenbus.h io/blkif.h
io/netif.h""".split()

# Function-like macros are compared by what they yield for these arguments; one that yields a
# statement is given as a whole C expression.
SAMPLES = {
    "xen_mk_uint": ["7", "0xffffffff"],
    "xen_mk_ulong": ["7", "0xffffffffffffffff"],
    "xen_mk_ullong": ["7", "0xffffffffffffffff"],
    "xen_pfn_to_cr3": ["0", "0x12345", "0xfffffffff"],
    "xen_cr3_to_pfn": ["0", "0x12345000", "0xfffffffff000"],
    "xen_vcpu_physid_to_x86_apicid": ["0x123456789abcdef0ull"],
    "xen_vcpu_physid_to_x86_acpiid": ["0x123456789abcdef0ull"],
    "XEN_CPUID_LEAF": ["0", "5"],
    "XENMEMF_address_bits": ["0", "32"],
    "XENMEMF_get_address_bits": ["0", "0x1320"],
    "XENMEMF_node": ["0", "3"],
    "XENMEMF_get_node": ["0x100", "0x432"],
    "XENMEMF_exact_node": ["0", "3"],
    "XENMEM_resource_ioreq_server_frame_ioreq": ["0", "7"],
    "XEN_DOMCTL_GRANT_version": ["0x12", "1"],
    "MASK_XENCONS_IDX": ["5000, ((struct xencons_interface *)0)->in",
                         "5000, ((struct xencons_interface *)0)->out"],
    "MASK_XENSTORE_IDX": ["1023", "1024", "5000"],
    "TI_GET_DPL": ["&trap_sample"],
    "TI_GET_IF": ["&trap_sample"],
    "TI_SET_DPL": ["&trap_sample, 1"],
    "TI_SET_IF": ["&trap_sample, 8"],
}
# Macros that declare types; the types they make are compared instead.
TYPE_MACROS = {"DEFINE_RING_TYPES"}


def our_headers():
    """Paths of our headers relative to include/public, sorted."""
    found = []
    for folder, _, names in os.walk(PUBLIC):
        for name in names:
            if name.endswith(".h"):
                found.append(os.path.relpath(os.path.join(folder, name), PUBLIC))
    return sorted(found)


def preprocess(text, flags):
    """Output of the preprocessor for a piece of C."""
    args = [CC, "-std=gnu11", "-ffreestanding", "-E", *flags, "-x", "c", "-"]
    done = subprocess.run(args, input=text, capture_output=True, text=True, check=True)
    return done.stdout


def preprocessed_public(text, flags):
    """The same without what comes from the compiler's own headers."""
    out, keep = [], False
    for line in preprocess(text, flags).splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            keep = "public/" in marker[1]
        elif keep:
            out.append(line)
    return "\n".join(out)


def macros(text, flags):
    """name -> (is function-like, body) of each macro that the text adds."""
    def read(source):
        out = {}
        for line in preprocess(source, ["-dM", *flags]).splitlines():
            match = re.match(r"#define (\w+)(\([^)]*\))? ?(.*)", line)
            out[match[1]] = (match[2] is not None, match[3])
        return out
    before = read("#include <stdint.h>\n#include <stddef.h>\n#include <stdbool.h>\n")
    return {k: v for k, v in read(text).items() if k not in before}


class Parser:
    """Just enough of C to find types and fields in preprocessed headers."""

    def __init__(self, text):
        self.tokens = re.findall(r"[A-Za-z_]\w*|0[xX][0-9a-fA-F]+|\d+|\S", text)
        self.at = 0
        self.types = {}     # "struct foo" -> list of (path, kind)
        self.typedefs = []
        self.enums = []

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def skip_group(self, opening, closing):
        depth = 0
        while True:
            token = self.take()
            depth += (token == opening) - (token == closing)
            if depth == 0:
                return

    def file(self):
        while self.peek() is not None:
            self.declaration()

    def declaration(self):
        """One thing at file scope."""
        if self.peek() == "typedef":
            self.take()
            self.typedef()
        elif self.peek() in ("struct", "union") and self.tokens[self.at + 2] == "{":
            self.aggregate()
            while self.take() != ";":
                pass
        elif self.peek() == "enum":
            self.enum()
        else:
            self.function_or_variable()

    def function_or_variable(self):
        while True:
            token = self.peek()
            if token == "{":
                self.skip_group("{", "}")
                return
            if token == "(":
                self.skip_group("(", ")")
                continue
            if self.take() == ";":
                return

    def typedef(self):
        if self.peek() in ("struct", "union") and "{" in self.tokens[self.at + 1:self.at + 3]:
            raise SyntaxError("typedef of a structure: use a tag")
        last = None
        while self.peek() != ";":
            if self.peek() == "[":
                self.skip_group("[", "]")
            else:
                last = self.take()
        self.take()
        self.typedefs.append(last)

    def enum(self):
        self.take()
        if self.peek() != "{":
            self.take()
        self.take()
        while self.peek() != "}":
            self.enums.append(self.take())
            while self.peek() not in (",", "}"):
                self.take()
            if self.peek() == ",":
                self.take()
        self.take()
        self.take()

    def aggregate(self):
        """struct or union with a body; returns (name or None, fields)."""
        kind = self.take()
        name = None
        if self.peek() != "{":
            name = kind + " " + self.take()
        fields = []
        self.take()
        while self.peek() != "}":
            fields += self.member()
        self.take()
        if name is not None:
            self.types[name] = fields
        return name, fields

    def member(self):
        """One member declaration: list of (path, "plain" | "flexible" | "bits")."""
        inner = []
        body = self.tokens[self.at:self.at + 3]
        if body[0] in ("struct", "union") and "{" in body:
            named, inner = self.aggregate()
            if named is not None:
                inner = []
        else:
            # The type is every identifier but the last before the first declarator's end.
            tokens = []
            while self.tokens[self.at + 1] not in (";", ",", "[", ":"):
                tokens.append(self.take())
            if "*" in tokens:
                raise SyntaxError("pointer in a public structure: " + " ".join(tokens))
        out = []
        while self.peek() != ";":
            if self.peek() == ",":
                self.take()
            name, kind = self.take(), "plain"
            prefix = name + "[0]." if self.peek() == "[" else name + "."
            if self.peek() == "[":
                kind = "flexible" if self.tokens[self.at + 1] == "]" else "plain"
                self.skip_group("[", "]")
            elif self.peek() == ":":
                self.take()
                self.take()
                kind = "bits"
            out.append((name, kind))
            out += [(prefix + path, sub) for path, sub in inner]
        self.take()
        return out or inner


def parse(header):
    """Types, typedefs and enumerators that one header, with those it includes, declares."""
    parser = Parser(preprocessed_public('#include "public/%s"\n' % header,
                                        ["-I", os.path.join(TOP, "include")]))
    parser.file()
    return parser


def is_guard(name, body):
    return body == "" and name.startswith("PUBLIC_")
