"""Training: configuration, losses, augmentation, loop. Runs on any Keras backend (`KERAS_BACKEND`)."""
