"""Folds: no patient on both sides, every labelled patient held out once, and a leaky protocol is known as such."""

from dataclasses import replace
from pathlib import Path

import pytest

from ml.data import DataError, Example
from ml.data.split import LEAKY, PROTOCOLS, folds

HEAD = "as_status"


def examples(patients=10, each=4, labelled=True):
    """Slices of drawn patients; of every ten the first six are train, then two val, two test. By md5 a slice is anywhere."""
    part = ["train"] * 6 + ["val"] * 2 + ["test"] * 2
    return [
        Example(
            image_id=f"{patient}_{number}",
            path=Path("nothing.png"),
            patient_id=f"p{patient}",
            part=part[patient % 10],
            labels={HEAD: (patient + number) % 2} if labelled and patient % 3 != 1 else {},
            parts={
                "part_stratified": part[patient % 10],
                "part_center": part[(patient + 5) % 10],
                "md5": part[(patient + 3 * number) % 10],
            },
        )
        for patient in range(patients)
        for number in range(each)
    ]


@pytest.mark.parametrize("protocol", sorted(set(PROTOCOLS) - LEAKY))
def test_no_patient_stands_on_both_sides(protocol):
    for fold in folds(examples(patients=30), protocol, HEAD):
        seen = {e.patient_id for e in (*fold.train, *fold.val)}
        assert seen.isdisjoint(e.patient_id for e in fold.held_out)


@pytest.mark.parametrize("protocol", ["leave_one_patient_out", "grouped", "parts_and_complement"])
def test_every_labelled_patient_is_held_out_once(protocol):
    whole = examples()
    held_out = [e.image_id for fold in folds(whole, protocol, HEAD) for e in fold.held_out if e.labels]

    assert sorted(held_out) == sorted(e.image_id for e in whole if e.labels)


def test_the_complement_learns_from_every_other_patient():
    parts, complement = folds(examples(), "parts_and_complement", HEAD)

    assert {e.patient_id for e in parts.held_out} == {"p8", "p9"}
    assert {e.patient_id for e in complement.held_out} == {"p0", "p2", "p3", "p5", "p6"}
    assert {e.patient_id for e in complement.train} == {"p1", "p4", "p7", "p8", "p9"}


def test_the_published_split_is_by_image_and_known_as_leaky():
    (fold,) = folds(examples(), "published", HEAD)

    assert len(fold.held_out) == pytest.approx(0.2 * (len(fold.train) + len(fold.held_out)), abs=1)
    assert {e.patient_id for e in fold.train} & {e.patient_id for e in fold.held_out}
    assert "published" in LEAKY


def test_the_official_protocol_holds_out_the_test_part_and_stops_on_a_tenth_of_the_other_patients():
    whole = examples(patients=60)

    (fold,) = folds(whole, "official", HEAD)

    assert {e.image_id for e in fold.held_out} == {e.image_id for e in whole if e.part == "test" and e.labels}
    assert {e.part for e in fold.train} == {"train", "val"}
    stopped, learned = ({e.patient_id for e in side} for side in (fold.val, fold.train))
    assert stopped.isdisjoint(learned)
    assert len(stopped) == pytest.approx(0.1 * len(stopped | learned), abs=1)


@pytest.mark.parametrize("protocol", ["part_stratified", "part_center", "md5"])
def test_a_suggested_protocol_takes_the_parts_that_the_data_set_has_for_it(protocol):
    whole = examples()

    (fold,) = folds(whole, protocol, HEAD)

    for part, side in (("train", fold.train), ("val", fold.val), ("test", fold.held_out)):
        assert list(side) == [e for e in whole if e.labels and e.parts[protocol] == part]


def test_an_image_without_a_part_is_on_no_side_of_a_suggested_protocol():
    whole = examples()
    left_out = replace(whole[0], parts={})

    (fold,) = folds([left_out, *whole[1:]], "part_stratified", HEAD)

    assert left_out.image_id not in {e.image_id for e in (*fold.train, *fold.val, *fold.held_out)}


def test_the_split_by_file_name_is_known_as_leaky():
    (fold,) = folds(examples(), "md5", HEAD)

    assert {e.patient_id for e in fold.train} & {e.patient_id for e in fold.held_out}
    assert "md5" in LEAKY


def test_folds_are_the_same_every_time():
    assert folds(examples(), "grouped", HEAD) == folds(examples(), "grouped", HEAD)


def test_what_cannot_be_split_is_said_in_a_sentence():
    unknown = [Example("a", Path("a.png"), labels={HEAD: 0})]
    for data, protocol, said in (
        (examples(), "by_moonlight", "no protocol by_moonlight"),
        (unknown, "leave_one_patient_out", "which patient"),
        (examples(patients=2), "grouped", "as many patients"),
        (examples(patients=5), "official", "10 or more"),
        (examples()[:2], "published", "cannot divide this data set"),
        (examples(labelled=False), "leave_one_patient_out", "without images"),
    ):
        with pytest.raises(DataError, match=said):
            folds(data, protocol, HEAD)
