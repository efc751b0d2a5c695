#!/usr/bin/env python3
"""Tables that the organization does not have, or that the user may not read: refused when they are chosen,
named when they turn out later, and mended by a command.

    tests/wire/cli/tables_test.py build/hawser
"""

import sys

from desk import Desk
from cases import case, run


@case
def a_table_or_filter_that_cannot_be_is_refused_at_init_and_leaves_no_file():
    with Desk() as desk:
        refusals = [
            (["contcat"], ["contcat", "did you mean", "contact"]),
            (["account", "nosuchthing"], ["nosuchthing"]),
            (["Contact"], ["Contact"]),
            (["hawser_change"], ["hawser_change"]),
            (["contact:jobtitel eq 'x'"], ["contact", "jobtitel", "jobtitle"]),
            (["contact:((("], ["contact"]),
            (["contact:lastname eq"], ["contact"]),
        ]
        for tables, words in refusals:
            new = desk.directory / "new.hawser"
            options = [word for table in tables for word in ("--table", table)]
            person = desk.organization.users["ada"]
            desk.run("init", str(new), "--organization", desk.front.url, "--mailbox", person["mailbox"],
                     *options).says(2, *words)
            assert not new.exists(), tables


@case
def the_choice_is_listed_and_changed():
    with Desk() as desk:
        listed = {line["table"]: line for line in desk.json("tables")}
        assert set(listed) == {"account", "contact"} and listed["contact"]["records"] > 50, listed
        assert listed["contact"]["mode"] == "delta" and listed["contact"]["reason"], listed
        desk.run("tables", "add", "taks").says(2, "taks", "did you mean", "task")
        desk.run("tables", "add", "task:nosuch eq 1").says(2, "task", "nosuch")
        assert {line["table"] for line in desk.json("tables")} == {"account", "contact"}
        desk.run("tables", "add", "task:statecode eq 0", "appointment").says(0)
        desk.run("tables", "remove", "account", "appointment").says(0)
        desk.run("tables", "remove", "account").says(2, "account", "contact and task")
        desk.run("sync").says(0)
        listed = {line["table"]: line for line in desk.json("tables")}
        assert set(listed) == {"contact", "task"} and listed["task"]["filter"] == "statecode eq 0", listed
        assert listed["task"]["records"] > 0
        desk.run("verify").says(0)
        desk.change_arrived()


@case
def a_choice_that_could_not_be_checked_is_told_by_the_next_sync_and_mended():
    with Desk() as desk:
        desk.run("go-offline", "--now").says(0)
        added = desk.run("tables", "add", "contcat")
        assert added.code == 0 and "next sync tells" in added.out, added.out + added.told
        synced = desk.run("go-online")
        for words in ("contcat", "did you mean contact", "hawser tables"):
            assert words in synced.out, synced.out + synced.told
        assert synced.code == 5, synced.code
        desk.change_arrived()
        status = desk.run("status")
        assert status.code == 5 and "did you mean contact" in status.out, status.out
        desk.run("tables", "remove", "contcat").says(0)
        desk.run("sync").says(0)
        desk.run("verify").says(0)


@case
def a_table_that_may_not_be_read_is_news_and_going_offline_asks():
    with Desk() as desk:
        desk.user, desk.token = "zed", desk.organization.users["zed"]["token"]
        desk.replica = desk.directory / "zed.hawser"
        desk.init(desk.replica).says(0)
        synced = desk.run("sync")
        assert synced.code == 5 and "prvReadContact" in synced.out and "contact" in synced.out, synced.out
        (contact,) = [table for table in desk.json("status")["tables"] if table["table"] == "contact"]
        assert contact["refused"] and "prvReadContact" in contact["missing"], contact
        compared = desk.run("verify")
        assert compared.code == 1 and "contact could not be compared" in compared.out, compared.out + compared.told
        assert "prvReadContact" in compared.out, compared.out
        (account,) = [table for table in desk.json("verify")["tables"] if table["table"] == "account"]
        assert account["not_compared"] == "" and account["equal"] == account["there"] > 0, account
        desk.run("go-offline").says(5, "contact", "prvReadContact", "--now")
        assert desk.json("status")["state"] == "online"
        left = desk.run("go-offline", "--now")
        assert left.code == 5 and "prvReadContact" in left.out, left.out


@case
def a_departure_that_cannot_finish_says_so_once_and_changes_nothing():
    with Desk() as desk:
        host = desk.front.url.removeprefix("http://")
        desk.front.close()
        desk.run("sync").says(3, host)
        before = desk.json("status")
        assert before["state"] == "disconnected"
        desk.run("go-offline").says(3, host, "--now")
        after = desk.json("status")
        assert after["state"] == "disconnected" and after["state_since"] == before["state_since"], after
        desk.run("go-offline", "--now").says(0)


if __name__ == "__main__":
    sys.exit(run())
