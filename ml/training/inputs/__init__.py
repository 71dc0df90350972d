"""What a network is shown while it learns: prepared images, and their random variants."""
