"""The version that pages, the API and the image name."""

__version__ = "0.1.0"
