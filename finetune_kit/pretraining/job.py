"""The job: one recipe over one corpus in one folder, from the vocabulary to the last stage."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import transformers

from .. import checkpoints, corpora, counting, objectives, teaching, training, vocabulary, vocabulary_transfer
from ..config import PretrainingRecipe, Stage
from ..corpora import Corpus, Material
from ..errors import ConfigError, DataError, ModelError
from ..history import History
from ..objectives import MadeObjective, Objective, TextObjective
from .callbacks import GuessCallback
from .checks import START, begin, check_disk, check_fit, check_length, check_sentences, save_whole
from .result import Pretrained

EVALUATIONS = 8  # of the validation split in each stage
SAVE_EVERY = 200  # steps: minutes on a laptop
FEWEST = 10  # steps, however few fit into a budget in minutes
TOKENIZER_TEXTS = 200_000  # paragraphs that a new tokenizer is trained on, spread over the corpus


@dataclasses.dataclass
class Job:
    """One recipe over one corpus in one folder."""

    recipe: PretrainingRecipe
    corpus: Corpus
    folder: Path
    history: History
    stop: threading.Event
    sentences: list[str]
    evaluations: int = EVALUATIONS
    made: dict[int, tuple[Any, Any]] = dataclasses.field(default_factory=dict)

    def run(self, minutes: float | None) -> Pretrained:
        """Carry the recipe out, going on from what the folder holds; `minutes` sets the steps of the first stage."""
        stages = [(stage, objectives.resolve(stage)) for stage in self.recipe.stages]
        first = stages[0][1]
        processor = self._processor(first)
        check_sentences(self.sentences, processor)
        material = Material(self.corpus, self.folder, processor, self.recipe.held_out_share, self.recipe.seed)
        if isinstance(first, TextObjective):
            self._encode(stages, material)
        model = self._start(first, processor, material)
        check_disk(self.folder, model)
        for stage, objective in stages:
            if isinstance(objective, TextObjective):
                check_length(stage.length, model)
                self._examples(stage, objective, material)  # what is wrong with a later stage is said now
        begin(self.folder)
        if minutes is not None:
            stages = [(self._in_time(*stages[0], model, material, minutes), first)]
        self.history.total_steps = sum(stage.steps for stage, _ in stages)
        for number, (stage, objective) in enumerate(stages, 1):
            model = self._latest(number, objective, model)
            trainer = self._trainer(stage, objective, model, material, self.folder / f"stage-{number}", self.history)
            if self.sentences and isinstance(objective, TextObjective):
                trainer.add_callback(GuessCallback(self.sentences, processor, self.history))
            if number == 1:
                self.history.before = self._before(trainer, objective)
            stopped = self._train(number, stage, trainer, model)
            if stopped:
                break
        after = self._measure(trainer, objective, "measuring after")
        comparable = stages[0][0].objective == stage.objective
        corpus = material.counts("validation") if isinstance(first, TextObjective) else {}
        before = self.history.before if comparable else {}
        made = Pretrained(self.recipe, model, processor, self.history, before, after, stopped, corpus)
        self.history.enter("stopped" if made.stopped else "finished")
        return made

    def _processor(self, objective: Objective) -> Any:
        """The tokenizer, or the image or sound processor: the model's own, or a new one."""
        saved = self.folder / START
        if saved.exists():
            return checkpoints.processor(str(saved))
        self.history.enter("making the vocabulary")
        if isinstance(objective, MadeObjective):
            made = objective.processor()
        elif isinstance(self.recipe.vocabulary, str):
            made = _tokenizer(self.recipe.vocabulary)
        elif self.recipe.vocabulary:
            made = vocabulary.train(self._kind(), _spread(self.corpus), self.recipe.vocabulary)
        elif self.recipe.shape is None:
            made = checkpoints.processor(self.recipe.model)
        else:
            raise ConfigError("vocabulary=None: expected how many pieces the new model's tokenizer gets, such as 4000.")
        if isinstance(objective, TextObjective):
            lacking = objective.fits(made)
            if lacking:
                raise ModelError(
                    f"The tokenizer of {self.recipe.model!r} lacks {lacking}, which this objective needs. "
                    "Take a model that was made for the objective, or a new vocabulary."
                )
        return made

    def _kind(self) -> str:
        return str(configuration(self.recipe).model_type)

    def _encode(self, stages: list[tuple[Stage, Objective]], material: Material) -> None:
        separators = {tuple(o.separator(material.processor)) for _, o in stages if isinstance(o, TextObjective)}
        if len(separators) > 1:
            raise ConfigError("stages: expected objectives that end a paragraph alike; these do not.")
        if not (self.folder / corpora.COUNTS).exists():
            self.history.enter("reading the corpus")
            with training.writing(self.folder):
                corpora.encode(self.corpus, material.processor, material.share, list(separators.pop()), self.folder)
        material.check_corpus()

    def _start(self, objective: Objective, processor: Any, material: Material) -> Any:
        """The model before its first step."""
        recipe, saved = self.recipe, self.folder / START
        if saved.exists():
            return checkpoints.load_weights(str(saved), objective.auto_class)
        self.history.enter("loading the model")
        if recipe.start == "checkpoint":
            model = checkpoints.load_weights(recipe.model, objective.auto_class)
            own = processor if recipe.vocabulary is None else checkpoints.processor(recipe.model)
            check_fit(model, own, recipe.model)
            if recipe.vocabulary is not None:
                vocabulary_transfer.transfer(model, own, processor, self._taught(processor), material.tokens("train"))
            if recipe.positions:
                model = checkpoints.lengthened(model, recipe.positions, objective.auto_class)
        else:
            settings = _vocabulary_settings(processor, self._kind()) if isinstance(objective, TextObjective) else {}
            if isinstance(objective, MadeObjective):
                settings = objective.head_settings()
            transformers.set_seed(recipe.seed)
            model = checkpoints.build(configuration(recipe, settings), objective.auto_class)
        if recipe.start in ("counted", "taught"):
            taught = self._taught(processor) if recipe.teacher else None
            self.history.enter("counting words")
            tokens = material.tokens("train")[: recipe.counted_tokens]
            counting.counted_start(model, tokens, len(processor), recipe.seed, taught)
        save_whole(saved, model, processor)
        return model

    def _taught(self, processor: Any) -> Any:
        """The teacher's vector of each piece."""
        self.history.enter("asking the teacher")
        return teaching.Teacher(str(self.recipe.teacher)).piece_vectors(processor)

    def _done(self, number: int) -> Path:
        return self.folder / f"stage-{number}-done"

    def _latest(self, number: int, objective: Objective, model: Any) -> Any:
        """The model that a stage starts from, with the head that its objective needs; a finished stage's own."""
        finished = [self._done(n) for n in (number, number - 1) if self._done(n).exists()]
        if finished:
            model = checkpoints.load_weights(str(finished[0]), objective.auto_class)
        objective.equip(model)
        return model

    def _examples(self, stage: Stage, objective: Objective, material: Material) -> tuple[Any, Any]:
        """The training and validation examples of a stage's objective, which may ask a teacher or draw: made once."""
        if id(objective) not in self.made:
            train, validation = (objective.examples(s, stage.length, material) for s in ("train", "validation"))
            self.made[id(objective)] = train, validation
        return self.made[id(objective)]

    def _trainer(
        self, stage: Stage, objective: Objective, model: Any, material: Material, folder: Path, history: History
    ) -> training.KitTrainer:
        train, validation = self._examples(stage, objective, material)
        ready = material.processor, objective, plan_for(stage, objective, self.recipe, self.evaluations)
        return training.trainer(model, *ready, train, validation, history, self.stop, str(folder))

    def _before(self, trainer: training.KitTrainer, objective: Objective) -> dict[str, float]:
        """The scores before the first step; kept on disk for a call that goes on later."""
        kept = self.folder / "before.json"
        if not kept.exists():
            kept.write_text(json.dumps(self._measure(trainer, objective, "measuring before")), encoding="utf-8")
        return json.loads(kept.read_text(encoding="utf-8"))  # type: ignore[no-any-return]

    def _measure(self, trainer: Any, objective: Objective, phase: str) -> dict[str, float]:
        self.history.enter(phase)
        with checkpoints.quiet():
            scores = trainer.evaluate()
        scores = {
            name.removeprefix("eval_"): value for name, value in scores.items() if not name.endswith(training.PACE)
        }
        scores.pop("epoch", None)
        return {**scores, **objective.read(scores["loss"])}

    def _train(self, number: int, stage: Stage, trainer: training.KitTrainer, model: Any) -> bool:
        """Train one stage, unless that was done before; whether it was stopped."""
        done = self._done(number)
        if done.exists():
            self.history.advance(self.history.step + stage.steps)
            return False
        transformers.set_seed(self.recipe.seed)
        if stage.steps and training.fit(trainer, self.stop):
            return True
        save_whole(done, model)
        return False

    def _in_time(self, stage: Stage, objective: Objective, model: Any, material: Material, minutes: float) -> Stage:
        """The stage with as many steps as fit into `minutes`, read off a few steps of a copy of the model."""
        kept = self.folder / "timed.json"
        if kept.exists():  # by the call that this one goes on from
            steps, warmup, self.evaluations = json.loads(kept.read_text(encoding="utf-8"))
            return dataclasses.replace(stage, steps=steps, warmup_steps=warmup)
        self.history.enter("timing a few steps")
        timed = copy.deepcopy(model)
        objective.equip(timed)
        with training.temporary_folder() as folder:
            timing = training.timed(self._trainer(stage, objective, timed, material, Path(folder), History()))
        if self.stop.is_set():
            return stage
        self.evaluations = timing.evaluations_in(60 * minutes, EVALUATIONS)
        steps = max(FEWEST, timing.steps_in(60 * minutes, self.evaluations))
        warmup = min(stage.warmup_steps, steps // 10)
        kept.write_text(json.dumps([steps, warmup, self.evaluations]), encoding="utf-8")
        return dataclasses.replace(stage, steps=steps, warmup_steps=warmup)


def plan_for(
    stage: Stage, objective: Objective, recipe: PretrainingRecipe, evaluations: int = EVALUATIONS
) -> training.Plan:
    """The Trainer's plan for a stage."""
    return training.Plan(
        steps=stage.steps,
        batch_size=stage.batch_size,
        eval_batch_size=max(training.EVALUATION_BATCH, stage.batch_size),
        learning_rate=stage.learning_rate,
        warmup_steps=min(stage.warmup_steps, stage.steps),
        evaluate_every=max(1, math.ceil(stage.steps / evaluations)),
        seed=recipe.seed,
        schedule=stage.schedule,
        weight_decay=stage.weight_decay,
        beta2=0.98,
        precision=recipe.precision,
        save_every=SAVE_EVERY,
        tokens_a_step=stage.batch_size * stage.length if isinstance(objective, TextObjective) else 0,
        by_length=objective.by_length,
        measures=objective.measures,
    )


def configuration(recipe: PretrainingRecipe, settings: dict[str, Any] | None = None) -> Any:
    """The configuration of the recipe's model: of a new shape, or of the checkpoint it names."""
    settings = settings or {}
    if recipe.shape is None:
        return checkpoints.configuration(recipe.model, **settings)
    config = checkpoints.new_configuration(recipe.model, {**recipe.shape, **settings})
    if config.is_encoder_decoder and "pad_token_id" in settings:
        config.decoder_start_token_id = settings["pad_token_id"]  # as T5's decoder begins
    return config


def _tokenizer(name: str) -> Any:
    """The tokenizer of a model, or of a folder that holds nothing else."""
    if (Path(name) / "tokenizer.json").is_file():
        return transformers.AutoTokenizer.from_pretrained(name)
    return checkpoints.processor(name)


def _spread(corpus: Corpus) -> Iterator[str]:
    """Texts for a tokenizer, evenly spread over the corpus."""
    total = sum(1 for _ in corpora.read(corpus))
    if not total:
        raise DataError("The corpus holds no text; expected at least a few paragraphs.")
    every = math.ceil(total / TOKENIZER_TEXTS)
    return (text for number, (_, text) in enumerate(corpora.read(corpus)) if number % every == 0)


def _vocabulary_settings(processor: Any, kind: str) -> dict[str, Any]:
    """What a new model's configuration must say about its tokenizer, in place of its class's own defaults."""
    usual = checkpoints.new_configuration(kind, {}).to_dict()
    stands_for = {"pad": "pad", "bos": "bos", "eos": "eos"}
    if "cls_token_id" in usual:  # ModernBERT, whose texts begin with [CLS] and end with [SEP]
        stands_for = {"pad": "pad", "bos": "cls", "eos": "sep", "cls": "cls", "sep": "sep"}
    ids = {f"{name}_token_id": getattr(processor, f"{mark}_token_id", None) for name, mark in stands_for.items()}
    return {"vocab_size": len(processor), **{name: value for name, value in ids.items() if value is not None}}
