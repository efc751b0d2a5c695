"""What the proofs share: the embedded organization as a process, a colleague at its API, and the
program under proof. Nothing here is Hawser's code; it sees only what any outsider sees."""

import json
import os
import pathlib
import signal
import subprocess
import urllib.error
import urllib.request


class Organization:
    """`hawser serve` as a process of its own, ended by its pid."""

    def __init__(self, program, directory, *options):
        self.write_log = pathlib.Path(directory) / "writes.jsonl"
        self.process = subprocess.Popen(
            [program, "serve", "--port", "0", "--write-log", str(self.write_log), *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the organization did not start")
        ready = json.loads(line)
        self.url = ready["url"]
        self.users = {user["name"]: user for user in ready["users"]}

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def written(self):
        """The write log: one dictionary a line."""
        return [json.loads(line) for line in self.write_log.read_text().splitlines()]


class Colleague:
    """A person at the plain Web API, without Hawser. Repeats what the network swallowed."""

    def __init__(self, organization, name):
        self.root = organization.url.rstrip("/") + "/api/data/v9.2/"
        self.token = organization.users[name]["token"]

    def call(self, method, path, body=None, headers=None, attempts=40):
        request = urllib.request.Request(
            path if path.startswith("http") else self.root + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer " + self.token, "Content-Type": "application/json",
                     "Accept": "application/json", "OData-Version": "4.0", "OData-MaxVersion": "4.0",
                     **(headers or {})})
        for attempt in range(attempts):
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as refusal:
                if refusal.code in (401, 429, 500, 503):
                    continue
                raise
            except OSError:
                continue
            except Exception as fault:  # a connection closed half way
                if attempt + 1 == attempts:
                    raise fault
        raise SystemExit(f"no answer to {method} {path}")

    def rows(self, path):
        """Every row of a list, page after page."""
        while path:
            page = self.call("GET", path)
            yield from page["value"]
            path = page.get("@odata.nextLink")

    def change(self, entity_set, identifier, columns):
        self.call("PATCH", f"{entity_set}({identifier})", columns, {"If-Match": "*"})


class Program:
    """`hawser` on one replica."""

    def __init__(self, program, replica, token):
        self.program = program
        self.replica = str(replica)
        self.environment = {**os.environ, "HAWSER_TOKEN": token, "HAWSER_REPLICA": self.replica, "TZ": "UTC"}

    def run(self, *arguments, accept=(0,)):
        done = subprocess.run([self.program, *arguments], env=self.environment, capture_output=True,
                              text=True, timeout=300, stdin=subprocess.DEVNULL)
        if done.returncode not in accept:
            raise SystemExit(f"hawser {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, accept=(0,)):
        return json.loads(self.run("--json", *arguments, accept=accept).stdout)

    def start(self, *arguments):
        return subprocess.Popen([self.program, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
