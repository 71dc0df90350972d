"""Look-up tables of DICOM (PS3.3 C.11.1.1 and C.11.2.1.1)."""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset


@dataclass(frozen=True)
class Lut:
    """first: the value that takes the first entry. bits: depth of the entries. entries: (N,) uint16."""

    first: int
    bits: int
    entries: np.ndarray

    def apply(self, values: np.ndarray) -> np.ndarray:
        """(H, W) numbers -> (H, W) uint16; what lies beside the table takes its first or last entry."""
        index = np.clip(values.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        mapped: np.ndarray = self.entries[index]
        return mapped


def lut_of(header: Dataset, keyword: str) -> Lut | None:
    """The first table of the sequence `keyword`, None where there is none.

    Raises ValueError where the table contradicts its own descriptor.
    """
    sequence = header.get(keyword)
    if not sequence:
        return None
    item = sequence[0]
    if item.get("LUTDescriptor") is None or item.get("LUTData") is None:
        return None
    count, first, bits = (int(value) for value in item.LUTDescriptor)
    count = count or 2**16
    if not 8 <= bits <= 16:
        raise ValueError(f"LUT entries of 8 to 16 bits expected. Received: bits={bits}")
    entries = _entries(item, count, header)
    if entries.size < count:
        raise ValueError(f"LUT of {count} entries expected. Received: entries={entries.size}")
    return Lut(first, bits, np.minimum(entries[:count], 2**bits - 1).astype(np.uint16))


def _entries(item: Dataset, count: int, header: Dataset) -> np.ndarray:
    data = item.LUTData
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data)).astype(np.int64) & 0xFFFF
    little = header.file_meta.TransferSyntaxUID.is_little_endian
    if len(data) < 2 * count:
        # two entries of 8 bits a word
        packed = np.frombuffer(data, np.uint8)
        return packed if little else packed.reshape(-1, 2)[:, ::-1].ravel()
    return np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little else ">u2")
