#!/usr/bin/env python3
"""The queue is seen at the command line: one change with all that is known of it, and the list by state and age.

    tests/wire/cli/queue_test.py build/hawser
"""

import sys

from desk import Desk
from cases import case, run


def number_of_the_change(desk):
    (change,) = desk.json("queue")
    return str(change["number"])


@case
def a_waiting_change_says_what_would_be_sent():
    with Desk() as desk:
        number = number_of_the_change(desk)
        told = desk.run("queue", "show", number).says(0).out
        for words in ("jobtitle", "Kept", desk.contact, "What would be sent: update with jobtitle = Kept."):
            assert words in told, told
        shown = desk.json("queue", "show", number)
        assert shown["effect"]["columns"]["jobtitle"]["after"] == "Kept", shown
        assert shown["base"] and shown["base_etag"] and shown["tried"] == [], shown
        desk.run("queue", "hold", number).says(0)
        held = desk.json("queue", "show", number)
        assert held["state"] == "held" and held["effect"] == shown["effect"] and len(held["remedies"]) == 2, held


@case
def the_organization_is_asked_what_it_has_now():
    with Desk() as desk:
        number = number_of_the_change(desk)
        assert desk.json("queue", "show", number)["now"] is None
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Theirs"})
        told = desk.run("queue", "show", number, "--now").says(0).out
        assert "Theirs" in told, told
        shown = desk.json("queue", "show", number, "--now")
        assert shown["now"]["presence"] == "present" and shown["now"]["columns"]["jobtitle"] == "Theirs", shown
        assert shown["base"].get("jobtitle") != "Theirs" and desk.json("conflicts") == [], shown
        desk.writes += 1
        desk.queue_is_untouched()
        desk.colleague().call("DELETE", f"contacts({desk.contact})")
        assert desk.json("queue", "show", number, "--now")["now"]["presence"] == "absent"
        desk.organization.close()
        alone = desk.run("queue", "show", number, "--now")
        assert alone.code == 0 and "cannot be asked" in alone.told and "Kept" in alone.out, alone.told


@case
def a_refused_change_tells_the_servers_words_and_what_stands_behind_it():
    with Desk() as desk:
        firm = desk.json("create", "account", "name=" + "x" * 100)["id"]
        desk.run("set", "contact", desk.contact, f"parentcustomerid=account:{firm}").says(0)
        made = next(change for change in desk.json("queue") if change["table"] == "account")
        shown = desk.json("queue", "show", str(made["number"]))
        (behind,) = shown["ahead_of"]
        assert behind["id"] == desk.contact and "refers to" in behind["why"], shown
        told = desk.run("queue", "show", str(made["number"])).says(0).out
        assert "waits for it" in told and "never had this record" in told, told


@case
def a_settled_change_tells_which_request_brought_it():
    with Desk() as desk:
        number = number_of_the_change(desk)
        desk.run("sync").says(0)
        shown = desk.json("queue", "show", number)
        assert shown["state"] == "applied" and shown["effect"] is None, shown
        (attempt,) = shown["tried"]
        assert attempt["outcome"] == "applied" and attempt["requests"], shown
        assert attempt["requests"][-1] in desk.run("queue", "show", number).says(0).out
        desk.run("queue", "show", "4711").says(2, "4711")


@case
def what_the_server_has_already_is_taken_back_by_a_new_change():
    with Desk() as desk:
        number = number_of_the_change(desk)
        before = desk.json("queue", "show", number)["columns"]["jobtitle"]["before"]
        desk.run("sync").says(0)
        asked = desk.run("queue", "undo", number)
        assert asked.code == 2 and "Would be made" in asked.told and "-y" in asked.told, asked.told
        assert desk.json("queue") == []
        told = desk.json("queue", "undo", number, "-y")
        (made,) = told["made"]
        assert made["columns"]["jobtitle"]["after"] == before and told["kept"] == [], told
        desk.run("sync").says(0)
        there = desk.colleague().call("GET", f"contacts({desk.contact})?$select=jobtitle")
        assert there["jobtitle"] == before, there
        assert "Nothing is left" in desk.run("queue", "undo", number, "-y").says(0).out
        desk.run("verify").says(0)


@case
def a_waiting_change_is_set_right():
    with Desk() as desk:
        number = number_of_the_change(desk)
        told = desk.run("queue", "edit", number, "jobtitle=Better", "department=Sales").says(0).out
        assert "Better" in told or told == "", told
        (change,) = desk.json("queue")
        assert str(change["number"]) == number and change["columns"]["department"]["after"] == "Sales", change
        desk.run("queue", "edit", number, "jobtitel=x").says(2, "jobtitle")
        desk.run("queue", "edit", "4711", "jobtitle=x").says(2, "4711")
        desk.run("sync").says(0)
        there = desk.colleague().call("GET", f"contacts({desk.contact})?$select=jobtitle,department")
        assert (there["jobtitle"], there["department"]) == ("Better", "Sales"), there


@case
def a_replica_with_changes_that_wait_is_not_removed():
    with Desk() as desk:
        desk.run("remove", str(desk.replica)).says(2, "-y")
        desk.run("remove", str(desk.replica), "-y").says(5, "1 change that is not sent", "hawser queue")
        desk.queue_is_untouched()
        desk.run("sync").says(0)
        desk.run("remove", str(desk.replica), "-y").says(0)
        assert not list(desk.directory.glob("replica.hawser*")), list(desk.directory.iterdir())


@case
def the_list_is_chosen_by_state_and_age():
    with Desk() as desk:
        number = number_of_the_change(desk)
        assert desk.json("queue", "--state", "parked") == []
        assert "No change is like that." not in desk.run("queue", "--state", "queued").out
        assert [str(change["number"]) for change in desk.json("queue", "--newer-than", "1h")] == [number]
        assert desk.json("queue", "--older-than", "1h") == []
        desk.run("queue", "--older-than", "5").says(2, "90s, 30m, 2h")
        desk.run("queue", "--state", "lost").says(2)
        desk.run("sync").says(0)
        assert [str(change["number"]) for change in desk.json("queue", "--state", "applied")] == [number]


def three_more_changes(desk):
    """A new account, a contact that belongs to it, and an edit of another contact: their numbers."""
    firm = desk.json("create", "account", "name=Brief")["id"]
    employee = desk.json("create", "contact", "lastname=Passing", f"parentcustomerid=account:{firm}")["id"]
    desk.run("set", "contact", desk.other, "jobtitle=Wrong").says(0)
    numbers = {change["id"]: str(change["number"]) for change in desk.json("queue")}
    return numbers[firm], numbers[employee], numbers[desk.other]


@case
def several_changes_are_dropped_together_or_none():
    with Desk() as desk:
        firm, employee, wrong = three_more_changes(desk)
        desk.run("queue", "discard", firm, wrong, "-y").says(1, employee)
        assert len(desk.json("queue")) == 4
        asked = desk.run("queue", "undo", firm, employee, wrong)
        assert asked.code == 2 and asked.told.count("Would be undone") == 3 and "-y" in asked.told, asked.told
        assert len(desk.json("queue")) == 4
        done = desk.json("queue", "discard", wrong, firm, employee, "-y")
        assert [str(change["number"]) for change in done["changes"]] == [firm, employee, wrong], done
        desk.queue_is_untouched()


@case
def changes_are_chosen_by_what_they_are():
    with Desk() as desk:
        firm, employee, wrong = three_more_changes(desk)
        held = desk.json("queue", "hold", "--table", "account")["changes"]
        assert [str(change["number"]) for change in held] == [firm], held
        assert "No change is like that." in desk.run("queue", "retry", "--all").says(0).out
        told = desk.run("queue", "release", "--all").says(0).out
        assert f"follows: change {employee}." in told, told
        desk.run("queue", "hold").says(2, "--all")
        desk.run("queue", "hold", firm, "--all").says(2, "--all")
        desk.run("queue", "hold", "Brief").says(2, "not the number")
        undone = desk.json("queue", "undo", "--table", "contact", "--newer-than", "1h", "-y")["changes"]
        assert len(undone) == 3, undone
        assert [str(change["number"]) for change in desk.json("queue")] == [firm]


@case
def a_wrong_bulk_edit_is_taken_back_after_it_was_sent():
    with Desk() as desk:
        desk.run("sync").says(0)
        before = {record["id"]: record.get("jobtitle") for record in desk.json("list", "contact", "--limit", "20")}
        for contact in before:
            desk.run("set", "contact", contact, "jobtitle=Oops").says(0)
        desk.run("sync").says(0)
        sent = [change for change in desk.json("queue", "--state", "applied")
                if change["columns"].get("jobtitle", {}).get("after") == "Oops"]
        assert len(sent) == len(before) == 20, sent
        told = desk.json("queue", "undo", *[str(change["number"]) for change in sent], "-y")
        assert len(told["made"]) == 20 and told["kept"] == [], told
        desk.run("sync").says(0)
        assert before == {record["id"]: record.get("jobtitle") for record in desk.json("list", "contact", "--limit", "20")}
        desk.run("verify").says(0)


@case
def the_queue_goes_into_a_file_that_is_the_users_alone_and_stays():
    with Desk() as desk:
        file = desk.directory / "queue.hjournal"
        told = desk.run("queue", "export", str(file)).says(0).out
        assert "holds 1 change of 1 record." in told and "stays as it is" in told, told
        assert file.stat().st_mode & 0o777 == 0o600, oct(file.stat().st_mode)
        assert desk.token.encode() not in file.read_bytes()
        desk.run("queue", "export", str(file)).says(1, "There is a file", "already")
        desk.run("queue", "export", str(desk.directory / "no" / "queue.hjournal")).says(1, "could not be written")
        shared = desk.directory / "for-support.hjournal"
        told = desk.json("queue", "export", str(shared), "--redact")
        assert told == {"file": str(shared), "redacted": True, "changes": 1, "records": 1, "conflicts": 0,
                        "unknown": 0}, told
        desk.queue_is_untouched()
        taken = desk.json("queue", "import", str(file))
        assert taken["changes"] == 0 and taken["known"] == 1, taken
        assert "Nothing new is in it." in desk.run("queue", "import", str(file)).says(0).out
        desk.run("queue", "import", str(shared)).says(1, "is redacted")
        file.write_bytes(file.read_bytes()[:-9])
        desk.run("queue", "import", str(file)).says(1, "a part of it is missing")
        desk.run("queue", "import", str(desk.directory / "nothing")).says(1, "cannot be opened")
        desk.queue_is_untouched()
        desk.organization.close()
        desk.run("queue", "export", str(desk.directory / "offline.hjournal")).says(0)


@case
def a_journal_goes_on_in_a_new_replica():
    with Desk() as desk:
        file = desk.directory / "queue.hjournal"
        desk.run("queue", "export", str(file)).says(0)
        new = desk.directory / "new.hawser"
        desk.init(new).says(0)
        told = desk.run("queue", "import", str(file), replica=new).says(0).out
        assert "Taken over: 1 change of 1 record." in told and "compared" in told, told
        desk.queue_is_untouched(new)
        desk.comes_right(new)
        # The one that wrote the journal finds its change done.
        desk.comes_right()


@case
def the_queue_is_a_page_to_look_at():
    with Desk() as desk:
        desk.run("set", "contact", desk.contact, "lastname=<b>Bold</b>").says(0)
        page = desk.run("queue", "--html").says(0).out
        assert page.startswith("<!doctype html>") and "Kept" in page, page
        assert "&lt;b&gt;Bold" in page and "<b>" not in page, page


@case
def a_replica_goes_when_a_journal_holds_all_that_waits_in_it():
    with Desk() as desk:
        desk.run("remove", str(desk.replica), "-y").says(5, "queue export")
        desk.run("queue", "export", str(desk.directory / "queue.hjournal")).says(0)
        desk.run("remove", str(desk.replica), "-y").says(0)
        assert not desk.replica.exists()

if __name__ == "__main__":
    sys.exit(run())
