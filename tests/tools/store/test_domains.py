# SPDX-License-Identifier: MIT
"""Guests over rings: rights, limits, hostile pages, life and death."""
import os
import random
import struct
import time
import unittest

import xs
from test_ops import Base


class Guests(Base):
    domains = True

    def setUp(self):
        super().setUp()
        self.g = self.d.guest(3)


class Rings(Guests):
    def test_requests(self):
        self.g.write("data/x", "1")
        self.assertEqual(self.g.read("/local/domain/3/data/x"), "1")
        self.assertEqual(self.c.read("/local/domain/3/data/x"), "1")
        self.assertEqual(self.g.call(xs.IS_DOMAIN_INTRODUCED, "3"), b"T\0")

    def test_features_announced(self):
        self.assertEqual(self.g.get(xs.FEATURES), 3)

    def test_larger_than_ring(self):
        for size in (900, 990, 1000, 1008, 1009, 1024, 2000):
            value = bytes(random.Random(size).choices(range(256), k=size))
            self.g.write("big", value)
            self.assertEqual(self.g.call(xs.READ, "big"), value)

    def test_many_in_a_row(self):
        ids = [self.g.raw(xs.WRITE, b"n\0%d" % i) for i in range(10)]
        for req in ids:
            self.g.answer(req)
        for i in range(300):
            self.g.write("n", str(i))
        self.assertEqual(self.g.read("n"), "299")

    def test_in_pieces_with_few_events(self):
        """A guest that sends a request piece by piece, with events only where Linux sends them."""
        whole = struct.pack("<4I", xs.WRITE, 9, 0, 12) + b"x\0" + b"0123456789"
        for step in (1, 3, 16, 17):
            for at in range(0, len(whole), step):
                self.g.send_bytes(whole[at:at + step])
                time.sleep(0.005)
            self.assertEqual(self.g.answer(9), b"OK\0")

    def test_index_wraps(self):
        ring = self.d.machine.page(9, 1)
        start = 0xffffffff - 100
        ring[xs.REQ_CONS:xs.REQ_CONS + 16] = struct.pack("<4I", start, start, start + 7, start + 7)
        g = self.d.guest(9)
        for i in range(50):
            g.write("n", "x" * i)
            self.assertEqual(g.read("n"), "x" * i)

    def test_dom0_ring(self):
        kernel = xs.Ring(self.d.machine, 0, 1)
        kernel.write("/k", "v")
        kernel.watch("/k", "t")
        self.c.write("/k/x", "1")
        self.assertEqual(kernel.event(), ("/k/x", "t"))
        self.assertIn("quota", kernel.control("help"))

    def test_introduce_again(self):
        self.g.watch("w", "t")
        again = self.d.guest(3, port=6)
        self.assertEqual(again.read("/local/domain/3"), "")
        self.c.write("/local/domain/3/w", "1")
        self.assertTrue(again.no_event())
        self.d.machine.channel(3, 6)
        self.d.guest(3, port=6).write("x", "same port")

    def test_introduce_fails(self):
        before = self.c.control("quota", "12")
        self.fails("ENOENT", self.c.call, xs.INTRODUCE, "12", "1", "1")
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "12"), b"F\0")
        self.assertEqual(self.c.control("quota", "12"), before)
        self.d.machine.page(12, 1)
        self.fails("ENOENT", self.c.call, xs.INTRODUCE, "12", "1", "1")
        self.fails("EINVAL", self.c.call, xs.INTRODUCE, "0", "1", "1")
        self.fails("EINVAL", self.c.call, xs.INTRODUCE, "99999", "1", "1")


class Rights(Guests):
    def test_dom0_only(self):
        for kind, args in ((xs.CONTROL, ["help"]), (xs.INTRODUCE, ["4", "1", "1"]), (xs.RELEASE, ["3"]),
                           (xs.RESUME, ["3"]), (xs.SET_TARGET, ["3", "0"])):
            self.fails("EACCES", self.g.call, kind, *args)

    def test_table(self):
        """What each letter gives to the owner, to a listed domain and to others."""
        other = self.d.guest(4)
        self.c.write("/t", "v")
        for letter, may in (("n", ""), ("r", "r"), ("w", "w"), ("b", "rw")):
            for perms, mine, others in ((["n0", letter + "3"], may, ""), ([letter + "0", "n3"], "", may),
                                        ([letter + "3"], "rw", may), (["b0", letter + "3"], may, "rw")):
                self.c.set_perms("/t", *perms)
                for guest, rights in ((self.g, mine), (other, others)):
                    for right, do in (("r", lambda: guest.read("/t")), ("w", lambda: guest.write("/t", "v"))):
                        if right in rights:
                            do()
                        else:
                            self.fails("EACCES", do)

    def test_creation_needs_right_to_parent(self):
        self.fails("EACCES", self.g.write, "/mine", "v")
        self.fails("EACCES", self.g.mkdir, "/local/domain/4/x")
        self.c.write("/pub", "")
        self.c.set_perms("/pub", "w0")
        self.g.write("/pub/a/b", "v")
        self.assertEqual(self.c.get_perms("/pub/a"), ["w3"])
        self.assertEqual(self.c.get_perms("/pub/a/b"), ["w3"])
        self.fails("EACCES", self.g.call, xs.DIRECTORY, "/pub")

    def test_missing_is_not_told(self):
        self.fails("EACCES", self.g.read, "/secret/none")
        self.fails("ENOENT", self.g.read, "none")

    def test_owner_rules(self):
        self.g.write("x", "v")
        self.g.set_perms("x", "n3", "r0", "b7")
        self.fails("EPERM", self.g.set_perms, "x", "n0", "b3")
        self.c.write("/y", "v")
        self.c.set_perms("/y", "b0")
        self.fails("EACCES", self.g.set_perms, "/y", "b0", "b3")
        self.fails("EACCES", self.g.set_perms, "@releaseDomain", "b3")

    def test_transaction_does_not_widen(self):
        t = self.g.begin()
        self.fails("EACCES", self.g.write, "/x", "v", tx=t)
        self.fails("EACCES", self.g.read, "/tool", tx=t)
        self.g.end(t)

    def test_others_transaction(self):
        t = self.c.begin()
        while self.c.begin() < 5:
            pass
        self.fails("ENOENT", self.g.write, "x", "v", tx=t)

    def test_watch_shows_only_readable(self):
        self.g.watch("/local/domain/0", "t")
        self.g.watch("@introduceDomain", "s")
        self.c.write("/local/domain/0/secret", "1")
        self.c.write("/local/domain/0/open", "1")
        self.c.set_perms("/local/domain/0/open", "n0", "r3")
        self.assertEqual(self.g.event(), ("/local/domain/0/open", "t"))
        self.c.rm("/local/domain/0/secret")
        self.d.guest(5)
        self.assertTrue(self.g.no_event())
        self.c.set_perms("/local/domain/0/open", "n0")
        self.assertEqual(self.g.event(), ("/local/domain/0/open", "t"))
        self.c.set_perms("@introduceDomain", "r0")
        self.assertTrue(self.g.event() == ("@introduceDomain", "s"))
        self.d.guest(6)
        self.assertEqual(self.g.event(), ("@introduceDomain", "s"))

    def test_target(self):
        self.c.write("/local/domain/8", "")
        self.c.set_perms("/local/domain/8", "n8")
        self.fails("EACCES", self.g.write, "/local/domain/8/x", "1")
        self.c.call(xs.SET_TARGET, "3", "8")
        self.g.write("/local/domain/8/x", "1")

    def test_dead_domains_rights_end(self):
        self.c.write("/acl", "v")
        self.c.set_perms("/acl", "n0", "r3")
        self.c.write("/given", "v")
        self.c.set_perms("/given", "n3", "r0")
        self.g.read("/acl")
        self.c.call(xs.RELEASE, "3")
        self.assertEqual(self.c.get_perms("/acl"), ["n0"])
        self.assertEqual(self.c.get_perms("/given"), ["n0", "r0"])
        again = self.d.guest(3, port=7)
        self.fails("EACCES", again.read, "/acl")
        self.fails("EACCES", again.read, "/given")
        self.assertIn("nodes 1\n", self.c.control("quota", "3"))


class Quotas(Guests):
    def until(self, call, most=2000):
        """Call with 0, 1, 2, ... until it is refused; returns how often it worked and the error."""
        for i in range(most):
            try:
                call(i)
            except xs.StoreError as e:
                return i, str(e)
        self.fail("never refused")

    def test_nodes(self):
        self.c.control("quota", "set", "nodes", "50")
        made, error = self.until(lambda i: self.g.mkdir("n/%d" % i))
        self.assertEqual((made, error), (48, "ENOSPC"))     # its home and n count
        self.fails("ENOSPC", self.g.write, "more", "")
        self.g.write("n/1", "a change is no new node")
        self.g.rm("n/2")
        self.g.mkdir("n/new")
        self.c.mkdir("/local/domain/3/dom0/may")

    def test_nodes_in_transaction(self):
        self.c.control("quota", "set", "nodes", "50")
        t = self.g.begin()
        made, error = self.until(lambda i: self.g.mkdir("n/%d" % i, tx=t))
        self.assertEqual((made, error), (48, "ENOSPC"))
        t2 = self.g.begin()
        self.g.mkdir("m/1", tx=t2)
        self.g.end(t)
        self.fails("ENOSPC", self.g.end, t2)
        self.assertEqual(len(self.g.ls("n")), 48)

    def test_value_size(self):
        self.g.write("v", "x" * 2048)
        self.fails("ENOSPC", self.g.write, "v", "x" * 2049)

    def test_memory(self):
        self.c.control("quota", "set", "memory", "100000")
        made, error = self.until(lambda i: self.g.write("n/%d" % i, "x" * 2000))
        self.assertEqual(error, "ENOSPC")
        self.assertTrue(30 < made < 50, made)
        used = int(self.c.control("quota", "3").split()[-1])
        self.assertTrue(used <= 100000)
        self.g.rm("n")
        self.assertTrue(int(self.c.control("quota", "3").split()[-1]) < 5000)

    def test_memory_of_transactions(self):
        self.c.control("quota", "set", "memory", "100000")
        t = self.g.begin()
        made, error = self.until(lambda i: self.g.write("n", "x" * 2000, tx=t))
        self.assertEqual(error, "ENOSPC")
        self.assertTrue(made < 50, made)
        self.g.end(t, commit=False)
        self.assertTrue(int(self.c.control("quota", "3").split()[-1]) < 1000)

    def test_deep_paths_take_their_turn(self):
        """Requests on the deepest paths are dear; others are served in between."""
        other = self.d.guest(4)
        deep = b"/".join([b"z"] * 1000)
        t = self.g.begin()
        for i in range(40):
            self.g.raw(xs.READ, b"%d/" % i + deep + b"\0") if i % 2 else \
                self.g.raw(xs.MKDIR, b"%d/" % i + deep[:900] + b"\0", tx=t)
        start = time.monotonic()
        other.write("x", "1")
        self.assertTrue(time.monotonic() - start < 2)
        for i in range(40):
            self.assertIsNotNone(self.g.message())

    def test_watches(self):
        made, error = self.until(lambda i: self.g.watch("w%d" % i, "t"))
        self.assertEqual((made, error), (128, "E2BIG"))
        self.g.unwatch("w0", "t")
        self.g.watch("again", "t")

    def test_transactions(self):
        made, error = self.until(lambda i: self.g.begin())
        self.assertEqual((made, error), (10, "ENOSPC"))

    def test_transaction_nodes(self):
        """Looking at things costs memory, too: at some point a transaction can only be ended."""
        t = self.g.begin()
        seen, error = self.until(lambda i: self.g.exists("x%d" % i, tx=t))
        self.assertEqual(error, "ENOSPC")
        self.assertTrue(1000 < seen < 1030, seen)
        self.fails("EAGAIN", self.g.end, t)
        t = self.g.begin()
        seen, error = self.until(lambda i: self.g.exists("%d/" % i + "/".join("y" * 900), tx=t))
        self.assertEqual(error, "ENOSPC")
        self.assertTrue(seen <= 2, seen)
        self.g.end(t, commit=False)
        self.assertTrue(int(self.c.control("quota", "3").split()[-1]) < 1000)

    def test_perms(self):
        self.g.write("x", "")
        self.g.set_perms("x", "n3", *["r%d" % i for i in range(7)])
        self.fails("ENOSPC", self.g.set_perms, "x", "n3", *["r%d" % i for i in range(8)])

    def test_unread_answers_stop_requests(self):
        """A guest that sends but does not read is not read either, and others go on."""
        self.g.write("big", "x" * 2000)
        message = struct.pack("<4I", xs.READ, 1, 0, 4) + b"big\0"
        start = self.g.get(xs.REQ_CONS)
        with self.assertRaises(TimeoutError):
            self.g.send_bytes(message * 400, patience=2)
        self.assertTrue(self.g.get(xs.REQ_CONS) - start < 10 * len(message))
        self.assertEqual(self.c.read("/local/domain/3/big"), "x" * 2000)
        for _ in range((self.g.get(xs.REQ_PROD) - start) // len(message)):
            self.assertEqual(self.g.answer(1), b"x" * 2000)

    def test_unread_events_are_merged(self):
        self.g.watch("w", "t")
        for i in range(20000):
            self.c.raw(xs.WRITE, b"/local/domain/3/w/%d\0" % (i % 100))
            if i % 100 == 99:
                for _ in range(100):
                    self.c.message()
        seen = []
        while True:
            e = self.g.event(1)
            if e is None:
                break
            seen.append(e[0])
        self.assertTrue(100 < len(seen) < 5000, len(seen))
        self.assertEqual(seen[-1], "w")
        self.c.write("/local/domain/3/w/after", "")
        self.assertEqual(self.g.event(), ("w/after", "t"))

    def test_guest_cannot_starve_dom0s_transactions(self):
        """A guest that keeps writing what dom0 reads is held back until dom0 gets through."""
        self.g.write("busy", "0")
        tries = 0
        for _ in range(5):
            while True:
                tries += 1
                t = self.c.begin()
                self.c.read("/local/domain/3/busy", tx=t)
                self.g.raw(xs.WRITE, b"busy\0%d" % tries)
                time.sleep(0.005)
                self.c.write("/local/domain/3/seen", str(tries), tx=t)
                try:
                    self.c.end(t)
                    break
                except xs.StoreError as e:
                    self.assertEqual(str(e), "EAGAIN")
            while self.g.message(0.05):
                pass
        self.assertTrue(tries <= 15, tries)


class Hostile(Guests):
    def setUp(self):
        super().setUp()
        self.other = self.d.guest(4)

    def still_fine(self):
        self.other.write("x", "1")
        self.assertEqual(self.other.read("x"), "1")
        self.assertEqual(self.c.read("/local/domain/4/x"), "1")
        self.assertEqual(self.c.control("check"), "OK")

    def is_faulted(self, error):
        self.g.kick()
        for _ in range(200):
            if self.g.get(xs.ERROR_FIELD) == error:
                break
            time.sleep(0.01)
        self.assertEqual(self.g.get(xs.ERROR_FIELD), error)
        self.still_fine()

    def reconnect(self):
        self.g.put(xs.CONNECTION, 1)
        self.g.kick()
        for _ in range(200):
            if self.g.get(xs.CONNECTION) == 0:
                break
            time.sleep(0.01)
        self.g.received = b""
        self.g.events = []
        self.assertEqual([self.g.get(i) for i in (xs.REQ_CONS, xs.REQ_PROD, xs.RSP_CONS, xs.RSP_PROD,
                                                  xs.ERROR_FIELD)], [0] * 5)
        self.g.write("back", "again")
        self.assertEqual(self.g.read("back"), "again")

    def test_bad_producer(self):
        self.g.put(xs.REQ_PROD, self.g.get(xs.REQ_CONS) + 1025)
        self.is_faulted(2)
        self.reconnect()

    def test_producer_behind(self):
        self.g.write("x", "1")
        self.g.put(xs.REQ_PROD, self.g.get(xs.REQ_CONS) - 1)
        self.is_faulted(2)
        self.reconnect()

    def test_bad_consumer(self):
        self.g.put(xs.RSP_CONS, self.g.get(xs.RSP_PROD) + 1)
        self.g.raw(xs.READ, b"x\0")
        self.is_faulted(2)
        self.reconnect()

    def test_oversized(self):
        self.g.send_bytes(struct.pack("<4I", xs.READ, 1, 0, 4097))
        self.is_faulted(3)
        self.reconnect()
        self.g.send_bytes(struct.pack("<4I", xs.READ, 1, 0, 0xffffffff))
        self.is_faulted(3)

    def test_our_indices_are_not_believed(self):
        self.g.put(xs.REQ_CONS, 12345)
        self.g.put(xs.RSP_PROD, 999)
        req = struct.pack("<4I", xs.WRITE, 1, 0, 3) + b"x\0y"
        self.g.put(xs.REQ_PROD, 0)
        self.g.page[0:len(req)] = req
        self.g.put(xs.REQ_PROD, len(req))
        self.g.kick()
        for _ in range(200):
            if self.g.get(xs.REQ_CONS) == len(req):
                break
            time.sleep(0.01)
        self.assertEqual(self.g.get(xs.REQ_CONS), len(req))
        self.assertEqual(self.c.read("/local/domain/3/x"), "y")

    def test_length_changed_under_way(self):
        """A large message whose header is rewritten after its first part was consumed."""
        at = self.g.get(xs.REQ_PROD) % xs.RING
        self.g.send_bytes(struct.pack("<4I", xs.WRITE, 1, 0, 2004) + b"big\0" + b"a" * 500)
        time.sleep(0.1)
        self.g.page[at:at + 16] = struct.pack("<4I", xs.WRITE, 1, 0, 0xffffff)
        self.g.send_bytes(b"a" * 1500)
        self.g.answer(1)
        self.assertEqual(self.c.read("/local/domain/3/big"), "a" * 2000)
        self.still_fine()

    def test_reset_drops_all(self):
        self.g.watch("w", "t")
        self.g.begin()
        self.reconnect()
        self.c.write("/local/domain/3/w", "1")
        self.assertTrue(self.g.no_event())
        self.assertIn("watches 0\ntransactions 0\n", self.c.control("quota", "3"))

    def test_random_pages(self):
        rng = random.Random(11)
        for _ in range(300):
            page = bytearray(rng.randbytes(2048))
            for off in (xs.REQ_CONS, xs.REQ_PROD, xs.RSP_CONS, xs.RSP_PROD):
                page += struct.pack("<I", rng.choice([0, 1, 16, 1023, 1024, 1025, 0xffffffff, rng.getrandbits(32)]))
            page += struct.pack("<3I", 0, rng.choice([0, 0, 1, 7]), 0)
            self.g.page[:len(page)] = bytes(page)
            self.g.kick()
            if rng.random() < 0.2:
                self.still_fine()
        self.still_fine()
        self.reconnect()

    def test_random_messages(self):
        """Well framed nonsense: types, paths, transactions, payloads."""
        rng = random.Random(12)
        words = [b"/", b"/local/domain/3", b"a", b"a/b", b"@releaseDomain", b"n3", b"r4", b"T", b"F", b"tok",
                 b"0", b"3", b"99999", b"", b"\xff\xfe", b"x" * 500, b"/" + b"y" * 3000]
        for _ in range(4000):
            payload = b"\0".join(rng.choice(words) for _ in range(rng.randint(0, 4)))
            payload += rng.choice([b"\0", b"", b"\0\0"])
            kind = rng.choice(list(range(24)) + [rng.getrandbits(32)])
            req = self.g.raw(kind, payload[:4096], tx=rng.choice([0, 0, 0, 1, 2, 3, rng.getrandbits(32)]))
            try:
                self.g.answer(req)
            except xs.StoreError:
                pass
        self.g.events = []
        self.still_fine()

    def test_random_messages_of_dom0(self):
        rng = random.Random(13)
        words = [b"/", b"/a", b"/a/b", b"a", b"@releaseDomain", b"@introduceDomain", b"n3", b"r4", b"T", b"F",
                 b"0", b"3", b"4", b"77", b"", b"\xff", b"quota", b"set", b"nodes", b"2000", b"check", b"log"]
        c = self.d.client()
        for _ in range(4000):
            payload = b"\0".join(rng.choice(words) for _ in range(rng.randint(0, 4)))
            payload += rng.choice([b"\0", b"", b"\0\0"])
            req = c.raw(rng.randint(0, 24), payload, tx=rng.choice([0, 0, 0, 1, 2, 3, 4]))
            try:
                c.answer(req)
            except xs.StoreError:
                pass
        self.assertEqual(self.c.control("check"), "OK")


class Deaths(Guests):
    def setUp(self):
        super().setUp()
        self.w = self.d.client()
        self.w.watch("@releaseDomain", "r")
        self.w.watch("@introduceDomain", "i")

    def test_introduced(self):
        self.d.guest(8)
        self.assertEqual(self.w.event(), ("@introduceDomain", "i"))

    def test_shutdown_is_announced_once(self):
        self.d.machine.set_state(3, "s")
        self.d.machine.domain_event()
        self.assertEqual(self.w.event(), ("@releaseDomain", "r"))
        self.d.machine.domain_event()
        self.assertTrue(self.w.no_event())
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "3"), b"T\0")
        self.c.call(xs.RESUME, "3")
        self.d.machine.domain_event()
        self.assertEqual(self.w.event(), ("@releaseDomain", "r"))

    def death(self, state):
        self.g.watch("w", "t")
        self.g.begin()
        self.d.machine.set_state(3, state)
        self.d.machine.domain_event()
        self.assertEqual(self.w.event(), ("@releaseDomain", "r"))
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "3"), b"F\0")
        self.assertIn("nodes 0\nwatches 0\ntransactions 0\nmemory 0", self.c.control("quota", "3"))
        self.fails("ENOENT", self.c.call, xs.RELEASE, "3")

    def test_dying(self):
        self.death("d")

    def test_gone(self):
        self.death(None)

    def test_release(self):
        self.c.call(xs.RELEASE, "3")
        self.assertEqual(self.w.event(), ("@releaseDomain", "r"))

    def test_many(self):
        guests = [self.d.guest(i) for i in range(20, 60)]
        for i, g in zip(range(20, 60), guests):
            g.write("x", str(i))
            self.d.machine.set_state(i, None)
        self.d.machine.domain_event()
        for i in range(20, 60):
            for _ in range(100):
                if self.c.call(xs.IS_DOMAIN_INTRODUCED, str(i)) == b"F\0":
                    break
                time.sleep(0.01)
            else:
                self.fail("domain %d is still there" % i)
            self.c.rm("/local/domain/%d" % i)
        self.assertEqual(self.c.control("check"), "OK")
