"""The embedded dataset's generator: street scenes seen by a visible and a thermal camera, with exact labels."""

from rgbtbench.synthesis.classes import SceneClass
from rgbtbench.synthesis.parameters import GENERATOR_VERSION, PARAMETERS
from rgbtbench.synthesis.render import RenderedScene, render
from rgbtbench.synthesis.scene import Scene, compose

__all__ = ["GENERATOR_VERSION", "PARAMETERS", "RenderedScene", "Scene", "SceneClass", "compose", "render"]
