# SPDX-License-Identifier: MIT
"""The console daemon: rings, terminals, log files, deaths and restarts."""
import os
import random
import select
import signal
import struct
import subprocess
import termios
import threading
import time
import unittest

import xs

IN, OUT, IN_CONS, IN_PROD, OUT_CONS, OUT_PROD = 0, 1024, 3072, 3076, 3080, 3084


class Console:
    """A guest's side of its console."""

    def __init__(self, machine, domid, port=3):
        self.page = machine.page(domid, 0)
        self.to, self.back = machine.channel(domid, port)
        self.domid, self.port = domid, port

    def get(self, offset):
        return struct.unpack("<I", self.page[offset:offset + 4])[0]

    def put(self, offset, value):
        self.page[offset:offset + 4] = struct.pack("<I", value & 0xffffffff)

    def kick(self):
        try:
            os.write(self.to, b"!")
        except BlockingIOError:
            pass

    def write(self, data, kick=True, patience=20):
        """Print; waits for room as a guest does. Returns what did not fit in time."""
        end = time.monotonic() + patience
        while data:
            prod, cons = self.get(OUT_PROD), self.get(OUT_CONS)
            n = min(2048 - ((prod - cons) & 0xffffffff), len(data), 2048 - prod % 2048)
            if n:
                self.page[OUT + prod % 2048:OUT + prod % 2048 + n] = data[:n]
                self.put(OUT_PROD, prod + n)
                data = data[n:]
                if kick:
                    self.kick()
                continue
            if time.monotonic() > end:
                break
            select.select([self.back], [], [], 0.05)
            try:
                os.read(self.back, 4096)
            except BlockingIOError:
                pass
        return data

    def read(self, want, timeout=5):
        data = b""
        end = time.monotonic() + timeout
        while len(data) < want and time.monotonic() < end:
            prod, cons = self.get(IN_PROD), self.get(IN_CONS)
            n = (prod - cons) & 0xffffffff
            assert n <= 1024
            for i in range(n):
                data += self.page[IN + (cons + i) % 1024:IN + (cons + i) % 1024 + 1]
            if n:
                self.put(IN_CONS, cons + n)
                self.kick()
            else:
                time.sleep(0.005)
        return data


class ConsoleTest(unittest.TestCase):
    options = ()

    def setUp(self):
        self.d = xs.Daemon()
        self.c = self.d.client()
        self.logs = self.d.machine.path("logs")
        self.process = None
        with open(self.d.machine.path("console"), "wb") as f:
            f.write(b"(XEN) first line\n")
        self.start()

    def start(self):
        env = dict(os.environ, FAKE_XEN=self.d.machine.dir, XENSTORED_PATH=self.d.socket,
                   UBSAN_OPTIONS="halt_on_error=1")
        self.log = open(self.d.machine.path("console-messages"), "ab")
        self.process = subprocess.Popen(
            [os.path.join(xs.BUILD, "paradorconsoled"), "-F", "--log-dir", self.logs,
             "--run-dir", self.d.machine.path("run"), *self.options], env=env, stderr=self.log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def begun(self):
        """It has written its number: from then on it ends in order when it is told to."""
        try:
            with open(self.d.machine.path("run/pid")) as f:
                return f.read() == "%d\n" % self.process.pid
        except FileNotFoundError:
            return False

    def tearDown(self):
        self.eventually(lambda: self.begun() or self.process.poll() is not None)
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        self.log.close()
        with open(self.d.machine.path("console-messages"), errors="replace") as f:
            text = f.read()
        self.c.close()
        self.d.finish()
        self.assertEqual(status, 0, text)

    def guest(self, domid, name=None, port=3, entries=True, first=b""):
        """A domain with a console, paused: its ring may already hold something."""
        self.d.machine.page(domid, 1)
        self.d.machine.channel(domid, 2)
        con = Console(self.d.machine, domid, port)
        if first:
            con.write(first, kick=False)
        self.d.machine.set_state(domid, "r")
        if entries:
            self.entries(domid, name, port)
        self.c.call(xs.INTRODUCE, str(domid), "77", "2")
        return con

    def entries(self, domid, name=None, port=3):
        home = "/local/domain/%d/" % domid
        self.c.write(home + "name", name or "g%d" % domid)
        self.c.write(home + "console/type", "xenconsoled")
        self.c.write(home + "console/limit", "1048576")
        self.c.write(home + "console/tty", "")
        self.c.write(home + "console/ring-ref", "1000")
        self.c.write(home + "console/port", str(port))

    def eventually(self, check, timeout=10):
        end = time.monotonic() + timeout
        while True:
            got = check()
            if got or time.monotonic() > end:
                return got
            time.sleep(0.01)

    def tty(self, domid, other_than=""):
        def look():
            got = self.c.read("/local/domain/%d/console/tty" % domid)
            return got if got != other_than else ""
        name = self.eventually(look)
        self.assertTrue(name.startswith("/dev/pts/"), name)
        fd = os.open(name, os.O_RDWR | os.O_NOCTTY)
        self.addCleanup(os.close, fd)
        return fd

    def logged(self, name):
        try:
            with open(os.path.join(self.logs, name), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return b""

    def expect_log(self, name, text):
        self.eventually(lambda: self.logged(name) == text)
        self.assertEqual(self.logged(name), text)

    def read_tty(self, fd, want, timeout=5):
        data = b""
        end = time.monotonic() + timeout
        while len(data) < want and time.monotonic() < end:
            if select.select([fd], [], [], 0.1)[0]:
                got = os.read(fd, 65536)
                if not got:
                    break
                data += got
        return data


class Traffic(ConsoleTest):
    def test_output_from_first_byte(self):
        con = self.guest(3, first=b"before anybody listened\n")
        self.expect_log("guest-g3.log", b"before anybody listened\n")
        con.write(b"and after\n")
        self.expect_log("guest-g3.log", b"before anybody listened\nand after\n")
        fd = self.tty(3)
        self.assertEqual(self.read_tty(fd, 34), b"before anybody listened\nand after\n")
        self.assertEqual(os.stat(os.path.join(self.logs, "guest-g3.log")).st_mode & 0o777, 0o600)

    def test_input(self):
        con = self.guest(3)
        fd = self.tty(3)
        os.write(fd, b"ls\x03\x04\r")
        self.assertEqual(con.read(5), b"ls\x03\x04\r")

    def test_much_input(self):
        """More than the ring holds: what does not fit waits until the guest reads."""
        con = self.guest(3)
        fd = self.tty(3)
        data = random.Random(1).randbytes(9000)

        def typist():
            at = 0
            while at < len(data):
                at += os.write(fd, data[at:at + 500])
        t = threading.Thread(target=typist)
        t.start()
        self.eventually(lambda: con.get(IN_PROD) - con.get(IN_CONS) == 1024)
        time.sleep(0.1)
        self.assertEqual(con.get(IN_PROD) - con.get(IN_CONS), 1024)
        self.assertEqual(con.read(len(data)), data)
        t.join()

    def test_binary_and_wrap(self):
        start = 0xffffffff - 700
        page = self.d.machine.page(3, 0)
        page[IN_CONS:IN_CONS + 16] = struct.pack("<4I", start, start, start, start)
        data = random.Random(2).randbytes(20000)
        con = self.guest(3)
        con.write(data)
        self.expect_log("guest-g3.log", data)

    def test_entries_after_introduction(self):
        con = self.guest(3, entries=False, first=b"early ")
        time.sleep(0.1)
        self.entries(3)
        con.write(b"late")
        self.expect_log("guest-g3.log", b"early late")

    def test_not_ours(self):
        con = self.guest(3, entries=False)
        self.c.write("/local/domain/3/console/type", "ioemu")
        self.c.write("/local/domain/3/console/ring-ref", "1")
        self.c.write("/local/domain/3/console/port", "3")
        con.write(b"x")
        time.sleep(0.2)
        self.assertEqual(con.get(OUT_CONS), 0)

    def test_bad_entries(self):
        for i, (ref, port) in enumerate((("x", "3"), ("-1", "3"), ("1", ""), ("1", "99999999999"), ("1", "9"))):
            domid = 10 + i
            self.guest(domid, entries=False)
            self.c.write("/local/domain/%d/console/ring-ref" % domid, ref)
            self.c.write("/local/domain/%d/console/port" % domid, port)
        self.guest(3).write(b"fine")
        self.expect_log("guest-g3.log", b"fine")

    def test_names(self):
        for domid, name, log in ((3, "../../etc/passwd", "guest-.._.._etc_passwd.log"), (4, "a b\n", "guest-a_b_.log"),
                                 (5, "x" * 500, "guest-" + "x" * 200 + ".log")):
            self.guest(domid, name).write(b"hello")
            self.expect_log(log, b"hello")

    def test_nobody_reads(self):
        """A terminal without a reader stops nothing; who comes late finds the newest output."""
        con = self.guest(3)
        text = b"".join(b"line %06d\n" % i for i in range(30000))
        self.assertEqual(con.write(text), b"")
        self.expect_log("guest-g3.log", text)
        got = self.read_tty(self.tty(3), 1 << 20, timeout=2)
        self.assertTrue(got.endswith(b"line 029999\n"))
        self.assertTrue(100000 < len(got) < 300000)

    def test_two_guests(self):
        a, b = self.guest(3), self.guest(4)
        for i in range(100):
            a.write(b"a%d\n" % i)
            b.write(b"b%d\n" % i)
        self.expect_log("guest-g3.log", b"".join(b"a%d\n" % i for i in range(100)))
        self.expect_log("guest-g4.log", b"".join(b"b%d\n" % i for i in range(100)))

    def test_raw_terminal(self):
        self.guest(3)
        flags = termios.tcgetattr(self.tty(3))
        self.assertFalse(flags[3] & (termios.ECHO | termios.ICANON | termios.ISIG))
        self.assertFalse(flags[1] & termios.OPOST)

    def test_hypervisor_log(self):
        self.expect_log("hypervisor.log", b"(XEN) first line\n")
        with open(self.d.machine.path("console"), "ab") as f:
            f.write(b"(XEN) second line\n")
        self.kill()
        self.start()
        self.expect_log("hypervisor.log", b"(XEN) first line\n(XEN) second line\n")


class Rotation(ConsoleTest):
    options = ("--log-size", "10", "--log-keep", "3")

    def test_rotation(self):
        con = self.guest(3)
        text = b"".join(b"line %07d\n" % i for i in range(2800))   # 36400 bytes
        con.write(text)
        self.eventually(lambda: self.logged("guest-g3.log").endswith(text[-13:]))
        parts = [self.logged("guest-g3.log" + s) for s in (".3", ".2", ".1", "")]
        self.assertEqual(b"".join(parts), text)
        self.assertTrue(all(len(p) <= 10240 for p in parts))
        con.write(text)
        self.eventually(lambda: self.logged("guest-g3.log").endswith(text[-13:]))
        parts = [self.logged("guest-g3.log" + s) for s in (".3", ".2", ".1", "")]
        self.assertTrue((text + text).endswith(b"".join(parts)))
        self.assertFalse(os.path.exists(os.path.join(self.logs, "guest-g3.log.4")))

    def test_appends_to_old(self):
        con = self.guest(3, "same")
        con.write(b"first life\n")
        self.expect_log("guest-same.log", b"first life\n")
        self.d.machine.set_state(3, None)
        self.d.machine.domain_event()
        self.guest(4, "same").write(b"second life\n")
        self.expect_log("guest-same.log", b"first life\nsecond life\n")


class Hostile(ConsoleTest):
    def test_bad_indices(self):
        con, other = self.guest(3), self.guest(4)
        con.write(b"fine\n")
        self.expect_log("guest-g3.log", b"fine\n")
        con.put(OUT_PROD, con.get(OUT_CONS) + 5000)
        con.kick()
        self.eventually(lambda: con.get(OUT_CONS) == con.get(OUT_PROD))
        con.write(b"again\n")
        self.expect_log("guest-g3.log", b"fine\nagain\n")
        con.put(IN_CONS, 77777)
        os.write(self.tty(3), b"typed")
        other.write(b"untouched\n")
        self.expect_log("guest-g4.log", b"untouched\n")

    def test_our_indices_are_not_believed(self):
        con = self.guest(3)
        con.write(b"one\n")
        self.expect_log("guest-g3.log", b"one\n")
        prod = con.get(OUT_PROD)
        con.put(OUT_CONS, prod - 4)
        con.page[OUT + prod:OUT + prod + 4] = b"two\n"
        con.put(OUT_PROD, prod + 4)
        con.kick()
        self.expect_log("guest-g3.log", b"one\ntwo\n")

    def test_random_pages(self):
        rng = random.Random(4)
        con, other = self.guest(3), self.guest(4)
        fd = self.tty(3)
        for _ in range(300):
            con.page[IN_CONS:IN_CONS + 16] = struct.pack(
                "<4I", *(rng.choice([0, 1, 1024, 2048, 2049, 0xffffffff, rng.getrandbits(32)]) for _ in range(4)))
            con.kick()
            if rng.random() < 0.1:
                os.write(fd, b"x")
        other.write(b"alive\n")
        self.expect_log("guest-g4.log", b"alive\n")

    def test_flood_is_slowed_and_others_are_not(self):
        """A guest that prints without end gets its share; another's lines come through at once."""
        con, other = self.guest(3), self.guest(4)
        stop = threading.Event()
        wrote = [0]

        def flood():
            while not stop.is_set():
                wrote[0] += 2000 - len(con.write(b"f" * 2000, patience=1))
        t = threading.Thread(target=flood)
        start = time.monotonic()
        t.start()
        time.sleep(3)
        delays = []
        for i in range(20):
            sent = time.monotonic()
            other.write(b"%d\n" % i)
            want = b"".join(b"%d\n" % k for k in range(i + 1))
            while self.logged("guest-g4.log") != want and time.monotonic() < sent + 5:
                time.sleep(0.002)
            delays.append(time.monotonic() - sent)
            time.sleep(0.05)
        total, seconds = wrote[0], time.monotonic() - start
        stop.set()
        t.join()
        self.assertTrue(sorted(delays)[10] < 0.5 and max(delays) < 3, delays)
        # What may come at once, what may come in that time, and what the ring holds.
        self.assertTrue(total <= 512 * 1024 + 256000 * seconds + 4096, (total, seconds))
        self.assertTrue(total > 512 * 1024, (total, seconds))

    def test_events_without_data(self):
        con = self.guest(3)
        self.tty(3)

        def cpu():
            with open("/proc/%d/stat" % self.process.pid) as f:
                fields = f.read().rsplit(")", 1)[1].split()
            return int(fields[11]) + int(fields[12])
        before, end = cpu(), time.monotonic() + 2
        while time.monotonic() < end:
            con.kick()
        # A hundredth of a second each; its share of the events, not all that are sent.
        self.assertLess(cpu() - before, 100)
        con.write(b"still here\n")
        self.expect_log("guest-g3.log", b"still here\n")


class Deaths(ConsoleTest):
    def test_last_words(self):
        for i, state in enumerate(("d", None)):
            domid = 3 + i
            con = self.guest(domid)
            con.write(b"hello\n")
            fd = self.tty(domid)
            con.write(b"panic: goodbye\n", kick=False)
            self.d.machine.set_state(domid, state)
            self.d.machine.domain_event()
            self.expect_log("guest-g%d.log" % domid, b"hello\npanic: goodbye\n")
            self.assertEqual(self.read_tty(fd, 21), b"hello\npanic: goodbye\n")

    def test_shutdown_keeps_the_console(self):
        con = self.guest(3)
        con.write(b"reboot: Power down\n", kick=False)
        self.d.machine.set_state(3, "s")
        self.d.machine.domain_event()
        self.expect_log("guest-g3.log", b"reboot: Power down\n")
        con.write(b"crash dump\n")
        self.expect_log("guest-g3.log", b"reboot: Power down\ncrash dump\n")

    def test_terminal_ends(self):
        self.guest(3).write(b"x")
        fd = self.tty(3)
        self.d.machine.set_state(3, None)
        self.d.machine.domain_event()
        self.assertEqual(self.read_tty(fd, 1), b"x")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                if select.select([fd], [], [], 0.1)[0] and not os.read(fd, 100):
                    return
            except OSError:
                return
        self.fail("the terminal did not end")

    def test_nothing_leaks(self):
        def descriptors():
            return len(os.listdir("/proc/%d/fd" % self.process.pid))

        def mappings():
            with open("/proc/%d/maps" % self.process.pid) as f:
                return sum("ring-" in line for line in f)
        self.guest(3).write(b"x")
        self.expect_log("guest-g3.log", b"x")
        before = descriptors(), mappings()
        for domid in range(10, 30):
            self.guest(domid).write(b"y")
            self.tty(domid)
        for domid in range(10, 30):
            self.expect_log("guest-g%d.log" % domid, b"y")
            self.d.machine.set_state(domid, None)
        self.d.machine.domain_event()
        self.eventually(lambda: (descriptors(), mappings()) == before, timeout=15)
        self.assertEqual((descriptors(), mappings()), before)


class Restarts(ConsoleTest):
    def test_killed(self):
        con = self.guest(3)
        con.write(b"one\n")
        self.expect_log("guest-g3.log", b"one\n")
        old = self.c.read("/local/domain/3/console/tty")
        self.kill()
        con.write(b"two\n")
        self.c.write("/local/domain/3/console/tty", "stale")
        self.start()
        self.expect_log("guest-g3.log", b"one\ntwo\n")
        fd = self.tty(3, other_than="stale")
        self.assertTrue(old.startswith("/dev/pts/"))
        os.write(fd, b"typed")
        self.assertEqual(con.read(5), b"typed")

    def test_killed_again_and_again(self):
        """Nothing is lost; what had not been given back to the guest may come twice, 2 KiB at most each time."""
        con = self.guest(3)
        lines = [b"line %06d\n" % i for i in range(20000)]
        t = threading.Thread(target=lambda: con.write(b"".join(lines), patience=60))
        t.start()
        kills = 0
        while t.is_alive() and kills < 10:
            time.sleep(0.1)
            self.kill()
            self.start()
            kills += 1
        t.join(60)
        self.eventually(lambda: self.logged("guest-g3.log").endswith(lines[-1]))
        text = self.logged("guest-g3.log")
        have = set(text.split(b"\n"))
        missing = [l for l in lines if l.rstrip() not in have]
        self.assertEqual(missing, [])
        self.assertTrue(len(text) <= len(b"".join(lines)) + 2048 * kills)

    def test_store_restarts(self):
        con = self.guest(3)
        con.write(b"one\n")
        self.expect_log("guest-g3.log", b"one\n")
        for i in range(3):
            self.d.restart()
            self.c = self.d.client()
            con.write(b"more\n")
            other = self.guest(4 + i)
            other.write(b"new guest\n")
            self.expect_log("guest-g%d.log" % (4 + i), b"new guest\n")
        self.d.machine.set_state(4, None)
        self.d.machine.domain_event()
        self.expect_log("guest-g3.log", b"one\n" + b"more\n" * 3)

    def test_serves_without_a_place_for_logs(self):
        self.kill()
        self.logs = os.path.join(self.d.machine.path("console-messages"), "under-a-file")
        self.start()
        con = self.guest(3, first=b"nobody keeps this\n")
        fd = self.tty(3)
        self.assertEqual(self.read_tty(fd, 18), b"nobody keeps this\n")
        con.write(b"still here\n")
        self.assertEqual(self.read_tty(fd, 11), b"still here\n")

    def test_starts_before_the_store(self):
        self.kill()
        self.d.kill()
        self.start()
        time.sleep(0.3)
        self.d.start()
        self.c = self.d.client()
        self.guest(3).write(b"hello\n")
        self.expect_log("guest-g3.log", b"hello\n")
