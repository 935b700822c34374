"""Readers of files that others wrote: images, name lists, annotation formats. Nothing here trusts its input."""
