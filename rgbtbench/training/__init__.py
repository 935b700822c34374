"""From a recipe to a run: one short loop over Lightning Fabric, and what it needs around it."""
