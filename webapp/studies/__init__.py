"""Studies: upload, study page, history, stored files."""
