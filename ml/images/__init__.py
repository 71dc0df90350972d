"""From bytes to pixels that a network may read, with limits; and back to files that the application keeps."""
