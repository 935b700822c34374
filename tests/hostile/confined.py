"""Running code under watch: what it writes and opens, how long it takes and how much memory it asks for."""

import contextlib
import os
import resource
import signal
import sys
import threading
from pathlib import Path

#: Events of `sys.addaudithook` that change the file system, with the positions of the paths among their arguments.
_CHANGES = {
    "os.mkdir": (0,),
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.link": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.chown": (0,),
    "os.utime": (0,),
}
#: Linux says there how much address space a process has.
_STATE = Path("/proc/self/statm")
POSSIBLE = _STATE.exists()
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class OverrunError(BaseException):
    """The time limit has passed; no `except Exception` may swallow this."""


class _Watch:
    """What may be touched, and what was touched all the same."""

    def __init__(self, writable, secret):
        self.writable, self.secret = str(writable), str(secret)
        self.violations = []

    def hear(self, event, arguments):
        if event == "open":
            path, mode, flags = arguments
            if not isinstance(path, int):
                writes = any(letter in mode for letter in "wax+") if mode else flags & _WRITING
                # A link itself cannot be opened so: the system refuses, and nothing outside is touched.
                self._judge(path, "written" if writes else "opened", link_refused=bool(flags & os.O_NOFOLLOW))
        elif event in _CHANGES:
            for position in _CHANGES[event]:
                if not isinstance(arguments[position], int):
                    self._judge(arguments[position], "changed")
        elif event in ("os.system", "subprocess.Popen", "os.exec", "os.fork", "socket.connect", "pickle.find_class"):
            self.violations.append(f"{event} {arguments!r:.200}")

    def _judge(self, path, verb, *, link_refused=False):
        path = os.fsdecode(path)
        path = str(Path(path).parent.resolve() / Path(path).name) if link_refused else os.path.realpath(path)
        allowed = path.startswith(self.writable) if verb != "opened" else not path.startswith(self.secret)
        if not allowed and "__pycache__" not in path:
            self.violations.append(f"{verb}: {path}")


class _Current:
    watch = None


def _hear(event, arguments):
    watch = _Current.watch
    if watch is not None:
        _Current.watch = None  # judging a path must not be judged itself
        try:
            watch.hear(event, arguments)
        finally:
            _Current.watch = watch


sys.addaudithook(_hear)


@contextlib.contextmanager
def confined(*, writable, secret, seconds, megabytes):
    """Run a block that may write below `writable` alone and open nothing below `secret`.

    Yields:
        The list of what it did all the same; complete when the block has ended.

    Raises:
        OverrunError: it worked longer than `seconds`, or waited eight times as long.
        MemoryError: it asked for more than `megabytes` beyond what the process has.
    """
    watch = _Watch(os.path.realpath(writable), os.path.realpath(secret))
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with _limited_time(seconds):
        in_use = int(_STATE.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + megabytes * 2**20, limits[1]))
        _Current.watch = watch
        try:
            yield watch.violations
        finally:
            _Current.watch = None
            resource.setrlimit(resource.RLIMIT_AS, limits)


@contextlib.contextmanager
def _limited_time(seconds):
    # pytest-timeout owns SIGALRM. Other processes may be busy, so that waiting is measured more generously than work.
    before = signal.signal(signal.SIGPROF, _overrun)
    waited = threading.Timer(8 * seconds, signal.pthread_kill, (threading.get_ident(), signal.SIGPROF))
    waited.start()
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        waited.cancel()
        signal.signal(signal.SIGPROF, before)


def _overrun(_signal, _frame):
    raise OverrunError


def resident_peak():
    """Return the largest memory that this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
