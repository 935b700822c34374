"""Native classes of the embedded dataset, by name; the card `synthetic` holds the same ids and their meaning."""

from __future__ import annotations

from enum import IntEnum


class SceneClass(IntEnum):
    """Native id of every surface that is painted; 255 in a mask hides an object that neither camera shows."""

    UNLABELED = 0
    ROAD = 1
    SIDEWALK = 2
    BUILDING = 3
    VEGETATION = 4
    SKY = 5
    PERSON = 6
    CAR = 7
    BICYCLE = 8
    ANIMAL = 9
    TRAFFIC_CONE = 10
    STREET_FURNITURE = 11
    STATUE = 12
    CURB = 13
    CAR_STOP = 14
    GUARDRAIL = 15
    SPEED_BUMP = 16


#: Classes whose members are counted one by one: they get boxes, contrasts and visibility.
THINGS = frozenset(
    {
        SceneClass.PERSON,
        SceneClass.CAR,
        SceneClass.BICYCLE,
        SceneClass.ANIMAL,
        SceneClass.TRAFFIC_CONE,
        SceneClass.STATUE,
    }
)
