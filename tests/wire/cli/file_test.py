#!/usr/bin/env python3
"""Replica files that are missing, foreign, newer, damaged, locked or without room: a sentence says which
and what to do, and the queue is never touched.

    tests/wire/cli/file_test.py build/hawser
"""

import os
import signal
import sqlite3
import subprocess
import sys

from desk import Desk, PROGRAM
from cases import Skip, case, run

NOBODY = 65534


@case
def a_missing_replica_says_how_one_is_made():
    with Desk() as desk:
        nowhere = desk.directory / "nowhere.hawser"
        for command in ("status", "sync", "queue", "list contact"):
            desk.run(*command.split(), replica=nowhere).says(1, str(nowhere), "hawser init")
        assert not nowhere.exists()


@case
def a_file_that_is_no_replica_is_left_as_it_is():
    with Desk() as desk:
        text = desk.directory / "diary.txt"
        text.write_text("Dear diary\n" * 100)
        desk.run("sync", replica=text).says(1, str(text), "no SQLite database")
        assert text.read_text() == "Dear diary\n" * 100
        database = desk.directory / "other.sqlite"
        with sqlite3.connect(database) as other:
            other.execute("CREATE TABLE mine (a)")
        desk.run("sync", replica=database).says(1, str(database), "no replica")


@case
def a_newer_schema_is_left_alone():
    with Desk() as desk:
        replica = desk.copy("newer.hawser")
        with sqlite3.connect(replica) as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            database.execute(f"PRAGMA user_version = {version + 1}")
        content = replica.read_bytes()
        for command in (["sync"], ["set", "contact", desk.contact, "jobtitle=No"]):
            desk.run(*command, replica=replica).says(1, "newer Hawser", "Update Hawser")
        assert replica.read_bytes() == content
        with sqlite3.connect(replica) as database:
            database.execute(f"PRAGMA user_version = {version}")
        desk.queue_is_untouched(replica)


@case
def a_corrupt_replica_is_repaired_and_its_queue_is_kept():
    with Desk() as desk:
        replica = desk.copy("corrupt.hawser")
        with sqlite3.connect(replica) as database:
            (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'hawser_record'").fetchone()
            (size,) = database.execute("PRAGMA page_size").fetchone()
        with open(replica, "r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xa5" * size)
        for command in (["sync"], ["list", "contact"], ["set", "contact", desk.contact, "jobtitle=No"]):
            desk.run(*command, replica=replica).says(1, "damaged", "hawser repair")
        desk.run("repair", replica=replica)
        desk.queue_is_untouched(replica)
        desk.comes_right(replica)


@case
def a_replica_that_another_program_has_open_is_not_repaired():
    with Desk() as desk:
        held = sqlite3.connect(desk.replica)
        held.execute("SELECT count(*) FROM hawser_change").fetchone()
        desk.run("repair").says(6, "open in another program", str(os.getpid()))
        held.close()
        desk.run("repair").says(0)
        desk.queue_is_untouched()
        desk.comes_right()


@case
def a_read_only_replica_says_so_and_nothing_changes():
    with Desk() as desk:
        replica = desk.copy("locked/replica.hawser")
        how = {}
        if os.geteuid() == 0:
            how["user"] = NOBODY
            seen = subprocess.run([str(PROGRAM), "--version"], user=NOBODY, capture_output=True)
            if seen.returncode:
                raise Skip("another user cannot run the program where it lies")
        replica.chmod(0o444)
        replica.parent.chmod(0o555)
        try:
            for command in (["sync"], ["set", "contact", desk.contact, "jobtitle=No"]):
                desk.run(*command, replica=replica, **how).says(1, str(replica), "may not be written", "permissions")
            desk.is_looked_at(replica, "may not be written", **how)
        finally:
            replica.parent.chmod(0o755)
            replica.chmod(0o644)
        desk.queue_is_untouched(replica)
        desk.comes_right(replica)


@case
def a_write_that_fails_leaves_everything_as_it_was():
    """A limit on the size of files makes every write fail, as a broken disk does."""
    import resource

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    with Desk() as desk:
        replica = desk.copy("limited.hawser")
        for command in (["sync"], ["set", "contact", desk.contact, "jobtitle=No"]):
            desk.run(*command, replica=replica, preexec_fn=limit).says(1, str(replica), "nothing was changed")
        desk.is_looked_at(replica, preexec_fn=limit)
        desk.queue_is_untouched(replica)
        desk.comes_right(replica)


@case
def a_full_disk_says_so_and_leaves_everything_as_it_was():
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode:
        raise Skip("this machine lets nobody mount a small disk")
    with Desk() as desk:
        replica, disk = desk.copy("full.hawser"), desk.directory / "disk"
        disk.mkdir()
        script = f"""mount -t tmpfs -o size=4m none {disk} && cp {replica} {disk}/r.hawser && cd {disk} || exit 99
            cat /dev/zero > filler 2> /dev/null
            {PROGRAM} -r r.hawser set contact {desk.contact} jobtitle=No; echo "exit $?" >&2
            {PROGRAM} -r r.hawser sync; echo "exit $?" >&2
            {PROGRAM} -r r.hawser queue > {desk.directory}/queue; echo "exit $?" >&2
            rm filler; {PROGRAM} -r r.hawser backup {desk.directory}/after.hawser > {desk.directory}/backed-up"""
        environment = {**os.environ, "HAWSER_TOKEN": desk.token}
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], env=environment, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("exit 1") == 2 and done.stderr.count("the disk is full") == 3, done.stderr
        assert "exit 5" in done.stderr and "Kept" in (desk.directory / "queue").read_text(), done.stderr
        desk.queue_is_untouched(desk.directory / "after.hawser")
        desk.comes_right(desk.directory / "after.hawser")


@case
def foreign_triggers_are_refused_and_repair_drops_them():
    with Desk() as desk:
        replica = desk.copy("spied.hawser")
        with sqlite3.connect(replica) as database:
            database.execute("CREATE TRIGGER spy AFTER UPDATE ON hawser_change BEGIN DELETE FROM hawser_change; END")
        database.close()
        for command in (["sync"], ["set", "contact", desk.contact, "jobtitle=No"]):
            desk.run(*command, replica=replica).says(1, "spy", "hawser repair")
        desk.is_looked_at(replica, "spy", "hawser repair")
        desk.run("backup", str(desk.directory / "spied-backup.hawser"), replica=replica).says(5, "spy")
        desk.run("report", str(desk.directory / "report.json"), replica=replica).says(5, "spy")
        desk.run("repair", replica=replica).says(0)
        desk.queue_is_untouched(replica)
        desk.comes_right(replica)


if __name__ == "__main__":
    sys.exit(run())
