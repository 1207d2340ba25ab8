# SPDX-License-Identifier: MIT
"""Tests of the commands for vcpus, shares and CPU pools."""
import json
import os
import subprocess

from calls import FOLDER, HERE, PROGRAM, calls, config_of, keep, refusal, run


def test_vcpu_list():
    lines = run("vcpu-list", "web").stdout.splitlines()
    assert lines[0] == "Name                                ID  VCPU   CPU State   Time(s) " \
                       "Affinity (Hard / Soft)", lines[0]
    assert lines[1:] == [
        "web                                  1     0     0   -b-        1.5  all / all",
        "web                                  1     1     -   --p        1.5  0-1 / 0",
        "web                                  1     2     -   --p        1.5  all / all"], lines
    assert len(run("vcpu-list").stdout.splitlines()) == 1 + 2 + 3 + 1 + 1
    rows = json.loads(run("vcpu-list", "--json", "1").stdout)
    assert rows[1] == {"name": "web", "domid": 1, "vcpu": 1, "online": False, "cpu": None,
                       "running": False, "blocked": True, "cpu_time_s": 1.5,
                       "hard_affinity": [0, 1], "soft_affinity": [0]}, rows[1]
    assert rows[0]["cpu"] == 0 and rows[0]["online"] is True
    run("vcpu-list", "nobody", status=1)


def test_vcpu_set():
    assert calls("vcpu-set", "web", "2") == [
        "store /local/domain/1/cpu/0/availability online",
        "store /local/domain/1/cpu/1/availability online",
        "store /local/domain/1/cpu/2/availability offline", "commit"]
    assert len(calls("vcpu-set", "Domain-0", "1")) == 3
    above = "web cannot have %s vcpus: it was made with 3, of which at least 1 stays"
    for count in ("0", "4", "99"):
        refusal("vcpu-set", "web", count, says=above % count)
    refusal("vcpu-set", "web", "-i", "9", says=above % "9")
    for word in ("x", "1x", "-1", "", "99999999999"):
        refusal("vcpu-set", "--", "web", word, says='"%s" is not a number of vcpus' % word)
    refusal("vcpu-set", "web", "6", FAKE_VCPUS="5/16", says="6 vcpus are more than the 4 CPUs of this "
            "machine: with -i they are set nevertheless")
    for words in (["6", "-i"], ["5"]):
        assert "commit" in calls("vcpu-set", "web", *words, FAKE_VCPUS="5/16")
    keep(5, "vcpus=2")
    assert calls("vcpu-set", "5", "1")[-1] == "commit"
    assert "vcpus = 1" in config_of(5) and "maxvcpus = 2" in config_of(5), config_of(5)
    run("vcpu-set", "web", "1", status=1, FAKE_FAIL="transaction")
    before = config_of(5)
    assert calls("vcpu-set", "5", "1", status=1, FAKE_FAIL="store")[-1] == "abort"
    assert config_of(5) == before


def test_vcpu_pin():
    assert calls("vcpu-pin", "web", "1", "0-3,^2") == ["pin 1.1 hard=b soft=-0"]
    assert calls("vcpu-pin", "web", "1", "-", "^2,all") == ["pin 1.1 hard=-0 soft=b"]
    assert calls("vcpu-pin", "-f", "1", "0", "0", "node:0") == ["pin 1.0 hard=1 soft=f force"]
    assert calls("vcpu-pin", "web", "all", "0,1", "1") == [
        "pin 1.%d hard=3 soft=2" % n for n in range(3)]
    assert calls("vcpu-pin", "web", "1", "-", "-") == []
    for vcpu in ("3", "x", "", "+1", " 1", "1x", "4294967296", "99999999999999999999"):
        refusal("vcpu-pin", "web", vcpu, "0",
                says='web has no vcpu "%s": it has 0-2, and "all" means them all' % vcpu)
    for text, why in (
            ("9", "there is no CPU 9: this machine has CPUs 0-3"),
            ("2-9", "there is no CPU 4: this machine has CPUs 0-3"),
            ("1,x", '"x" is neither a CPU nor a range like 0-3'),
            ("", "a CPU or a range like 0-3 is missing"),
            ("0,,1", "a CPU or a range like 0-3 is missing"),
            ("0,^", "a CPU or a range like 0-3 is missing"),
            ("node:", '"node:" is neither a CPU nor a range like 0-3'),
            ("1-", '"1-" is neither a CPU nor a range like 0-3'),
            ("3-1", "the range 3-1 runs backwards"),
            ("node:2", "there is no node 2: the last one of this machine is 0"),
            ("99999999999999999999", "there is no CPU 18446744073709551615: this machine has CPUs 0-3"),
            ("all,^0-7", '"all,^0-7" leaves no CPU'), ("^1", '"^1" leaves no CPU')):
        refusal("vcpu-pin", "web", "1", text, says='hard affinity "%s": %s' % (text, why))
        refusal("vcpu-pin", "web", "1", "-", text, says='soft affinity "%s": %s' % (text, why))
    refusal("vcpu-pin", "web", "1", "2-3", says='hard affinity "2-3": none of these is in CPU pool '
            'Pool-0 of web, which has CPUs 0-1')
    assert calls("vcpu-pin", "web", "1", "-", "3") == ["pin 1.1 hard=-0 soft=8"]


def test_vcpu_pin_fails():
    """One vcpu that cannot be pinned leaves the others where they were."""
    answer = run("vcpu-pin", "web", "all", "0", status=1, FAKE_BUSY_VCPU="2")
    assert answer.stderr == "parador: domain 1 has pinned its vcpu 2 itself for now: -f undoes that\n"
    assert answer.stdout.splitlines() == [
        "call: pin 1.0 hard=1 soft=-0", "call: pin 1.1 hard=1 soft=-0",
        "call: pin 1.0 hard=f soft=f", "call: pin 1.1 hard=3 soft=1"], answer.stdout
    assert len(calls("vcpu-pin", "-f", "web", "all", "0", FAKE_BUSY_VCPU="2")) == 3


def test_vcpu_pin_kept():
    keep(1, "vcpus=3", "cpus=['0', '1']")
    run("vcpu-pin", "web", "1", "0-1")
    assert 'cpus = [ "0", "0-1", "all" ]' in config_of(1), config_of(1)
    run("vcpu-pin", "web", "all", "1", "all")
    assert 'cpus = "1"' in config_of(1) and 'cpus_soft = "all"' in config_of(1), config_of(1)
    run("vcpu-pin", "web", "0", "-", "3")
    assert 'cpus = "1"' in config_of(1), config_of(1)
    assert 'cpus_soft = [ "3", "all", "all" ]' in config_of(1), config_of(1)


def test_sched_credit2():
    lines = run("sched-credit2").stdout.splitlines()
    assert lines[:3] == [
        "Cpupool Pool-0: ratelimit=1000us",
        "Name                                ID Weight  Cap Reservation",
        "Domain-0                             0    256    0           0"], lines
    assert lines[3] == "web                                  1    257  150          25", lines
    assert lines[5] == "Cpupool fast: ratelimit=1000us" and lines[7].startswith("fallen "), lines
    assert run("sched-credit2", "-d", "web").stdout.splitlines() == [lines[1], lines[3]]
    assert run("sched-credit2", "-p", "fast").stdout.splitlines() == lines[5:]
    assert run("sched-credit2", "-p", "1", "-s").stdout.splitlines() == [lines[5]]
    assert run("sched-credit2", "-s").stdout.splitlines() == [lines[0], lines[5]]
    pools = json.loads(run("sched-credit2", "--json").stdout)
    assert [pool["name"] for pool in pools] == ["Pool-0", "fast"]
    assert pools[0]["domains"][1] == {
        "name": "web", "domid": 1, "weight": 257, "cap": 150, "reservation": 25}
    assert json.loads(run("sched-credit2", "-d", "1", "--json").stdout) == pools[0]["domains"][1]


def test_sched_credit2_set():
    set_to = "shares 1 flags=%d weight=%d cap=%d reservation=%d"
    assert calls("sched-credit2", "-d", "web", "-w", "512") == [set_to % (1, 512, 0, 0)]
    assert calls("sched-credit2", "-d", "web", "-c", "300", "-R", "50") == [set_to % (6, 0, 300, 50)]
    assert calls("sched-credit2", "--domain=web", "--reservation=0", "--cap", "0") == [
        set_to % (6, 0, 0, 0)]
    assert calls("sched-credit2", "-s", "-r", "0") == ["ratelimit 0 0"]
    assert calls("sched-credit2", "-s", "-p", "fast", "-r", "2000") == ["ratelimit 1 2000"]
    keep(1, "vcpus=3")
    run("sched-credit2", "-d", "web", "-w", "512", "-R", "20")
    assert "cpu_weight = 512" in config_of(1) and "reservation = 20" in config_of(1), config_of(1)


def test_sched_credit2_refusals():
    for option, value, says in (
            ("-w", "0", "a weight of 0 is out of range: it must be from 1 to 65535"),
            ("-w", "65536", "a weight of 65536 is out of range: it must be from 1 to 65535"),
            ("-w", "x", '"x" is not a weight: a number from 1 to 65535'),
            ("-c", "301", "a cap of 301 is out of range: for 3 vcpus it must be from 0 to 300"),
            ("-c", "-1", '"-1" is not a cap: per cent of a CPU, or 0 for none'),
            ("-c", "10", "a reservation of 25 is more than the cap of 10"),
            ("-R", "301",
             "a reservation of 301 is out of range: for 3 vcpus it must be from 0 to 300"),
            ("-R", "151", "a reservation of 151 is more than the cap of 150"),
            ("-R", "80", "a reservation of 80 does not fit into CPU pool Pool-0: its capacity is 200, "
             "150 are reserved by others, 50 are left (per cent of a CPU)")):
        refusal("sched-credit2", "-d", "web", option, value, says=says)
    keep(1, "vcpus=3")
    before = config_of(1)
    run("sched-credit2", "-d", "web", "-R", "80", status=1)
    assert config_of(1) == before
    for value in ("99", "500001"):
        refusal("sched-credit2", "-s", "-r", value, says="a rate limit of %s us is out of range: it "
                "must be from 100 to 500000, or 0 for none" % value)
    refusal("sched-credit2", "-p", "none", says='there is no CPU pool "none"')
    refusal("sched-credit2", "-d", "nobody",
            says="nobody is an invalid domain identifier: there is no such domain")


def test_sched_other():
    """Another scheduler has no such parameters, and says so."""
    says = "CPU pool fast has the scheduler null: no weights, caps or reservations there"
    refusal("sched-credit2", "-p", "fast", says=says, FAKE_SCHED="9")
    refusal("sched-credit2", "-s", "-p", "fast", "-r", "500", FAKE_SCHED="9",
            says="CPU pool fast has the scheduler null: no rate limit there")
    refusal("sched-credit2", "-d", "fallen", "-w", "5", says="fallen: " + says, FAKE_SCHED="9")
    assert "fast" not in run("sched-credit2", FAKE_SCHED="9").stdout


def test_sched_round_robin():
    """It has weights; the hypervisor refuses the rest."""
    env = {"FAKE_SCHED": "5"}
    lines = run("sched-credit2", "-p", "fast", **env).stdout.splitlines()
    assert lines[0] == "Cpupool fast: sched=rr" and lines[2].startswith("fallen "), lines
    assert run("sched-credit2", "-p", "fast", "-s", **env).stdout.splitlines() == lines[:1]
    assert json.loads(run("sched-credit2", "--json", **env).stdout)[1]["ratelimit_us"] is None
    assert calls("sched-credit2", "-d", "fallen", "-w", "5", **env) == [
        "shares 5 flags=1 weight=5 cap=0 reservation=0"]
    refusal("sched-credit2", "-s", "-p", "fast", "-r", "500",
            says="CPU pool fast has the scheduler rr: no rate limit there", **env)
    refusal("sched-credit2", "-d", "fallen", "-c", "5",
            says="the scheduler of its pool, rr, has no such parameter", **env)


def test_sched_on_xen():
    """Without the control hypercall: what domctl can do."""
    lines = run("sched-credit2", FAKE_XEN="1").stdout.splitlines()
    assert lines[3] == "web                                  1    301    0           0", lines
    assert calls("sched-credit2", "-d", "web", "-w", "9", FAKE_XEN="1") == [
        "domctl shares 1 weight=9 cap=65535"]
    assert calls("sched-credit2", "-d", "web", "-c", "70", FAKE_XEN="1") == [
        "domctl shares 1 weight=0 cap=70"]
    refusal("sched-credit2", "-d", "web", "-R", "7", says="this hypervisor has no reservations",
            FAKE_XEN="1")


def test_cpupool_list():
    lines = run("cpupool-list").stdout.splitlines()
    assert lines == ["Name               CPUs   Sched     Active   Domain count",
                     "Pool-0               2   credit2       y          3",
                     "fast                 1   credit2       y          1"], lines
    assert run("cpupool-list", "1").stdout.splitlines() == [lines[0], lines[2]]
    assert run("cpupool-list", "-c").stdout.splitlines() == [
        "Name               CPU list", "Pool-0             0,1", "fast               2"]
    pools = json.loads(run("cpupool-list", "--json").stdout)
    assert pools[0] == {"name": "Pool-0", "id": 0, "scheduler": "credit2", "cpus": [0, 1],
                        "domains": 3}
    refusal("cpupool-list", "none", says='there is no CPU pool "none"')
    refusal("cpupool-list", "2", says='there is no CPU pool "2"')


def test_cpupool_create():
    made = ["pool 2 sched=6", "add CPU 3 pool 2", "store /local/pool/2/name new"]
    assert calls("cpupool-create", "name=new") == made
    assert calls("cpupool-create", 'name="new"', 'sched="null"', 'cpus=["3"]')[0] == "pool 2 sched=9"
    assert calls("cpupool-create", "name=new", "cpus=0-3,^0-2") == made
    assert calls("cpupool-create", "name=new", "cpus=3") == made
    assert calls("cpupool-create", "name=new", "nodes=0") == made
    assert calls("cpupool-create", "name=new", "nodes=0, 0-0", "cpus=3") == made
    path = os.path.join(FOLDER, "pool.cfg")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write('name = "filed"\ncpus = [ 3 ]\n')
    assert calls("cpupool-create", path, "name=new") == made
    assert calls("cpupool-create", "-f", path)[-1] == "store /local/pool/2/name filed"
    assert run("cpupool-create", "-n", path).stdout == \
        'name = "filed"\nsched = "credit2"\ncpus = "3"\n'
    for words, says in (
            (["sched=null"], "command line: name= is missing"),
            (["name=x", "cpus=0"],
             "CPUs 0 are not all free: those in no pool are 3 (cpupool-cpu-remove frees more)"),
            (["-n", "name=x", "cpus=0"],
             "CPUs 0 are not all free: those in no pool are 3 (cpupool-cpu-remove frees more)"),
            (["-n", "name=fast"], 'there is a CPU pool called "fast" already (pool 1)'),
            (["name=x", "cpus=7"], 'CPUs "7": there is no CPU 7: this machine has CPUs 0-3'),
            (["name=x", "nodes=0,1"],
             'CPUs "nodes:0,nodes:1": there is no node 1: the last one of this machine is 0'),
            (["name=x", "nodes=0-0,^0"], 'CPUs "nodes:0-0,^nodes:0": "nodes:0-0,^nodes:0" leaves no CPU'),
            (["name=x", "nodes=^0"], 'CPUs "^nodes:0": "^nodes:0" leaves no CPU'),
            (["name=x", "cpus=y"], 'command line:1:6: cpus: "y" is neither a CPU nor a range like 0-3'),
            (["name=x", "sched=best"], 'sched = "best": there is no such scheduler'),
            (["name=x", "sched=rtds"], 'this hypervisor has no scheduler "rtds"'),
            (["name=fast"], 'there is a CPU pool called "fast" already (pool 1)'),
            (["name=a/b"], '"a/b" cannot be a CPU pool\'s name: 1 to 63 characters, not only digits, '
             "no '/' and no control characters"),
            (["name='a\\nb'"], '"a?b" cannot be a CPU pool\'s name: 1 to 63 characters, not only digits, '
             "no '/' and no control characters"),
            (["name='12'"], '"12" cannot be a CPU pool\'s name: 1 to 63 characters, not only digits, '
             "no '/' and no control characters"),
            (["name=x", "memory=3"], "command line:1:1: memory is not a setting of CPU pools: they "
             "are name, sched, cpus and nodes"),
            (["/nowhere"], "cannot read CPU pool file /nowhere: No such file or directory")):
        refusal("cpupool-create", *words, says=says)


def test_cpupool_create_fails():
    """Half a pool is taken apart again."""
    assert calls("cpupool-create", "name=x", status=1, FAKE_BUSY_CPU="3") == [
        "pool 2 sched=6", "end pool 2", "remove /local/pool/2"]
    assert calls("cpupool-create", "name=x", status=1, FAKE_FAIL="store") == [
        "pool 2 sched=6", "add CPU 3 pool 2", "remove CPU 3 pool 2", "end pool 2",
        "remove /local/pool/2"]


def test_cpupool_change():
    assert calls("cpupool-destroy", "fast", FAKE_EMPTY="1") == [
        "remove CPU 2 pool 1", "end pool 1", "remove /local/pool/1"]
    answer = run("cpupool-destroy", "fast", FAKE_EMPTY="1", FAKE_LATE="1", status=1)
    assert answer.stdout.splitlines() == ["call: remove CPU 2 pool 1", "call: add CPU 2 pool 1"]
    assert answer.stderr == "parador: cannot end CPU pool 1: Device or resource busy\n", answer.stderr
    refusal("cpupool-destroy", "fast",
            says="CPU pool fast has 1 domain: end them, or move them with cpupool-migrate")
    refusal("cpupool-destroy", "Pool-0", says="CPU pool Pool-0 is dom0's and cannot be destroyed")
    assert calls("cpupool-rename", "fast", "faster") == ["store /local/pool/1/name faster"]
    refusal("cpupool-rename", "fast", "Pool-0",
            says='there is a CPU pool called "Pool-0" already (pool 0)')
    keep(5)
    run("cpupool-rename", "fast", "faster")
    assert 'pool = "faster"' in config_of(5), config_of(5)
    assert calls("cpupool-cpu-add", "fast", "3") == ["add CPU 3 pool 1"]
    refusal("cpupool-cpu-add", "fast", "2-3", says='CPUs "2-3": not all are free to go into CPU pool '
            'fast: the free ones are 3')
    assert calls("cpupool-cpu-remove", "Pool-0", "1") == ["remove CPU 1 pool 0"]
    refusal("cpupool-cpu-remove", "Pool-0", "1", FAKE_RESERVED="101",
            says='CPUs "1": CPU pool Pool-0 needs them for reservations: 101 are reserved, and its '
            "capacity would be 100 (per cent of a CPU)")
    answer = run("cpupool-cpu-remove", "Pool-0", "1", status=1, FAKE_PINNED_CPU="1")
    assert "a vcpu is pinned to it and to no other CPU of the pool" in answer.stderr, answer.stderr
    refusal("cpupool-cpu-remove", "Pool-0", "1-2",
            says='CPUs "1-2": not all are in CPU pool Pool-0, which has CPUs 0-1')
    refusal("cpupool-cpu-remove", "Pool-0", "all,^2-3", says='CPUs "all,^2-3": CPU pool Pool-0 has '
            'CPUs 0-1 and must keep one of them, as long as it has domains: 3')
    assert calls("cpupool-cpu-remove", "fast", "2", FAKE_EMPTY="1") == ["remove CPU 2 pool 1"]
    refusal("cpupool-numa-split",
            says="there is more than one CPU pool already: end the others first")
    assert calls("cpupool-numa-split", FAKE_ALONE="1") == ["store /local/pool/0/name Pool-node0"]


def test_cpupool_migrate():
    assert calls("cpupool-migrate", "web", "fast") == ["move 1 to 1"]
    refusal("cpupool-migrate", "0", "fast", says="Domain-0 cannot leave its CPU pool")
    refusal("cpupool-migrate", "web", "none", says='there is no CPU pool "none"')
    refusal("cpupool-migrate", "web", "fast", FAKE_MOVE="28", says="a reservation of 25 does not fit "
            "into CPU pool fast: its capacity is 100, 0 are reserved there (per cent of a CPU)")
    refusal("cpupool-migrate", "web", "fast", FAKE_MOVE="95", FAKE_SCHED="9", says="CPU pool fast has "
            "the scheduler null, which cannot keep the cap or reservation of domain 1: "
            "sched-credit2 -c 0 -R 0 takes them off")
    keep(1, "cpus=0-1")
    run("cpupool-migrate", "web", "fast")
    lines = config_of(1)
    assert 'pool = "fast"' in lines and not any(line.startswith("cpus") for line in lines), lines
    keep(1, "cpus=0-2")
    run("cpupool-migrate", "web", "fast")
    assert 'cpus = "0-2"' in config_of(1), config_of(1)
    # Each vcpu for itself, and with its soft affinity.
    keep(1, "vcpus=3", "cpus=['2', '0', '2']", "cpus_soft=['2', '0', '1']")
    run("cpupool-migrate", "web", "fast")
    lines = config_of(1)
    assert 'cpus = [ "2", "all", "2" ]' in lines and 'cpus_soft = [ "2", "all", "1" ]' in lines, lines
    keep(1, "vcpus=3", "cpus=['2', '1']", "cpus_soft=0-3")
    run("cpupool-migrate", "web", "fast")
    lines = config_of(1)
    assert 'cpus = [ "2", "all", "all" ]' in lines, lines
    assert 'cpus_soft = [ "0-3", "all", "0-3" ]' in lines, lines
    keep(1, "vcpus=3", "cpus=0", "cpus_soft=['2', '0', '1']")
    run("cpupool-migrate", "web", "fast")
    assert not any(line.startswith("cpus") for line in config_of(1)), config_of(1)


def test_debug_keys():
    assert calls("debug-keys", "hq") == ["keys hq"]


def complete(*words, **env):
    """What bash offers for the last of the words."""
    script = os.path.join(HERE, "..", "..", "..", "dom0-tools", "cli", "parador-completion.bash")
    text = 'source "$0"; parador() { "$PROGRAM" "$@"; }; COMP_WORDS=(parador "$@"); ' \
           'COMP_CWORD=$#; _parador; printf "%s\\n" "${COMPREPLY[@]}"'
    answer = subprocess.run(["bash", "-c", text, script, *words], stdout=subprocess.PIPE, text=True,
                            check=True, env={**os.environ, "PROGRAM": PROGRAM, **env}, cwd=FOLDER)
    return answer.stdout.split("\n")[:-1]


def test_completion():
    assert complete("vcpu-s") == ["vcpu-set"]
    assert {"cpupool-list", "cpupool-cpu-add"} <= set(complete("cpupool-"))
    assert complete("vcpu-pin", "a") == complete("vcpu-pin", "a\\ ") == ["a\\ b"]
    assert complete("vcpu-pin", "web", "") == ["all"]
    assert complete("vcpu-pin", "web", "0", "") == [""]
    assert complete("pause", "web", "f") == ["fallen"]
    assert complete("cpupool-destroy", "") == ["Pool-0", "fast"]
    assert complete("cpupool-migrate", "f") == ["fallen"]
    assert complete("cpupool-migrate", "web", "f") == ["fast"]
    assert complete("sched-credit2", "-p", "f") == ["fast"]
    assert complete("sched-credit2", "-d", "f") == ["fallen"]
    assert {"-R", "--reservation", "--ratelimit_us", "--json"} <= set(complete("sched-credit2", "-"))
    with open(os.path.join(FOLDER, "metrics file"), "w", encoding="utf-8"):
        pass
    assert complete("metrics", "-t", "metr") == ["metrics file"]


def test_completion_runs_nothing():
    """A guest's or pool's name is never the shell's to expand."""
    name = "$(touch${IFS}mark;`touch${IFS}mark`)"
    for words in (["destroy", ""], ["cpupool-destroy", ""], ["cpupool-migrate", ""]):
        offered = complete(*words, FAKE_NAME=name, FAKE_POOL=name)
        assert "\\$\\(touch\\$\\{IFS\\}mark\\;\\`touch\\$\\{IFS\\}mark\\`\\)" in offered, offered
    assert not os.path.exists(os.path.join(FOLDER, "mark"))
