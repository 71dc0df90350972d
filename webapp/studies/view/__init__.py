"""What the study page shows, made of rows and the task by pure functions: `result_of`, `progress_of` and
`follow_up_of` are the door."""

from webapp.studies.view.follow_up import FollowUp, follow_up_of, visit_of
from webapp.studies.view.progress import progress_of
from webapp.studies.view.result import Result, result_of, slice_of

__all__ = ["FollowUp", "Result", "follow_up_of", "progress_of", "result_of", "slice_of", "visit_of"]
