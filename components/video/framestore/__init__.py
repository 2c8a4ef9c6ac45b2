"""The frame store: the picture of every whole second of a video, encoded once for all who send it."""
