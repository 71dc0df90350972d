"""All models beside each other in the headline: on an axis where the labels have an order, else in a chart of all scores."""

from webapp.studies.view.side_by_side.axis import Axis, axis_of
from webapp.studies.view.side_by_side.chart import Chart, chart_of

__all__ = ["Axis", "Chart", "axis_of", "chart_of"]
