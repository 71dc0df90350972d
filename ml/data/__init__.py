"""Data sets on disk, read into `Example`s. Nothing here writes into a data folder."""

from __future__ import annotations

import csv
from pathlib import Path

from ml.data.example import DataError, Example

__all__ = ["DataError", "Example", "load"]


def load(task: str, folder: Path) -> list[Example]:
    """The examples of a folder: the task's own layout (`labels.csv`), else the published `Dataset/` layout.

    Raises:
        DataError: the folder is missing, empty, or in neither layout.
    """
    from ml.data.dataset_layout import is_dataset_layout, load_dataset_layout
    from ml.data.lumbar import load_lumbar
    from ml.data.sij_mri import load_sij_mri

    loaders = {"sij_mri": load_sij_mri, "lumbar": load_lumbar}
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}.")
    try:
        if (folder / "labels.csv").is_file() and task in loaders:
            examples = loaders[task](folder)
        elif is_dataset_layout(folder):
            examples = load_dataset_layout(folder)
        else:
            raise DataError(f"{folder} holds neither labels.csv nor annotations/dataset.csv.")
    except DataError:
        raise
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"The table of {folder} is no CSV in UTF-8: {error}.") from error
    except ValueError as error:
        raise DataError(f"The table of {folder} has text where a number belongs: {error}.") from error
    if not examples:
        raise DataError(f"{folder} lists no images.")
    return examples
