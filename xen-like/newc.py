# SPDX-License-Identifier: MIT
"""Write initramfs archives (cpio, "newc" format) that depend on their content alone.

Linux: Documentation/driver-api/early-userspace/buffer-format.rst. Inode
numbers count up from one in the order of names, and time stamps are zero, so
that equal input makes equal bytes: the kernel hashes inodes by number, and
instruction counts would move with them.
"""
import os
import stat


class Archive:
    """A tree in memory, keyed by path without a leading slash."""

    def __init__(self):
        self.entries = {}

    def _parents(self, path):
        parent = os.path.dirname(path)
        if parent and parent not in self.entries:
            self.directory(parent)

    def _put(self, path, mode, data=b"", device=(0, 0)):
        path = path.strip("/")
        self._parents(path)
        self.entries[path] = (mode, data, device)

    def directory(self, path, mode=0o755):
        self._put(path, stat.S_IFDIR | mode)

    def data(self, path, data, mode=0o644):
        if isinstance(data, str):
            data = data.encode()
        self._put(path, stat.S_IFREG | mode, data)

    def file(self, path, source, mode=None):
        """Take the bytes of `source`, and its executable bit unless told a mode."""
        with open(source, "rb") as stream:
            content = stream.read()
        if mode is None:
            mode = 0o755 if os.stat(source).st_mode & 0o100 else 0o644
        self.data(path, content, mode)

    def symlink(self, path, target):
        self._put(path, stat.S_IFLNK | 0o777, target.encode())

    def device(self, path, kind, major, minor, mode=0o600):
        bits = stat.S_IFCHR if kind == "c" else stat.S_IFBLK
        self._put(path, bits | mode, b"", (major, minor))

    def tree(self, path, source):
        """Take a whole directory of plain files, directories and symbolic links."""
        for base, directories, files in os.walk(source):
            relative = os.path.relpath(base, source)
            target = path if relative == "." else os.path.join(path, relative)
            self.directory(target)
            for name in directories + files:
                origin = os.path.join(base, name)
                if os.path.islink(origin):
                    self.symlink(os.path.join(target, name), os.readlink(origin))
                elif name in files:
                    self.file(os.path.join(target, name), origin)

    def bytes(self):
        blocks = []
        for number, path in enumerate(sorted(self.entries), start=1):
            mode, data, device = self.entries[path]
            blocks += _entry(path, number, mode, data, device)
        blocks += _entry("TRAILER!!!", 0, 0, b"", (0, 0))
        archive = b"".join(blocks)
        # Archives may follow one another only from a four-byte boundary.
        return archive + bytes(-len(archive) % 512)


def _entry(path, number, mode, data, device):
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = [number, mode, 0, 0, links, 0, len(data), 0, 0,
              device[0], device[1], len(name), 0]
    header = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return [header, bytes(-len(header) % 4), data, bytes(-len(data) % 4)]
