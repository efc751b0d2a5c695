#!/usr/bin/env python3
"""The main job over TLS and HTTP/2: a front that speaks nothing else stands before the organization.

    tests/wire/http2/http2_test.py build/hawser

Exits with 77 where Node or openssl is missing.
"""

import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "proof"))

from organization import Organization, Program  # noqa: E402


def certificate(directory):
    """A key and a certificate of its own making for localhost."""
    key, made = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=hawser",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(made)],
                   check=True, capture_output=True)
    return key, made


class Front:
    """front.mjs as a process, ended by its pid."""

    def __init__(self, key, made, upstream):
        self.process = subprocess.Popen(["node", str(HERE / "front.mjs"), str(key), str(made), upstream],
                                        stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()

    def stop(self):
        """What it counted."""
        self.process.send_signal(signal.SIGTERM)
        return json.loads(self.process.communicate(timeout=30)[0])


def main():
    missing = [name for name in ("node", "openssl") if not shutil.which(name)]
    if missing:
        print(f"skipped: {' and '.join(missing)} not here, so nothing offers HTTP/2")
        return 77
    with tempfile.TemporaryDirectory(prefix="hawser-http2-") as place:
        directory = pathlib.Path(place)
        key, made = certificate(directory)
        hawser = str(pathlib.Path(sys.argv[1]).resolve())
        with Organization(hawser, place, "--sample", "3000", "--user", "ada") as organization:
            ada = organization.users["ada"]
            front = Front(key, made, organization.url.split("//")[1].split("/")[0])
            program = Program(hawser, directory / "ada.hawser", ada["token"])
            program.environment["HAWSER_CA_FILE"] = str(made)
            try:
                program.run("init", program.replica, "--organization", f"https://localhost:{front.port}",
                            "--mailbox", ada["mailbox"])
                program.run("sync")
                contact = program.json("list", "contact", "--limit", "1")[0]
                program.run("set", "contact", contact["id"], "jobtitle=Navigator")
                program.run("sync")
                program.run("verify")
            finally:
                counted = front.stop()
            writes = [line for line in organization.written() if line.get("kind") != "fault"]

    print(f"{counted['requests']} requests over {counted['connections']} connections, "
          f"at most {counted['together']} at once")
    assert [(line["table"], line["columns"]) for line in writes] == [("contact", ["jobtitle"])], writes
    # Five runs of the program: as many connections when requests share one, as HTTP/2 lets them.
    assert counted["requests"] > 10, counted
    assert counted["connections"] <= 6, counted
    print("ok: init, sync, an edit and verify, all over TLS and HTTP/2")
    return 0


if __name__ == "__main__":
    sys.exit(main())
