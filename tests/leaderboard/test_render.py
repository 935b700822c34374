"""The page: one file, no network, nothing unescaped, every number leads to its record."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from rgbtbench.errors import UserError
from rgbtbench.leaderboard.make_rows import row_of_record
from rgbtbench.leaderboard.page import page
from rgbtbench.leaderboard.plots import headline_plot, subset_plots
from rgbtbench.leaderboard.rank import leaderboard
from rgbtbench.leaderboard.render import build
from rgbtbench.leaderboard.store import read_records, write_record
from rgbtbench.leaderboard.tables import main_grid, subset_grid
from rgbtbench.leaderboard.terminal import terminal_table
from rgbtbench.resources import data_root

from .sample_rows import record, row

HOSTILE = "<script>alert(1)</script>"
VOID = {"meta", "link", "input", "br", "img"}


class Outline(HTMLParser):
    """Elements with their attributes and text, and whether tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.setdefault(self.open[-1] if self.open else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def rows():
    return [
        row("rgbt", miou=58.0, initial_weights="random"),
        row("rgb", variant="RGB", miou=51.0, selection="test"),
        row("shuffled", variant="RGB + shuffled T", condition="missing:lwir/swap", miou=49.0),
        row("hostile", method=HOSTILE, variant='"><img src=x onerror=alert(1)>', miou=40.0),
        *(row(f"s{seed}", method="seednet", miou=50.0 + seed, seed=seed, group="g") for seed in range(3)),
        row("excerpt", protocol="mfnet-excerpt20/miou-9"),
        row("alien", protocol="elsewhere/miou", protocol_hash="d" * 64),
    ]


@pytest.fixture
def site(tmp_path):
    folder = tmp_path / "records"
    for facts in ({"miou": 58.0}, {"variant": "RGB", "kind": "scored"}):
        write_record(record(**facts), folder, statistics={"confusion": np.eye(9, dtype=np.int64)})
    return build(folder, data_root() / "leaderboards" / "published", tmp_path / "site")


def test_a_site_is_built_again_in_place_and_never_among_other_things(tmp_path, site):
    published = data_root() / "leaderboards" / "published"
    before = site.page.read_bytes()
    assert build(tmp_path / "records", published, tmp_path / "site").page.read_bytes() == before
    with pytest.raises(UserError, match="holds other things"):
        build(tmp_path / "records", published, tmp_path / "records")
    with pytest.raises(UserError, match=r"index\.html: is a file; expected a folder"):
        build(tmp_path / "records", published, site.page)
    assert site.page.read_bytes() == before


def test_hostile_names_are_text_everywhere(rows):
    text = page(leaderboard(rows))
    outline = Outline(text)
    assert len(outline.all("script")) == 1
    assert not outline.all("img")
    assert HOSTILE in "".join(outline.text["span"])
    assert not [name for _, attributes in outline.elements for name in attributes if name.startswith("on")]


def test_the_page_is_well_formed_and_its_anchors_exist(rows):
    outline = Outline(page(leaderboard(rows)))
    assert outline.open == []
    ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = [link["href"].removeprefix("#") for link in outline.all("a") if link["href"].startswith("#")]
    assert targets
    assert set(targets) <= set(ids)


def test_only_the_style_and_script_that_the_policy_names_can_act(rows):
    text = page(leaderboard(rows))
    [policy] = [m["content"] for m in Outline(text).all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        [content] = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not [attributes for _, attributes in Outline(text).elements if "style" in attributes]


def test_nothing_is_fetched_from_a_network(site):
    outline = Outline(site.page.read_text())
    addresses = [a[name] for _, a in outline.elements for name in ("href", "src", "action", "data") if a.get(name)]
    assert not [
        address for address in addresses if re.match(r"[a-z]+:|//", address) and not address.startswith("data:,")
    ]
    assert "@import" not in site.page.read_text()
    assert "url(" not in site.page.read_text()


def test_every_number_leads_to_its_record_or_table_and_the_files_are_there(site):
    outline = Outline(site.page.read_text())
    files = {link["href"] for link in outline.all("a") if not link["href"].startswith("#")}
    assert {"published/mfnet.csv", "published/llvip.csv"} <= files
    assert sum(name.startswith("records/mfnet__miou-9/madeupnet-") for name in files) == 2
    assert all((site.page.parent / name).is_file() for name in files)
    unlinked = re.findall(r'<td class="number[^>]*data-value[^>]*>(?!\s*<a href=)', site.page.read_text())
    assert unlinked == []


def test_records_travel_with_the_page_and_still_verify(site, tmp_path):
    originals = {
        path.relative_to(tmp_path / "records"): path.read_bytes() for path in (tmp_path / "records").rglob("*.*")
    }
    copies = {name: (site.page.parent / "records" / name).read_bytes() for name in originals}
    assert copies == originals
    assert len(read_records(site.page.parent / "records")) == 2


def test_records_that_lie_in_the_site_already_are_left_alone(tmp_path):
    path = write_record(record(), tmp_path / "site/records")
    before = path.read_bytes()
    build(tmp_path / "site/records", tmp_path / "none", tmp_path / "site")
    assert path.read_bytes() == before


def test_building_twice_gives_the_same_bytes(site, tmp_path):
    before = {path.name: path.read_bytes() for path in (site.page, site.json, site.csv)}
    build(tmp_path / "records", data_root() / "leaderboards" / "published", tmp_path / "site")
    assert {path.name: path.read_bytes() for path in (site.page, site.json, site.csv)} == before


def test_without_any_result_the_page_says_so(tmp_path):
    built = build(tmp_path / "none", tmp_path / "none", tmp_path / "site")
    assert "No results yet" in built.page.read_text()
    assert built.board.sections == ()


def test_the_kind_of_a_row_is_a_word_and_marks_have_a_legend(rows):
    text = page(leaderboard(rows))
    assert re.search(r'class="kind measured">.*?measured</span>', text, re.DOTALL)
    for mark in ("random init", "selected on test", "altered input"):
        assert text.count(f">{mark}</span>") >= 2, "once at the row and once in the legend"
    assert "contaminated" not in text


def test_each_section_states_its_rules_in_words(rows):
    text = page(leaderboard(rows))
    assert "classes that do not occur in the labels are left out of the means" in text
    assert "unlabeled, car, person, bike" in text
    assert "No card here holds this protocol" in text


def test_a_grid_shows_the_headline_its_subsets_and_who_is_best(rows):
    [section] = [section for section in leaderboard(rows).sections if section.protocol == "mfnet/miou-9"]
    grid = main_grid(section)
    assert [(column.group, column.label) for column in grid.columns] == [
        ("all", "mIoU"), ("time of day", "day"), ("time of day", "night"), ("all", "mAcc"),
    ]  # fmt: skip
    assert grid.groups == [("all", 1), ("time of day", 2), ("all", 1)]
    first = grid.lines[0]
    assert [(cell.text, cell.extent, cell.best) for cell in first] == [
        ("58.0", "56.0 to 60.0", True), ("61.0", "58.0 to 64.0", True), ("49.0", "46.0 to 52.0", True),
        ("65.0", "", True),
    ]  # fmt: skip
    assert [line[0].best for line in grid.lines].count(True) == 1
    assert (first[1].tint, first[0].tint) == (5, None)


def test_the_main_table_holds_two_attributes_and_the_table_of_subsets_all():
    made = record(protocol="synthetic/miou")
    part = made.subsets["time_of_day=day"]
    strata = part.model_copy(update={"metrics": {"macc": 40.0}, "intervals": {}})
    names = dict.fromkeys(("weather=clear", "regime=noon", "time_of_day=day"), part) | {"visibility=both": strata}
    section = leaderboard([row_of_record(made.model_copy(update={"subsets": names}), "one")]).sections[0]
    assert [group for group, _ in main_grid(section).groups] == ["all", "time of day", "visibility (mAcc)", "all"]
    assert [group for group, _ in subset_grid(section).groups] == [
        "time of day", "visibility (mAcc)", "regime", "weather",
    ]  # fmt: skip
    assert subset_grid(section).lines[0][1].text == "40.0"


def test_subsets_that_are_measured_in_different_ways_each_show_their_own_number():
    made = record(protocol="irtd/psum")
    part = made.subsets["time_of_day=day"].model_copy(update={"intervals": {}})
    own = {"scene": "accuracy", "recognition": "accuracy", "grounding": "ap50"}
    tasks = {
        f"task={task}": part.model_copy(update={"metrics": {metric: 40.0 + at, "parse_rate": 90.0}})
        for at, (task, metric) in enumerate(own.items())
    }
    whole = {"metrics": {"psum": 123.0, "parse_rate": 90.0}, "intervals": {}, "per_class": {}, "subsets": tasks}
    section = leaderboard([row_of_record(made.model_copy(update=whole), "one")]).sections[0]
    grid = main_grid(section)
    assert grid.groups == [("all", 1), ("task (Acc)", 2), ("task (AP50)", 1), ("all", 1)]
    assert [cell.text for cell in grid.lines[0]] == ["123.00", "40.00", "41.00", "42.0", "90.00"]
    assert terminal_table(section)[1][3:7] == ["psum", "scene Acc", "recognition Acc", "grounding AP50"]


def test_altered_input_is_never_shown_as_best():
    rows = [row("plain", miou=50.0), row("shuffled", miou=60.0, condition="missing:lwir/swap")]
    [section] = leaderboard(rows).sections
    assert [line[0].best for line in main_grid(section).lines] == [False, True]


def test_the_terminal_table_is_plain_text(rows):
    [section] = [section for section in leaderboard(rows).sections if section.protocol == "mfnet/miou-9"]
    title, headings, lines = terminal_table(section)
    assert title == "mfnet/miou-9"
    assert headings == ["rank", "row", "kind", "mIoU", "day", "night", "mAcc", "marks"]
    assert lines[0][:4] == ["", "madeupnet RGB+T", "measured", "58.0 [56.0 to 60.0]"]
    assert lines[0][4:7] == ["61.0", "49.0", "65.0"]
    assert lines[2][:4] == ["1", "seednet RGB+T", "measured, mean of 3 seeds", "51.0 ± 1.0"]
    assert lines[0][-1] == "random init"
    assert all(len(line) == len(headings) for line in lines)


def test_a_plot_places_values_and_bounds_in_order_along_round_ticks(rows):
    [section] = [section for section in leaderboard(rows).sections if section.protocol == "mfnet/miou-9"]
    plot = headline_plot(section)
    first, last = plot.lanes[0], plot.lanes[-1]
    assert first.low < first.points[0].at < first.high
    assert first.points[0].at > last.points[0].at
    ticks = {float(text): at for at, text in plot.ticks}
    assert list(ticks) == [35.0, 40.0, 45.0, 50.0, 55.0, 60.0]
    # 58 lies three fifths of the way from the tick at 55 to the one at 60.
    assert first.points[0].at == pytest.approx(ticks[55.0] + 0.6 * (ticks[60.0] - ticks[55.0]), abs=0.01)
    assert all(0 <= at <= 100 for at in ticks.values())


def test_subsets_have_a_plot_with_a_legend(rows):
    section = leaderboard(rows).sections[0]
    [plot] = subset_plots(section)
    assert plot.title == "mIoU, % by time of day"
    assert plot.legend == (("one", "day"), ("two", "night"))
    assert {point.look for lane in plot.lanes for point in lane.points} == {"one", "two"}


def test_a_single_value_still_gives_a_plot():
    [section] = leaderboard([row("only", miou=50.0)]).sections
    assert len(headline_plot(section).lanes) == 1


def test_many_published_rows_do_not_push_measured_ones_out_of_the_plot(tmp_path):
    site = build(Path("none"), data_root() / "leaderboards" / "published", tmp_path / "site")
    [section] = [section for section in site.board.sections if section.protocol == "mfnet/miou-9"]
    results = [entry for entry in section.entries if entry.first.ablation is None]
    assert len(headline_plot(section).lanes) + headline_plot(section).left_out == len(results)
    assert len(headline_plot(section).lanes) == 24
