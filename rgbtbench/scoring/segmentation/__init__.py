"""Semantic segmentation: mIoU, mAcc and their relatives."""
