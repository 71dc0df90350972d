"""The gate: is this an image that the task was trained to read, and which of its models may judge it?"""
