# SPDX-License-Identifier: MIT
"""Every operation over a socket, without domains."""
import random
import struct
import subprocess
import unittest

import xs


class Base(unittest.TestCase):
    domains = False

    def setUp(self):
        self.d = xs.Daemon(domains=self.domains)
        self.c = self.d.client()

    def tearDown(self):
        self.c.close()
        self.d.finish()

    def fails(self, error, call, *args, **kwargs):
        with self.assertRaises(xs.StoreError) as caught:
            call(*args, **kwargs)
        self.assertEqual(str(caught.exception), error)


class Nodes(Base):
    def test_write_read(self):
        self.c.write("/a/b/c", "hello")
        self.assertEqual(self.c.read("/a/b/c"), "hello")
        self.assertEqual(self.c.read("/a/b"), "")
        self.assertEqual(self.c.ls("/a"), ["b"])
        self.c.write("/a/b/c", "")
        self.assertEqual(self.c.read("/a/b/c"), "")

    def test_binary_value(self):
        value = bytes(range(256)) * 8
        self.c.write("/bin", value)
        self.assertEqual(self.c.call(xs.READ, "/bin"), value)

    def test_largest_value(self):
        value = b"x" * (4096 - len("/big") - 1)
        self.c.write("/big", value)
        self.assertEqual(self.c.call(xs.READ, "/big"), value)

    def test_missing(self):
        self.fails("ENOENT", self.c.read, "/none")
        self.fails("ENOENT", self.c.ls, "/none/deeper")
        self.fails("ENOENT", self.c.get_perms, "/none")
        self.fails("ENOENT", self.c.set_perms, "/none", "n0")

    def test_mkdir(self):
        self.c.mkdir("/x/y")
        self.assertEqual(self.c.read("/x/y"), "")
        self.c.write("/x/y", "kept")
        self.c.mkdir("/x/y")
        self.assertEqual(self.c.read("/x/y"), "kept")

    def test_rm(self):
        self.c.write("/r/s/t", "1")
        self.c.write("/r/u", "1")
        self.c.rm("/r/s")
        self.assertEqual(self.c.ls("/r"), ["u"])
        self.assertFalse(self.c.exists("/r/s/t"))
        self.c.rm("/r/s")                       # missing, but its parent is there
        self.fails("ENOENT", self.c.rm, "/q/s")
        self.fails("EINVAL", self.c.rm, "/")

    def test_order_of_creation(self):
        names = ["n%d" % i for i in random.sample(range(1000), 50)]
        for n in names:
            self.c.mkdir("/order/" + n)
        self.assertEqual(self.c.ls("/order"), names)

    def test_bad_paths(self):
        for path in ("", "/a/", "//", "/a//b", "/a b", "/\xe4", "/a.b", "rel/", "@introduceDomain",
                     "/" + "x" * 3072, "x" * 2049):
            self.fails("EINVAL", self.c.write, path.encode("latin1"), "v")
        self.c.write("/" + "x" * 3071, "v")
        self.c.write("r" * 2048, "v")
        self.assertEqual(self.c.read("/local/domain/0/" + "r" * 2048), "v")

    def test_relative(self):
        self.c.write("rel/x", "v")
        self.assertEqual(self.c.read("/local/domain/0/rel/x"), "v")

    def test_malformed(self):
        for kind, payload in ((xs.READ, b"/tool"), (xs.READ, b""), (xs.READ, b"/tool\0x\0"),
                              (xs.WRITE, b"/tool"), (xs.WATCH, b"/tool\0"), (xs.SET_PERMS, b"/tool\0"),
                              (xs.TRANSACTION_END, b"X\0"), (xs.DIRECTORY_PART, b"/tool\0-1\0"),
                              (xs.SET_PERMS, b"/tool\0q0\0"), (xs.SET_PERMS, b"/tool\0n99999\0"),
                              (xs.INTRODUCE, b"1\0x\0002\0"), (xs.GET_DOMAIN_PATH, b"zz\0"),
                              (xs.IS_DOMAIN_INTRODUCED, b"\0")):
            req = self.c.raw(kind, payload)
            with self.assertRaises(xs.StoreError) as e:
                self.c.answer(req)
            self.assertIn(str(e.exception), ("EINVAL", "ENOENT"))

    def test_unknown_type(self):
        for kind in (20, 23, 1000, 0xffff, 15, 16):
            self.fails("ENOSYS", self.c.call, kind, "x")

    def test_oversized_message_ends_connection(self):
        other = self.d.client()
        other.sock.sendall(struct.pack("<4I", xs.READ, 1, 0, 4097))
        with self.assertRaises(ConnectionError):
            other.message()
        self.assertEqual(self.c.read("/tool/xenstored"), "")

    def test_half_message_and_pipeline(self):
        message = struct.pack("<4I", xs.READ, 7, 0, 6) + b"/tool\0"
        for i in range(len(message)):
            self.c.send_bytes(message[i:i + 1])
        self.assertEqual(self.c.answer(7), b"")
        self.c.send_bytes(message * 100)
        for _ in range(100):
            self.c.answer(7)

    def test_close_after_pipeline(self):
        other = self.d.client()
        for i in range(30):
            other.raw(xs.WRITE, b"/pipe/%d\0v" % i)
        other.sock.shutdown(1)
        other.answer(30 - 29)
        import time
        for _ in range(200):
            if self.c.exists("/pipe/29"):
                break
            time.sleep(0.01)
        self.assertEqual(len(self.c.ls("/pipe")), 30)

    def test_directory_part(self):
        names = ["entry-with-a-long-name-%04d" % i for i in range(400)]
        for n in names:
            self.c.mkdir("/many/" + n)
        self.fails("E2BIG", self.c.ls, "/many")
        got, stamp = b"", None
        while not got.endswith(b"\0\0"):
            part = self.c.call(xs.DIRECTORY_PART, "/many", str(len(got)))
            gen, rest = part.split(b"\0", 1)
            self.assertIn(stamp, (None, gen))
            stamp = gen
            got += rest
        self.assertEqual([s.decode() for s in got[:-2].split(b"\0")], names)
        self.c.mkdir("/many/more")
        self.assertNotEqual(self.c.call(xs.DIRECTORY_PART, "/many", "0").split(b"\0")[0], stamp)
        self.c.mkdir("/none")
        self.assertEqual(self.c.call(xs.DIRECTORY_PART, "/none", "0").split(b"\0", 1)[1], b"\0")

    def test_perms(self):
        self.c.write("/p", "v")
        self.assertEqual(self.c.get_perms("/p"), ["n0"])
        self.c.set_perms("/p", "b3", "r4", "w5", "n6")
        self.assertEqual(self.c.get_perms("/p"), ["b3", "r4", "w5", "n6"])
        self.c.write("/p/child", "v")
        self.assertEqual(self.c.get_perms("/p/child"), ["b3", "r4", "w5", "n6"])

    def test_domain_requests_without_domains(self):
        self.assertEqual(self.c.call(xs.GET_DOMAIN_PATH, "7"), b"/local/domain/7\0")
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "0"), b"T\0")
        self.assertEqual(self.c.call(xs.IS_DOMAIN_INTRODUCED, "7"), b"F\0")
        self.fails("ENOENT", self.c.call, xs.RELEASE, "7")
        self.fails("ENOENT", self.c.call, xs.RESUME, "7")
        self.fails("ENOENT", self.c.call, xs.SET_TARGET, "7", "8")
        self.fails("ENOSYS", self.c.call, xs.INTRODUCE, "7", "1", "1")

    def test_control(self):
        self.assertIn("quota", self.c.control("help"))
        self.assertEqual(self.c.control("check"), "OK")
        self.assertIn("nodes 1000\n", self.c.control("quota"))
        self.assertEqual(self.c.control("quota", "set", "nodes", "55"), "OK")
        self.assertIn("nodes 55\n", self.c.control("quota"))
        self.fails("EINVAL", self.c.control, "quota", "set", "nothing", "55")
        self.assertEqual(self.c.control("log", "on"), "on")
        self.c.read("/tool")
        self.assertEqual(self.c.control("log", "off"), "off")
        self.assertIn("domain 0: read /tool", self.d.messages())
        self.fails("EINVAL", self.c.control, "nonsense")


class Watches(Base):
    def setUp(self):
        super().setUp()
        self.w = self.d.client()

    def test_fires(self):
        self.w.watch("/w", "tok")
        self.c.write("/w/x/y", "1")
        self.assertEqual(self.w.event(), ("/w/x/y", "tok"))
        self.c.write("/w", "2")
        self.assertEqual(self.w.event(), ("/w", "tok"))
        self.c.set_perms("/w/x", "r0")
        self.assertEqual(self.w.event(), ("/w/x", "tok"))
        self.c.mkdir("/w/new")
        self.assertEqual(self.w.event(), ("/w/new", "tok"))
        self.c.mkdir("/w/new")
        self.c.write("/wx", "not below")
        self.c.read("/w")
        self.assertTrue(self.w.no_event())

    def test_rm_fires_below(self):
        self.c.write("/w/x/y", "1")
        self.w.watch("/w", "above")
        self.w.watch("/w/x/y", "below")
        self.c.rm("/w/x")
        self.assertEqual(sorted([self.w.event(), self.w.event()]), [("/w/x", "above"), ("/w/x/y", "below")])
        self.assertTrue(self.w.no_event())

    def test_root_and_relative(self):
        self.w.watch("/", "root")
        self.w.watch("dev", "rel")
        self.c.write("/local/domain/0/dev/1", "x")
        self.assertEqual({self.w.event(), self.w.event()},
                         {("/local/domain/0/dev/1", "root"), ("dev/1", "rel")})

    def test_duplicates_and_unwatch(self):
        self.w.watch("/w", "1")
        self.fails("EEXIST", self.w.watch, "/w", "1")
        self.w.watch("/w", "2")
        self.fails("ENOENT", self.w.unwatch, "/w", "3")
        self.w.unwatch("/w", "1")
        self.c.write("/w", "")
        self.assertEqual(self.w.event(), ("/w", "2"))
        self.assertTrue(self.w.no_event())
        self.w.call(xs.RESET_WATCHES, "")
        self.c.write("/w", "")
        self.assertTrue(self.w.no_event())

    def test_own_event_after_answer(self):
        self.w.watch("/w", "t")
        req = self.w.raw(xs.WRITE, b"/w\0v")
        self.assertEqual(self.w.message()[:2], (xs.WRITE, req))
        self.assertEqual(self.w.message()[3], b"/w\0t\0")

    def test_special(self):
        self.w.watch("@releaseDomain", "t")
        self.fails("EINVAL", self.w.watch, "@other", "t")
        self.fails("EINVAL", self.w.call, xs.WATCH, "/w", "t" * 1023)
        self.w.watch("/w", "t" * 1022)
        self.w.unwatch("@releaseDomain", "t")

    def test_gone_with_connection(self):
        for _ in range(20):
            other = self.d.client()
            other.watch("/w", "t")
            other.raw(xs.TRANSACTION_START, b"\0")
            other.close()
        self.c.write("/w", "1")
        self.assertEqual(self.c.control("check"), "OK")
        self.assertIn("watches 0\ntransactions 0", self.c.control("quota", "0"))

    def test_slow_reader_gets_merged_events(self):
        self.w.watch("/w", "t")
        value = "x"
        for i in range(3000):      # each event is 3 kB; more than the daemon keeps for a client
            if i % 8 == 0:
                pass
            self.c.raw(xs.WRITE, b"/w/" + b"p" * 3000 + b"%d\0" % (i % 7) + value.encode())
        for i in range(3000):
            self.c.message()
        for i in range(3000):
            self.c.raw(xs.WRITE, b"/w/" + b"q" * 3000 + b"%d\0" % (i % 7) + value.encode())
        for i in range(3000):
            self.c.message()
        self.c.write("/w/end", "")
        seen = []
        while True:
            e = self.w.event(1)
            if e is None:
                break
            seen.append(e[0])
        self.assertTrue(len(seen) < 6001)
        self.assertEqual(seen[-1], "/w")
        self.c.write("/w/after", "")
        self.assertEqual(self.w.event(), ("/w/after", "t"))


class Transactions(Base):
    def test_commit_and_isolation(self):
        t = self.c.begin()
        self.c.write("/t/a", "1", tx=t)
        self.assertEqual(self.c.read("/t/a", tx=t), "1")
        self.assertEqual(self.c.ls("/t", tx=t), ["a"])
        self.assertFalse(self.c.exists("/t"))
        self.c.end(t)
        self.assertEqual(self.c.read("/t/a"), "1")
        self.fails("ENOENT", self.c.end, t)

    def test_abort(self):
        self.c.write("/t/a", "old")
        t = self.c.begin()
        self.c.write("/t/a", "new", tx=t)
        self.c.rm("/t", tx=t)
        self.c.end(t, commit=False)
        self.assertEqual(self.c.read("/t/a"), "old")

    def conflict(self, inside, outside, expected):
        self.c.write("/t/a", "1")
        self.c.write("/t/b", "1")
        t = self.c.begin()
        inside(t)
        outside()
        self.c.write("/result", "committed", tx=t)
        if expected:
            self.fails("EAGAIN", self.c.end, t)
            self.assertFalse(self.c.exists("/result"))
        else:
            self.c.end(t)
            self.assertEqual(self.c.read("/result"), "committed")
        self.assertEqual(self.c.control("check"), "OK")

    def test_read_conflict(self):
        self.conflict(lambda t: self.c.read("/t/a", tx=t), lambda: self.c.write("/t/a", "2"), True)

    def test_read_of_other_node(self):
        self.conflict(lambda t: self.c.read("/t/a", tx=t), lambda: self.c.write("/t/b", "2"), False)

    def test_missing_then_made(self):
        self.conflict(lambda t: self.c.exists("/t/new", tx=t), lambda: self.c.mkdir("/t/new"), True)

    def test_read_then_removed(self):
        self.conflict(lambda t: self.c.read("/t/a", tx=t), lambda: self.c.rm("/t/a"), True)

    def test_removed_and_made_again(self):
        def again():
            self.c.rm("/t/a")
            self.c.write("/t/a", "1")
        self.conflict(lambda t: self.c.read("/t/a", tx=t), again, True)

    def test_listing(self):
        self.conflict(lambda t: self.c.ls("/t", tx=t), lambda: self.c.mkdir("/t/new"), True)

    def test_listing_and_value(self):
        self.conflict(lambda t: self.c.ls("/t", tx=t), lambda: self.c.write("/t/a", "2"), False)

    def test_siblings_do_not_conflict(self):
        self.conflict(lambda t: self.c.write("/t/mine", "", tx=t), lambda: self.c.write("/t/yours", ""), False)
        self.assertEqual(sorted(self.c.ls("/t")), ["a", "b", "mine", "yours"])

    def test_perms_conflict(self):
        self.conflict(lambda t: self.c.get_perms("/t/a", tx=t), lambda: self.c.set_perms("/t/a", "r0"), True)

    def test_write_write(self):
        self.conflict(lambda t: self.c.write("/t/a", "x", tx=t), lambda: self.c.write("/t/a", "y"), True)
        self.assertEqual(self.c.read("/t/a"), "y")

    def test_rm_against_new_child(self):
        self.conflict(lambda t: self.c.rm("/t", tx=t), lambda: self.c.mkdir("/t/new"), True)

    def test_between_transactions(self):
        self.c.write("/n", "0")
        one, two = self.c.begin(), self.c.begin()
        for t in (one, two):
            self.c.write("/n", str(int(self.c.read("/n", tx=t)) + 1), tx=t)
        self.c.end(one)
        self.fails("EAGAIN", self.c.end, two)
        self.assertEqual(self.c.read("/n"), "1")

    def test_watch_fires_at_commit(self):
        w = self.d.client()
        w.watch("/t", "t")
        t = self.c.begin()
        self.c.write("/t/a", "1", tx=t)
        self.assertTrue(w.no_event())
        self.c.end(t)
        self.assertEqual(w.event(), ("/t/a", "t"))

    def test_model(self):
        """Random requests in a transaction have the results they have outside one."""
        rng = random.Random(7)
        paths = ["/m" + "".join("/%s" % rng.choice("abc") for _ in range(rng.randint(1, 4))) for _ in range(40)]
        for _ in range(60):
            t = self.c.begin()
            script = []
            for _ in range(rng.randint(1, 25)):
                path = rng.choice(paths)
                script.append(rng.choice([
                    ("write", path, str(rng.random())), ("mkdir", path), ("rm", path), ("ls", path),
                    ("read", path), ("set_perms", path, "r%d" % rng.randint(0, 5)), ("get_perms", path)]))

            def play(c, **kw):
                out = []
                for name, *args in script:
                    try:
                        got = getattr(c, name)(*args, **kw)
                        out.append(sorted(got) if name == "ls" else got)
                    except xs.StoreError as e:
                        out.append(str(e))
                return out
            inside = play(self.c, tx=t)
            self.c.end(t, commit=False)
            t = self.c.begin()
            self.assertEqual(play(self.c, tx=t), inside)
            # Outside, on a copy of the tree that the same commit must produce.
            before = self.snapshot("/m")
            self.c.end(t)
            after = self.snapshot("/m")
            self.c.rm("/m")
            self.restore(before)
            self.assertEqual(play(self.c), inside)
            self.assertEqual(self.snapshot("/m"), after)
            self.assertEqual(self.c.control("check"), "OK")

    def snapshot(self, path):
        if not self.c.exists(path):
            return {}
        out = {path: (self.c.read(path), tuple(self.c.get_perms(path)))}
        for n in self.c.ls(path):
            out.update(self.snapshot(path + "/" + n))
        return out

    def restore(self, nodes):
        for path, (value, perms) in nodes.items():
            self.c.write(path, value)
            self.c.set_perms(path, *perms)


class Clients(Base):
    """Debian's own programs."""

    def run_tool(self, *args, **kwargs):
        import os
        env = dict(os.environ, XENSTORED_PATH=self.d.socket)
        return subprocess.run(args, env=env, text=True, capture_output=True, timeout=30, **kwargs)

    def test_tools(self):
        self.assertEqual(self.run_tool("xenstore-write", "/x/a", "1", "/x/b", "two").returncode, 0)
        self.assertEqual(self.run_tool("xenstore-read", "/x/a", "/x/b").stdout, "1\ntwo\n")
        self.assertEqual(self.run_tool("xenstore-list", "/x").stdout, "a\nb\n")
        self.assertEqual(self.run_tool("xenstore-exists", "/x/a").returncode, 0)
        self.assertEqual(self.run_tool("xenstore-exists", "/x/c").returncode, 1)
        self.assertEqual(self.run_tool("xenstore-chmod", "/x/a", "n0", "r3").returncode, 0)
        out = self.run_tool("xenstore-ls", "-fp", "/x").stdout.split("\n")
        self.assertEqual([" ".join(l.split()) for l in out if l], ['/x/a = "1" (n0,r3)', '/x/b = "two" (n0)'])
        self.assertEqual(self.run_tool("xenstore-rm", "/x/a").returncode, 0)
        self.assertNotEqual(self.run_tool("xenstore-read", "/x/a").returncode, 0)

    def test_tool_watch(self):
        import os
        import time
        env = dict(os.environ, XENSTORED_PATH=self.d.socket)
        p = subprocess.Popen(["xenstore-watch", "-n", "2", "/x"], env=env, text=True, stdout=subprocess.PIPE)
        self.assertEqual(p.stdout.readline(), "/x\n")
        self.c.write("/x/y", "1")
        self.assertEqual(p.stdout.readline(), "/x/y\n")
        self.assertEqual(p.wait(10), 0)
        p.stdout.close()

    def test_tool_ls_large(self):
        for i in range(600):
            self.c.write("/big/%032d" % i, str(i))
        out = self.run_tool("xenstore-ls", "/big").stdout
        self.assertEqual(len(out.splitlines()), 600)
