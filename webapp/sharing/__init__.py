"""Sharing: a study that its owner shows to named colleagues, each with a verdict of their own."""
