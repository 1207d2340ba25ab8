# SPDX-License-Identifier: MIT
"""The QEMU machine that xen-like/boot starts: its command line, and whether KVM may run it."""
import gzip
import os
import platform
import re
import shutil
import subprocess
import sys

XEN_LIKE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(XEN_LIKE), "build")
FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"


def escape(text):
    """QEMU splits option values at commas; two of them mean one."""
    return text.replace(",", ",,")


def megabytes(text):
    """A size as QEMU's -m takes it (plain numbers are MiB), in MiB."""
    match = re.fullmatch(r"(\d+)([MmGg]?)", text)
    if not match:
        sys.exit("boot: --memory %s: not a size such as 2048, 512M or 4G" % text)
    return int(match.group(1)) * (1024 if match.group(2) in ("G", "g") else 1)


def hypervisor_arguments(options):
    """Ours first: of an option given twice, the hypervisor takes the last."""
    dom0 = min(768, megabytes(options.memory) // 2)
    words = ["console=com1", "com1=115200,8n1", "dom0_mem=%dM" % dom0,
             "loglvl=all", "guest_loglvl=all"]
    return " ".join(words + options.append)


def dom0_arguments(options):
    return " ".join(["console=hvc0", "panic=1"] + options.dom0_append)


def place_hypervisor(options, work):
    """Put the hypervisor where GRUB or QEMU will take it, in a form that they can."""
    image = options.hypervisor
    if image is None:
        name = "parador32" if options.loader == "direct" else "parador"
        image = os.path.join(BUILD, "hypervisor", name)
    if not os.path.exists(image):
        sys.exit("boot: no hypervisor at %s (make hypervisor builds ours)" % image)
    with open(image, "rb") as stream:
        content = stream.read()
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    target = os.path.join(work, "hypervisor")
    with open(target, "wb") as stream:
        stream.write(content)
    if options.loader == "direct" and content[:5] == b"\x7fELF\x02":
        # QEMU's multiboot loader takes 32-bit ELF files only.
        subprocess.run(["objcopy", "-O", "elf32-i386", target], check=True)


def place_grub_image(options, work):
    environment = {**os.environ, "GRUB_TIMEOUT": "0" if options.script else "2",
                   "HYPERVISOR_ARGUMENTS": hypervisor_arguments(options),
                   "DOM0_ARGUMENTS": dom0_arguments(options)}
    names = [os.path.join(work, name) for name in ("hypervisor", "kernel", "initrd", "image")]
    subprocess.run([os.path.join(XEN_LIKE, "grub", "build")] + names, check=True,
                   env=environment)


def loader_words(options, work):
    """How the machine finds its software. Names are relative to `work`: a loader
    passes them on, and instruction counts would move with their length."""
    words = []
    if options.firmware == "uefi":
        shutil.copy(VARIABLES, os.path.join(work, "variables"))
        words += ["-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + FIRMWARE,
                  "-drive", "if=pflash,unit=1,format=raw,file=variables"]
    if options.loader == "grub":
        place_grub_image(options, work)
        return words + ["-drive", "if=ide,index=2,media=cdrom,format=raw,file=image",
                        "-boot", "d"]
    kernel = "kernel " + dom0_arguments(options)
    return words + ["-kernel", "hypervisor", "-append", hypervisor_arguments(options),
                    "-initrd", escape(kernel) + ",initrd"]


def disk_words(options):
    words = []
    for number, name in enumerate(options.disk):
        kind = "qcow2" if name.endswith(".qcow2") else "raw"
        words += ["-drive", "if=%s,index=%d,format=%s,file=%s"
                  % (options.disk_bus, number, kind, escape(os.path.abspath(name)))]
    return words


def command(options, work, accelerator):
    """The whole QEMU command line, but for the serial ports."""
    words = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
             "-no-reboot", "-machine", options.machine, "-cpu", options.cpu,
             "-m", "%dM" % megabytes(options.memory), "-smp", str(options.cpus),
             "-accel", accelerator]
    if options.icount:
        words += ["-icount", options.icount, "-seed", "1",
                  "-rtc", "base=2026-01-01,clock=vm"]
    if options.debug:
        words += ["-gdb", "tcp:127.0.0.1:%d" % options.debug, "-S"]
    words += loader_words(options, work) + disk_words(options)
    for more in options.qemu_arg:
        words += more.split()
    return words


def _kvm_is_plausible():
    """Cheap tests first: without these, starting a machine under KVM is no use."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    # Some hosts offer /dev/kvm without the CPU's virtualization; what runs
    # there isn't the machine that a hypervisor in ring 0 expects.
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
        flags = set()
        for line in stream:
            if line.startswith("flags"):
                flags = set(line.split())
                break
    return bool(flags & {"vmx", "svm"})


def accelerator(options):
    """What --accel says; else KVM where a trial run of this image worked, else TCG.

    The trial boots dom0 to an empty script. Its verdict is kept in build/
    for this host kernel, so that it is run once.
    """
    if options.accel:
        return options.accel
    if options.icount or not _kvm_is_plausible():
        return "tcg"
    verdict = os.path.join(BUILD, "kvm-" + platform.release())
    if not os.path.exists(verdict):
        trial = [os.path.join(XEN_LIKE, "boot"), "--script", "/bin/true", "--accel", "kvm",
                 "--timeout", "60", "--loader", "direct"]
        if options.hypervisor:
            trial += ["--hypervisor", options.hypervisor]
        good = subprocess.run(trial, stdout=subprocess.DEVNULL, check=False,
                              stderr=subprocess.DEVNULL).returncode == 0
        with open(verdict, "w", encoding="ascii") as stream:
            stream.write("kvm\n" if good else "tcg\n")
    with open(verdict, encoding="ascii") as stream:
        return stream.read().strip()
