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


def main():
    replica, corpus = sys.argv[1], pathlib.Path(sys.argv[2])
    database = sqlite3.connect(f"file:{replica}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    total = different = 0
    for file, (view, key) in TABLES.items():
        held = {row[key]: row for row in database.execute(f'SELECT * FROM "{view}"')}
        expected = {}
        for line in (corpus / f"{file}.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            expected[row[key]] = row
        for identifier, row in expected.items():
            total += 1
            found = held.get(identifier)
            wrong = ["the row"] if found is None else []
            for column, value in row.items() if found is not None else ():
                if column in NOT_A_COLUMN or column in COMPUTED:
                    continue
                name = column[1:-6] if column.startswith("_") and column.endswith("_value") else column
                if name not in found.keys() or found[name] != text_as_stored(value):
                    wrong.append(name)
            if found is not None and any(name in row for name in NOT_A_COLUMN):
                here = sorted((role, who) for role, who in database.execute(
                    "SELECT participationtypemask, coalesce(partyid, lower(addressused)) FROM activityparty "
                    "WHERE activityid = ?", (identifier,)))
                if [tuple(pair) for pair in here] != parties_of(row):
                    wrong.append("parties")
            if wrong:
                different += 1
                if different <= 10:
                    print(f"{view} {identifier}: {', '.join(wrong)} differ")
        extra = set(held) - set(expected)
        if extra:
            different += len(extra)
            print(f"{view}: {len(extra)} rows that are in no file")
    print(f"{total} records compared, {different} different")
    return 0 if total and not different else 1


if __name__ == "__main__":
    sys.exit(main())
