#!/usr/bin/env python3
"""Compares a replica's SQL views with the JSON Lines an organization was loaded from, using nothing
but stock SQLite: every row of every file must be in the view, with the same values.

    tests/proof/compare_corpus.py REPLICA CORPUS_DIRECTORY
"""

import json
import pathlib
import sqlite3
import sys

TABLES = {"accounts": ("account", "accountid"), "contacts": ("contact", "contactid"),
          "emails": ("email", "activityid"), "appointments": ("appointment", "activityid")}
COMPUTED = {"regardingobjecttypecode"}
NOT_A_COLUMN = {"email_activity_parties", "appointment_activity_parties"}


def text_as_stored(value):
    """The organization trims trailing blanks and keeps empty text as null."""
    if isinstance(value, str):
        return value.rstrip(" \t\r\n") or None
    if isinstance(value, bool):
        return int(value)
    return value


def parties_of(row):
    """(role, participant) pairs, sorted; a participant is a record's id or a lower-cased address."""
    pairs = set()
    for name in NOT_A_COLUMN:
        for party in row.get(name) or ():
            record = party.get("_partyid_value") or next(
                (value.split("(")[1].rstrip(")") for key, value in party.items()
                 if key.startswith("partyid_") and key.endswith("@odata.bind")), None)
            who = record or (party.get("addressused") or party.get("unresolvedpartyname") or "").lower()
            pairs.add((party["participationtypemask"], who))
    return sorted(pairs)


def parties_held(database):
    """The participants of every activity, in one reading of the view."""
    held = {}
    for activity, role, who in database.execute(
            "SELECT activityid, participationtypemask, coalesce(partyid, lower(address)) FROM activityparty"):
        held.setdefault(activity, []).append((role, who))
    return held


def columns_that_differ(row, found, parties):
    if found is None:
        return ["the row"]
    wrong = []
    for column, value in row.items():
        if column in NOT_A_COLUMN or column in COMPUTED:
            continue
        name = column[1:-6] if column.startswith("_") and column.endswith("_value") else column
        if name not in found.keys() or found[name] != text_as_stored(value):
            wrong.append(name)
    if any(name in row for name in NOT_A_COLUMN) and sorted(parties) != parties_of(row):
        wrong.append("parties")
    return wrong


def compare(replica, corpus):
    """(how many records were compared, what differs: {(view, id): columns})"""
    database = sqlite3.connect(f"file:{replica}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    total, different, parties = 0, {}, parties_held(database)
    for file, (view, key) in TABLES.items():
        held = {row[key]: row for row in database.execute(f'SELECT * FROM "{view}"')}
        for line in (pathlib.Path(corpus) / f"{file}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            total += 1
            wrong = columns_that_differ(row, held.pop(row[key], None), parties.get(row[key], []))
            if wrong:
                different[view, row[key]] = wrong
        different.update({(view, identifier): ["not in the file"] for identifier in held})
    database.close()
    return total, different


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    total, different = compare(sys.argv[1], sys.argv[2])
    for (view, identifier), columns in list(different.items())[:10]:
        print(f"{view} {identifier}: {', '.join(columns)} differ")
    print(f"{total} records compared, {len(different)} different")
    return 0 if total and not different else 1


if __name__ == "__main__":
    sys.exit(main())
