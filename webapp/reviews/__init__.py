"""Reviews: verdicts on predictions, the second reader's own answers, performance measured against them."""
