#!/usr/bin/env python3
"""docs/OPERATIONS.md: ten situations, as they go with the real program and a real organization. Runs them all and compares
what the document shows; what differs from run to run (times, new ids, addresses) counts for nothing.

    tests/wire/cli/operations_test.py build/hawser
    tests/wire/cli/operations_test.py build/hawser --write       writes the document anew
"""

import difflib
import fcntl
import json
import os
import pathlib
import pty
import re
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests" / "proof"), str(ROOT / "tests" / "checks")]

from organization import Colleague, Organization  # noqa: E402  (the path comes first)

PROGRAM = pathlib.Path(sys.argv[1]).resolve()
DOCUMENT = ROOT / "docs" / "OPERATIONS.md"
ADDRESS = "http://127.0.0.1:8080"  # As the document calls it.
SAMPLE = ("--sample", "60", "--user", "ada:global:-prvDeleteContact", "--user", "bob")
WIDTH = 110

HEAD = """# Operations

Ten situations that people get into, and how they get out of them. Each was played by a script with the program and an
organization (`tests/wire/cli/operations_test.py`); what stands here is what was on the screen. `HAWSER_TOKEN` and
`HAWSER_REPLICA` are set.
"""


class Walk:
    """A machine with a replica of one organization, where somebody types commands; and the document about it."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hawser-walk-"))
        self.organization = Organization(str(PROGRAM), self.folder, *SAMPLE)
        self.ada = self.organization.users["ada"]
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TZ": "UTC", "TERM": "dumb",
                            "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "HAWSER_REPLICA": "work.hawser",
                            "HAWSER_TOKEN": self.ada["token"]}
        self.text, self.situations, self.block = [HEAD], 0, None
        self.say_nothing("init", "work.hawser", "--organization", self.organization.url, "--mailbox",
                         self.ada["mailbox"])
        self.say_nothing("sync")

    def say_nothing(self, *command):
        """Done, but not told."""
        done = subprocess.run([PROGRAM, *command], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def situation(self, title, *sentences):
        self.situations += 1
        self.end_block()
        self.text.append(f"\n## {self.situations}. {title}\n")
        self.tell(*sentences)

    def tell(self, *sentences):
        self.end_block()
        self.text.append("\n" + "\n".join(textwrap.wrap(" ".join(sentences), 116)) + "\n")

    def end_block(self):
        if self.block is not None:
            self.text.append("\n```console\n" + "\n".join(self.block) + "\n```\n")
        self.block = None

    def type(self, line, code=0, answer=None):
        """A command at a terminal. What is asked is answered."""
        words = shlex.split(line.replace(ADDRESS, self.organization.url))
        assert words[0] == "hawser", line
        here, there = pty.openpty()
        fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
        running = subprocess.Popen([PROGRAM, *words[1:]], cwd=self.folder, env=self.environment, stdin=there,
                                   stdout=there, stderr=there, start_new_session=True)
        os.close(there)
        shown = b""
        try:
            while part := os.read(here, 4096):
                shown += part
                if answer is not None and b"[y/N]" in shown:
                    os.write(here, answer.encode() + b"\n")
                    answer = None
        except OSError:
            pass  # The terminal is gone with the program.
        os.close(here)
        ended = running.wait(timeout=60)
        lines = on_the_screen(shown.decode()).replace(self.organization.url, ADDRESS)
        assert ended == code, f"{line}: exit {ended}, expected {code}:\n{lines}"
        self.block = (self.block or []) + [f"$ {line}"] + lines.splitlines()
        return lines

    def last_change(self):
        """The number of the newest change that waits."""
        done = subprocess.run([PROGRAM, "--json", "queue"], cwd=self.folder, env=self.environment, capture_output=True,
                              text=True)
        return json.loads(done.stdout)[-1]["number"]

    def ids(self, table, count):
        return [line.split("\t")[0][:8] for line in self.say_nothing("list", table, "--limit", str(count)).splitlines()]

    def whole(self, table, beginning):
        return next(line.split("\t")[0] for line in self.say_nothing("list", table).splitlines()
                    if line.startswith(beginning))

    def colleague(self):
        return Colleague(self.organization, "bob")

    def document(self):
        self.end_block()
        return "".join(self.text)

    def close(self):
        self.organization.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def on_the_screen(shown):
    """What is left of it: what was drawn over is gone."""
    lines = []
    for line in shown.replace("\r\n", "\n").split("\n"):
        kept = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line.rsplit("\r", 1)[-1])
        lines.append(kept.rstrip())
    return "\n".join(lines).strip("\n")


def without_the_moment(text):
    """What is the same in every run."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", text)
    text = re.sub(r"http://127\.0\.0\.1:\d+", "URL", text)
    # Also where a column broke an id.
    text = re.sub(r"(?<![A-Za-z])-?[0-9a-f]{3,}(-[0-9a-f]+)*-?(?![A-Za-z])", "ID", text)
    text = re.sub(r"\d+ (milli)?seconds? ago|just now", "AGO", text)
    return re.sub(r"[ ]+", " ", text)


def play(walk):
    one, two, three, four, five, six, seven, eight = walk.ids("contact", 8)
    colleague = walk.colleague()

    walk.situation("The server refused a change",
                   "You deleted a contact, and the organization does not let you. Nothing else waits for that: the rest",
                   "was sent. The refused change stays in the queue with the organization's words, and with the commands",
                   "that go on.")
    walk.say_nothing("delete", "contact", one, "--yes")
    walk.say_nothing("set", "contact", two, "jobtitle=Captain")
    walk.type("hawser sync", code=5)
    walk.type("hawser queue", code=5)
    walk.tell("Somebody gives you the right, and you try again; or you give it up. It says first what is lost.")
    number = walk.last_change()
    walk.type(f"hawser queue discard {number}", answer="y")

    walk.situation("A colleague changed the phone number too",
                   "Both of you wrote another number into the same column. Yours stays here, theirs stays there, and the",
                   "rest of the record goes on. Nobody's was overwritten; you choose.")
    walk.say_nothing("set", "contact", three, "telephone1=555-0100", "description=Prefers to be called at noon.")
    colleague.change("contacts", walk.whole("contact", three), {"telephone1": "555-0199",
                                                               "description": "Prefers to be called in the evening."})
    walk.type("hawser sync", code=5)
    walk.type("hawser conflicts 1", code=5)
    walk.type("hawser resolve 1 --mine description='Prefers to be called at noon, or in the evening.'")
    walk.type("hawser sync")

    walk.situation("The laptop has to go back",
                   "It holds changes that were not sent, and there is no network. Write them to a file that only you may",
                   "read; then the replica may go.")
    walk.say_nothing("set", "contact", four, "jobtitle=Navigator")
    walk.say_nothing("create", "account", "name=Initech")
    walk.type("hawser remove work.hawser -y", code=5)
    walk.type("hawser queue export queue.hjournal")
    walk.type("hawser remove work.hawser -y")
    walk.tell("On the next machine a new replica takes them over. It compares with the whole organization before it sends",
              "any of it.")
    walk.type(f"hawser init work.hawser --organization {ADDRESS} --mailbox {walk.ada['mailbox']}")
    walk.type("hawser queue import queue.hjournal")
    walk.type("hawser sync")
    walk.tell("Importing it once more, or sending it from another machine, changes nothing: each change is known by where",
              "it was made.")
    walk.type("hawser queue import queue.hjournal")

    walk.situation("The wrong edit, on a plane",
                   "Three job titles are wrong, and nothing was sent yet. Look at what was made lately, and take it",
                   "back. It says first what that is, and asks.")
    for contact in (five, six, seven):
        walk.say_nothing("set", "contact", contact, "jobtitle=Wrong")
    walk.type("hawser queue")
    walk.type("hawser queue undo --table contact --newer-than 1h", answer="y")

    walk.situation("The wrong edit, and it was sent",
                   "It is taken back by a new change, which is sent like any other. A column that somebody made something",
                   "else of since stays as they left it.")
    walk.say_nothing("set", "contact", five, "jobtitle=Wrong")
    walk.say_nothing("sync")
    walk.type(f"hawser log contact {five}")
    number = re.findall(r"change (\d+) by you", walk.say_nothing("log", "contact", five))[-1]
    walk.type(f"hawser queue undo {number}", answer="y")
    walk.type("hawser sync")

    walk.situation("A typing error in what waits",
                   "The change is set right before it is sent; later edits of the record stay.")
    walk.say_nothing("set", "contact", six, "jobtitle=Captian")
    number = walk.last_change()
    walk.type(f"hawser queue edit {number} jobtitle=Captain")

    walk.situation("Not yet", "A change is not to be sent before somebody agreed.")
    walk.type(f"hawser queue hold {number}")
    walk.type("hawser sync", code=5)
    walk.type(f"hawser queue release {number}")
    walk.type("hawser sync -n")
    walk.type("hawser sync")

    walk.situation("Support has nothing but the file",
                   "A customer sent a journal (`hawser queue export`). What it stands on is made in a small organization",
                   "on this machine, and its changes are sent there, one by one if you like (`--step`).")
    walk.say_nothing("set", "contact", seven, "jobtitle=Astronomer")
    walk.say_nothing("queue", "export", "customer.hjournal")
    (walk.folder / "laboratory").mkdir()
    customers, customers_token = walk.organization, walk.environment["HAWSER_TOKEN"]
    walk.organization = Organization(str(PROGRAM), walk.folder / "laboratory", "--user", "ada")
    walk.environment["HAWSER_TOKEN"] = walk.organization.users["ada"]["token"]
    walk.type(f"hawser replay customer.hjournal --against {ADDRESS} --into-empty --report markdown")
    walk.organization.close()
    walk.organization, walk.environment["HAWSER_TOKEN"] = customers, customers_token
    for file in walk.folder.glob("customer.hjournal.receipts*"):
        file.unlink() if file.is_file() else shutil.rmtree(file)

    walk.situation("The journal has to be sent, and the machine is gone",
                   "Whoever signs in as the user sends it from anywhere: rehearsed first, then once, however often the",
                   "command is repeated. What became of each change is kept beside the file, in `FILE.receipts`.")
    walk.type(f"hawser replay customer.hjournal --against {ADDRESS} -n")
    walk.type(f"hawser replay customer.hjournal --against {ADDRESS}")
    walk.type(f"hawser replay customer.hjournal --against {ADDRESS}")
    walk.say_nothing("sync")

    walk.situation("The sign-in has run out",
                   "Nothing is lost, and nothing is tried without end. What you do meanwhile waits.")
    walk.environment["HAWSER_TOKEN"] = "yesterday"
    walk.say_nothing("set", "contact", eight, "jobtitle=Boatswain")
    walk.type("hawser sync", code=4)
    walk.type("hawser status")
    walk.environment["HAWSER_TOKEN"] = customers_token
    walk.type("hawser sync")
    walk.type("hawser verify")


def main():
    walk = Walk()
    try:
        play(walk)
        text = walk.document()
    finally:
        walk.close()
    if sys.argv[2:] == ["--write"]:
        DOCUMENT.write_text(text, encoding="utf-8")
        return 0
    kept, now = (without_the_moment(one).splitlines() for one in (DOCUMENT.read_text(encoding="utf-8"), text))
    difference = list(difflib.unified_diff(kept, now, "docs/OPERATIONS.md", "what happened", lineterm="", n=2))
    print("\n".join(difference))
    print(f"{0 if difference else walk.situations} passed, {1 if difference else 0} failed, 0 skipped")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
