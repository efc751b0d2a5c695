#!/usr/bin/env python3
"""Draws what hawser_storm --csv wrote.

Usage: storm_picture.py CSV SVG

Above: requests a second, of each few seconds the worst one; peaks beyond the frame are cut off and labelled.
Below: how many clients are whole. Exit code: 0, or 2 for wrong usage.
"""

import re
import sys

WIDTH, LEFT, RIGHT = 1000, 60, 20
TOP, UPPER, GAP, LOWER, BOTTOM = 70, 240, 46, 110, 46
BUCKET = 3  # seconds
INK, FAINT = "#333333", "#d8d8d8"
OFFERED, WELL, REFUSED, LIMIT, WHOLE = "#4b6bb0", "#4f9d69", "#d0743c", "#b03a3a", "#4f9d69"
TROUBLES = {"down": "503 to everybody", "throttled": "429 to everybody", "expired": "410: all tokens gone"}


def read(path):
    with open(path, encoding="utf-8") as file:
        plan = dict(re.findall(r"(\w+)=(\S+)", file.readline()))
        names = file.readline().strip().split(",")
        rows = [dict(zip(names, map(int, line.split(",")))) for line in file]
    return plan, rows


class Picture:
    def __init__(self, plan, rows):
        self.plan, self.rows, self.parts = plan, rows, []
        self.limit, self.clients = int(plan["limit"]), int(plan["clients"])
        self.most = self.limit * 2
        self.height = TOP + UPPER + GAP + LOWER + BOTTOM

    def x(self, second):
        return LEFT + (WIDTH - LEFT - RIGHT) * second / len(self.rows)

    def upper(self, requests):
        return TOP + UPPER * (1 - min(requests, self.most) / self.most)

    def lower(self, clients):
        return TOP + UPPER + GAP + LOWER * (1 - clients / self.clients)

    def add(self, text):
        self.parts.append(text)

    def text(self, x, y, words, color=INK, anchor="start", size=12, weight="normal"):
        self.add(
            f'<text x="{x:.0f}" y="{y:.0f}" fill="{color}" text-anchor="{anchor}" font-size="{size}"'
            f' font-weight="{weight}">{words}</text>'
        )

    def line(self, x1, y1, x2, y2, color, more=""):
        self.add(f'<line x1="{x1:.0f}" y1="{y1:.0f}" x2="{x2:.0f}" y2="{y2:.0f}" stroke="{color}"{more}/>')

    def curve(self, values, place, color, fill=None):
        points = [f"{self.x(i * BUCKET):.1f},{place(value):.1f}" for i, value in enumerate(values)]
        if fill:
            ground = place(0)
            around = f"M{LEFT},{ground:.1f}L{'L'.join(points)}L{self.x(len(self.rows)):.1f},{ground:.1f}Z"
            self.add(f'<path d="{around}" fill="{fill}"/>')
        self.add(f'<path d="M{"L".join(points)}" fill="none" stroke="{color}" stroke-width="1.2"/>')

    def buckets(self, choose):
        rows = self.rows
        return [max(choose(row) for row in rows[i : i + BUCKET]) for i in range(0, len(rows), BUCKET)]

    def frame(self):
        for requests in range(0, self.most + 1, self.limit // 2 or 1):
            y = self.upper(requests)
            self.line(LEFT, y, WIDTH - RIGHT, y, FAINT)
            self.text(LEFT - 8, y + 4, requests, anchor="end", size=11)
        for clients in (0, self.clients // 2, self.clients):
            y = self.lower(clients)
            self.line(LEFT, y, WIDTH - RIGHT, y, FAINT)
            self.text(LEFT - 8, y + 4, clients, anchor="end", size=11)
        ground = self.height - BOTTOM
        for minute in range(0, len(self.rows) // 60 + 1, 5):
            self.text(self.x(minute * 60), ground + 18, minute, anchor="middle", size=11)
        self.text(WIDTH - RIGHT, ground + 36, "minutes", anchor="end", size=11)
        self.text(LEFT, TOP + UPPER + GAP - 10, "clients that have sent and fetched everything", WHOLE, weight="bold")

    def troubles(self):
        for name, words in TROUBLES.items():
            begin, _, length = self.plan[name].partition("+")
            left, right = self.x(int(begin)), self.x(int(begin) + int(length or 12))
            self.add(
                f'<rect x="{left:.1f}" y="{TOP}" width="{right - left:.1f}"'
                f' height="{UPPER + GAP + LOWER}" fill="#f6eadf"/>'
            )
            self.text(left, TOP - 8, words, size=11)

    def legend(self):
        x = LEFT
        for words, color in (
            ("requests a second: offered", OFFERED),
            ("carried out", WELL),
            ("refused", REFUSED),
            (f"the server's limit, {self.limit}", LIMIT),
        ):
            self.text(x, 44, words, color, weight="bold")
            x += 7.2 * len(words) + 22

    def peaks(self, offered):
        last = -1_000
        for i, value in enumerate(offered):
            second = i * BUCKET
            if value <= self.most or second - last < 60:
                continue
            last = second
            self.text(self.x(second) + 4, TOP + 12, value, OFFERED, size=11, weight="bold")

    def drawn(self):
        title = f"{self.clients:,} engines and one server that carries out {self.limit} requests a second"
        self.text(LEFT, 22, title, size=15, weight="bold")
        self.legend()
        self.troubles()
        self.frame()
        offered = self.buckets(lambda row: row["offered"])
        self.curve(offered, self.upper, OFFERED, "#e4eaf6")
        self.curve(self.buckets(lambda row: row["well"]), self.upper, WELL)
        self.curve(self.buckets(lambda row: row["throttled"] + row["unavailable"]), self.upper, REFUSED)
        y = self.upper(self.limit)
        self.line(LEFT, y, WIDTH - RIGHT, y, LIMIT, ' stroke-dasharray="6 4" stroke-width="1.5"')
        self.peaks(offered)
        self.curve(self.buckets(lambda row: row["whole"]), self.lower, WHOLE, "#e6f2ea")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height}"'
            f' font-family="sans-serif"><rect width="{WIDTH}" height="{self.height}" fill="#ffffff"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    picture = Picture(*read(sys.argv[1]))
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(picture.drawn())
    return 0


if __name__ == "__main__":
    sys.exit(main())
