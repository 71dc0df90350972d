"""Files that arrive together: zips are opened under limits, and what belongs to one study is put together."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Protocol

from ml.images.decode import format_of
from ml.images.errors import ImageError, Limits, TooManySlices
from webapp.words import gettext as _

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_HEAD = 256  # bytes that tell what a file is
_PIECE = 2**20
_OTHER_ENTRIES = 200  # directories and what is passed over
_ENTRY_BYTES = 1024  # of a zip's directory: a path and what stands beside it
_PASSED_OVER = ("DICOMDIR", "THUMBS.DB", "DESKTOP.INI")


class NotTaken(Exception):
    """Files that are not taken together; `sentence` says why, `status` is that of HTTP."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class Part(Protocol):
    """One file of a parcel: as it was sent, or out of a zip. Its bytes come when they are asked for."""

    def head(self) -> bytes:
        """The first bytes. Raises NotTaken."""

    def read(self) -> bytes:
        """All bytes. Raises NotTaken."""


@dataclass(frozen=True)
class Allowance:
    """What a parcel may be: slices of one study, and bytes of all files, inflated."""

    slices: int
    bytes: int


def groups_of(files: Sequence[IO[bytes]], allowance: Allowance) -> list[list[Part]]:
    """The files of each study: all DICOM files are one, each other file is one by itself. Never empty lists.

    Raises NotTaken where DICOM and other files are mixed, or a zip is not as it should be.
    """
    budget = _Budget(allowance.bytes)
    parts: list[Part] = []
    for file in files:
        sent = _Sent(file)
        if sent.head().startswith((_ZIP, _EMPTY_ZIP)):
            parts.extend(_unpacked(file, allowance, budget))
        else:
            parts.append(sent)
    dicom = [part for part in parts if is_dicom(part.head())]
    others = [[part] for part in parts if not is_dicom(part.head())]
    if dicom and others:
        raise NotTaken(
            _(
                "DICOM files and other files were sent together. Send the DICOM files of a study by themselves."
            )
        )
    if len(dicom) > allowance.slices:
        raise NotTaken(TooManySlices(allowance.slices).sentence, TooManySlices.status)
    return [dicom] if dicom else others


def whole(data: bytes) -> Part:
    """A file that is in memory already."""
    return _Sent(io.BytesIO(data))


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is a DICOM file."""
    return head[128:132] == b"DICM"


@dataclass
class _Budget:
    """Bytes that zips may still hold: counted while they are inflated, since what a zip says of itself may be a lie."""

    left: int

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise NotTaken(_("The zip file holds more than is taken at once. Send a part of it."), 413)


@dataclass(frozen=True)
class _Sent:
    file: IO[bytes]

    def head(self) -> bytes:
        self.file.seek(0)
        return self.file.read(_HEAD)

    def read(self) -> bytes:
        self.file.seek(0)
        return self.file.read()


@dataclass(frozen=True)
class _Packed:
    zip: zipfile.ZipFile
    entry: zipfile.ZipInfo
    budget: _Budget

    def head(self) -> bytes:
        return next(self._pieces(_HEAD), b"")

    def read(self) -> bytes:
        whole = io.BytesIO()
        for piece in self._pieces(_PIECE):
            self.budget.spend(len(piece))
            whole.write(piece)
        return whole.getvalue()

    def _pieces(self, size: int) -> Iterator[bytes]:
        try:
            with self.zip.open(self.entry) as file:
                while piece := file.read(size):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, struct.error) as error:
            raise NotTaken(_("The zip file is damaged. Please pack it again.")) from error
        except (NotImplementedError, RuntimeError) as error:
            raise NotTaken(
                _("The zip file is packed in a way that is not read here. Please pack it as a plain zip.")
            ) from error


def _unpacked(file: IO[bytes], allowance: Allowance, budget: _Budget) -> list[Part]:
    """The images in a zip. Names only tell what to pass over: nothing is written under them."""
    _check_directory(file, allowance)
    try:
        file.seek(0)
        packed = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, struct.error) as error:
        raise NotTaken(_("The zip file is damaged. Please pack it again.")) from error
    parts: list[Part] = []
    for entry in packed.infolist():
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts[:1]):
            raise NotTaken(_("The zip file has names that lead out of it. Please pack it again."))
        if entry.is_dir() or _is_passed_over(path):
            continue
        if entry.flag_bits & 1:
            raise NotTaken(_("The zip file has a password. Please pack it without one."))
        part = _Packed(packed, entry, budget)
        head = part.head()
        if head.startswith(_ZIP):
            raise NotTaken(_("There is a zip file within the zip file. Please pack the images themselves."))
        if _is_image(head):
            parts.append(part)
    if not parts:
        raise NotTaken(_("There is no image in the zip file that can be read here."), 415)
    return parts


def _is_image(head: bytes) -> bool:
    try:
        return bool(format_of(head, Limits()))
    except ImageError:
        return False


def _is_passed_over(path: PurePosixPath) -> bool:
    hidden = any(part.startswith(".") for part in path.parts) or "__MACOSX" in path.parts
    return hidden or path.name.upper() in _PASSED_OVER


def _check_directory(file: IO[bytes], allowance: Allowance) -> None:
    """Refuse a directory of millions of entries before it is read; Python reads all of it at once."""
    size = file.seek(0, io.SEEK_END)
    start = max(0, size - 2**16 - 22)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(_EMPTY_ZIP)
    if end < 0 or end + 22 > len(tail):
        raise NotTaken(_("The zip file is damaged. Please pack it again."))
    entries, directory = struct.unpack_from("<HL", tail, end + 10)
    most = allowance.slices + _OTHER_ENTRIES
    # 64-bit directories hold other numbers than these; no upload needs one
    if tail[max(0, end - 20) : end].startswith(b"PK\x06\x07") or directory > most * _ENTRY_BYTES:
        entries = most + 1
    if entries > most:
        raise NotTaken(
            _(
                "The zip file holds more files than are taken at once. Send at most %(n)s slices.",
                n=allowance.slices,
            ),
            413,
        )
