"""The deployed gate: drawn pictures are none of its kinds; real images, where they are at hand, are told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import tasks
from ml.data import load
from ml.gate.check import check_image, look_at
from ml.gate.findings import conclude
from ml.gate.looks import INVERTED, OTHER, TURNED, UPRIGHT, UPSIDE_DOWN
from ml.gate.training.figures import figures_of
from ml.gate.training.pictures import Picture
from ml.images.decode import DecodedImage, decode
from ml.registry import registry
from tests import phantoms

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
GATED = [spec for spec in tasks.tasks() if spec.image_kinds]
EACH = pytest.mark.parametrize("spec", GATED, ids=lambda spec: spec.key)
FOLDERS = {"kidney_stone": "kidney_ct"}

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside this checkout")


def images_of(spec: tasks.TaskSpec, count: int = 12) -> list[DecodedImage]:
    """Images of the task that were not learned from, where its data set has such a part; evenly over the folder."""
    examples = load(spec.key, DATA / FOLDERS.get(spec.key, spec.key))
    held_out = [e for e in examples if e.part == "test"] or examples
    return [decode(e.path.read_bytes()) for e in held_out[:: len(held_out) // count][:count]]


def turned(image: DecodedImage, manner: str) -> DecodedImage:
    pixels = {
        INVERTED: 255 - image.pixels,
        TURNED: np.rot90(image.pixels),
        UPSIDE_DOWN: np.rot90(image.pixels, 2),
        UPRIGHT: image.pixels,
    }
    return replace(image, pixels=np.ascontiguousarray(pixels[manner]))


@EACH
def test_noise_and_letters_belong_to_no_task(spec: tasks.TaskSpec) -> None:
    findings = check_image(
        DecodedImage(phantoms.noise(), "PNG"), spec, [m.key for m in spec.models], registry()
    )

    assert (findings.state, findings.reason, findings.kind) == ("stopped", "other", OTHER)


@needs_data
@EACH
def test_nearly_all_images_of_a_task_pass_and_no_other_task_takes_them(spec: tasks.TaskSpec) -> None:
    looks = [look_at(image, registry()) for image in images_of(spec)]

    for other in GATED:
        states = [conclude(other, look, [m.key for m in other.models]).state for look in looks]
        if other.image_kinds == spec.image_kinds:
            assert states.count("passed") >= len(states) - 2
        else:
            assert states.count("stopped") >= len(states) - 1


@needs_data
@pytest.mark.parametrize("manner", [INVERTED, TURNED, UPSIDE_DOWN])
def test_nearly_all_inverted_and_turned_chest_radiographs_are_told_so(manner: str) -> None:
    images = images_of(tasks.task("chest_xray"))

    told = [look_at(turned(image, manner), registry()).manner for image in images]

    assert told.count(manner) >= len(told) - 2


@needs_data
def test_aspect_and_depth_of_a_radiograph_change_nothing() -> None:
    spec = tasks.task("chest_xray")
    for image in images_of(spec, 4):
        wide = np.repeat(image.pixels, 2, axis=1)[:, : image.pixels.shape[1] * 5 // 4]
        deep = image.pixels.astype(np.uint16) * 16 + 500

        for pixels in (wide, deep):
            assert look_at(replace(image, pixels=pixels), registry()).kind == "chest radiograph"


def test_figures_have_every_task_with_n_and_interval() -> None:
    drawn = [Picture("drawings", None, phantoms.noise(96, seed), OTHER, True) for seed in range(3)]
    own = [
        Picture("drawn", "p", phantoms.sacroiliac_slice(64, seed=seed), kind, True)
        for seed, kind in enumerate(("STIR", "T1W", "CT", "chest radiograph", "bone radiograph"))
    ]

    figures = figures_of([*drawn, *own], registry())

    assert set(figures["by_task"]) == {spec.key for spec in GATED}
    for of_task in figures["by_task"].values():
        stopped = of_task["by_figure"]["foreign stopped, drawings"]
        assert (stopped["n_images"], stopped["share"]) == (3, 1.0)
        assert stopped["share_ci95"][0] < 1 == stopped["share_ci95"][1]
    assert figures["by_kind"][OTHER]["recognised"] == 1
