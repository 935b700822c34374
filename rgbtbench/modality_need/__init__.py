"""Which modality was needed: what models of RGB alone, of the other modality alone and of both find."""
