"""The report as PDF, A4: `report_pdf` is the door."""

from webapp.exports.pdf.document import report_pdf

__all__ = ["report_pdf"]
