"""Where a score comes from: Grad-CAM and its focus on a region."""
