"""Pages that explain: keys and help, what the words of a task mean, what is known of each model."""
