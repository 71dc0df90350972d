"""How good a model is: metrics, intervals by patient, and the report of `python -m ml evaluate`.

Nothing here runs a network: `predict` does, and is given from outside. `cross_validation` needs no network at all: it
computes the same figures from out-of-fold scores.
"""

from ml.evaluation.classification import evaluate_classification
from ml.evaluation.lesion import evaluate_lesion
from ml.evaluation.region import evaluate_region
from ml.evaluation.report import Answer, Evaluation, Report, Scores

__all__ = [
    "Answer",
    "Evaluation",
    "Report",
    "Scores",
    "evaluate_classification",
    "evaluate_lesion",
    "evaluate_region",
]
