from dataclasses import replace

import numpy as np
import pytest

from rgbtbench.synthesis import PARAMETERS, SceneClass
from rgbtbench.synthesis.conditions import STEPS, conditions_at
from rgbtbench.synthesis.figures import BODY, carved, dress, living
from rgbtbench.synthesis.geometry import ground
from rgbtbench.synthesis.heat import apparent_temperature, radiance, sky_temperature, surface_temperatures
from rgbtbench.synthesis.surface import UPWARDS, Patch, Surface
from rgbtbench.synthesis.tables import tabulate

SKY = Surface("sky", (0.0, 0.0, 0.0), SceneClass.SKY)
ASPHALT = Surface("asphalt", (0.1, 0.1, 0.1), SceneClass.ROAD, normal=UPWARDS)


def temperatures(conditions, *surfaces, sunlit=1.0):
    patches = [Patch(surface, (ground(0.0, 1.0, 5.0, 6.0),)) for surface in surfaces]
    tables = tabulate(patches, SKY, np.zeros((0, 4)), conditions.key)
    return surface_temperatures(tables, conditions, np.full(len(patches) + 1, sunlit, np.float32))[1:]


def weather(regime, draw=0, **changes):
    conditions = conditions_at(np.random.default_rng(draw), PARAMETERS.scene, regime=regime, weather="clear")
    return replace(conditions, **changes)


def still_night(air=288.0):
    """An overcast night that has lasted for ever: nothing heats, nothing cools."""
    nothing = np.zeros(STEPS)
    return weather(
        "night_dark", air=air, sky=air, air_history=np.full(STEPS, air), direct_history=nothing, diffuse_history=nothing
    )


def test_without_sun_and_cold_sky_everything_has_the_temperature_of_the_air():
    assert temperatures(
        still_night(), ASPHALT, Surface("brick", (0.3, 0.2, 0.1), SceneClass.BUILDING)
    ) == pytest.approx([288.0, 288.0])


def test_clothes_lie_between_the_body_and_the_air_by_their_coupling():
    half = Surface("cloth", (0.1, 0.1, 0.1), SceneClass.PERSON, core=BODY, coupling=0.5)
    assert temperatures(still_night(), half) == pytest.approx([(288.0 + BODY) / 2])


def test_a_clear_sky_cools_the_road_below_the_air_at_night():
    conditions = replace(still_night(), sky=268.0)
    assert temperatures(conditions, ASPHALT)[0] < 286.0


def test_a_sunlit_road_is_hotter_than_a_shaded_one_and_wind_cools_it():
    calm, windy = (weather("noon", wind=wind) for wind in (0.5, 6.0))
    lit, shaded = temperatures(calm, ASPHALT)[0], temperatures(calm, ASPHALT, sunlit=0.0)[0]
    assert lit > shaded + 5.0
    assert temperatures(windy, ASPHALT)[0] < lit


def test_heavy_things_remember_the_sun_after_dusk_and_thin_ones_do_not():
    conditions = weather("dusk", draw=3)
    road, sheet = temperatures(conditions, ASPHALT, replace(ASPHALT, material="paint"))
    assert road > sheet + 2.0


def test_road_and_skin_cross_over_between_a_winter_night_and_a_summer_noon():
    outfit = dress(np.random.default_rng(0), 300.0)
    skin = living(outfit, 1)("skin")

    def differences(regime):
        drawn = [weather(regime, draw=draw) for draw in range(30)]
        return {each.air: float(np.subtract(*temperatures(each, skin, ASPHALT))) for each in drawn}

    noon, night = differences("noon"), differences("night_dark")
    assert min(noon.values()) < 0 < max(noon.values())
    assert min(difference for air, difference in night.items() if air < 288.0) > 5.0


def test_a_statue_has_the_temperature_of_stone_and_a_person_does_not():
    cold = still_night(278.0)
    outfit = dress(np.random.default_rng(1), 278.0)
    statue = temperatures(cold, *(carved((0.4, 0.4, 0.4), 1)(part) for part in ("skin", "top", "hair")))
    assert statue == pytest.approx([278.0] * 3)
    assert temperatures(cold, living(outfit, 1)("skin"))[0] > 292.0


def test_a_winter_coat_hides_most_of_the_warmth():
    cold = still_night(275.0)
    outfit = dress(np.random.default_rng(1), 275.0)
    coat, shirt = (
        temperatures(cold, living(replace(outfit, garment=garment), 1)("top"))[0] for garment in ("coat", "shirt")
    )
    assert coat - 275.0 < 5.0
    assert shirt - 275.0 > 12.0


def test_radiance_follows_planck_and_is_inverted_exactly():
    kelvin = np.array([250.0, 288.0, 330.0], np.float32)
    # h c / (k x 10.5 um x 288 K) with CODATA values of h, c and k.
    exponent = 6.62607015e-34 * 299792458.0 / (1.380649e-23 * 10.5e-6 * 288.0)
    band = radiance(kelvin, 10.5)
    assert band[1] == pytest.approx(1.0 / (np.exp(exponent) - 1.0), rel=1e-4)
    np.testing.assert_allclose(apparent_temperature(band, 10.5), kelvin, atol=0.01)


def test_the_clear_sky_is_coldest_overhead_and_near_the_air_at_the_horizon():
    conditions = weather("night_dark")
    horizon, halfway, overhead = sky_temperature(np.array([0.0, 0.5, 1.0], np.float32), conditions)
    assert horizon == pytest.approx(conditions.air, abs=0.1)
    assert overhead < halfway < horizon - 5.0
