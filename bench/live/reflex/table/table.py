"""The workload as a Reflex app: a counter, and the table of workload T."""

import time

import reflex as rx
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

LETTERS = "abcdefghijklmnopqrstuvwxyz      "
TAGS = ["red", "green", "blue", "home", "work", "later", "soon", "today", "draft", "money", "family", "urgent"]


def hashed(n: int) -> int:
    """The same numbers as `hash` in workload.ts gives."""
    h = ((n + 1) * 0x9E3779B1) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    return h ^ (h >> 13)


def text(seed: int, length: int) -> str:
    return "".join(LETTERS[hashed(seed * 64 + i) % len(LETTERS)] for i in range(length))


def make_row(id: int) -> dict:
    return {
        "id": id,
        "title": text(id, 20),
        "done": hashed(id) % 3 == 0,
        "tags": [TAGS[hashed(id * 3 + n) % len(TAGS)] for n in range(3)],
        "meta": {"a": hashed(id + 7) % 10_000, "b": text(id + 1_000_000, 4)},
    }


class Counter(rx.State):
    count: int = 0

    @rx.event
    def bump(self):
        self.count += 1


class Table(rx.State):
    rows: list[dict] = []

    @rx.event
    def fill(self, n: int):
        self.rows = [make_row(id) for id in range(n)]

    @rx.event
    def toggle(self, at: int):
        self.rows[at]["done"] = not self.rows[at]["done"]

    @rx.event
    def push(self, row: dict):
        self.rows.append(row)

    @rx.event
    def remove(self, at: int):
        del self.rows[at]

    @rx.event
    def insert(self, at: int, row: dict):
        self.rows.insert(at, row)

    @rx.event
    def meta(self, at: list[int], values: list[int]):
        for index, value in zip(at, values):
            self.rows[index]["meta"]["a"] = value

    @rx.event
    def swap(self, a: int, b: int):
        self.rows[a], self.rows[b] = self.rows[b], self.rows[a]

    @rx.event
    def move(self, source: int, to: int):
        self.rows.insert(to, self.rows.pop(source))

    @rx.event
    def filter(self):
        self.rows = [row for row in self.rows if hashed(row["id"] + 99) % 10 != 0]


def cpu(_request):
    """Microseconds of CPU that this process has used."""
    return JSONResponse(time.process_time() * 1e6)


def index():
    return rx.el.p(Counter.count, Table.rows.length())


app = rx.App(api_transformer=Starlette(routes=[Route("/cpu", cpu)]))
app.add_page(index)
