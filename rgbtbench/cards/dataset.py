"""Schema of a dataset card: `datasets_cards/<name>.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rgbtbench.cards.protocol import ProtocolBlock
from rgbtbench.cards.protocol_grid import ProtocolGrid
from rgbtbench.cards.schema import Frame, LabelKind, Modality, Name, ProtocolName, Sha256, Strict, Url, Use


class Link(Strict):
    """One place that offers files of the dataset; a bare address in a card means `url`."""

    url: Url | None = None
    code: str | None = Field(None, description="what the place asks for: extraction code, share id")
    holds: str | None = Field(None, description="what lies there, unless it is the whole official release")
    official: bool = Field(True, description="false for copies by third parties, who may have changed the files")

    @model_validator(mode="before")
    @classmethod
    def _from_an_address(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if self.url is None and self.code is None:
            raise ValueError("a link needs a url, a code, or both")
        return self


class Source(Strict):
    """Where the official files are to be had and on which terms."""

    homepage: str | None = None
    access: Literal["open", "registration", "request", "generated"]
    size: str | None = Field(None, description="download size as the source states it")
    download: str | None = Field(None, description="how to get the files, one sentence")
    links: dict[str, Link] = Field(
        default_factory=dict, description="by the name of the place: Google Drive, Baidu, Hugging Face, a repository"
    )


class Licence(Strict):
    """Terms of use, as far as they are known."""

    name: str
    spdx: str | None = None
    url: str | None = None
    commercial_use: Literal["yes", "no", "unknown"]
    verified: bool
    note: str | None = None


class Citation(Strict):
    """How to cite the dataset."""

    text: str
    bibtex: str | None = None


class ModalityFacts(Strict):
    """One camera of the dataset, as stored in the official files."""

    sensor: str = Field(description="camera or band, in words")
    channels: int = Field(ge=1, le=64)
    bit_depth: Literal[8, 10, 12, 14, 16, 32]
    size: tuple[int, int] | None = Field(None, description="width, height in pixels; null when it varies")
    note: str | None = None


class ClassFacts(Strict):
    """One native class: its id in the files, its name, and what it is in the unified label space."""

    id: int = Field(ge=0, le=65535)
    name: str
    unified: str = Field(description="a name of the unified label space, or `drop` (no object) or `ignore`")
    colour: tuple[int, int, int] | None = Field(None, description="the dataset's own palette, RGB 0 to 255")
    spellings: tuple[str, ...] = Field((), description="other names that the files give this class")
    note: str | None = None


class LabelSetFacts(Strict):
    """One named set of labels: classes, the frame it follows, ids without a class."""

    kind: LabelKind
    frame: Frame
    version: str | None = None
    fingerprint: dict[str, int] = Field(
        default_factory=dict,
        description="official id to number of boxes, for ids by which this version differs from its siblings",
    )
    ignore_ids: tuple[int, ...] = ()
    classes: tuple[ClassFacts, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        ids = [entry.id for entry in self.classes]
        names = [entry.name for entry in self.classes]
        if len(set(ids)) != len(ids) or len(set(names)) != len(names):
            raise ValueError("class ids and class names must be unique")
        if set(ids) & set(self.ignore_ids):
            raise ValueError("an id is both a class and ignored")
        if self.kind in ("semantic", "boxes") and not self.classes:
            raise ValueError(f"a {self.kind} label set needs classes")
        return self


class SplitFacts(Strict):
    """Expected size and content of one split: what `prepare` compares with what it reads."""

    count: int | None = Field(None, ge=1, description="pairs; null when nobody states it")
    keys_sha256: Sha256 | None = Field(None, description="sha256 of the sorted keys, one per line")
    numbers: tuple[int, int] | None = Field(
        None, description="first and last number, where official ids are numbered through from split to split"
    )
    left_out: tuple[str, ...] = Field(
        (), description="official ids that the release lists and that are no samples here; the note says why"
    )
    attributes: dict[Name, dict[str, int]] = Field(
        default_factory=dict, description="attribute to value to pairs: {time_of_day: {day: 1455, night: 797}}"
    )
    objects: dict[Name, dict[str, int]] = Field(
        default_factory=dict, description="box set to class name to boxes, ignored ones included"
    )
    images: dict[Name, dict[str, int]] = Field(
        default_factory=dict, description="mask or box set to class name to pairs in which the class occurs"
    )
    on_request: bool = Field(
        False, description="prepared only when named: it repeats samples of other splits, as a named training set does"
    )
    verified: bool = False
    note: str | None = None


class Edition(Strict):
    """One set of splits in circulation: the official release, or an excerpt that is its own benchmark.

    Which edition a folder holds is decided by its keys, never by its name.
    """

    splits: dict[Name, SplitFacts] = Field(min_length=1)
    note: str | None = None


class AttributeFacts(Strict):
    """A fact stored per sample, by which results are broken down."""

    values: tuple[str, ...] | None = Field(None, description="closed list, or null for free values")
    source: str = Field(description="where the value comes from")


#: How the cameras' pixels correspond: one to one; roughly, by the same field of view; or only by the moment.
Alignment = Literal["registered", "approximate", "unregistered"]


class DatasetCard(Strict):
    """Everything about a dataset that is a fact and not a program."""

    name: Name
    title: str
    summary: str
    tasks: tuple[Use, ...] = Field(min_length=1)
    source: Source
    licence: Licence
    citation: Citation
    alignment: Alignment = "registered"
    modalities: dict[Modality, ModalityFacts] = Field(min_length=1)
    label_sets: dict[Name, LabelSetFacts] = Field(default_factory=dict)
    editions: dict[Name, Edition] = Field(min_length=1)
    attributes: dict[Name, AttributeFacts] = Field(default_factory=dict)
    clusters: str = Field(
        "image",
        description="how frames that belong together are found (sequence, scene, run of stems), or `image`",
    )
    allowed_faulty: int = Field(0, ge=0, description="input files known to be damaged in the release")
    verified: bool
    unverified: tuple[str, ...] = Field((), description="what is missing, when not verified")
    protocols: dict[ProtocolName, ProtocolBlock] = Field(default_factory=dict)
    protocol_grids: tuple[ProtocolGrid, ...] = Field((), description="more protocols; they join `protocols`")
    notes: tuple[Annotated[str, Field(min_length=1)], ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _with_protocols_of_grids(cls, card: Any) -> Any:
        grids = card.get("protocol_grids") if isinstance(card, dict) else None
        protocols = card.get("protocols", {}) if grids else None
        if not isinstance(grids, list | tuple) or not isinstance(protocols, dict):
            return card
        for grid in grids:
            blocks = ProtocolGrid.model_validate(grid).blocks()
            if twice := sorted(set(blocks) & set(protocols)):
                raise ValueError(f"protocol {twice[0]} is there twice")
            protocols = {**protocols, **blocks}
        return {**card, "protocols": protocols, "protocol_grids": ()}

    @model_validator(mode="after")
    def _protocols_refer_to_what_exists(self) -> Self:
        for name, block in self.protocols.items():
            for edition in block.editions:
                if edition not in self.editions:
                    raise ValueError(f"protocol {name}: edition {edition!r} is not in editions")
                for split in block.splits:
                    if split not in self.editions[edition].splits:
                        raise ValueError(f"protocol {name}: split {split!r} is not in edition {edition!r}")
            if block.label_set not in self.label_sets:
                raise ValueError(f"protocol {name}: label set {block.label_set!r} is not in label_sets")
            for attribute in (*block.where, *block.report_by):
                if attribute not in self.attributes:
                    raise ValueError(f"protocol {name}: attribute {attribute!r} is not in attributes")
        return self

    @model_validator(mode="after")
    def _expectations_refer_to_what_exists(self) -> Self:
        for edition, facts in self.editions.items():
            for split, expected in facts.splits.items():
                where = f"edition {edition}, split {split}"
                if unknown := set(expected.attributes) - set(self.attributes):
                    raise ValueError(f"{where}: attributes {sorted(unknown)} are not in attributes")
                for label_set, classes in [*expected.objects.items(), *expected.images.items()]:
                    if label_set not in self.label_sets:
                        raise ValueError(f"{where}: label set {label_set!r} is not in label_sets")
                    names = {entry.name for entry in self.label_sets[label_set].classes}
                    if unknown := set(classes) - names:
                        raise ValueError(f"{where}: {label_set} has no classes {sorted(unknown)}")
        if not self.verified and not self.unverified:
            raise ValueError("verified is false: say in `unverified` what is missing")
        return self
