# SPDX-License-Identifier: MIT
"""kill -9 at any moment and start again: nothing is lost, nothing happens twice."""
import os
import random
import struct
import subprocess
import tempfile
import threading
import time
import unittest

import xs
from test_ops import Base


class Restarting(Base):
    def restart(self):
        self.d.restart()
        self.c.close()
        self.c = self.d.client()


class FullDisk(Restarting):
    """The journal's disk fills up: the store goes on, and when there is room again nothing is missing."""

    def setUp(self):
        self.small = tempfile.mkdtemp(prefix="store-small-")
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", self.small],
                          check=False, stderr=subprocess.DEVNULL).returncode:
            os.rmdir(self.small)
            raise unittest.SkipTest("a file system of its own takes root")
        super().setUp()
        self.d.kill()
        self.d.journal = os.path.join(self.small, "journal")
        self.d.start()
        self.c.close()
        self.c = self.d.client()

    def tearDown(self):
        super().tearDown()
        subprocess.run(["umount", self.small], check=True)
        os.rmdir(self.small)

    def rewritten(self):
        """The journal is another file than at first; it takes the daemon's next attempt."""
        for _ in range(300):
            if os.stat(self.d.journal).st_ino != self.first:
                return True
            time.sleep(0.1)
        return False

    def test_soon_after(self):
        """What could be neither appended nor rewritten comes before what follows it."""
        filler = os.path.join(self.small, "filler")
        self.c.write("/first", "x" * 2000)
        f = os.open(filler, os.O_CREAT | os.O_WRONLY)
        with self.assertRaises(OSError):
            while True:
                os.write(f, bytes(4096))
        os.close(f)
        for i in range(20):
            self.c.write("/n/%d" % i, "%04d" % i * 400)
        self.assertIn("cannot write", self.d.messages())
        self.assertEqual(sorted(os.listdir(self.small)), ["filler", "journal"])
        os.unlink(filler)
        self.c.write("/after", "it")
        self.restart()
        self.assertEqual([self.c.read("/n/%d" % i) for i in range(20)],
                         ["%04d" % i * 400 for i in range(20)])
        self.assertEqual(self.c.read("/after"), "it")

    def test_full_disk(self):
        filler = os.path.join(self.small, "filler")
        self.first = os.stat(self.d.journal).st_ino
        with open(filler, "wb") as f:
            f.write(bytes(128 << 10))
        for i in range(200):
            self.c.write("/full/%d" % i, "%04d" % i * 400)
        self.assertIn("cannot write", self.d.messages())
        self.assertEqual(self.c.read("/full/199"), "0199" * 400)
        os.unlink(filler)
        # Not enough to append all of that; but a file of what is left would fit.
        for i in range(150):
            self.c.rm("/full/%d" % i)
        self.c.write("/after", "it")
        self.assertTrue(self.rewritten(), self.d.messages())
        self.restart()
        self.assertEqual(sorted(self.c.ls("/full"), key=int), [str(i) for i in range(150, 200)])
        for i in range(150, 200):
            self.assertEqual(self.c.read("/full/%d" % i), "%04d" % i * 400)
        self.assertEqual(self.c.read("/after"), "it")


class Restart(Restarting):
    domains = True

    def setUp(self):
        super().setUp()
        self.g = self.d.guest(3)

    def snapshot(self, path="/"):
        out = {path: (self.c.read(path), tuple(self.c.get_perms(path)))}
        for n in self.c.ls(path):
            out.update(self.snapshot(path.rstrip("/") + "/" + n))
        return out

    def test_nodes(self):
        rng = random.Random(3)
        for i in range(500):
            path = "/r/%d/%d" % (rng.randint(0, 9), rng.randint(0, 9))
            if rng.random() < 0.2:
                self.c.rm(path.rsplit("/", 1)[0]) if self.c.exists("/r") else None
            else:
                self.c.write(path, rng.randbytes(rng.randint(0, 50)).hex())
                self.c.set_perms(path, "n%d" % rng.randint(0, 5), "r%d" % rng.randint(0, 5))
        self.c.set_perms("@releaseDomain", "n0", "r3")
        self.c.control("quota", "set", "watches", "77")
        before = self.snapshot()
        order = self.c.ls("/r")
        for _ in range(3):
            self.restart()
            self.assertEqual(self.snapshot(), before)
            self.assertEqual(self.c.ls("/r"), order)
            self.assertEqual(self.c.get_perms("@releaseDomain"), ["n0", "r3"])
            self.assertIn("watches 77\n", self.c.control("quota"))
            self.assertEqual(self.c.control("check"), "OK")

    def test_accounts(self):
        self.g.write("a/b", "value")
        self.g.watch("a", "t")
        before = self.c.control("quota", "3")
        self.restart()
        self.assertEqual(self.c.control("quota", "3"), before)

    def test_guest_goes_on(self):
        self.g.watch("w", "tok")
        self.g.write("x", "1")
        self.restart()
        self.assertEqual(self.g.read("x"), "1")
        self.c.write("/local/domain/3/w/1", "")
        self.assertEqual(self.g.event(), ("w/1", "tok"))
        self.assertTrue(self.g.no_event())
        self.g.unwatch("w", "tok")
        self.restart()
        self.c.write("/local/domain/3/w/2", "")
        self.assertTrue(self.g.no_event())

    def test_dom0_kernel_goes_on(self):
        k = xs.Ring(self.d.machine, 0, 1)
        k.watch("/local/domain/0/backend", "tok")
        self.restart()
        self.c.write("/local/domain/0/backend/vbd", "")
        self.assertEqual(k.event(), ("/local/domain/0/backend/vbd", "tok"))

    def test_request_sent_while_down(self):
        self.d.kill()
        req = self.g.raw(xs.WRITE, b"x\0while down")
        self.d.start()
        self.assertEqual(self.g.answer(req), b"OK\0")
        self.c = self.d.client()
        self.assertEqual(self.c.read("/local/domain/3/x"), "while down")

    def test_half_a_request(self):
        """Small (stays in the ring) and large (consumed in parts) requests, cut at every kind of place."""
        for size in (10, 500, 1500, 2000):
            whole = struct.pack("<4I", xs.WRITE, 99, 0, 4 + size) + b"big\0" + b"z" * size
            for cut in (1, 15, 16, 17, len(whole) // 2, len(whole) - 1):
                if cut > 1000:
                    self.g.send_bytes(whole[:700])
                    self.g.send_bytes(whole[700:cut])
                else:
                    self.g.send_bytes(whole[:cut])
                time.sleep(0.02)
                self.restart()
                self.g.send_bytes(whole[cut:])
                self.assertEqual(self.g.answer(99), b"OK\0")
                self.assertEqual(self.c.read("/local/domain/3/big"), "z" * size)

    def test_half_an_answer(self):
        value = random.Random(5).randbytes(2000)
        self.g.write("big", value)
        req = self.g.raw(xs.READ, b"big\0")
        req2 = self.g.raw(xs.READ, b"big\0")
        time.sleep(0.1)
        self.c.write("/local/domain/3/big", "changed meanwhile")
        self.restart()
        self.assertEqual(self.g.answer(req), value)
        self.restart()
        self.assertEqual(self.g.answer(req2), value)
        self.assertEqual(self.g.read("big"), "changed meanwhile")

    def test_queued_events(self):
        self.g.watch("w", "t")
        for i in range(200):
            self.c.write("/local/domain/3/w/%d" % i, "")
        self.restart()
        self.assertEqual([self.g.event()[0] for _ in range(200)], ["w/%d" % i for i in range(200)])
        self.assertTrue(self.g.no_event())

    def test_merged_events(self):
        self.g.watch("w", "t")
        for i in range(8000):
            self.c.raw(xs.WRITE, b"/local/domain/3/w/%d\0" % (i % 100))
            if i % 100 == 99:
                for _ in range(100):
                    self.c.message()
        self.restart()
        seen = []
        while True:
            e = self.g.event(1)
            if e is None:
                break
            seen.append(e[0])
        self.assertEqual(seen[-1], "w")
        self.assertEqual(seen.count("w"), 1)

    def test_open_transaction(self):
        self.g.write("n", "1")
        t = self.g.begin()
        self.g.write("n", "2", tx=t)
        self.restart()
        self.assertEqual(self.g.read("n", tx=t), "1")
        self.g.write("n", "3", tx=t)
        self.fails("EAGAIN", self.g.end, t)
        self.fails("ENOENT", self.g.end, t)
        self.assertEqual(self.g.read("n"), "1")
        t2 = self.g.begin()
        self.restart()
        self.g.end(t2, commit=False)

    def test_died_meanwhile(self):
        other = self.d.guest(4)
        other.write("x", "1")
        self.g.watch("@releaseDomain", "t")
        self.c.set_perms("@releaseDomain", "r0")
        self.assertEqual(self.g.event(), ("@releaseDomain", "t"))
        self.d.kill()
        self.d.machine.set_state(4, None)
        self.d.start()
        self.c = self.d.client()
        self.assertEqual(self.g.event(), ("@releaseDomain", "t"))
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "4"), b"F\0")
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "3"), b"T\0")
        self.restart()
        self.assertEqual(self.c.get_perms("/local/domain/4/x"), ["n0"])

    def test_lives_survive(self):
        self.c.write("/acl", "v")
        self.c.set_perms("/acl", "n0", "r4")
        self.d.guest(4)
        self.c.call(xs.RELEASE, "4")
        self.restart()
        again = self.d.guest(4, port=9)
        self.fails("EACCES", again.read, "/acl")
        self.restart()
        self.fails("EACCES", again.read, "/acl")

    def test_target_and_reported_survive(self):
        self.c.write("/local/domain/8", "")
        self.c.set_perms("/local/domain/8", "n8")
        self.c.call(xs.SET_TARGET, "3", "8")
        self.d.machine.set_state(3, "s")
        self.d.machine.domain_event()
        time.sleep(0.1)
        self.restart()
        w = self.d.client()
        w.watch("@releaseDomain", "t")
        self.d.machine.domain_event()
        self.assertTrue(w.no_event())
        self.g.write("/local/domain/8/x", "1")

    def test_torn_journal(self):
        self.g.write("x", "kept")
        self.d.kill()
        size = os.path.getsize(self.d.journal)
        with open(self.d.journal, "ab") as f:
            f.write(b"\x40\0\0\0garbage that was to become a batch")
        self.d.start()
        self.c = self.d.client()
        self.assertEqual(self.c.read("/local/domain/3/x"), "kept")
        self.d.kill()
        # Without its last bytes, the last batch does not count, and the ones before do.
        self.d.start()
        self.c = self.d.client()
        self.c.write("/one", "1")
        self.c.write("/two", "2")
        self.d.kill()
        os.truncate(self.d.journal, os.path.getsize(self.d.journal) - 1)
        self.d.start()
        self.c = self.d.client()
        self.assertEqual(self.c.read("/one"), "1")
        self.assertFalse(self.c.exists("/two"))
        self.assertTrue(size)

    def test_other_boot(self):
        self.g.write("x", "1")
        self.d.kill()
        with open(self.d.journal, "r+b") as f:
            f.seek(16)
            f.write(b"00000000-0000")
        self.g.put(xs.REQ_CONS, 0)
        self.d.start()
        self.c = self.d.client()
        self.assertFalse(self.c.exists("/local/domain/3"))
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "3"), b"F\0")

    def test_compaction(self):
        for i in range(3000):
            self.c.raw(xs.WRITE, b"/c/%d\0" % (i % 10) + b"x" * 2000)
            if i % 50 == 49:
                for _ in range(50):
                    self.c.message()
        self.g.write("x", "1")
        self.assertTrue(os.path.getsize(self.d.journal) < 5 << 20)
        self.restart()
        self.assertEqual(len(self.c.ls("/c")), 10)
        self.assertEqual(self.g.read("x"), "1")

    def test_second_instance_is_refused(self):
        with self.assertRaises(RuntimeError):
            other = xs.Daemon.__new__(xs.Daemon)
            other.__dict__.update(self.d.__dict__)
            os.rename(self.d.socket, self.d.socket + ".hidden")
            try:
                other.start()
            finally:
                os.rename(self.d.socket + ".hidden", self.d.socket)
        self.assertIn("another instance", self.d.messages())
        self.assertEqual(self.c.read("/tool"), "")

    def test_killed_at_random_under_load(self):
        """
        A guest counts a node up in transactions and reads it back, another hears of it by a watch, while the
        daemon is killed again and again. Each increment must happen exactly once, each answer come exactly once.
        """
        watcher = self.d.guest(4)
        self.c.write("/shared", "")
        self.c.set_perms("/shared", "n3", "r4")
        watcher.watch("/shared", "t")
        stop = threading.Event()
        count = [0]
        problems = []

        def work():
            try:
                self.g.write("/shared/n", "0")
                while not stop.is_set():
                    t = self.g.begin()
                    n = int(self.g.read("/shared/n", tx=t))
                    if n != count[0]:
                        raise AssertionError("read %d after %d commits" % (n, count[0]))
                    self.g.write("/shared/n", str(n + 1), tx=t)
                    self.g.write("pad", "p" * random.randint(0, 1900), tx=t)
                    try:
                        self.g.end(t)
                        count[0] += 1
                    except xs.StoreError as e:
                        if str(e) != "EAGAIN":
                            raise
            except Exception as e:
                problems.append(e)

        events = []

        def listen():
            quiet = 0
            while quiet < 5:
                e = watcher.event(0.2)
                quiet = quiet + 1 if stop.is_set() and e is None else 0
                if e:
                    events.append(e)

        worker = threading.Thread(target=work)
        listener = threading.Thread(target=listen)
        worker.start()
        listener.start()
        rng = random.Random(9)
        for _ in range(25):
            time.sleep(rng.uniform(0.02, 0.15))
            self.d.restart()
        stop.set()
        worker.join(30)
        self.c = self.d.client()
        self.assertEqual(problems, [])
        self.assertTrue(count[0] > 25, count[0])
        self.assertEqual(self.c.read("/shared/n"), str(count[0]))
        listener.join(30)
        # One for "0" and one per commit; the socket of the test made none.
        self.assertEqual(set(events), {("/shared/n", "t")})
        self.assertEqual(len(events), count[0] + 1)
