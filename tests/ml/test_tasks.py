"""The registry of tasks: what the command line knows, and what clinicians are offered."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ml import tasks
from ml.cli import main
from ml.gate.check import check_image
from ml.images.decode import DecodedImage
from ml.registry import Registry
from ml.tasks import TaskSpec, UnknownTask
from tests.phantoms import noise

NOT_OFFERED = [spec for spec in tasks.tasks() if not spec.offered]
EACH = pytest.mark.parametrize("spec", NOT_OFFERED, ids=lambda spec: spec.key)


def test_a_task_is_found_by_its_key_and_an_unknown_one_is_answered_with_the_known_ones() -> None:
    assert [tasks.task(spec.key) for spec in tasks.tasks()] == list(tasks.tasks())

    with pytest.raises(UnknownTask, match=r"sij_mri, .*, lumbar"):
        tasks.task("knee")


def test_only_the_comparison_task_is_offered_to_nobody() -> None:
    assert [spec.key for spec in NOT_OFFERED] == ["lumbar"]


@EACH
def test_a_task_that_is_not_offered_is_not_named_where_clinicians_choose(spec: TaskSpec) -> None:
    assert spec not in tasks.offered()
    with pytest.raises(UnknownTask) as caught:
        tasks.offered_task(spec.key)

    assert spec.key not in caught.value.sentence.partition("Known")[2]


def test_lumbar_asks_the_same_of_the_same_networks_as_the_sacroiliac_task() -> None:
    lumbar, sacroiliac = tasks.task("lumbar"), tasks.task("sij_mri")

    assert lumbar.heads == sacroiliac.heads
    for model in lumbar.models:
        same = sacroiliac.model(model.key)
        assert (model.name, model.kind, model.network) == (same.name, same.kind, same.network)
    assert {model.key: (model.input_size, model.parameters) for model in lumbar.models} == {
        "attention_unet": (128, 7_869_572),
        "cnn_classifier": (256, 16_870_790),
        "classifier_best": (256, 16_197_551),
        "hybrid_cnn_transformer": (256, 4_838_319),
    }


@pytest.mark.parametrize("colour", [False, True])
def test_a_task_without_a_gate_takes_every_image_and_needs_no_weights_for_it(
    colour: bool, tmp_path: Path
) -> None:
    spec = tasks.task("lumbar")
    image = DecodedImage(noise(), "PNG", colour=colour)

    findings = check_image(image, spec, [model.key for model in spec.models], Registry(tmp_path))

    assert (findings.state, findings.not_applicable) == ("passed", {})


@pytest.mark.parametrize("command", ["evaluate", "describe"])
def test_a_model_without_weights_is_answered_with_a_sentence(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tasks.task("lumbar")
    monkeypatch.setenv("MODELS_DIR", str(tmp_path / "models"))
    (tmp_path / "data").mkdir()
    (tmp_path / "data/labels.csv").write_text("image_id,file\ni,i.png\n")
    (tmp_path / "data/i.png").write_bytes(b"")

    words = [command, spec.key, spec.default_model, "--data", str(tmp_path / "data")]
    result = CliRunner().invoke(main, words)

    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert "there is no" in result.stderr.lower()
