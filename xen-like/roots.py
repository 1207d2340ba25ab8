# SPDX-License-Identifier: MIT
"""What the small roots are put together from: busybox, kernel modules, programs."""
import glob
import lzma
import os
import re
import subprocess
import sys
import tempfile

FOLDERS = ["bin", "sbin", "usr/bin", "usr/sbin", "etc", "dev", "proc", "sys", "run",
           "tmp", "root", "mnt", "var/lib", "var/log", "lib"]
PROFILE = """export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
PS1='%s:\\w# '
alias ll='ls -l'
cd
"""


def kernel(xen_like, flavour):
    """Folder and version of one of Debian's kernels, fetched when it isn't here."""
    folder = subprocess.run([os.path.join(xen_like, "kernel"), flavour], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.strip()
    with open(os.path.join(folder, "release"), encoding="ascii") as stream:
        return folder, stream.read().strip()


def tools(top):
    """The programs of dom0-tools that have been built."""
    found = []
    for path in sorted(glob.glob(os.path.join(top, "build", "dom0-tools", "parador*"))):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            found.append(path)
    return found


def base(archive, host):
    """Busybox under all its names, and the few files that it and the C library read."""
    for folder in FOLDERS:
        archive.directory(folder)
    archive.file("bin/busybox", "/bin/busybox", 0o755)
    names = subprocess.run(["/bin/busybox", "--list-full"], check=True,
                           stdout=subprocess.PIPE, text=True).stdout.split()
    for name in names:
        if name != "bin/busybox":
            archive.symlink(name, "/bin/busybox")
    # Before devtmpfs is mounted the kernel opens the console, and the shell null.
    archive.device("dev/console", "c", 5, 1)
    archive.device("dev/null", "c", 1, 3, 0o666)
    archive.data("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    archive.data("etc/group", "root:x:0:\n")
    archive.data("etc/hosts", "127.0.0.1 localhost %s\n" % host)
    archive.data("etc/profile", PROFILE % host)


def _read_module(path):
    with open(path, "rb") as stream:
        content = stream.read()
    return lzma.decompress(content) if path.endswith(".xz") else content


def _module_closure(folder, release, wanted):
    """Paths of the wanted modules and of all that they need."""
    needs = {}
    by_name = {}
    root = os.path.join(folder, "lib", "modules", release)
    with open(os.path.join(root, "modules.dep"), encoding="ascii") as stream:
        for line in stream:
            path, _, rest = line.partition(":")
            needs[path] = rest.split()
            name = re.sub(r"\.ko(\.xz)?$", "", os.path.basename(path))
            by_name[name.replace("-", "_")] = path
    closure = set()
    for name in wanted:
        path = by_name.get(name.replace("-", "_"))
        if path:
            closure.add(path)
            # modules.dep lists what a module needs at every depth.
            closure.update(needs[path])
    return root, sorted(closure)


def modules(archive, folder, release, listing):
    """Put the listed modules in, with indices for these alone: modprobe reads them whole."""
    with open(listing, encoding="ascii") as stream:
        wanted = [line.split("#")[0].strip() for line in stream]
    root, closure = _module_closure(folder, release, [name for name in wanted if name])
    with tempfile.TemporaryDirectory() as stage:
        target = os.path.join(stage, "lib", "modules", release)
        os.makedirs(target)
        for name in ["modules.order", "modules.builtin", "modules.builtin.modinfo"]:
            with open(os.path.join(root, name), "rb") as source, \
                 open(os.path.join(target, name), "wb") as copy:
                copy.write(source.read())
        for path in closure:
            copy = os.path.join(target, re.sub(r"\.xz$", "", path))
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            with open(copy, "wb") as stream:
                stream.write(_read_module(os.path.join(root, path)))
        subprocess.run(["/sbin/depmod", "-b", stage, release], check=True)
        # The binary indices are for kmod; busybox reads the plain ones.
        for name in glob.glob(os.path.join(target, "modules.*.bin")) + [
                os.path.join(target, "modules.order"),
                os.path.join(target, "modules.builtin.modinfo")]:
            os.unlink(name)
        archive.tree("lib/modules/" + release, target)


def _libraries(path):
    """Shared libraries that a program loads, as the dynamic linker finds them."""
    answer = subprocess.run(["ldd", path], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=False).stdout
    missing = re.findall(r"(\S+) => not found", answer)
    if missing:
        sys.exit("%s needs %s, which isn't installed" % (path, ", ".join(missing)))
    return re.findall(r"(?:=> )?(/\S+) \(0x", answer)


def programs(archive, paths):
    """Put programs in (target path → source path) with every library they load."""
    # The C library loads this one when a thread is cancelled, unknown to ldd.
    archive.file("lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib/x86_64-linux-gnu/libgcc_s.so.1")
    for target, source in paths.items():
        archive.file(target, source, 0o755)
        for library in _libraries(source):
            archive.file(library, os.path.realpath(library), 0o755)


def unpack(archive, folder):
    """Write an archive's tree to disk, for the tools that want one; as root for devices."""
    os.makedirs(folder)
    data = archive.bytes()
    subprocess.run(["/bin/busybox", "cpio", "-i", "-d", "-m"], input=data, cwd=folder,
                   check=True, stderr=subprocess.DEVNULL)
