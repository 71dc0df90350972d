"""Patients: the studies of one patient code together, over time."""
