#!/usr/bin/env python3
"""What waits for a person is decided at the command line: sides of a conflict and changes of the queue.

    tests/wire/cli/choice_test.py build/hawser
"""

import sys

from desk import Desk
from cases import case, run


def disputed(desk):
    """The job title: mine here, theirs there, and the question was shown."""
    desk.colleague().change("contacts", desk.contact, {"jobtitle": "Theirs"})
    assert "1 conflict" in desk.run("sync").out
    shown = desk.run("conflicts")
    assert shown.code == 5 and shown.out.startswith("1\t") and "Theirs" in shown.out, shown.out


def job_title(desk):
    return desk.colleague().call("GET", f"contacts({desk.contact})?$select=jobtitle")["jobtitle"]


@case
def a_side_that_moved_since_it_was_shown_is_not_overwritten():
    with Desk() as desk:
        disputed(desk)
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Newer"})
        told = desk.run("sync").out
        assert "Nothing had changed" not in told and "1 open conflict" in told and "1.2" in told, told
        for side in ("--mine", "--theirs"):
            refused = desk.run("resolve", "1", side).says(5, f"hawser resolve 1.2 {side}")
            for shown in ("1.2", "Kept", "Newer"):
                assert shown in refused.out, refused.out
        desk.run("resolve", desk.contact[:8], "--mine").says(5, "hawser resolve 1.2 --mine")
        desk.run("resolve", "1", "jobtitle=A third one").says(5, "hawser resolve 1.2 'jobtitle=A third one'")
        assert not desk.json("resolve", "1", "--mine")["resolved"]
        desk.run("sync")
        assert job_title(desk) == "Newer"
        (conflict,) = desk.json("conflicts")
        assert (conflict["number"], conflict["revision"], conflict["label"]) == (1, 2, "1.2"), conflict
        for command in (["status"], ["show", "contact", desk.contact], ["conflicts"],
                        ["diff", "contact", desk.contact]):
            assert "1.2" in desk.run(*command).out, command
        desk.run("resolve", "1.2", "--mine").says(0)
        desk.run("sync").says(0)
        assert job_title(desk) == "Kept"


@case
def many_conflicts_are_settled_alike():
    with Desk() as desk:
        desk.run("set", "contact", desk.other, "jobtitle=Kept too", "department=Mine").says(0)
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Theirs"})
        desk.colleague().change("contacts", desk.other, {"jobtitle": "Theirs too", "department": "Theirs"})
        desk.run("sync")
        assert len(desk.json("conflicts")) == 2
        desk.run("resolve", "--all", "--mine").says(2, "-y")
        desk.run("resolve", "--all").says(2, "--mine or --theirs")
        desk.run("resolve", "--all", "--mine", "jobtitle=x").says(2)
        desk.run("resolve", "--mine").says(2, "--all")
        assert len(desk.json("conflicts")) == 2
        told = desk.run("resolve", "--all", "--mine", "--column", "jobtitle", "-y")
        assert told.code == 5 and "1 conflict is settled" in told.out, (told.code, told.out)
        (left,) = desk.json("conflicts")
        assert left["id"] == desk.other, left
        desk.run("resolve", "--all", "--theirs", "--table", "contact", "-y").says(0)
        desk.run("sync").says(0)
        assert job_title(desk) == "Kept"
        there = desk.colleague().call("GET", f"contacts({desk.other})?$select=jobtitle,department")
        assert (there["jobtitle"], there["department"]) == ("Theirs too", "Theirs"), there
        desk.run("verify").says(0)


@case
def a_column_that_joins_the_question_moves_it():
    with Desk() as desk:
        disputed(desk)
        desk.run("set", "contact", desk.contact, "department=Kept").says(0)
        desk.colleague().change("contacts", desk.contact, {"department": "Theirs"})
        assert "1 open conflict" in desk.run("sync").out
        desk.run("resolve", "1", "--mine").says(5, "hawser resolve 1.2 --mine")
        desk.run("resolve", "1.1", "--mine").says(5, "hawser resolve 1.2 --mine")
        desk.run("resolve", "1.3", "--mine").says(2, "1.2")
        desk.run("resolve", "1.2", "--theirs").says(0)


@case
def the_first_showing_is_enough_while_nothing_moves():
    with Desk() as desk:
        disputed(desk)
        desk.colleague().change("contacts", desk.contact, {"department": "Elsewhere"})
        desk.run("sync")
        desk.run("resolve", "1.1", "--mine").says(0)
        desk.run("sync").says(0)
        assert job_title(desk) == "Kept"


@case
def a_policy_decides_what_would_be_asked():
    with Desk() as desk:
        policy = desk.directory / "policy.json"
        policy.write_text('{"version": 1, "tables": {"contact": {"jobtitle": "theirs"}}}')
        assert "defaults" in desk.run("policy").says(0).out or desk.json("policy") is None
        desk.run("policy", "set", str(policy)).says(0)
        assert desk.json("policy")["tables"]["contact"] == {"jobtitle": "theirs"}
        for wrong, word in (('{"version": 1, "tables": {"nosuch": {}}}', "nosuch"), ("{", "JSON"),
                            ('{"version": 1, "tables": {"contact": {"nosuch": "ask"}}}', "nosuch"),
                            ('{"version": 1, "tables": {"contact": {"jobtitle": "add"}}}', "jobtitle")):
            policy.write_text(wrong)
            assert word in desk.run("policy", "set", str(policy)).told, wrong
        assert desk.json("policy")["tables"]["contact"] == {"jobtitle": "theirs"}
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Theirs"})
        desk.run("sync").says(0)
        assert job_title(desk) == "Theirs" and desk.json("queue") == []
        desk.run("verify").says(0)
        desk.run("policy", "clear").says(0)
        assert desk.json("policy") is None
        desk.run("set", "contact", desk.contact, "jobtitle=Mine").says(0)
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Again"})
        assert "1 conflict" in desk.run("sync").out


@case
def a_record_in_dispute_is_not_deleted_before_it_is_decided():
    with Desk() as desk:
        disputed(desk)
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Newer"})
        desk.run("sync")
        for options in (["--yes"], [], ["--dry-run"]):
            desk.run("delete", "contact", desk.contact, *options).says(5, "conflict 1.2", "jobtitle", "Newer",
                                                                       "hawser resolve 1.2")
        desk.run("sync")
        assert job_title(desk) == "Newer"
        desk.run("resolve", "1.2", "--theirs").says(0)
        desk.run("delete", "contact", desk.contact, "--yes").says(0)
        desk.run("sync").says(0)
        written = [line["method"] for line in desk.organization.written()[desk.writes:]
                   if line["user"] == "ada" and line["id"] == desk.contact]
        assert written == ["DELETE"], written


def lost_on_its_way(desk):
    """Writes never reach the organization, and no other request does once one was lost."""
    lost = []

    def silent(handler):
        if lost or handler.command == "POST" and any(verb in handler.body for verb in (b"PATCH ", b"DELETE ")):
            lost.append(handler.path)
            handler.close_connection = True
            return True
        return False

    desk.front.hostile = silent


@case
def a_rehearsal_tells_of_changes_whose_answer_was_lost():
    with Desk() as desk:
        desk.run("delete", "contact", desk.other, "--yes").says(0)
        lost_on_its_way(desk)
        desk.run("sync").says(3)
        desk.front.hostile = None
        plan = {line["id"]: line for line in desk.json("sync", "--dry-run")}
        assert set(plan) == {desk.contact, desk.other}, plan
        for line in plan.values():
            assert line["action"] == "recover" and "sent again unless it had arrived" in line["sentence"], line
        assert len(desk.organization.written()) == desk.writes
        desk.run("sync").says(0)
        assert desk.json("sync", "--dry-run") == []


@case
def undoing_a_deletion_on_its_way_promises_no_more_than_can_be_kept():
    with Desk() as desk:
        desk.run("delete", "contact", desk.other, "--yes").says(0)
        deletion = desk.json("queue")[-1]["number"]
        lost_on_its_way(desk)
        desk.run("sync").says(3)
        undone = desk.run("queue", "undo", str(deletion)).says(0)
        assert "never made" not in undone.out, undone.out
        assert "may have arrived" in undone.out and "does not come back" in undone.out, undone.out
        desk.front.hostile = None
        kept = desk.json("queue")[0]["number"]
        desk.run("sync").says(0)
        assert kept and desk.colleague().call("GET", f"contacts({desk.other})?$select=contactid")


@case
def a_new_contact_is_called_by_name_in_the_queue_as_json_too():
    with Desk() as desk:
        party = desk.json("create", "contact", "firstname=Nobody", "lastname=Party")["id"]
        nameless = desk.json("create", "account", "name=Works")["id"]
        names = {change["id"]: change["name"] for change in desk.json("queue")}
        assert (names[party], names[nameless]) == ("Nobody Party", "Works"), names
        desk.run("queue", "hold", str(desk.json("queue")[1]["number"])).says(0)
        assert [waiting["name"] for waiting in desk.json("status")["waiting"]].count("Nobody Party") == 1


def refused(desk):
    """An account that the server refuses and a contact that belongs to it: their changes' numbers."""
    account = desk.json("create", "account", "name=Refused")["id"]
    employee = desk.json("create", "contact", "lastname=Waiting", f"parentcustomerid=account:{account}")["id"]
    assert desk.run("sync").code == 5
    numbers = {change["id"]: change["number"] for change in desk.json("queue")}
    return account, numbers[account], numbers[employee]


@case
def a_refused_change_is_no_dead_end():
    with Desk("eve") as desk:
        account, parked, waiting = refused(desk)
        for command in ("sync", "status", "queue"):
            told = desk.run(command).out
            for verb in ("retry", "undo", "discard"):
                assert f"hawser queue {verb} {parked}" in told, (command, told)
        assert f"hawser queue undo {parked}" in desk.run("show", "account", account).out
        (entry, _) = desk.json("queue")
        assert f"hawser queue retry {parked}" in entry["remedies"], entry
        desk.run("queue", "retry", str(parked)).says(0)
        assert desk.json("queue")[0]["state"] == "queued"
        assert desk.run("sync").code == 5
        desk.run("delete", "account", account, "-y").says(1, f"hawser queue undo {waiting}")
        desk.run("queue", "undo", str(parked)).says(1, f"hawser queue undo {waiting}")
        done = desk.run("queue", "discard", str(waiting))
        assert done.code == 2 and "Would be lost" in done.told and "Waiting" in done.told, done.told
        lost = desk.json("queue", "discard", str(waiting), "-y")
        assert [change["number"] for change in lost["changes"]] == [waiting], lost
        told = desk.run("queue", "undo", str(parked)).says(0)
        assert "Refused" in told.out, told.out
        desk.run("queue", "undo", str(parked)).says(1, "undone")
        desk.run("queue", "undo", "999").says(2, "999")
        desk.run("sync").says(0)
        assert desk.json("queue") == []


@case
def what_is_dropped_with_a_creation_is_told():
    with Desk() as desk:
        made = desk.json("create", "contact", "lastname=Brief")["id"]
        desk.run("set", "contact", made, "jobtitle=Passing").says(0)
        creation = desk.json("queue")[1]["number"]
        told = desk.run("queue", "undo", str(creation)).says(0).out
        assert "Brief" in told and "Passing" in told, told
        desk.queue_is_untouched()


@case
def a_held_change_waits_for_a_person_until_it_is_released():
    with Desk() as desk:
        (change,) = desk.json("queue")
        number = str(change["number"])
        desk.run("queue", "hold", number).says(0)
        for command in ("sync", "status", "queue"):
            told = desk.run(command)
            assert told.code == 5 and f"hawser queue release {number}" in told.out, (command, told.out)
        assert len(desk.organization.written()) == desk.writes
        desk.run("queue", "retry", number).says(1, "held")
        desk.run("queue", "release", number).says(0)
        desk.comes_right()


@case
def a_deletion_that_was_not_carried_out_is_told():
    with Desk() as desk:
        desk.run("delete", "contact", desk.other, "-y").says(0)
        desk.colleague().change("contacts", desk.other, {"jobtitle": "Theirs"})
        told = desk.run("sync").says(0).out
        assert "ept 1 record that you had deleted, because somebody had changed it" in told, told
        desk.run("show", "contact", desk.other).says(0)
        (*_, cycle) = sorted(desk.json("log"), key=lambda cycle: cycle["number"])
        assert cycle["kept"] == 1, cycle


@case
def a_restored_backup_creates_nothing_again_that_was_deleted_since():
    with Desk() as desk:
        made = desk.json("create", "contact", "lastname=Poe")["id"]
        copy = desk.directory / "backup.hawser"
        desk.run("backup", str(copy)).says(0)
        desk.run("sync").says(0)
        desk.colleague().call("DELETE", f"contacts({made})")
        desk.run("sync").says(0)
        writes = len(desk.organization.written())
        told = desk.run("sync", replica=copy)
        assert told.code == 5 and "eld back 1 change" in told.out, told.out
        (change,) = desk.json("queue", replica=copy)
        assert change["id"] == made and change["state"] == "held", change
        assert "deleted there" in change["reason"], change
        assert len(desk.organization.written()) == writes, desk.organization.written()[writes:]


@case
def a_deletion_that_waits_is_taken_back():
    with Desk() as desk:
        desk.run("delete", "contact", desk.other, "-y").says(0)
        number = desk.json("queue")[1]["number"]
        desk.run("set", "contact", desk.other, "jobtitle=Late").says(2, f"hawser queue undo {number}")
        desk.run("queue", "undo", str(number)).says(0)
        desk.run("set", "contact", desk.other, f"jobtitle={desk.json('queue')[0]['state']}").says(0)


if __name__ == "__main__":
    sys.exit(run())
