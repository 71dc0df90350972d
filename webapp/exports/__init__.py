"""Exports of a study: report as PDF, the same content as CSV and JSON, and its masks and numbers as DICOM."""
