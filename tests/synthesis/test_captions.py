import re
from collections import Counter

from rgbtbench.synthesis import SceneClass, render

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
NUMBERS = dict(zip(WORDS, range(1, 11), strict=True))
NAMES = {
    "person": "PERSON", "people": "PERSON", "car": "CAR", "cars": "CAR", "bicycle": "BICYCLE", "bicycles": "BICYCLE",
    "dog": "ANIMAL", "dogs": "ANIMAL", "traffic cone": "TRAFFIC_CONE", "traffic cones": "TRAFFIC_CONE",
    "statue or poster": "STATUE", "statues or posters": "STATUE",
}  # fmt: skip
COUNTED = re.compile(rf"\b(\d+|{'|'.join(NUMBERS)}) ({'|'.join(sorted(NAMES, key=len, reverse=True))})\b")


def test_a_caption_counts_what_the_boxes_count():
    for index in range(15):
        sample = render(6, index)
        told = Counter()
        for number, name in COUNTED.findall(sample.caption.split(";")[0]):
            told[NAMES[name]] += NUMBERS.get(number) or int(number)
        boxed = Counter(SceneClass(label).name for label in sample.labels[~sample.ignore])
        assert told == boxed, sample.caption


def test_a_caption_tells_time_and_weather():
    sentences = {render(6, index).attributes["regime"]: render(6, index).caption for index in range(15)}
    assert all("noon" in sentence for regime, sentence in sentences.items() if regime == "noon")
    assert all("night" in sentence for regime, sentence in sentences.items() if regime.startswith("night"))
