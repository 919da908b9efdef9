"""Workers take connections in turn, by what the board says of each; a process without a free file goes on later."""

import asyncio
import errno
import socket

import pytest

from app.serving.accepting import Acceptor, Board


class Taken(asyncio.Protocol):
    """A connection that was taken."""

    def __init__(self, connections: set["Taken"]) -> None:
        connections.add(self)
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport):
        self.transport = transport


class Scarce(socket.socket):
    """A socket that gives no connection at first, because no file is free."""

    refusals = 3

    def accept(self):
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def listener(kind: type[socket.socket] = socket.socket) -> socket.socket:
    made = kind()
    made.bind(("127.0.0.1", 0))
    made.listen(100)
    return made


async def until(true) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110 - what is waited for are lengths
            await asyncio.sleep(0.005)


def test_the_board_tells_the_least_of_those_who_take_connections():
    board = Board(3)
    assert board.least() == 0
    board.write(0, 5)
    board.write(2, 3)
    assert board.least() == 3
    board.leave(2)
    assert board.least() == 5


async def test_a_worker_with_more_connections_yields_and_accepts_if_no_other_does():
    shared, board = listener(), Board(2)
    has_many: set[Taken] = set()
    has_few: set[Taken] = set()
    many = Acceptor(shared, lambda: Taken(has_many), has_many, board, 0)
    few = Acceptor(shared.dup(), lambda: Taken(has_few), has_few, board, 1)
    many.start()
    clients = [socket.create_connection(shared.getsockname()) for _ in range(10)]
    await until(lambda: len(has_many) == 10)
    few.start()
    clients += [socket.create_connection(shared.getsockname()) for _ in range(10)]
    await until(lambda: len(has_many) + len(has_few) == 20)
    assert len(has_few) >= 8
    board.write(1, 0)  # as if this one hung, with no connection
    asyncio.get_running_loop().remove_reader(few._listener)
    clients.append(socket.create_connection(shared.getsockname()))
    taken = len(has_many)
    await until(lambda: len(has_many) == taken + 1)
    await close(clients, many, few, connections=has_many | has_few)


@pytest.mark.chaos
async def test_a_process_without_a_free_file_takes_connections_when_it_has_one():
    scarce, board = listener(Scarce), Board(1)
    connections: set[Taken] = set()
    acceptor = Acceptor(scarce, lambda: Taken(connections), connections, board, 0)
    acceptor.start()
    client = socket.create_connection(scarce.getsockname())
    await until(lambda: len(connections) == 1)
    await close([client], acceptor, connections=connections)


async def close(clients, *acceptors: Acceptor, connections: set[Taken]) -> None:
    for acceptor in acceptors:
        await acceptor.stop()
    for client in clients:
        client.close()
    for each in connections:
        each.transport.close()
    await asyncio.sleep(0.01)
