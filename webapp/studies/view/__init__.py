"""What the study page shows, made of rows and the task by pure functions: `result_of` and `progress_of` are the door."""

from webapp.studies.view.progress import progress_of
from webapp.studies.view.result import Result, result_of

__all__ = ["Result", "progress_of", "result_of"]
