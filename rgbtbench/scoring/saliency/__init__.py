"""Salient object detection: MAE, S-, E-, F- and weighted F-measure, from one histogram of each image."""
