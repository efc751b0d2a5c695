"""A person with the program, a replica and an organization behind a front; what the cases of this
folder share. Everything is done and seen from outside: commands, exit codes, sentences, files."""

import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "proof"), str(ROOT / "tests" / "checks")]

from front import Front, Trap  # noqa: E402  (the path comes first)
from organization import Colleague, Organization  # noqa: E402

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
USERS = ("--user", "ada", "--user", "bob", "--user", "eve:global:-prvCreateAccount",
         "--user", "zed:basic:-prvReadContact")


class Done:
    def __init__(self, finished):
        self.code, self.out, self.told = finished.returncode, finished.stdout, finished.stderr

    def says(self, code, *words):
        """It ended with this exit code and one line on standard error that holds these words."""
        assert self.code == code, f"exit {self.code}, expected {code}: {self.told}{self.out}"
        for word in words:
            assert word in self.told, f"“{word}” is not said: {self.told}{self.out}"
        if code:
            assert len(self.told.strip().splitlines()) == 1, f"not one line: {self.told}"
        return self


class Desk:
    """One replica of contacts and accounts with a change that waits, and the ways to it."""

    def __init__(self, user="ada"):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="hawser-bad-luck-"))
        self.directory.chmod(0o755)
        self.organization = Organization(str(PROGRAM), self.directory, "--sample", "200", *USERS)
        self.front, self.trap = Front(self.organization.url), Trap()
        self.replica = self.directory / "replica.hawser"
        self.user = user
        self.token = self.organization.users[user]["token"]
        self.init(self.replica).says(0)
        self.run("sync").says(0)
        first, second = self.json("list", "contact", "--limit", "2")
        self.contact, self.other = first["id"], second["id"]
        self.run("set", "contact", self.contact, "jobtitle=Kept").says(0)
        self.writes = len(self.organization.written())

    def init(self, replica, *options):
        person = self.organization.users[self.user]
        return self.run("init", str(replica), "--organization", self.front.url, "--mailbox",
                        person["mailbox"], "--table", "contact", "--table", "account", *options)

    def run(self, *arguments, token=None, replica=None, **how):
        environment = {**os.environ, "HAWSER_REPLICA": str(replica or self.replica), "TZ": "UTC",
                       "HAWSER_TOKEN": self.token if token is None else token}
        return Done(subprocess.run([str(PROGRAM), *arguments], env=environment, capture_output=True,
                                   text=True, stdin=subprocess.DEVNULL, timeout=60, **how))

    def json(self, *arguments, replica=None):
        return json.loads(self.run("--json", *arguments, replica=replica).out)

    def copy(self, name):
        """The replica once more, to be maltreated."""
        target = self.directory / name
        target.parent.mkdir(exist_ok=True)
        with sqlite3.connect(self.replica) as source, sqlite3.connect(target) as copied:
            source.backup(copied)
        return target

    def is_looked_at(self, replica, *words, **how):
        """What only reads goes on, tells what is wrong, and ends as something that waits for a person."""
        for command in (["queue"], ["status"], ["list", "contact", "--limit", "100"], ["show", "contact", self.contact],
                        ["diff", "contact", self.contact], ["log"], ["log", "contact", self.contact],
                        ["conflicts"], ["tables"]):
            done = self.run("--json", *command, replica=replica, **how)
            done.says(5, str(replica), "can only be looked at", *words)
            json.loads(done.out)
        done = self.run("queue", replica=replica, **how)
        assert "Kept" in done.out, done.out

    def queue_is_untouched(self, replica=None):
        """The change waits as it did, and nothing was written at the organization."""
        (change,) = self.json("queue", replica=replica)
        assert change["state"] == "queued" and change["columns"]["jobtitle"]["after"] == "Kept", change
        assert len(self.organization.written()) == self.writes, self.organization.written()[self.writes:]

    def change_arrived(self, replica=None):
        """The change was sent, once, and nothing else."""
        assert self.json("queue", replica=replica) == []
        written = [line["columns"] for line in self.organization.written()[self.writes:]]
        assert written == [["jobtitle"]], written

    def comes_right(self, replica=None):
        """As soon as the trouble is over the change arrives, once, and both sides are equal."""
        self.front.hostile = None
        self.run("sync", replica=replica).says(0)
        self.run("verify", replica=replica).says(0)
        self.change_arrived(replica)

    def colleague(self, name="bob"):
        return Colleague(self.organization, name)

    def close(self):
        self.organization.close()
        self.trap.close()
        self.front.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
