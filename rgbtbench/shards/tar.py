"""POSIX ustar shards: a deterministic writer, a walk over headers, and a memory-mapped reader.

Specification: docs/formats/shards.md. The header follows IEEE Std 1003.1-1988 (ustar) and equals, byte for
byte, what `tarfile` writes with `USTAR_FORMAT` for a file of mode 0644 without owner and time.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rgbtbench.errors import ShardError
from rgbtbench.shards.local_copy import cached_copy
from rgbtbench.shards.output_file import Output
from rgbtbench.stored_files import ordinary_file

BLOCK = 512
#: An archive is filled up to whole records of this size, as POSIX asks.
RECORD = 20 * BLOCK
#: Eleven octal digits.
MAX_MEMBER_BYTES = 8**11 - 1

_NAME, _PREFIX = 100, 155
#: Contents below this size are written together with what lies around them; larger ones are not copied.
_LARGE = 16_384
_MODE_OWNER = b"0000644\0" + b"0000000\0" * 2
_NO_TIME = b"00000000000\0"
_REGULAR_USTAR = b"0" + bytes(100) + b"ustar\x0000" + bytes(64 + 16)
_NO_CHECKSUM = b" " * 8
#: Part of every checksum: the bytes that are the same in all headers.
_SAME_IN_ALL = sum(_MODE_OWNER + _NO_TIME + _NO_CHECKSUM + _REGULAR_USTAR)
_REMEDY = "prepare the dataset again"


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a shard.

    Attributes:
        name: full name, `<key>.<extension>`.
        offset: first byte of the content in the shard.
        size: bytes of content.
    """

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class SampleMembers:
    """The members of one sample, next to each other in the shard.

    Attributes:
        key: what stands before the first dot of every name.
        members: extension (`json`, `rgb.png`) to the member, in the shard's order.
    """

    key: str
    members: Mapping[str, Member]


def header(name: str, size: int) -> bytes:
    """Return the 512-byte header of a regular file.

    Raises:
        ShardError: the name or the size does not fit the format.
    """
    if size > MAX_MEMBER_BYTES:
        raise ShardError(f"{name} has {size} bytes", expected=f"at most {MAX_MEMBER_BYTES} in a tar member")
    last, prefix = _split_name(name)
    length = b"%011o\0" % size
    checksum = _SAME_IN_ALL + sum(last) + sum(length) + sum(prefix)
    return b"".join(
        (
            last.ljust(_NAME, b"\0"),
            _MODE_OWNER,
            length,
            _NO_TIME,
            b"%06o\0 " % checksum,
            _REGULAR_USTAR,
            prefix.ljust(_PREFIX + 12, b"\0"),
        )
    )


def _split_name(name: str) -> tuple[bytes, bytes]:
    encoded = name.encode("ascii")
    if len(encoded) <= _NAME:
        return encoded, b""
    cut = encoded.rfind(b"/", 0, _PREFIX + 1)
    if cut <= 0 or len(encoded) - cut - 1 > _NAME:
        raise ShardError(
            f"the name {name!r} is too long for a tar header",
            expected=f"at most {_NAME} characters, or folders of at most {_PREFIX} before them",
            remedy="map the id to a shorter key in the dataset's module",
        )
    return encoded[cut + 1 :], encoded[:cut]


def padding(size: int, unit: int = BLOCK) -> bytes:
    """Return the zero bytes that fill `size` up to a multiple of `unit`."""
    return bytes(-size % unit)


class TarWriter:
    """Writes samples into an open binary file or another `Output`; the bytes depend on names and contents only.

    Attributes:
        size: bytes written so far.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self.size = 0

    def add(self, key: str, members: Mapping[str, bytes]) -> SampleMembers:
        """Append one sample, members bytewise sorted by name, and return where they lie.

        Args:
            key: the sample's key; see `rgbtbench.pair.check_key`.
            members: extension to content.
        """
        parts: list[bytes] = []
        placed: dict[str, Member] = {}
        small, at = b"", self.size
        for extension in sorted(members):
            name, content = f"{key}.{extension}", members[extension]
            size = len(content)
            placed[extension] = Member(name, at + BLOCK, size)
            if size < _LARGE:
                small = b"".join((small, header(name, size), content, padding(size)))
            else:
                parts += (small + header(name, size), content)
                small = padding(size)
            at += BLOCK + size + -size % BLOCK
        parts.append(small)
        self._write(parts, at - self.size)
        return SampleMembers(key, placed)

    def finish(self) -> None:
        """Write the end mark: two zero blocks, filled up to a whole record."""
        end = bytes(2 * BLOCK)
        end += padding(self.size + len(end), RECORD)
        self._write([end], len(end))

    def _write(self, pieces: Sequence[bytes], size: int) -> None:
        self._output.writelines(pieces)
        self.size += size


class TarReader:
    """A memory-mapped shard; members are views into it, without a copy.

    The map is opened at the first use and left out of pickles, so that each worker process opens its own. Of a shard
    in a store it is the map of a local copy; see `rgbtbench.shards.local_copy`.

    Args:
        path: the shard.
        size: bytes that the manifest states; another size is refused instead of read short.
        sha256: hash that the manifest states; without it a shard can be read from disk only.
    """

    def __init__(self, path: Path, *, size: int | None = None, sha256: str | None = None) -> None:
        self.path = path
        self._expected = size
        self._sha256 = sha256
        self._view: memoryview | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return (_reader, (self.path, self._expected, self._sha256))

    @property
    def view(self) -> memoryview:
        """The whole shard as read-only bytes.

        Raises:
            ShardError: the file is missing, or has another size than the manifest states.
            StoreError: it lies in a store that does not answer.
        """
        if self._view is None:
            if self._expected is None or self._sha256 is None:
                self._view = _mapped(self.path, self._expected)
            else:
                with cached_copy(self.path, size=self._expected, sha256=self._sha256) as copy:
                    self._view = _mapped(copy, self._expected)
        return self._view

    def member(self, offset: int, size: int) -> memoryview:
        """Return the content of one member.

        Raises:
            ShardError: the place lies outside the file.
        """
        view = self.view
        if offset < 0 or size < 0 or offset + size > len(view):
            raise ShardError(
                f"a member at byte {offset} with {size} bytes lies outside its {len(view)} bytes",
                path=self.path,
                remedy=_REMEDY,
            )
        return view[offset : offset + size]

    def members(self) -> Iterator[Member]:
        """Walk the headers in order, without touching contents.

        Raises:
            ShardError: a header is damaged or of another kind, or the end mark is missing.
        """
        view, at = self.view, 0
        while True:
            block = bytes(view[at : at + BLOCK])
            if len(block) < BLOCK:
                raise ShardError(f"ends at byte {len(view)} without an end mark", path=self.path, remedy=_REMEDY)
            if not any(block):
                self._check_end(at)
                return
            member = self._parsed(block, at)
            yield member
            at = member.offset + member.size + len(padding(member.size))

    def _parsed(self, block: bytes, at: int) -> Member:
        try:
            last, prefix = (part.rstrip(b"\0").decode("ascii") for part in (block[:_NAME], block[345:500]))
            size = int(block[124:135], 8)
            name = f"{prefix}/{last}" if prefix else last
            as_written = header(name, size) if size >= 0 else b""
        except (ValueError, ShardError):
            as_written = b""
        if block != as_written:
            raise ShardError(f"the header at byte {at} is damaged or not rgbtbench's", path=self.path, remedy=_REMEDY)
        if at + BLOCK + size > len(self.view):
            raise ShardError(f"is cut off inside {name}", path=self.path, remedy=_REMEDY)
        return Member(name, at + BLOCK, size)

    def _check_end(self, at: int) -> None:
        tail = self.view[at:]
        if len(self.view) % RECORD or not 2 * BLOCK <= len(tail) < RECORD + 2 * BLOCK or any(bytes(tail)):
            raise ShardError(f"the end mark at byte {at} is damaged", path=self.path, remedy=_REMEDY)


def _reader(path: Path, size: int | None, sha256: str | None) -> TarReader:
    return TarReader(path, size=size, sha256=sha256)


def _mapped(path: Path, expected: int | None) -> memoryview:
    try:
        with ordinary_file(path) as file:
            size = file.seek(0, 2)
            if expected is not None and size != expected:
                raise ShardError(f"has {size} bytes", expected=f"{expected}", path=path, remedy=_REMEDY)
            if size == 0:
                raise ShardError("is empty", path=path, remedy=_REMEDY)
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise ShardError(f"cannot be read: {error.strerror}", path=path, remedy=_REMEDY) from error


def read_index(path: Path) -> list[SampleMembers]:
    """Return the samples of a shard with the places of their members, from the headers alone.

    Raises:
        ShardError: the shard is damaged; see `TarReader.members`.
    """
    return list(samples(TarReader(path)))


def samples(shard: TarReader) -> Iterator[SampleMembers]:
    """Yield the samples of an open shard: runs of members whose names share what stands before the first dot."""
    key, members = "", dict[str, Member]()
    for member in shard.members():
        owner, _, extension = member.name.partition(".")
        if owner != key and members:
            yield SampleMembers(key, members)
            members = {}
        key = owner
        members[extension] = member
    if members:
        yield SampleMembers(key, members)
