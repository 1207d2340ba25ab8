# SPDX-License-Identifier: MIT
"""Calling parador on its fake library: what the tests of this folder share."""
import os
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(HERE, "..", "..", "..", "build", "tests", "tools", "cli", "parador")
FOLDER = tempfile.mkdtemp(prefix="parador-cli-")
CONFIG = os.path.join(FOLDER, "g.cfg")
RECORDS = os.path.join(FOLDER, "run", "guests")


def environment(**env):
    """Of a parador that touches nothing outside the folder."""
    return {**os.environ, "PARADOR_RUN_DIR": os.path.join(FOLDER, "run"), "PARADOR_LOG_DIR": FOLDER,
            "PARADOR_BACKENDS": FOLDER, **env}


def run(*words, status=0, warns=False, **env):
    answer = subprocess.run([PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, check=False, stdin=subprocess.DEVNULL,
                            env=environment(**env))
    assert answer.returncode == status, "%s: status %d: %s%s" % (
        words, answer.returncode, answer.stdout, answer.stderr)
    if status:
        assert answer.stderr.startswith("parador"), "%s says nothing: %s" % (words, answer.stderr)
    else:
        assert warns or answer.stderr == "", answer.stderr
    return answer


def calls(*words, **options):
    lines = run(*words, **options).stdout.splitlines()
    return [line[len("call: "):] for line in lines if line.startswith("call: ")]


def recorded():
    return sorted(os.listdir(RECORDS)) if os.path.isdir(RECORDS) else []


def refusal(*words, says, **env):
    """Status 1, one line that says it, nothing done."""
    answer = run(*words, status=1, **env)
    assert answer.stderr == "parador: %s\n" % says, answer.stderr
    assert "call: " not in answer.stdout, answer.stdout


def config_of(domid):
    """What is kept of a guest, as lines."""
    with open(os.path.join(RECORDS, "%d.cfg" % domid), encoding="utf-8") as stream:
        return stream.read().splitlines()


def keep(domid, *settings):
    """Let the running domid have a record with these settings."""
    run("create", CONFIG, *settings)
    shutil.move(os.path.join(RECORDS, "7.cfg"), os.path.join(RECORDS, "%d.cfg" % domid))
