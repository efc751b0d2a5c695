#!/usr/bin/env python3
"""docs/ERRORS.md lists every error code of the sources, and none that no source has."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CODE = r"(?:net|odata|server|store|input|engine|auth|write|cli|demo)\.[a-z_]+"
FOLDERS = ("base", "conflict", "localstore", "transport", "engine", "tools/hawser")

made = set()
for folder in FOLDERS:
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in (".cpp", ".h"):
            made |= set(re.findall(rf'"({CODE})"', path.read_text(encoding="utf-8")))
listed = set(re.findall(rf"(?<![\w.]){CODE}(?![\w.])", (ROOT / "docs/ERRORS.md").read_text(encoding="utf-8")))

for code in sorted(made - listed):
    print(f"docs/ERRORS.md does not list {code}")
for code in sorted(listed - made):
    print(f"docs/ERRORS.md lists {code}, which no source makes")
print(f"{len(made)} codes")
sys.exit(1 if made != listed else 0)
