"""Every bad file gets its own clear answer, before anything large is allocated."""

import subprocess
import sys
from pathlib import Path

import pytest

from ml.images.decode import decode, stored_form
from ml.images.errors import EmptyFile, ImageError, Limits, TooManyBytes, UnknownType
from tests.ml.bad_files import BAD_FILES, bad_file

REFUSED = [name for name, (_, error) in BAD_FILES.items() if error]
ACCEPTED = [name for name, (_, error) in BAD_FILES.items() if not error]


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_is_refused_with_its_own_error(name: str) -> None:
    with pytest.raises(ImageError) as refusal:
        decode(bad_file(name))

    assert type(refusal.value) is BAD_FILES[name][1]


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_a_sentence_for_people(name: str) -> None:
    with pytest.raises(ImageError) as refusal:
        stored_form(bad_file(name), b"key")

    assert refusal.value.sentence[0].isupper()
    assert refusal.value.sentence.endswith(".")
    assert refusal.value.status in (413, 415, 422)
    assert "Error" not in refusal.value.sentence


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_hides_in_an_odd_file_is_not_kept(name: str) -> None:
    data = bad_file(name)

    stored = stored_form(data, b"key")

    assert (stored.image.pixels == decode(stored.data).pixels).all()
    for hidden in (b"<script>", b"PK\x03\x04", b"MZ\x90", b"II*\x00"):
        assert hidden not in stored.data


def test_a_colour_photograph_is_read_and_says_so() -> None:
    assert decode(bad_file("colour photograph")).colour


def test_one_byte_more_than_the_limit_is_too_much() -> None:
    limits = Limits(max_bytes=100)

    with pytest.raises(TooManyBytes) as refusal:
        decode(bytes(101), limits)
    with pytest.raises(UnknownType):
        decode(bytes(100), limits)

    assert refusal.value.status == 413


def test_nothing_at_all_is_an_empty_file() -> None:
    with pytest.raises(EmptyFile):
        decode(b"")


@pytest.mark.parametrize(
    "name", ["png bomb", "dicom deflate bomb", "dicom around a jpeg bomb", "dicom of absurd size"]
)
def test_a_bomb_is_refused_without_the_memory_that_it_asks_for(name: str, tmp_path: Path) -> None:
    file = tmp_path / "bomb"
    file.write_bytes(bad_file(name))
    program = (
        "import resource, sys, pathlib\n"
        "from ml.images.decode import decode\n"
        "from ml.images.errors import ImageError, Limits\n"
        "import ml.images.dicom.frame\n"
        "data = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n"
        "    decode(data, Limits(max_pixels=4_000_000))\n"
        "except ImageError:\n"
        "    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before\n"
        "    print(grown // (1 if sys.platform == 'darwin' else 1 / 1024))\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
    )

    assert float(ended.stdout) < 120 * 2**20
