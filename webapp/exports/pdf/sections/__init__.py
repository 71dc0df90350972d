"""What stands between head and foot of the report: `sections` is the door."""

from webapp.exports.pdf.sections.order import sections

__all__ = ["sections"]
