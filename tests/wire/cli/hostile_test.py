#!/usr/bin/env python3
"""Malformed and hostile answers: the cycle stops cleanly with the reason, nothing is half applied, no
token leaves for another host, no change is lost or sent twice, and afterwards everything comes right.

    tests/wire/cli/hostile_test.py build/hawser
"""

import json
import sqlite3
import sys
import time

from desk import Desk
from front import endless_spaces, gzip_bomb, send, stream
from cases import case, run


def about_contacts(handler):
    return handler.command == "GET" and "/contacts" in handler.path


def answering_contacts(answer):
    """Everything else goes on to the organization."""
    def hostile(handler):
        if not about_contacts(handler):
            return False
        answer(handler)
        return True
    return hostile


def page_linking_to(link):
    asked = []

    def answer(handler):
        asked.append(handler.path)
        send(handler, 200, json.dumps({"value": [], "@odata.nextLink": link(len(asked))}).encode(),
             "application/json")
    return answering_contacts(answer)


def pulled(desk):
    """Everything that only a pull could have changed: all contacts but the one edited here."""
    with sqlite3.connect(f"file:{desk.replica}?mode=ro", uri=True) as database:
        return database.execute("SELECT * FROM contact WHERE contactid <> ? ORDER BY contactid",
                                (desk.contact,)).fetchall()


def stops_cleanly(desk, hostile, code, *words, arrives=True):
    """One table's trouble does not hold a change up; an organization that is not itself does."""
    before = pulled(desk)
    desk.front.hostile = hostile
    begun = time.monotonic()
    desk.run("sync", "--full").says(code, *words)
    assert time.monotonic() - begun < 30, "it took too long to give up"
    assert pulled(desk) == before, "something was half applied"
    assert desk.trap.seen == [], f"another host was asked: {desk.trap.seen}"
    if arrives:
        desk.change_arrived()
    else:
        desk.queue_is_untouched()
    desk.comes_right()


@case
def bad_json_stops_the_cycle_and_changes_nothing():
    with Desk() as desk:
        stops_cleanly(desk, answering_contacts(
            lambda handler: send(handler, 200, b'{"value":[{"contactid":', "application/json")),
            1, "contact", "incomplete JSON")


@case
def a_page_that_goes_wrong_after_its_first_rows_changes_nothing():
    def spoiled(handler):
        rows = [{"contactid": f"10000000-0000-4000-8000-{i:012d}", "@odata.etag": f'W/"{i}"', "lastname": "Evil"}
                for i in range(50)]
        body = json.dumps({"value": rows}).encode()
        send(handler, 200, body[:-40] + b"\x01" + body[-40:], "application/json")
    with Desk() as desk:
        stops_cleanly(desk, answering_contacts(spoiled), 1, "contact")


@case
def an_endless_body_is_cut_off():
    with Desk() as desk:
        stops_cleanly(desk, answering_contacts(lambda handler: stream(handler, endless_spaces())),
                      1, "127.0.0.1", "more than")


@case
def a_gzip_bomb_is_cut_off():
    with Desk() as desk:
        stops_cleanly(desk, answering_contacts(
            lambda handler: stream(handler, gzip_bomb(), {"Content-Encoding": "gzip"})),
            1, "127.0.0.1", "unpacks to more than")


@case
def endless_next_links_are_not_followed_for_ever():
    with Desk() as desk:
        stops_cleanly(desk, page_linking_to(
            lambda page: f"{desk.front.url}/api/data/v9.2/contacts?$skiptoken={page}"), 1, "contact", "do not end")


@case
def next_links_that_lead_in_a_circle_are_noticed():
    with Desk() as desk:
        stops_cleanly(desk, page_linking_to(
            lambda page: f"{desk.front.url}/api/data/v9.2/contacts?$skiptoken={page % 2}"),
            1, "contact", "circle")


@case
def a_link_to_another_host_is_not_followed_and_gets_no_token():
    with Desk() as desk:
        stops_cleanly(desk, page_linking_to(
            lambda page: f"{desk.trap.url}/api/data/v9.2/contacts?$skiptoken={page}"),
            1, "leaves its own address", desk.trap.url, arrives=False)


@case
def a_redirect_is_not_followed_and_gets_no_token():
    with Desk() as desk:
        stops_cleanly(desk, answering_contacts(
            lambda handler: send(handler, 302, b"", "text/html", {"Location": desk.trap.url + "/contacts"})),
            3, "redirect", arrives=False)


@case
def a_captive_portal_is_told_as_such_and_nothing_counts_as_failed():
    def portal(handler):
        send(handler, 200, b"<html><body>Welcome to the hotel</body></html>", "text/html")
        return True
    with Desk() as desk:
        stops_cleanly(desk, portal, 3, "this network wants you to sign in", arrives=False)


if __name__ == "__main__":
    sys.exit(run())
