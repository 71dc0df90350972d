"""What runs a network: TensorFlow, the reference, and OpenVINO where it is faster and as exact."""
