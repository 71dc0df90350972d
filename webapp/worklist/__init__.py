"""The worklist: which studies a user may see, narrowed, in order, labelled, and several of them at once."""
