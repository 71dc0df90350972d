"""Decode one compressed frame and end: a program of its own (see ml.images.dicom.codec), started by its path.

Arguments: the codec's name, the transfer syntax, the picture's description as JSON. Standard input: the encapsulated
pixel data. Standard output: the pixels as .npy.
"""

import io
import json
import os
import sys

import numpy as np
from pydicom.pixels import get_decoder
from pydicom.uid import UID


def main() -> None:
    """Read, decode, write; any error ends the program with its trace and status 1."""
    codec, syntax, description = sys.argv[1:]
    # codecs print on standard output, which carries the pixels
    answer = os.dup(1)
    os.dup2(2, 1)
    pixels, _ = get_decoder(UID(syntax)).as_array(
        sys.stdin.buffer.read(), index=0, decoding_plugin=codec, **json.loads(description)
    )
    # numpy writes to files and to memory, not to pipes
    array = io.BytesIO()
    np.save(array, pixels, allow_pickle=False)
    with os.fdopen(answer, "wb") as pipe:
        pipe.write(array.getbuffer())


if __name__ == "__main__":
    main()
