# SPDX-License-Identifier: MIT
"""A client of the store protocol, over a socket or as a guest over a ring, and a daemon to talk to."""
import errno
import mmap
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.path.join(TOP, "build", "tests", "tools")

(CONTROL, DIRECTORY, READ, GET_PERMS, WATCH, UNWATCH, TRANSACTION_START, TRANSACTION_END, INTRODUCE,
 RELEASE, GET_DOMAIN_PATH, WRITE, MKDIR, RM, SET_PERMS, WATCH_EVENT, ERROR, IS_DOMAIN_INTRODUCED,
 RESUME, SET_TARGET) = range(20)
RESET_WATCHES, DIRECTORY_PART = 21, 22
RING = 1024
# Offsets in struct xenstore_domain_interface.
REQ, RSP, REQ_CONS, REQ_PROD, RSP_CONS, RSP_PROD, FEATURES, CONNECTION, ERROR_FIELD = (
    0, 1024, 2048, 2052, 2056, 2060, 2064, 2068, 2072)


class StoreError(Exception):
    """The daemon answered with XS_ERROR."""


class Client:
    """Requests and events over some transport: send_bytes() and recv_bytes(timeout)."""

    def __init__(self):
        self.events = []
        self.received = b""
        self.next_id = 1

    def raw(self, kind, payload, tx=0):
        """Send a message without waiting; returns its id."""
        req = self.next_id
        self.next_id += 1
        self.send_bytes(struct.pack("<4I", kind, req, tx, len(payload)) + payload)
        return req

    def message(self, timeout=10):
        """The next message: (type, id, transaction, payload); None when none comes in time."""
        end = time.monotonic() + timeout
        while True:
            if len(self.received) >= 16:
                kind, req, tx, length = struct.unpack("<4I", self.received[:16])
                if len(self.received) >= 16 + length:
                    payload = self.received[16:16 + length]
                    self.received = self.received[16 + length:]
                    return kind, req, tx, payload
            left = end - time.monotonic()
            if left < 0:
                return None
            self.received += self.recv_bytes(left)

    def answer(self, req, timeout=10):
        """Wait for the answer to a request; events that come before it are kept."""
        while True:
            got = self.message(timeout)
            if got is None:
                raise TimeoutError("no answer")
            if got[0] == WATCH_EVENT:
                self.events.append(tuple(s.decode() for s in got[3].split(b"\0")[:2]))
                continue
            assert got[1] == req, "answer to request %d instead of %d" % (got[1], req)
            if got[0] == ERROR:
                raise StoreError(got[3].rstrip(b"\0").decode())
            return got[3]

    def call(self, kind, *parts, tx=0, end=b"\0"):
        payload = b"\0".join(p.encode() if isinstance(p, str) else p for p in parts) + end
        return self.answer(self.raw(kind, payload, tx))

    def event(self, timeout=5):
        """The next watch event (path, token), or None."""
        if not self.events:
            got = self.message(timeout)
            if got is None:
                return None
            assert got[0] == WATCH_EVENT, "unexpected message %r" % (got,)
            self.events.append(tuple(s.decode() for s in got[3].split(b"\0")[:2]))
        return self.events.pop(0)

    def no_event(self):
        """True if no event is on its way: the answer to another request would follow it."""
        self.call(GET_DOMAIN_PATH, "0")
        return not self.events

    # The operations, with their natural types.
    def read(self, path, tx=0):
        return self.call(READ, path, tx=tx).decode()

    def write(self, path, value, tx=0):
        return self.call(WRITE, path, value, tx=tx, end=b"")

    def mkdir(self, path, tx=0):
        return self.call(MKDIR, path, tx=tx)

    def rm(self, path, tx=0):
        return self.call(RM, path, tx=tx)

    def ls(self, path, tx=0):
        data = self.call(DIRECTORY, path, tx=tx)
        return [s.decode() for s in data.split(b"\0")[:-1]]

    def exists(self, path, tx=0):
        try:
            self.call(READ, path, tx=tx)
            return True
        except StoreError as e:
            if str(e) != "ENOENT":
                raise
            return False

    def get_perms(self, path, tx=0):
        return self.call(GET_PERMS, path, tx=tx).rstrip(b"\0").decode().split("\0")

    def set_perms(self, path, *perms, tx=0):
        return self.call(SET_PERMS, path, *perms, tx=tx)

    def watch(self, path, token, first=True):
        self.call(WATCH, path, token)
        if first:
            got = self.event()
            assert got == (path, token), "first event %r" % (got,)

    def unwatch(self, path, token):
        return self.call(UNWATCH, path, token)

    def begin(self):
        return int(self.call(TRANSACTION_START, "").rstrip(b"\0"))

    def end(self, tx, commit=True):
        return self.call(TRANSACTION_END, "T" if commit else "F", tx=tx)

    def control(self, *args):
        return self.call(CONTROL, *args).rstrip(b"\0").decode()


class Socket(Client):
    def __init__(self, path):
        super().__init__()
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(path)

    def send_bytes(self, data):
        self.sock.sendall(data)

    def recv_bytes(self, timeout):
        self.sock.settimeout(max(timeout, 0.001))
        try:
            data = self.sock.recv(65536)
        except socket.timeout:
            return b""
        if not data:
            raise ConnectionError("the daemon closed the connection")
        return data

    def close(self):
        self.sock.close()


class Ring(Client):
    """A guest: its page and its event channel are files of the fake machine."""

    def __init__(self, machine, domid, port=5):
        super().__init__()
        self.domid, self.port, self.machine = domid, port, machine
        self.page = machine.page(domid, 1)
        self.to, self.back = machine.channel(domid, port)

    def get(self, offset):
        return struct.unpack("<I", self.page[offset:offset + 4])[0]

    def put(self, offset, value):
        self.page[offset:offset + 4] = struct.pack("<I", value & 0xffffffff)

    def kick(self):
        try:
            os.write(self.to, b"!")
        except BlockingIOError:
            pass

    def wait(self, timeout):
        poll = select.poll()
        poll.register(self.back, select.POLLIN)
        if poll.poll(max(0, min(timeout, 0.2)) * 1000):
            os.read(self.back, 4096)

    def send_bytes(self, data, patience=10):
        end = time.monotonic() + patience
        while data:
            prod, cons = self.get(REQ_PROD), self.get(REQ_CONS)
            room = RING - ((prod - cons) & 0xffffffff)
            n = min(room, len(data), RING - prod % RING)
            if not n:
                if time.monotonic() > end:
                    raise TimeoutError("the ring stays full")
                self.wait(0.2)
                continue
            self.page[REQ + prod % RING:REQ + prod % RING + n] = data[:n]
            self.put(REQ_PROD, prod + n)
            data = data[n:]
            # As Linux does: no event while the daemon has not taken what was there before.
            if (self.get(REQ_CONS) - prod) & 0xffffffff < 0x80000000:
                self.kick()

    def recv_bytes(self, timeout):
        for attempt in range(2):
            prod, cons = self.get(RSP_PROD), self.get(RSP_CONS)
            n = (prod - cons) & 0xffffffff
            assert n <= RING, "the daemon's index makes no sense"
            if n:
                at = cons % RING
                data = self.page[RSP + at:RSP + min(at + n, RING)]
                data += self.page[RSP:RSP + n - len(data)]
                self.put(RSP_CONS, cons + n)
                # As Linux does: an event only if the ring was full.
                if (self.get(RSP_PROD) - cons) & 0xffffffff >= RING:
                    self.kick()
                return data
            if not attempt:
                self.wait(timeout)
        return b""


class Machine:
    """The files behind fake_xenif.c."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="store-test.")
        os.mkfifo(self.path("domain-event"))
        self.exc = os.open(self.path("domain-event"), os.O_RDWR | os.O_NONBLOCK)
        self.set_state(0, "r")
        self.page(0, 1)
        self.channel(0, 1)

    def path(self, name):
        return os.path.join(self.dir, name)

    def page(self, domid, gref):
        name = self.path("ring-%d-%d" % (domid, gref))
        if not os.path.exists(name):
            with open(name, "wb") as f:
                f.write(bytes(4096))
        with open(name, "r+b") as f:
            return mmap.mmap(f.fileno(), 4096)

    def channel(self, domid, port):
        fds = []
        for side in ("to", "from"):
            name = self.path("%s-%d-%d" % (side, domid, port))
            if not os.path.exists(name):
                os.mkfifo(name)
            fds.append(os.open(name, os.O_RDWR | os.O_NONBLOCK))
        return fds

    def set_state(self, domid, state):
        """"r", "s", "d" or None for gone."""
        name = self.path("state-%d" % domid)
        if state is None:
            os.unlink(name)
        else:
            with open(name, "w") as f:
                f.write(state)

    def domain_event(self):
        os.write(self.exc, b"!")

    def remove(self):
        shutil.rmtree(self.dir)


class Daemon:
    """A store daemon with sanitizers on a fake machine (or, with domains=False, none)."""

    def __init__(self, domains=True, binary="paradorstored"):
        self.machine = Machine()
        self.domains = domains
        self.binary = os.path.join(BUILD, binary)
        self.socket = self.machine.path("socket")
        self.journal = self.machine.path("journal")
        self.process = None
        self.start()

    def start(self):
        args = [self.binary, "-F", "--socket", self.socket, "--journal", self.journal,
                "--pid-file", self.machine.path("pid")]
        if not self.domains:
            args.append("--no-domains")
        env = dict(os.environ, FAKE_XEN=self.machine.dir, UBSAN_OPTIONS="halt_on_error=1",
                   ASAN_OPTIONS="detect_leaks=1")
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.log = open(self.machine.path("log"), "ab")
        self.process = subprocess.Popen(args, env=env, stderr=self.log)
        for _ in range(1000):
            if os.path.exists(self.socket):
                try:
                    Socket(self.socket).close()
                    return
                except OSError as e:
                    if e.errno != errno.ECONNREFUSED:
                        raise
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        raise RuntimeError("the daemon did not start:\n" + self.messages())

    def messages(self):
        with open(self.machine.path("log"), errors="replace") as f:
            return f.read()

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def restart(self):
        self.kill()
        self.start()

    def client(self):
        return Socket(self.socket)

    def guest(self, domid, port=5, state="r"):
        """Introduce a new guest."""
        self.machine.set_state(domid, state)
        ring = Ring(self.machine, domid, port)
        c = self.client()
        c.call(INTRODUCE, str(domid), "1234", str(port))
        home = "/local/domain/%d" % domid
        c.write(home, "")
        c.set_perms(home, "n%d" % domid)
        c.close()
        return ring

    def alive(self):
        return self.process.poll() is None

    def finish(self):
        """End the daemon in order; raises if it was not sound (or a sanitizer complained)."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.log.close()
        text = self.messages()
        self.machine.remove()
        if status:
            raise RuntimeError("the daemon ended with status %d:\n%s" % (status, text))
