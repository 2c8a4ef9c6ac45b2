"""One offline page of sampled dialogues of a dataset product: `streamo gallery`."""
