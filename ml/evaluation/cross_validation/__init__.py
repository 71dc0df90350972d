"""Cross-validation: figures, temperature and thresholds from `out_of_fold.csv`, in seconds and without a network."""

from ml.evaluation.cross_validation.calibrated import calibration_from_out_of_fold
from ml.evaluation.cross_validation.evaluate import cross_validated
from ml.evaluation.cross_validation.protocol import read_protocols, why_leaky
from ml.evaluation.cross_validation.readout import readout_from_out_of_fold

__all__ = [
    "calibration_from_out_of_fold",
    "cross_validated",
    "read_protocols",
    "readout_from_out_of_fold",
    "why_leaky",
]
