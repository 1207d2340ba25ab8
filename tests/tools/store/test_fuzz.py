# SPDX-License-Identifier: MIT
"""Random messages, nearly right, over a socket: the daemon lives and serves others."""
import random
import struct
import unittest

import xs

PATHS = [b"/a", b"/a/b", b"a/b", b"/", b"//", b"/local/domain/1", b"@releaseDomain", b"/x" * 200,
         b"", b"/a/" + b"c" * 300, b"/\x01", b"/a/\xff", b"/a\0b"]
WORDS = [b"token", b"T", b"F", b"0", b"1", b"7", b"32752", b"-1", b"99999999999999999999", b"n0",
         b"r1", b"b65535", b"x0", b"n0\0r1\0w2", b"%s%n", b"\xff" * 40, b""]


def payload(rng):
    parts = [rng.choice(PATHS + WORDS) for _ in range(rng.randrange(5))]
    data = bytearray(b"\0".join(parts) + rng.choice([b"", b"\0", b"\0\0"]))
    for _ in range(rng.randrange(3)):
        if data:
            data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data[:4096])


class Fuzz(unittest.TestCase):
    def setUp(self):
        self.d = xs.Daemon(domains=False)

    def tearDown(self):
        # finish() looks at how the daemon ended, and so at what the sanitizers say.
        self.d.finish()

    def test_messages(self):
        witness = self.d.client()
        witness.write("/witness", "here")
        answered = 0
        for seed in range(40):
            rng = random.Random(seed)
            client = self.d.client()
            try:
                for n in range(60):
                    data = payload(rng)
                    length = len(data)
                    if rng.randrange(40) == 0:
                        length = rng.choice([4096, 4097, 1 << 31, (1 << 32) - 1, length + 5])
                    kind = rng.randrange(24) if rng.randrange(20) else rng.getrandbits(32)
                    tx = rng.choice([0, 0, 0, 1, 2, 0xffffffff])
                    client.send_bytes(struct.pack("<4I", kind, n, tx, length) + data)
                    if n % 20 == 19:
                        answered += len(client.recv_bytes(1))
            except OSError:
                pass  # it need not listen to who breaks the protocol
            client.close()
            self.assertEqual(witness.read("/witness"), "here", "seed %d" % seed)
        self.assertGreater(answered, 10000)
        witness.close()


if __name__ == "__main__":
    unittest.main()
