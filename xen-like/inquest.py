# SPDX-License-Identifier: MIT
"""What a QEMU machine whose time is up was doing: its CPUs, and what the hypervisor says of itself."""
import bisect
import json
import os
import re
import socket
import subprocess
import time

SAMPLES = 3
SAMPLE_SECONDS = 0.3
ANSWER_SECONDS = 5
# docs/debugging.md: three Ctrl-A give the hypervisor the keyboard; domains and vcpus; event channels.
KEYS = b"\x01\x01\x01qe"
KEYS_SECONDS = 3
HYPERVISOR_START = 0xffff800000000000
HYPERVISOR_END = 0xffff880000000000


class Monitor:
    """QEMU's control channel (QMP) at our end of a socket pair; nothing is said before it is asked."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.lines = self.ours.makefile("r", encoding="utf-8", errors="replace")
        self.greeted = False

    def words(self):
        return ["-chardev", "socket,id=monitor,fd=%d" % self.theirs.fileno(),
                "-mon", "chardev=monitor,mode=control"]

    def ask(self, command, **arguments):
        """The answer's value. OSError when there is none, ValueError for a refusal."""
        if not self.greeted:
            self.ours.settimeout(ANSWER_SECONDS)
            self.lines.readline()
            self.greeted = True
            self.ask("qmp_capabilities")
        message = {"execute": command, "arguments": arguments}
        self.ours.sendall(json.dumps(message).encode() + b"\n")
        while True:
            line = self.lines.readline()
            if not line:
                raise OSError("QEMU has closed its monitor")
            answer = json.loads(line)
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise ValueError(answer["error"]["desc"])


class Symbols:
    """Names for addresses of the hypervisor; without its ELF file there are none."""

    def __init__(self, image):
        self.addresses, self.names = [], []
        if not os.path.exists(image):
            return
        listing = subprocess.run(["nm", "-n", image], check=False, text=True,
                                 stdout=subprocess.PIPE).stdout
        for line in listing.splitlines():
            address, kind, name = line.split()
            if kind in "tT":
                self.addresses.append(int(address, 16))
                self.names.append(name)

    def name(self, address):
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0 or not HYPERVISOR_START <= address < HYPERVISOR_END:
            return ""
        return " %s+0x%x" % (self.names[at], address - self.addresses[at])


def describe_cpus(monitor, symbols):
    """A line for each CPU and sample."""
    lines = []
    for sample in range(SAMPLES):
        if sample:
            time.sleep(SAMPLE_SECONDS)
        text = monitor.ask("human-monitor-command", **{"command-line": "info registers -a"})
        for cpu in re.split(r"(?=CPU#\d)", text)[1:]:
            value = dict(re.findall(r"\b(CPU#|RIP=|EIP=|RFL=|EFL=|RSP=|CPL=|HLT=|CR2=|CR3=)"
                                    r"([0-9a-f]+)", cpu))
            rip = int(value.get("RIP=", value.get("EIP=", "0")), 16)
            flags = int(value.get("RFL=", value.get("EFL=", "0")), 16)
            lines.append("CPU%s %s, ring %s, interrupts %s, rip %x%s, rsp %s, cr2 %s, cr3 %s" % (
                value.get("CPU#"), "halted" if value.get("HLT=") == "1" else "runs",
                value.get("CPL="), "on" if flags & 0x200 else "off", rip, symbols.name(rip),
                value.get("RSP="), value.get("CR2="), value.get("CR3=")))
    return lines


def press_keys(monitor, log, work):
    """Give the console, which has no input, some for a moment; the answer appends to its log."""
    keyboard = os.path.join(work, "keyboard")
    os.mkfifo(keyboard)
    # Open for both, so that neither QEMU nor we wait for the other.
    fd = os.open(keyboard, os.O_RDWR | os.O_NONBLOCK)
    try:
        monitor.ask("chardev-change", id="console", backend={
            "type": "file", "data": {"in": keyboard, "out": log, "append": True}})
        os.write(fd, KEYS)
        time.sleep(KEYS_SECONDS)
    finally:
        os.close(fd)


def hold(monitor, console, work, image):
    """Lines that say where the CPUs are and what the hypervisor answers to its debug keys."""
    try:
        lines = describe_cpus(monitor, Symbols(image))
        before = len(console.text())
        press_keys(monitor, console.path, work)
        answer = console.text()[before:].decode("utf-8", "replace").replace("\r", "")
        return lines + (answer.splitlines() or ["The hypervisor does not answer to its keys."])
    except (OSError, ValueError) as error:
        return ["QEMU does not say where its CPUs are: %s" % (error or type(error).__name__)]
