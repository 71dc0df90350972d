"""Masks and numbers of a study as DICOM SEG and SR, beside the images that they refer to: `dicom_zip` is the door."""

from webapp.exports.dicom.archive import dicom_zip

__all__ = ["dicom_zip"]
