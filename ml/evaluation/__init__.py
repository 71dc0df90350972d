"""How good a model is: metrics, intervals by patient, and the report of `python -m ml evaluate`.

Nothing here runs a network: `predict` does, and is given from outside.
"""

from ml.evaluation.classification import evaluate_classification
from ml.evaluation.region import evaluate_region
from ml.evaluation.report import Answer, Report, Scores

__all__ = ["Answer", "Report", "Scores", "evaluate_classification", "evaluate_region"]
