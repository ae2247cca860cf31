"""Walls around the process of a notebook, as far as the system offers them: `enter` builds them and says which stand.

Linux with namespaces: no network, no other processes, and no files but Python, the course without its solutions (all
read-only) and an empty folder in memory; all that a notebook started ends with it. If the grader is root, the notebook
runs as `nobody`; else as the same user without any right. Where namespaces are forbidden, and on other systems, only
limits hold (`limit`), sockets of Python refuse, and the folder is a temporary one on the disk.
"""

import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = (
    1,
    2,
    4,
    8,
    32,
    4096,
    16384,
    1 << 18,
)
MS_KEPT = MS_NOSUID | MS_NODEV | MS_NOEXEC
ATIMES = {1024: 1024, 2048: 2048, 4096: 1 << 21}  # statvfs's bits, and mount's
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
NOBODY = 65534
MEGABYTES, FILES, PROCESSES = 256, 10_000, 128
COURSE = Path(__file__).resolve().parents[1]
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime")
DEVICES = ("null", "zero", "full", "random", "urandom")
FULL = "no network, no other process, no file but the course's own"
PART = "limits of time and memory alone"


def enter(home: Path, run: Callable[[str], None], *, spaces: bool = True) -> None:
    """Calls `run(which walls stand)` inside; this process then ends as that one ended."""
    if spaces and sys.platform == "linux" and _spaces():
        _as_it_ended(lambda: _first(home, run))
    no_sockets()
    os.chdir(home)
    _limit_processes()
    run(PART)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _spaces() -> bool:
    """Own spaces of names, or False where the system forbids them."""
    who = {
        "setgroups": "deny",
        "uid_map": f"{os.getuid()} {os.getuid()} 1",
        "gid_map": f"{os.getgid()} {os.getgid()} 1",
    }
    root = os.getuid() == 0
    spaces = NEWNS | NEWPID | NEWNET | NEWIPC
    if root and _libc().unshare(spaces) == 0:
        return True
    if _libc().unshare(spaces | NEWUSER) != 0:
        return False
    for name, text in who.items():
        with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    return True


def _as_it_ended(run: Callable[[], None]) -> None:
    """Runs this in a process of its own, waits for it, and ends with its exit code or its signal."""
    child = os.fork()
    if child == 0:
        try:
            run()
        finally:
            os._exit(1)
    while True:  # the first process of a space inherits those whose parents ended
        pid, status = os.wait()
        if pid == child:
            break
    if os.WIFEXITED(status):
        os._exit(os.WEXITSTATUS(status))
    if os.getpid() != 1:
        with contextlib.suppress(OSError, ValueError):
            signal.signal(os.WTERMSIG(status), signal.SIG_DFL)
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(128 + os.WTERMSIG(status))  # the first process of a space cannot kill itself


def _first(home: Path, run: Callable[[str], None]) -> None:
    """The first process of the new space: it builds the walls, and the notebook runs in its child."""
    _libc().prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    walls = FULL
    try:
        _rooms(home)
        os.chroot(home)
        os.chdir("/home")
        os.environ |= dict.fromkeys(("HOME", "TMPDIR", "MPLCONFIGDIR"), "/home")
    except OSError as error:
        walls = f"no network, no other process; files can be seen ({error})"
        os.chdir(home)

    def inside() -> None:
        _limit_processes()
        _no_rights(root=os.getuid() == 0)
        run(walls)

    _as_it_ended(inside)


def _rooms(home: Path) -> None:
    """A small file system in memory; in it what Python and the course need, read-only, and the student's folder."""
    _mount(None, "/", None, MS_REC | MS_PRIVATE)
    _mount("none", home, "tmpfs", MS_NOSUID, f"size={MEGABYTES}m,nr_inodes={FILES},mode=755")
    wanted = [*SYSTEM, sys.prefix, sys.base_prefix, COURSE, COURSE.parent / "data", *filter(os.path.isdir, sys.path)]
    wanted = [path for path in wanted if Path(path) != COURSE.parent]
    bound: list[Path] = []
    for path in sorted({Path(path) for path in wanted}):
        if path.exists() and not any(parent in bound for parent in path.parents):
            _bind(path, home, bound)
    for name in DEVICES:
        _bind(Path("/dev", name), home, bound, writable=True)
    for hidden in solutions([COURSE, *(Path(path, COURSE.name) for path in sys.path)]):
        if hidden.is_dir():
            _mount("none", home / hidden.relative_to("/"), "tmpfs", MS_RDONLY)
        else:
            _mount("/dev/null", home / hidden.relative_to("/"), None, MS_BIND)
    for name in ("home", "tmp", "dev/shm"):
        (home / name).mkdir(parents=True, exist_ok=True)
        os.chmod(home / name, 0o1777)
    (home / "proc").mkdir()
    with contextlib.suppress(OSError):  # some containers forbid it; then there is none
        _mount("proc", home / "proc", "proc", MS_KEPT)


def solutions(courses: list[Path]) -> set[Path]:
    """Where solutions lie, as source and compiled: in this course, and in one that is installed beside it."""
    kinds = ("exercises*.py", "__pycache__")
    return {path for course in courses for kind in kinds for path in course.glob(f"lectures/*/{kind}")}


def _bind(path: Path, home: Path, bound: list[Path], *, writable: bool = False) -> None:
    place = home / path.relative_to("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and path.parent == Path("/"):  # /lib is usr/lib
        place.symlink_to(os.readlink(path))
        return
    place.mkdir(exist_ok=True) if path.is_dir() else place.touch()
    _mount(path, place, None, MS_BIND | MS_REC)
    bound.append(path)
    if not writable:
        held = os.statvfs(place).f_flag
        flags = (held & MS_KEPT) | sum(flag for bit, flag in ATIMES.items() if held & bit)
        _mount(None, place, None, MS_BIND | MS_REMOUNT | MS_RDONLY | flags)


def _mount(source: object, target: object, kind: str | None, flags: int, data: str = "") -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind)]
    if _libc().mount(*words, ctypes.c_ulong(flags), data.encode() or None) != 0:
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


def _no_rights(*, root: bool) -> None:
    """Gives up every right for good, and root's name."""
    libc = _libc()
    for right in range(64):
        libc.prctl(PR_CAPBSET_DROP, right, 0, 0, 0)
    with contextlib.suppress(OSError):  # within a space of user names nobody else has a name
        if root:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    head, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capset(head, none)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def no_sockets() -> None:
    """Where the network cannot be taken away, Python's own sockets refuse."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("there is no network while notebooks are graded")

    socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse  # type: ignore


def _limit_processes() -> None:
    _set("RLIMIT_NPROC", PROCESSES)


def limit(gigabytes: float) -> None:
    """After torch is there: so much more memory, no huge files, no core dumps; as far as the system can."""
    used = 0
    if os.path.exists("/proc/self/statm"):
        import resource

        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
    _set("RLIMIT_AS", used + int(gigabytes * 2**30))
    _set("RLIMIT_FSIZE", MEGABYTES * 10**6)
    _set("RLIMIT_CORE", 0)
    _set("RLIMIT_NOFILE", 256)


def _set(name: str, value: int) -> None:
    """Lowers a limit; a system that does not know it, or allows less already, is left as it is."""
    try:
        import resource
    except ImportError:
        return
    with contextlib.suppress(AttributeError, ValueError, OSError):
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))
