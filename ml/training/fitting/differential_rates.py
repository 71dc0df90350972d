"""Adam whose learning rate differs from layer to layer (discriminative fine-tuning, Howard and Ruder 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras


class AdamWithRates(keras.optimizers.Adam):
    """Adam (Kingma and Ba 2015) that multiplies the learning rate of some layers.

    Args:
        rates: beginning of a layer's name to its factor; the longest that fits counts, 1 where none does.
        **options: of `keras.optimizers.Adam`.
    """

    def __init__(self, rates: Mapping[str, float], **options: Any) -> None:
        super().__init__(**options)
        self._rates = dict(rates)

    def build(self, variables: Any) -> None:
        """Called by Keras with the network's trainable variables."""
        self._factors = [self.factor(variable.path) for variable in variables]
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Called by Keras for each variable, which some backends hand over without its path."""
        factor = self._factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)

    def factor(self, path: str) -> float:
        """The factor of a variable, by its path (`layer/kernel`, or `network/layer/kernel`)."""
        fitting = [name for name in self._rates if any(part.startswith(name) for part in path.split("/"))]
        return self._rates[max(fitting, key=len)] if fitting else 1.0
