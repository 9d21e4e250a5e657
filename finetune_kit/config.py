"""Settings of a run and of a pretraining recipe: frozen, validated when built, to and from YAML."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from .errors import ConfigError, StorageError, unknown_name

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
TEACHER = "the name of an encoder for start='taught' or a checkpoint's new vocabulary, and none for another start"
STARTS = ("checkpoint", "random", "counted", "taught")
SCHEDULES = ("linear", "cosine", "constant", "constant_with_warmup")

C = TypeVar("C", bound="Settings")


def require(condition: bool, name: str, value: object, expected: str) -> None:
    """Raise ConfigError, which names the setting, its value and what was expected, unless the condition holds."""
    if not condition:
        raise ConfigError(f"{name}={value!r}: expected {expected}.")


def require_number(name: str, value: object, kind: type, low: float, expected: str) -> None:
    """Raise ConfigError unless the value is a number of this kind, `low` or more and finite."""
    number = isinstance(value, kind) and not isinstance(value, bool)
    require(number and low <= value < float("inf"), name, value, expected)  # type: ignore[operator]


def require_share(name: str, value: object, high: float = 1) -> None:
    """Raise ConfigError unless the value is a share from 0 to `high`."""
    expected = f"a share from 0 to {high:g}"
    require_number(name, value, (int, float), 0, expected)  # type: ignore[arg-type]
    require(value <= high, name, value, expected)  # type: ignore[operator]


def _require_learning_rate(value: object) -> None:
    expected = "a number from 0 to 1, such as 3e-4"
    require_number("learning_rate", value, (int, float), 0, expected)  # type: ignore[arg-type]
    require(value <= 1, "learning_rate", value, expected)  # type: ignore[operator]


def require_seed(value: object) -> None:
    """Raise ConfigError unless the value can seed a generator."""
    expected = "a whole number from 0 to 4294967295"  # the generators take 32 bits
    require_number("seed", value, int, 0, expected)
    require(value < 2**32, "seed", value, expected)  # type: ignore[operator]


def _yaml_loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """YAML 1.1 takes 3e-4, which has no dot, for a text; here it is a number."""

    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float", re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
    )
    return Loader


@dataclass(frozen=True)
class Settings:
    """Base of the configurations: a mapping or a YAML file in, the same out."""

    @classmethod
    def from_dict(cls: type[C], values: dict[str, Any]) -> C:
        """Build from a mapping. Raises UnknownNameError for a key that is no setting."""
        known = [field.name for field in dataclasses.fields(cls)]
        for key in values:
            if key not in known:
                raise unknown_name("setting", key, known)
        return cls(**values)

    @classmethod
    def from_yaml(cls: type[C], path: str | Path) -> C:
        """Build from a YAML file. Raises StorageError when it cannot be read, ConfigError when it is no mapping."""
        import yaml

        try:
            values = yaml.load(Path(path).read_text(encoding="utf-8"), _yaml_loader())
        except OSError as error:
            raise StorageError(f"Cannot read {path}: {error.strerror or error}.") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path} is not a YAML file: {' '.join(str(error).split())}.") from error
        if not isinstance(values, dict):
            raise ConfigError(f"{path} holds {type(values).__name__}; expected lines of the form 'setting: value'.")
        return cls.from_dict(values)

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, those at their default left out."""
        defaults = {
            f.name: f.default if f.default_factory is dataclasses.MISSING else f.default_factory()
            for f in dataclasses.fields(self)
        }
        return {k: v for k, v in dataclasses.asdict(self).items() if getattr(self, k) != defaults[k]}

    def to_yaml(self, path: str | Path) -> None:
        """Write the settings that differ from their default."""
        import yaml

        Path(path).write_text(yaml.safe_dump(self.to_dict(), sort_keys=False), encoding="utf-8")


@dataclass(frozen=True)
class RunConfig(Settings):
    """One fine-tuning run. `None` means: chosen from the task, the model and the size of the data.

    task: a name from the catalogue. data: the user's own file in place of the task's data set,
    or two aligned ones; text, label: its columns. settings: further arguments of the task's
    class, such as other columns, prefix, stride or generation. labels: how many labelled
    training examples, in balance over the classes. epochs may be a fraction. forgetting: whether the
    old task, what the checkpoint was pretrained for, is measured before the first step and at each
    evaluation; a name or a path says on which text (`forgetting.old_task`).
    """

    task: str = "sentiment"
    model: str = "pocket-bert"
    strategy: str = "full"
    labels: int | None = None
    epochs: float | None = None
    learning_rate: float | None = None
    batch_size: int = 16
    max_length: int = 128
    seed: int = 0
    precision: str = "auto"
    data: str | list[str] | None = None
    text: str | None = None
    label: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    drop_bad_rows: bool = False
    forgetting: bool | str = False

    def __post_init__(self) -> None:
        for name in ("task", "model", "strategy"):
            value = getattr(self, name)
            require(isinstance(value, str) and bool(value), name, value, "a name")
        for name in ("text", "label"):
            value = getattr(self, name)
            require(value is None or isinstance(value, str), name, value, "a column's name")
        paths = self.data if isinstance(self.data, list) else [self.data or ""]
        require(all(isinstance(path, str) for path in paths), "data", self.data, "a path, or a list of two")
        require(isinstance(self.settings, dict), "settings", self.settings, "a mapping of the task's settings")
        if self.labels is not None:
            require_number("labels", self.labels, int, 2, "a whole number of training examples, 2 or more")
        if self.epochs is not None:
            require_number("epochs", self.epochs, (int, float), 1e-3, "a number above 0")  # type: ignore[arg-type]
        if self.learning_rate is not None:
            _require_learning_rate(self.learning_rate)
        require_number("batch_size", self.batch_size, int, 1, "a whole number, 1 or more")
        require_number("max_length", self.max_length, int, 8, "a number of tokens, 8 or more")
        require_seed(self.seed)
        require(self.precision in PRECISIONS, "precision", self.precision, f"one of {', '.join(PRECISIONS)}")
        asked = isinstance(self.forgetting, (bool, str)) and self.forgetting != ""
        require(asked, "forgetting", self.forgetting, "True, False, or the name or path of a corpus")


@dataclass(frozen=True)
class Stage(Settings):
    """One stage of pretraining: one objective, sequences of one length, one learning-rate schedule.

    objective: a name from `finetune-kit list objectives`; settings: those of the objective,
    such as masked_share. length: tokens a sequence (of no use to images and sounds). steps: 0
    measures the start and trains nothing.
    """

    objective: str = "masked-words"
    settings: dict[str, Any] = field(default_factory=dict)
    length: int = 64
    batch_size: int = 128
    steps: int = 1000
    learning_rate: float = 1e-3
    warmup_steps: int = 200
    schedule: str = "constant_with_warmup"
    weight_decay: float = 0.05

    def __post_init__(self) -> None:
        require(isinstance(self.objective, str), "objective", self.objective, "a name")
        require(isinstance(self.settings, dict), "settings", self.settings, "a mapping of the objective's settings")
        for name, low in (("length", 1), ("batch_size", 1), ("steps", 0), ("warmup_steps", 0)):
            require_number(name, getattr(self, name), int, low, f"a whole number, {low} or more")
        _require_learning_rate(self.learning_rate)
        require(self.schedule in SCHEDULES, "schedule", self.schedule, f"one of {', '.join(SCHEDULES)}")
        require_number("weight_decay", self.weight_decay, (int, float), 0, "a number, 0 or more")  # type: ignore[arg-type]


@dataclass(frozen=True)
class PretrainingRecipe(Settings):
    """What is pretrained, from which start, and in which stages.

    model: a catalogue name, a folder or a hub id; or, with `shape`, one of transformers' model
    types such as 'bert', built with these settings of its config class. start: 'checkpoint'
    goes on from the model's weights, 'random' draws new ones, 'counted' gives new ones word
    vectors by counting, 'taught' such vectors beside those that a larger model, the `teacher`,
    gives each word. vocabulary: how many pieces a new tokenizer gets, or the model (or folder) whose
    tokenizer to take; None keeps the model's own. A checkpoint with a new vocabulary keeps the vectors of the pieces
    that it knows and has those of the others foretold from the teacher's. positions: how many tokens a checkpoint
    that learnt a vector for each place shall read from now on; None as many as before. held_out_share: the share of
    whole works that only measure.
    """

    model: str = "pocket-bert"
    shape: dict[str, Any] | None = None
    start: str = "checkpoint"
    vocabulary: int | str | None = None
    teacher: str | None = None
    positions: int | None = None
    counted_tokens: int = 30_000_000
    held_out_share: float = 0.01
    precision: str = "auto"
    seed: int = 0
    stages: tuple[Stage, ...] = (Stage(),)

    def __post_init__(self) -> None:
        require(isinstance(self.model, str) and bool(self.model), "model", self.model, "a name")
        shaped = self.shape is None or isinstance(self.shape, dict)
        require(shaped, "shape", self.shape, "a mapping of settings of the model's config class")
        require(self.start in STARTS, "start", self.start, f"one of {', '.join(STARTS)}")
        if self.vocabulary is not None and not (isinstance(self.vocabulary, str) and self.vocabulary):
            pieces = "a whole number of pieces, 100 or more, or the name of a model"
            require_number("vocabulary", self.vocabulary, int, 100, pieces)
        exchanged = self.start == "checkpoint" and self.vocabulary is not None
        require((self.teacher is not None) == (self.start == "taught" or exchanged), "teacher", self.teacher, TEACHER)
        require(isinstance(self.teacher, (str, type(None))), "teacher", self.teacher, TEACHER)
        if self.positions is not None:
            require_number("positions", self.positions, int, 8, "a number of tokens, 8 or more")
            place = "none for a new shape, which says itself how many it has"
            require(self.start == "checkpoint", "positions", self.positions, place)
        if self.start == "checkpoint":
            new = "'random', 'counted' or 'taught', for a new shape has no weights yet"
            require(self.shape is None, "start", self.start, new)
        require_number("counted_tokens", self.counted_tokens, int, 1, "a whole number, 1 or more")
        share = self.held_out_share
        require(isinstance(share, float) and 0 < share < 1, "held_out_share", share, "a share between 0 and 1")
        require(self.precision in PRECISIONS, "precision", self.precision, f"one of {', '.join(PRECISIONS)}")
        require_seed(self.seed)
        require(isinstance(self.stages, (list, tuple)), "stages", self.stages, "a list of stages")
        stages = tuple(Stage.from_dict(s) if isinstance(s, dict) else s for s in self.stages)
        object.__setattr__(self, "stages", stages)
        require(bool(stages), "stages", self.stages, "at least one stage")
        for stage in stages:
            require(isinstance(stage, Stage), "stages", stage, "stages, each a mapping of settings")

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, those at their default left out, in the stages too."""
        values = super().to_dict()
        if "stages" in values:
            values["stages"] = [stage.to_dict() for stage in self.stages]
        return values

    def differences(self, other: PretrainingRecipe) -> list[str]:
        """Where `other` differs from this recipe, one 'setting: this, that' for each difference."""
        mine, others = (_flat(dataclasses.asdict(recipe)) for recipe in (self, other))
        names = [n for n in {**mine, **others} if mine.get(n, MISSING) != others.get(n, MISSING)]
        return [f"{name} ({mine.get(name, MISSING)} there, {others.get(name, MISSING)} here)" for name in names]


MISSING = "nothing"


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested mappings and lists as one mapping with dotted names."""
    items = value.items() if isinstance(value, dict) else enumerate(value, 1) if isinstance(value, tuple) else None
    if not items:
        return {name: repr(value)}
    return {k: v for key, one in items for k, v in _flat(one, f"{name}.{key}" if name else str(key)).items()}
