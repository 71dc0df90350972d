"""What a compressed picture says of its own size, read from its first markers without decoding it."""

# start of frame in JPEG and JPEG-LS (ITU-T T.81 table B.1, T.87), without DHT, JPG and DAC that lie between
_START_OF_FRAME = frozenset((*range(0xC0, 0xD0), 0xF7)) - {0xC4, 0xC8, 0xCC}


def codestream_size(frame: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 codestream; None of anything else."""
    if frame.startswith(b"\xff\x4f\xff\x51"):
        return _jpeg2000_size(frame, 4)
    if frame.startswith(b"\x00\x00\x00\x0cjP  "):
        marker = frame.find(b"\xff\x4f\xff\x51")
        return None if marker < 0 else _jpeg2000_size(frame, marker + 4)
    if frame.startswith(b"\xff\xd8"):
        return _jpeg_size(frame)
    return None


def webp_size(data: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a WebP file (RFC 9649): its canvas, or its only frame."""
    if len(data) < 30:
        return None
    chunk = data[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(data[27:30], "little") + 1, int.from_bytes(data[24:27], "little") + 1
    if chunk == b"VP8L":
        packed = int.from_bytes(data[21:25], "little")
        return (packed >> 14 & 0x3FFF) + 1, (packed & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return int.from_bytes(data[28:30], "little") & 0x3FFF, int.from_bytes(data[26:28], "little") & 0x3FFF
    return None


def _jpeg2000_size(frame: bytes, start: int) -> tuple[int, int] | None:
    # SIZ (ISO 15444-1 A.5.1): length, capabilities, grid width, grid height, offset x, offset y
    fields = [int.from_bytes(frame[at : at + 4], "big") for at in range(start + 4, start + 20, 4)]
    if len(frame) < start + 20:
        return None
    width, height, left, top = fields
    return height - top, width - left


def _jpeg_size(frame: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(frame):
        if frame[at] != 0xFF:
            return None
        marker = frame[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _START_OF_FRAME:
            return int.from_bytes(frame[at + 5 : at + 7], "big"), int.from_bytes(
                frame[at + 7 : at + 9], "big"
            )
        if marker in (0x01, *range(0xD0, 0xD8)):
            at += 2
            continue
        at += 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return None
