"""Trains the gate: two readouts of frozen ImageNet features of every task's images and of anything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ml.gate.looks import LOOKS, READ_KINDS
from ml.gate.training.features import features_of, put_backbone
from ml.gate.training.fit import fit
from ml.gate.training.pictures import Picture
from ml.networks.gate_mobilenet import gate_mobilenet
from ml.networks.weights import save_weights


def train_gate(pictures: Sequence[Picture], backbone: Path, weights: Path, seed: int = 1) -> dict[str, float]:
    """Fits the gate to the pictures that are not for the test, and writes its weights.

    Args:
        backbone: `mobilenetv2_035_imagenet.npz`.

    Returns:
        The limit of strangeness of each kind.

    Raises:
        DataError: the backbone is not there.
    """
    network = gate_mobilenet(len(LOOKS), len(READ_KINDS))
    put_backbone(network, backbone)
    learned = [picture for picture in pictures if not picture.test]
    limits = fit(network, features_of(learned, network, seed), [picture.patient_id for picture in learned])
    save_weights(network, weights)
    return limits
