"""M-SpecGene."""
