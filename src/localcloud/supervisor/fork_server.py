"""The process that every service is forked from.

It imports what is heavy once, before any thread or event loop exists, so that a service starts in
milliseconds and shares that memory. It reads commands from standard input and writes events to standard
output; when its input ends, the supervisor is gone, and it ends with all its processes.
"""

import gc
import importlib
import os
import selectors
import signal
import socket
import sys

from localcloud.supervisor import service_process
from localcloud.supervisor.messages import Exited, Fork, Forked, Signal, commands, to_line


class ForkServer:
    """Forks processes, signals them and reports their ends."""

    def __init__(self, commands_fd: int, events_fd: int) -> None:
        self._commands_fd = commands_fd
        self._events_fd = events_fd
        self._lifeline, self._held = os.pipe()
        self._unread = b""
        self._ids: dict[int, int] = {}  # pid -> id

    def run(self) -> None:
        """Serve until the supervisor closes its end, then kill what still runs."""
        waker, woken = socket.socketpair()
        waker.settimeout(0)
        woken.settimeout(0)
        self._inherited = (waker, woken)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        with selectors.DefaultSelector() as selector:
            selector.register(self._commands_fd, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if woken.fileno() in ready:
                    woken.recv(4096)
                    self._reap()
                if self._commands_fd in ready and not self._receive():
                    break
        signal.set_wakeup_fd(-1)  # whoever ends from here on is not reaped
        self._kill_all()

    def _receive(self) -> bool:
        received = os.read(self._commands_fd, 65536)
        *lines, self._unread = (self._unread + received).split(b"\n")
        for line in lines:
            match commands.validate_json(line):
                case Fork() as command:
                    self._fork(command)
                case Signal() as command:
                    self._signal(command)
        return bool(received)

    def _fork(self, command: Fork) -> None:
        pid = os.fork()
        if pid == 0:
            self._let_go()
            service_process.run(command, self._lifeline)
        self._ids[pid] = command.id
        self._report(Forked(id=command.id, pid=pid))

    def _let_go(self) -> None:
        """Close, in the child, what must end with this process alone.

        Signals first: one that came now would be written to what is closed.
        """
        signal.set_wakeup_fd(-1)
        os.close(self._held)
        os.close(self._events_fd)
        for each in self._inherited:
            each.close()

    def _signal(self, command: Signal) -> None:
        for pid, process in self._ids.items():
            if process == command.id:  # not yet reaped, so the pid is still its own
                os.kill(pid, command.number)

    def _reap(self) -> None:
        while self._ids:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            self._report(Exited(id=self._ids.pop(pid), pid=pid, code=code))

    def _report(self, event: Forked | Exited) -> None:
        os.write(self._events_fd, to_line(event))

    def _kill_all(self) -> None:
        for pid in self._ids:
            os.kill(pid, signal.SIGKILL)


def main() -> None:
    """Load the libraries that the arguments name, and serve."""
    events_fd = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever prints must not speak to the supervisor
    for module in sys.argv[1:]:
        importlib.import_module(module)
    gc.freeze()  # keeps the collector from touching, and so copying, shared memory
    ForkServer(sys.stdin.fileno(), events_fd).run()


if __name__ == "__main__":
    main()
