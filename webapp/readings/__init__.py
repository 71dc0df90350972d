"""Readings: the queue, the worker that reads, and what it leaves in the database."""
