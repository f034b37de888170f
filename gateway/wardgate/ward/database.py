"""Where a ward keeps what it has: SQLite or PostgreSQL behind two small interfaces.

All SQL of the ward kit is written once, in the few words that both understand: `$1` for a value, `ON CONFLICT`,
`RETURNING`. Whoever needs a table adds it in `tables`; whoever needs a query writes a coroutine that takes a
`Transaction`, and hands it to `Database.run`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

Row = tuple[Any, ...]
T = TypeVar("T")


class DatabaseError(Exception):
    """The database refuses or cannot be reached. Nothing of the transaction is kept."""


class Transaction(Protocol):
    """What can be said to the database within one transaction."""

    async def rows(self, sql: str, *values: object) -> Sequence[Row]:
        """What a query finds."""
        ...

    async def change(self, sql: str, *values: object) -> int:
        """Change something. How many rows it touched."""
        ...

    async def alone(self, *tables: str) -> None:
        """Wait until nobody else is writing these tables, and let nobody until this transaction ends."""
        ...

    async def each(self, sql: str, values: Sequence[Row]) -> Sequence[Row]:
        """The same statement for each of these values, in this order. What their RETURNING clauses gave."""
        ...


class Database(Protocol):
    """One place to keep things. Any number of processes may use it at once."""

    async def run(self, work: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Do something in one transaction. When this returns, it is safe on the disk.

        Transactions of one database that touch the same hub are one after the other: `tables.hold` sees to that.

        Raises:
            DatabaseError: nothing of it was kept.
        """
        ...

    def close(self) -> Awaitable[None]:
        """Let go. What is under way ends first."""
        ...


def open_database(where: Path | str) -> Database:
    """The database at a path (SQLite), or at a URL `postgresql://...`. It is opened when it is first used.

    Raises:
        DatabaseError: what talks to PostgreSQL is not installed.
    """
    if isinstance(where, str) and where.startswith(("postgresql://", "postgres://")):
        try:
            from wardgate.ward.postgres import Postgres
        except ImportError as error:
            raise DatabaseError("PostgreSQL needs an extra: pip install 'wardgate[ward]'") from error
        return Postgres(where)
    from wardgate.ward.sqlite import Sqlite

    return Sqlite(Path(where))
