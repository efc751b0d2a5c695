#!/usr/bin/env python3
"""Real mail, contacts and calendars through the whole program: an organization is loaded from JSON
Lines, pulled by a user with organization-wide read (delta) and by one without (filter), verified,
compared with the files by stock SQLite; then a contact and an appointment are edited offline, and
the write log must show these two edits and nothing else.

    tests/proof/corpus.py build/hawser CORPUS_DIRECTORY

Exit code: 0 all equal, 1 something differs, 77 there is no corpus.
"""

import pathlib
import sys
import tempfile

from compare_corpus import compare
from organization import Organization, Program

MODES = {"ada": "delta", "bob": "filter"}


def pulled(organization, program, directory, user, corpus):
    """A replica of everything, as this user sees it; what is wrong with it."""
    replica = pathlib.Path(directory) / f"{user}.hawser"
    person = organization.users[user]
    hawser = Program(program, replica, person["token"])
    hawser.run("init", str(replica), "--organization", organization.url, "--mailbox", person["mailbox"])
    hawser.run("sync")
    findings = []
    if hawser.run("verify", accept=(0, 1, 5)).returncode:
        findings.append(f"{user}: verify found differences")
    modes = {table["mode"] for table in hawser.json("status")["tables"]}
    if modes != {MODES[user]}:
        findings.append(f"{user}: pulled by {', '.join(sorted(modes))}, not by {MODES[user]}")
    total, different = compare(replica, corpus)
    findings += [f"{user}: {view} {key}: {', '.join(columns)}" for (view, key), columns in different.items()]
    print(f"{user}: {total} records compared by {MODES[user]}, {len(different)} different")
    return hawser, replica, findings


def edited_offline(organization, hawser, replica, corpus):
    """Edits one contact and one appointment offline and comes back; what is wrong afterwards."""
    contact = hawser.json("list", "contact", "--limit", "1", "--sort", "lastname")[0]["id"]
    appointment = hawser.json("list", "appointment", "--limit", "1", "--where", "statecode eq 3",
                              "--sort", "subject")[0]["id"]
    before = len(organization.written())
    hawser.run("go-offline")
    hawser.run("set", "contact", contact, "jobtitle=Met on a plane", "mobilephone=+45 70 10 20 30")
    hawser.run("set", "appointment", appointment, "location=Seat 23 A")
    findings = []
    if len(organization.written()) != before:
        findings.append("something was written while offline")
    hawser.run("go-online")
    writes = [(line["user"], line["table"], line["id"], sorted(line["columns"]), line["outcome"])
              for line in organization.written()[before:]]
    expected = [("ada", "appointment", appointment, ["location"], "updated"),
                ("ada", "contact", contact, ["jobtitle", "mobilephone"], "updated")]
    if sorted(writes) != expected:
        findings.append(f"the write log shows {writes}")
    if hawser.run("verify", accept=(0, 1, 5)).returncode:
        findings.append("verify found differences after the edits")
    _, different = compare(replica, corpus)
    if not set(different) <= {("contact", contact), ("appointment", appointment)}:
        findings.append(f"other records changed: {different}")
    for line in writes:
        print("written:", *line)
    return findings


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    program, corpus = str(pathlib.Path(sys.argv[1]).resolve()), pathlib.Path(sys.argv[2])
    if not (corpus / "contacts.jsonl").exists():
        print(f"skipped: there is no corpus in {corpus}")
        return 77
    with tempfile.TemporaryDirectory(prefix="hawser-corpus-") as directory, \
            Organization(program, directory, "--load", str(corpus), "--user", "ada",
                         "--user", "bob:basic") as organization:
        hawser, replica, findings = pulled(organization, program, directory, "ada", corpus)
        findings += pulled(organization, program, directory, "bob", corpus)[2]
        findings += edited_offline(organization, hawser, replica, corpus)
    for finding in findings[:20]:
        print("WRONG:", finding)
    print("all equal" if not findings else f"{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
