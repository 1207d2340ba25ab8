# SPDX-License-Identifier: MIT
"""Debian's xl for a dom0, unpacked from its packages and not installed."""
import os
import re
import shutil
import subprocess
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = [
    "xen-utils-4.17", "xen-utils-common", "xenstore-utils", "libxenmisc4.17", "libxencall1",
    "libxendevicemodel1", "libxenevtchn1", "libxenforeignmemory1", "libxengnttab1",
    "libxenhypfs1", "libxenstore4", "libxentoolcore1", "libxentoollog1", "libyajl2"]
# Packages that every Debian has; the hotplug scripts are written for these programs, not busybox's.
HOST_PROGRAMS = ["bash", "basename", "cat", "cut", "dirname", "expr", "flock", "grep", "head",
                 "id", "ln", "logger", "losetup", "ls", "mkdir", "mktemp", "readlink", "rm", "sed",
                 "seq", "sleep", "sort", "stat", "tail", "touch", "tr", "uname", "wc"]
# Of what the packages hold, what a dom0 needs to create and destroy a guest.
PROGRAMS = ["xl", "xenstored", "xenconsoled", "xenconsole", "xen-init-dom0"]


def download(packages, target, pick):
    """Unpack packages below a temporary folder and let pick(folder) make `target` of it."""
    if os.path.exists(target):
        return target
    with tempfile.TemporaryDirectory(dir=os.path.dirname(target)) as work:
        subprocess.run(["apt-get", "download", "-q", *packages], cwd=work, check=True,
                       stdout=subprocess.DEVNULL)
        root = os.path.join(work, "root")
        for name in sorted(os.listdir(work)):
            if name.endswith(".deb"):
                subprocess.run(["dpkg-deb", "-x", name, root], cwd=work, check=True)
        pick(root, target + ".new")
    os.replace(target + ".new", target)
    return target


def libraries(program, root):
    """What it loads that the packages do not hold: the C library and the like."""
    folder = os.path.join(root, "usr/lib/x86_64-linux-gnu")
    answer = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "LD_LIBRARY_PATH": folder}).stdout
    found = re.findall(r"(?:=> )?(/\S+) \(0x", answer)
    return [path for path in found if not path.startswith(root)]


def pick_xl(root, target):
    """A tar file to lay over dom0's root."""
    bin_folder = "usr/lib/xen-4.17/bin"
    host = set()
    with tarfile.open(target, "w") as tar:
        for name in PROGRAMS:
            path = os.path.join(root, bin_folder, name)
            host.update(libraries(path, root))
            tar.add(path, os.path.join(bin_folder, name))
        for name in ("etc/xen", "usr/lib/x86_64-linux-gnu"):
            tar.add(os.path.join(root, name), name)
        for name in HOST_PROGRAMS:
            program = shutil.which(name)
            host.update(libraries(program, root))
            # Where busybox has its own, in one of these.
            for folder in ("bin", "usr/bin", "sbin", "usr/sbin"):
                tar.add(os.path.realpath(program), os.path.join(folder, name))
        for path in sorted(host):
            tar.add(os.path.realpath(path), path.lstrip("/"))


def options(folder):
    """For xen-like/boot: Debian's xl and its daemons, which are kept in `folder`, in place of ours."""
    tar = download(PACKAGES, os.path.join(folder, "debian-xl.tar"), pick_xl)
    return ["--file", tar + ":/root/xl.tar", "--file",
            os.path.join(HERE, "tools-daemons.sh") + ":/etc/parador/start.d/10-daemons"]
