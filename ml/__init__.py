"""Images and networks: everything that reads. Knows nothing of Flask, users or the database."""
