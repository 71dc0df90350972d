"""Pages about models and data sets: one HTML file each, whole in itself, made to be read and printed."""
