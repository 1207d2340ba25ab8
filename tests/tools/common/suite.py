# SPDX-License-Identifier: MIT
"""Run the unittest cases of a folder and end with the line "N passed, N failed"."""
import os
import subprocess
import sys
import unittest


HERE = os.path.dirname(os.path.abspath(__file__))


def build(*daemons):
    """Build the test versions of the daemons."""
    subprocess.run(["make", "-s", "-f", os.path.join(HERE, "daemons.mk"), *daemons], check=True)


def main(folder):
    sys.path.insert(0, HERE)
    sys.path.insert(0, folder)
    loader = unittest.TestLoader()
    if len(sys.argv) > 1:
        tests = loader.loadTestsFromNames(sys.argv[1:])
    else:
        tests = loader.discover(folder, pattern="test_*.py")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    bad = len(result.failures) + len(result.errors)
    print("%d passed, %d failed" % (result.testsRun - bad, bad))
    return 1 if bad or not result.testsRun else 0
