"""Data sets on disk, read into `Example`s. Nothing here writes into a data folder."""

from __future__ import annotations

import csv
from pathlib import Path

from ml.data.example import DataError, Example

__all__ = ["DataError", "Example", "load"]


def load(task: str, folder: Path) -> list[Example]:
    """The examples of a folder: the task's own layout (`labels.csv`, or as the public set is downloaded), else `Dataset/`.

    Raises:
        DataError: the folder is missing, empty, or in none of these layouts.
    """
    from ml.data.bone_xray import load_bone_xray
    from ml.data.chest_xray import load_chest_xray
    from ml.data.dataset_layout import is_dataset_layout, load_dataset_layout
    from ml.data.kidney_ct import load_kidney_ct, load_kidney_stone
    from ml.data.labels_csv import LABELS_CSV
    from ml.data.lumbar import load_lumbar
    from ml.data.sij_mri import load_sij_mri

    tables_only = {"sij_mri": load_sij_mri, "lumbar": load_lumbar}
    with_public_layout = {
        "kidney_stone": load_kidney_stone,
        "kidney_ct": load_kidney_ct,
        "chest_xray": load_chest_xray,
        "bone_xray": load_bone_xray,
    }
    loaders = tables_only | with_public_layout
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    try:
        if (folder / LABELS_CSV).is_file() and task in loaders:
            examples = loaders[task](folder)
        elif is_dataset_layout(folder):
            examples = load_dataset_layout(task, folder)
        elif task in with_public_layout:
            examples = with_public_layout[task](folder)
        else:
            raise DataError(f"{folder} holds neither {LABELS_CSV} nor annotations/dataset.csv.")
    except DataError:
        raise
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"The table of {folder} is no CSV in UTF-8: {error}.") from error
    except ValueError as error:
        raise DataError(f"The table of {folder} has text where a number belongs: {error}.") from error
    if not examples:
        raise DataError(f"{folder} lists no images.")
    return examples
