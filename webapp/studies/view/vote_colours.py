"""The colours of the agreement map: one for each number of models, in steps that look equally large."""

from __future__ import annotations

import numpy as np

# Viridis (Smith and van der Walt, CC0) from 0.36 on, where it is light enough for 3:1 on black, to 1, in equal steps. Its
# lightness rises evenly, so the steps are told apart in all colour blindness and in black and white.
_VIRIDIS = (
    "2e6f8e 2a788e 26828e 228b8d 1f958b 1f9f88 22a884 2cb17e 3bbb75"
    " 4ec36b 63cb5f 7ad151 95d840 b0dd2f cae11f e5e419 fde725"
)


def vote_colours(models: int) -> tuple[str, ...]:
    """A colour (“#rrggbb”) for 1, 2 … `models` models: the lightest is always that of all of them."""
    anchors = np.array([list(bytes.fromhex(colour)) for colour in _VIRIDIS.split()])
    places = np.linspace(0, 1, models) if models > 1 else np.ones(1)
    along = np.linspace(0, 1, len(anchors))
    channels = np.array([np.interp(places, along, anchors[:, channel]) for channel in range(3)])
    return tuple("#" + bytes(colour).hex() for colour in np.rint(channels.T).astype(np.uint8))
