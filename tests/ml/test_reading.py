"""One reading: the gate first, then each model in the order of the page, whatever happens to one of them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml import reading, tasks
from ml.cards import models_dir, read_card
from ml.images.decode import DecodedImage, decode
from ml.readout import Readout
from ml.registry import Registry, WeightsMismatch, WeightsMissing
from tests import phantoms

TASK = tasks.task("sij_mri")
KEYS = [model.key for model in TASK.models]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the data sets are not beside this checkout")


@pytest.fixture(scope="module")
def stir() -> DecodedImage:
    """A drawn STIR slice with a known spacing."""
    return DecodedImage(pixels=phantoms.sacroiliac_slice(), format="PNG", pixel_mm=(0.5, 0.5))


@pytest.fixture(scope="module")
def answers(stir):
    passed = reading.GateFindings("STIR", {}, "passed")
    return list(reading.read(stir, "sij_mri", list(reversed(KEYS)), passed))


def image_of(folder: str, image_id: str) -> DecodedImage:
    return decode((DATA / folder / "images" / image_id).read_bytes())


@pytest.fixture
def own_models(tmp_path):
    """A models folder that a test may spoil: the real one's files, linked."""
    for file in (p for p in models_dir().rglob("*") if p.is_file()):
        link = tmp_path / file.relative_to(models_dir())
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    return tmp_path


def test_every_model_answers_in_the_order_of_the_page(answers):
    assert [answer.model for answer in answers] == KEYS
    assert {answer.state for answer in answers} == {"done"}


def test_each_answer_names_the_weights_that_gave_it(answers):
    for answer in answers:
        card = read_card("sij_mri", answer.model)
        assert (answer.version, answer.weights_sha256) == (card.version, card.weights_sha256)


def test_maps_lie_on_the_images_own_grid_and_areas_follow_from_the_spacing(stir, answers):
    for answer in answers:
        if TASK.model(answer.model).kind == "region":
            assert answer.region.shape == stir.pixels.shape
            assert answer.region_px == answer.region.sum()
            assert answer.area_mm2 == pytest.approx(answer.region_px * 0.25)
            assert answer.heatmap is None
        elif TASK.model(answer.model).kind == "lesion":
            assert answer.lesion.mask.shape == stir.pixels.shape
            assert answer.lesion.area_mm2 == pytest.approx(answer.lesion.pixels * 0.25)
            assert answer.heatmap is answer.region is None
        else:
            assert answer.heatmap.shape == answer.heatmap_focused.shape == stir.pixels.shape
            assert 0 <= answer.heatmap.min() <= answer.heatmap.max() <= 1


def test_a_focused_heatmap_is_zero_outside_of_what_it_was_focused_on(answers):
    region = next(a.region for a in answers if a.model == TASK.region_model)
    for answer in answers:
        if answer.heatmap_focused is not None and answer.focus == "region":
            assert answer.heatmap_focused[~region].max() == 0


def test_a_classification_model_scores_every_label_of_every_head(answers):
    for answer in answers:
        for head in TASK.heads if TASK.model(answer.model).kind != "region" else ():
            assert list(answer.scores[head.key]) == list(head.labels)
            assert sum(answer.scores[head.key].values()) == pytest.approx(1)
            assert answer.labels[head.key] in head.labels


def test_the_region_model_focuses_heatmaps_without_being_shown_when_it_was_not_chosen(stir, answers):
    passed = reading.GateFindings("STIR", {}, "passed")

    alone = list(reading.read(stir, "sij_mri", ["cnn_classifier"], passed))

    assert [answer.model for answer in alone] == ["cnn_classifier"]
    together = next(answer for answer in answers if answer.model == "cnn_classifier")
    assert alone[0].focus == together.focus
    assert np.allclose(alone[0].heatmap_focused, together.heatmap_focused, atol=1e-3)


def test_missing_and_exchanged_weights_fail_one_model_with_a_sentence_and_no_other(stir, own_models):
    (own_models / "sij_mri" / "attention_unet" / "weights.safetensors").unlink()
    exchanged = own_models / "sij_mri" / "cnn_classifier" / "weights.safetensors"
    exchanged.unlink()
    exchanged.write_bytes(b"not these weights")
    passed = reading.GateFindings("STIR", {}, "passed")
    models = ["unet_best", "attention_unet", "cnn_classifier", "hybrid_cnn_transformer"]

    found = {a.model: a for a in reading.read(stir, "sij_mri", models, passed, Registry(own_models))}

    assert [found[key].state for key in models] == ["done", "failed", "failed", "done"]
    assert "not on this server" in found["attention_unet"].sentence
    assert "not those that its card describes" in found["cnn_classifier"].sentence
    assert found["cnn_classifier"].detail


def test_without_the_region_models_weights_the_fixed_box_is_used_and_named(stir, own_models):
    bone = tasks.task("bone_xray")
    (own_models / bone.key / bone.region_model / "weights.safetensors").unlink()
    passed = reading.GateFindings("XRAY", {}, "passed")

    (answer,) = reading.read(stir, bone.key, [bone.default_model], passed, Registry(own_models))

    assert (answer.state, answer.focus) == ("done", "box")


@pytest.mark.parametrize("missing", [TASK.region_model, TASK.lesion_model.key])
def test_models_that_build_on_anothers_find_fail_with_a_sentence_where_that_one_is_missing(
    stir, own_models, missing
):
    (own_models / "sij_mri" / missing / "weights.safetensors").unlink()
    passed = reading.GateFindings("STIR", {}, "passed")

    answers = reading.read(
        stir, "sij_mri", ["hybrid_cnn_transformer", "lesion_mlp"], passed, Registry(own_models)
    )

    for answer in answers:
        assert answer.state == "failed"
        assert "not on this server" in answer.sentence


@pytest.mark.parametrize("model", ["lesion_mlp", "hybrid_cnn_transformer"])
def test_where_no_region_is_found_models_that_judge_it_say_so_and_give_no_answer(monkeypatch, stir, model):
    nothing = np.zeros(stir.pixels.shape, np.float32)
    monkeypatch.setattr(reading._Slice, "_task_region", lambda _: nothing)
    passed = reading.GateFindings("STIR", {}, "passed")

    (answer,) = reading.read(stir, "sij_mri", [model], passed)

    assert answer.state == "not_applicable"
    assert "No bone region was found" in answer.sentence
    assert not answer.scores


def test_a_classifier_is_shown_where_the_lesion_model_is_sure_on_the_grid_of_the_slice(monkeypatch, stir):
    shares = np.zeros((120, 200), np.float32)
    shares[40:80, 20:180], shares[50:60, 150:165] = 0.5, 0.98
    monkeypatch.setattr(reading._Slice, "_found_lesion", lambda *_: (None, shares))
    wide = replace(stir, pixels=stir.pixels[:120, :200])

    shown = reading.shown_to(wide, "sij_mri", "hybrid_cnn_transformer")
    on_grid = shown.geometry.to_image(shown.pixels)

    assert shown.pixels.shape == (256, 256)
    assert on_grid[55, 157] > 0.5
    assert np.count_nonzero(on_grid > 0.25) == pytest.approx(150, rel=0.2)
    assert on_grid[45, 30] < 0.001


def test_where_no_region_is_found_a_classifier_would_be_shown_black(monkeypatch, stir):
    nothing = np.zeros(stir.pixels.shape, np.float32)
    monkeypatch.setattr(reading._Slice, "_task_region", lambda _: nothing)

    assert not reading.shown_to(stir, "sij_mri", "hybrid_cnn_transformer").pixels.any()


def test_a_lesions_status_and_stage_follow_from_its_measures_and_the_card(answers):
    found = next(answer for answer in answers if answer.lesion is not None)
    readout = read_card("sij_mri", found.model).raw["readout"]

    scores = Readout.from_plain(readout).scores(
        found.lesion.burden, found.lesion.bright_share, TASK.ordinal_head, TASK.status_head
    )

    assert found.scores == scores


def test_the_registry_says_what_is_wrong_with_weights(own_models):
    (own_models / "gate" / "weights.safetensors").unlink()
    (own_models / "sij_mri" / "unet_best" / "weights.safetensors").unlink()
    (own_models / "sij_mri" / "unet_best" / "weights.safetensors").write_bytes(b"x")
    models = Registry(own_models)

    with pytest.raises(WeightsMissing):
        models.gate()
    with pytest.raises(WeightsMismatch):
        models.model("sij_mri", "unet_best")


def test_the_least_recently_used_model_goes_when_memory_is_short():
    models = Registry(memory_mb=30)

    first = models.model("sij_mri", "hybrid_cnn_transformer")
    models.gate()
    models.model("sij_mri", "unet_best")

    assert models.model("sij_mri", "hybrid_cnn_transformer") is not first


def test_a_fingerprint_changes_with_pixels_spacing_and_weights_and_with_nothing_else(
    stir, own_models, monkeypatch
):
    before = reading.fingerprint(stir, "sij_mri", "hybrid_cnn_transformer")
    changed = stir.pixels.copy()
    changed[0, 0] ^= 1

    assert reading.fingerprint(replace(stir, format="DICOM"), "sij_mri", "hybrid_cnn_transformer") == before
    assert reading.fingerprint(replace(stir, pixels=changed), "sij_mri", "hybrid_cnn_transformer") != before
    assert reading.fingerprint(replace(stir, pixel_mm=None), "sij_mri", "hybrid_cnn_transformer") != before
    assert reading.fingerprint(stir, "sij_mri", "unet_best") != before
    monkeypatch.setenv("MODELS_DIR", str(own_models))
    for missing in (TASK.lesion_model.key, TASK.region_model):
        (own_models / "sij_mri" / missing / "weights.safetensors").unlink()
        assert reading.fingerprint(stir, "sij_mri", "hybrid_cnn_transformer") == ""
    assert reading.fingerprint(stir, "sij_mri", "unet_best") == ""


def test_a_colour_photograph_is_stopped_before_any_network_is_asked(tmp_path):
    photograph = DecodedImage(pixels=phantoms.sacroiliac_slice(), format="JPEG", colour=True)

    findings = reading.check_image(photograph, TASK, KEYS, Registry(tmp_path))

    assert findings.state == "stopped"
    assert "colour" in findings.sentence


def test_noise_is_stopped_and_says_what_to_do():
    noise = DecodedImage(pixels=phantoms.noise(), format="PNG")

    findings = reading.check(noise, "sij_mri", KEYS)

    assert (findings.state, findings.kind) == ("stopped", "other")
    assert findings.sentence == TASK.wording.stopped


@needs_data
def test_a_t1_slice_gives_a_region_and_no_status():
    t1 = image_of("sij_mri", "3009_t1_10.png")

    findings = reading.check(t1, "sij_mri", KEYS)

    assert (findings.kind, findings.state) == ("T1W", "passed")
    assert set(findings.not_applicable) == {m.key for m in TASK.models if m.kind != "region"}
    by_model = {a.model: a for a in reading.read(t1, "sij_mri", ["unet_best", "cnn_classifier"], findings)}
    assert by_model["unet_best"].state == "done"
    assert by_model["cnn_classifier"].state == "not_applicable"
    assert "STIR" in by_model["cnn_classifier"].sentence


@needs_data
def test_a_t1_slice_for_status_models_alone_is_stopped():
    findings = reading.check(
        image_of("sij_mri", "3009_t1_10.png"), "sij_mri", ["cnn_classifier", "classifier_best"]
    )

    assert findings.state == "stopped"
    assert "T1" in findings.sentence


@needs_data
def test_the_dicoms_own_word_counts_where_the_picture_looks_like_such_an_mri():
    slice_ = image_of("sij_mri", "1003_stir_10.png")

    assert reading.check(slice_, "sij_mri", KEYS).kind == "STIR"
    assert reading.check(replace(slice_, sequence="T1W"), "sij_mri", KEYS).kind == "T1W"


@needs_data
@pytest.mark.parametrize("folder", ["kidney_ct", "chest_xray", "bone_xray", "lumbar_mri"])
def test_images_of_other_kinds_are_stopped(folder):
    files = sorted((DATA / folder / "images").rglob("*.*"))[-400::40]

    stopped = [reading.check(decode(file.read_bytes()), "sij_mri", KEYS).state == "stopped" for file in files]

    assert sum(stopped) >= len(files) - 1
