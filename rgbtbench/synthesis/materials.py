"""Optical and thermal properties of what streets are made of.

Emissivities are typical 8-14 um values for non-oriented surfaces (Incropera, *Fundamentals of Heat and Mass
Transfer*, table A.11; Vollmer and Moellmann, *Infrared Thermal Imaging*); time constants follow from heat
capacity per area over the surface's heat transfer coefficient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Material:
    """What a surface does with light and heat, apart from its colour.

    Attributes:
        emissivity: in the LWIR band, 0 to 1.
        hours: time constant of the surface's temperature.
        absorbs: solar absorptance as a share of (1 - visible reflectance).
        gloss: share of mirrored sky in visible light at ordinary angles.
        grain: relative amplitude of the texture.
        grain_scale: finest texture cells per metre.
        wrap: 0 for flat faces to 1 for round or rough things, whose shading has no hard edge.
        retro: how many times brighter than white paper it looks in the camera's own headlights.
        soaks: 1 where rain wets and darkens it.
    """

    emissivity: float
    hours: float
    absorbs: float = 1.0
    gloss: float = 0.0
    grain: float = 0.05
    grain_scale: float = 144.0
    wrap: float = 0.0
    retro: float = 0.0
    soaks: float = 0.0


MATERIALS: Mapping[str, Material] = {
    "sky": Material(emissivity=1.0, hours=1.0),
    "asphalt": Material(emissivity=0.95, hours=3.5, grain=0.14, grain_scale=120.0, soaks=1.0),
    "marking": Material(emissivity=0.93, hours=3.3, grain=0.10, grain_scale=120.0, retro=0.8, soaks=1.0),
    "paving": Material(emissivity=0.94, hours=3.0, grain=0.12, grain_scale=96.0, soaks=1.0),
    "concrete": Material(emissivity=0.93, hours=4.0, grain=0.15, grain_scale=72.0, soaks=0.5),
    "grass": Material(emissivity=0.97, hours=0.8, absorbs=0.5, grain=0.45, grain_scale=216.0, wrap=0.3),
    "foliage": Material(emissivity=0.97, hours=0.3, absorbs=0.4, grain=0.60, grain_scale=168.0, wrap=0.6),
    "bark": Material(emissivity=0.95, hours=2.0, grain=0.30, grain_scale=192.0, wrap=0.6),
    "brick": Material(emissivity=0.93, hours=6.0, grain=0.18, grain_scale=96.0),
    "plaster": Material(emissivity=0.92, hours=5.0, grain=0.10, grain_scale=36.0),
    "wood": Material(emissivity=0.90, hours=1.0, grain=0.15, grain_scale=72.0),
    "glass": Material(emissivity=0.86, hours=0.8, absorbs=0.3, gloss=0.16, grain=0.0),
    "paint": Material(emissivity=0.91, hours=0.35, gloss=0.08, grain=0.03, wrap=0.15),
    "metal": Material(emissivity=0.30, hours=0.4, gloss=0.08, grain=0.05, wrap=0.4),
    "rubber": Material(emissivity=0.95, hours=0.8, grain=0.05),
    "plastic": Material(emissivity=0.94, hours=0.3, grain=0.04, wrap=0.5),
    "reflector": Material(emissivity=0.90, hours=0.3, grain=0.0, retro=9.0),
    "stone": Material(emissivity=0.93, hours=4.0, grain=0.20, grain_scale=216.0, wrap=0.5),
    "panel": Material(emissivity=0.90, hours=0.5, gloss=0.03, grain=0.03),
    "skin": Material(emissivity=0.98, hours=0.2, grain=0.05, grain_scale=288.0, wrap=0.5),
    "cloth": Material(emissivity=0.95, hours=0.15, grain=0.16, grain_scale=216.0, wrap=0.5),
    "hair": Material(emissivity=0.96, hours=0.15, grain=0.15, grain_scale=288.0, wrap=0.5),
    "fur": Material(emissivity=0.97, hours=0.2, grain=0.25, grain_scale=336.0, wrap=0.5),
    "lamp": Material(emissivity=0.88, hours=0.3, grain=0.0),
}
