"""Dense features of both images of a pair: from an encoder or from pixels alone, into files that anyone can read."""
