"""Which MR sequence a DICOM header names: the one thing that is read from its free text."""

import re

from pydicom import Dataset

from ml.images.dicom.header import number, words

_TEXTS = ("SeriesDescription", "ProtocolName", "SequenceName", "PulseSequenceName")

# names that vendors give: Siemens says TIRM for STIR
_STIR = re.compile(r"(?<![A-Z])T?(STIR|TIRM)(?![A-Z])")
_T1 = re.compile(r"(?<![A-Z0-9])T1(W|WI|WEIGHTED|TSE|FSE|SE|FFE)?(?![A-Z0-9])")
# maps and fat-suppressed T1 look like neither of the two
_NOT_PLAIN_T1 = re.compile(r"RHO|MAP|(?<![A-Z])(FS|FATSAT|FAT.?SAT|SPIR|SPAIR|DIXON|VIBE)(?![A-Z])")

# short inversion times null fat: 130 to 230 ms between 1 and 3 tesla
_STIR_INVERSION_MS = (100.0, 280.0)


def sequence_of(header: Dataset) -> str | None:
    """What description, protocol, sequence name or inversion time say: "STIR" or "T1W".

    None where they say neither, or both.
    """
    text = " ".join(part for keyword in _TEXTS for part in words(header, keyword))
    found = set()
    if _STIR.search(text) or _has_stir_inversion(header):
        found.add("STIR")
    if _T1.search(text) and not _NOT_PLAIN_T1.search(text):
        found.add("T1W")
    return found.pop() if len(found) == 1 else None


def _has_stir_inversion(header: Dataset) -> bool:
    inversion = number(header, "InversionTime")
    shortest, longest = _STIR_INVERSION_MS
    nulls_fat = inversion is not None and shortest <= inversion <= longest
    return nulls_fat and "IR" in words(header, "ScanningSequence")
