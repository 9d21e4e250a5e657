"""Checkpoints: load a pretrained model safely, or build the same architecture from scratch."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors import SafetensorError

from . import catalog, heads
from .catalog import hub
from .errors import ConfigError, ModelError, StorageError, unknown_name
from .layers import layer_groups

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
HUB_PICKLES = ("pytorch_model.bin", "pytorch_model.bin.index.json")  # the names that transformers gives them
NO_CONVERSION = "DISABLE_SAFETENSORS_CONVERSION"  # transformers' switch, read at each call
_switch = threading.Lock()
OFFSET_PLACES = ("roberta", "xlm-roberta", "camembert")
EAGER_WIDTH = 512  # up to this width eager attention trains faster than SDPA on a CPU


def locate(name: str) -> str:
    """The folder or hub id behind a catalogue name, a folder or a hub id ('owner/name').

    Raises UnknownNameError for a bare name that is neither, and ModelError for a folder
    that holds no loadable checkpoint.
    """
    records = {record.name: record for record in catalog.MODELS}
    if name in records:
        record = records[name]
        return str(catalog.data_folder() / "models" / record.source) if record.embedded else record.source
    folder = Path(name)
    if folder.is_dir():
        _check_folder(folder)
        return str(folder)
    if folder.is_absolute() or name.startswith(".") or name.count("/") != 1:
        raise unknown_name(
            "model",
            name,
            records,
            "Expected one of these (`finetune-kit list models`), an existing folder, or a hub id 'owner/name'.",
        )
    return name


def _check_folder(folder: Path) -> None:
    config = folder / "config.json"
    if not config.is_file():
        raise ModelError(f"{folder} holds no config.json; expected a folder written by save_pretrained.")
    try:
        json.loads(config.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{config} is not valid JSON.") from error
    if list(folder.glob("*.safetensors")):
        return
    pickles = [file.name for file in folder.iterdir() if file.suffix in PICKLES]
    if pickles:
        raise _pickle_error(str(folder), pickles[0])
    raise ModelError(f"{folder} holds no weights; expected a .safetensors file beside config.json.")


def _pickle_error(where: str, file: str) -> ModelError:
    return ModelError(
        f"{where} holds its weights as a pickle only ({file}), which can run code when it is loaded; "
        "expected safetensors. If you trust it, convert it with transformers' save_pretrained into a folder first."
    )


def load(name: str, auto_class: str, head_settings: dict[str, Any], pretrained: bool, seed: int) -> tuple[Any, Any]:
    """A model with the head that a task needs, and its processor; new weights drawn from `seed`.

    pretrained=False builds the same architecture from scratch: random weights, no file of
    them read. Raises ModelError when weights are missing or do not fit the configuration,
    StorageError when nothing can be read.
    """
    made = processor(name)
    transformers.set_seed(seed)
    found = configuration(name, **head_settings)
    if head_settings and getattr(found, "pad_token_id", None) is None:
        # The head of a GPT reads the last token before the padding; without one of its own, it pads with its end token.
        found.pad_token_id = getattr(made, "eos_token_id", None)
    if not pretrained:
        return build(found, auto_class), made
    return load_weights(name, auto_class, found), made


def processor(name: str) -> Any:
    """The tokenizer, image processor or feature extractor of a checkpoint. Raises ModelError when it has none."""
    with _readable(name):
        try:
            made = transformers.AutoProcessor.from_pretrained(locate(name), trust_remote_code=False)
        except TypeError:  # a speech model that was never taught letters: it looks for a tokenizer that is not there
            made = transformers.AutoFeatureExtractor.from_pretrained(locate(name), trust_remote_code=False)
    # Where the tokenizer's files are missing, transformers makes one that knows no word.
    if hasattr(made, "get_vocab") and len(made.get_vocab()) <= len(made.all_special_tokens):
        raise ModelError(f"The model {name!r} has no tokenizer; expected tokenizer.json beside its config.json.")
    return made


def configuration(name: str, **settings: Any) -> Any:
    """The configuration of a checkpoint, with `settings` changed."""
    with _readable(name), quiet():  # which says that the old classes are not the new ones
        return transformers.AutoConfig.from_pretrained(locate(name), trust_remote_code=False, **settings)


def new_configuration(kind: str, settings: dict[str, Any]) -> Any:
    """The configuration of a model that is yet to be made. kind: transformers' model type, such as 'bert'.

    Raises UnknownNameError for another kind, ConfigError for settings that its class refuses.
    """
    kinds = transformers.CONFIG_MAPPING
    if kind not in kinds:
        raise unknown_name("model type", kind, kinds.keys(), "They are transformers' own.")
    known = {*kinds[kind]().to_dict(), "num_labels"}  # which every class takes and none lists
    for key in settings:
        if key not in known:
            raise unknown_name(f"setting of a {kind} model", key, known)
    try:
        return kinds[kind](**settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"A {kind} model cannot have this shape: {' '.join(str(error).split())[:200]}") from error


def longest(config: Any) -> int:
    """The most tokens that a model of this configuration reads at once; a large number where it has no such bound."""
    places = getattr(config, "max_position_embeddings", None) or 10**6
    # RoBERTa and its kin count their places from behind the padding token's id.
    return places - (config.pad_token_id + 1 if config.model_type in OFFSET_PLACES else 0)


def lengthened(model: Any, positions: int, auto_class: str) -> Any:
    """The model with vectors for so many places, those beyond its own copied from them in their order.

    Beltagy et al. 2020, "Longformer", section 5. Raises ConfigError where it has as many already, ModelError where
    it has no vector for each place.
    """
    known = longest(model.config)
    if positions <= known:
        raise ConfigError(f"positions={positions}: expected more than {known}, which the model reads already.")
    config = copy.deepcopy(model.config)
    config.max_position_embeddings = positions
    made, weights = build(config, auto_class), model.state_dict()
    grown = [name for name, weight in made.state_dict().items() if weight.shape != weights[name].shape]
    if not grown or config.model_type in OFFSET_PLACES:
        raise ModelError(f"A {config.model_type} model has no vector for each place; expected a bert or a gpt2.")
    for name in grown:
        weights[name] = weights[name].repeat(-(-positions // known), 1)[:positions]
    heads.add_beside(made, weights)
    made.load_state_dict(weights)
    return made


def has_head(config: Any, auto_class: str) -> bool:
    """Whether transformers has a model of this configuration with the head of `auto_class`.

    BERT and its kin are among transformers' causal models, to serve as the decoder of a larger
    one. Alone they would see the very words that they are to guess, and so count as none.
    """
    kinds = getattr(transformers, auto_class)._model_mapping
    reads_both_ways = (
        type(config) in transformers.AutoModelForMaskedLM._model_mapping
        and not config.is_encoder_decoder
        and not getattr(config, "is_decoder", False)
    )
    return type(config) in kinds and not (auto_class == "AutoModelForCausalLM" and reads_both_ways)


def build(config: Any, auto_class: str) -> Any:
    """A model of this configuration with random weights, drawn from torch's generator."""
    auto = getattr(transformers, auto_class)
    try:
        with quiet():
            return auto.from_config(config, attn_implementation=fastest_attention(config), dtype=torch.float32)
    except (ValueError, TypeError, AssertionError) as error:
        raise ConfigError(f"This model cannot be built: {' '.join(str(error).split())[:300]}") from error


def load_weights(name: str, auto_class: str, config: Any = None) -> Any:
    """A checkpoint's model in float32 with the head of `auto_class`; a head that the file lacks is new.

    A model of masked words keeps what its file holds beside them: the pooler that classifiers read, the outputs of
    question answering. A classifier all of whose classes the checkpoint's own head knows by name begins with that
    head's rows for them, be they few of many or in another order. Raises ModelError when weights below the head are
    missing or of another shape than `config` says.
    """
    own = configuration(name)
    config = config or own
    with _readable(name), quiet(), _as_published(locate(name)):
        model, report = getattr(transformers, auto_class).from_pretrained(
            locate(name),
            config=config,
            attn_implementation=fastest_attention(config),
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,  # else transformers asks on the terminal, and waits
            ignore_mismatched_sizes=True,  # checked below: only the head may differ
            output_loading_info=True,
        )
        if auto_class == "AutoModelForMaskedLM":
            heads.keep_beside(model, locate(name), report["unexpected_keys"])
        if auto_class.endswith("Classification"):
            heads.keep_known_classes(model, locate(name), own.id2label)
    _check_weights(name, model, report, own.num_labels)
    return model


def fastest_attention(config: Any) -> str | None:
    """'eager' for a narrow model on a CPU, where it trains 1.2 to 1.4 times faster; else transformers' choice."""
    narrow = getattr(config, "hidden_size", EAGER_WIDTH + 1) <= EAGER_WIDTH
    return "eager" if narrow and not torch.cuda.is_available() else None


@contextlib.contextmanager
def _readable(name: str) -> Iterator[None]:
    where = locate(name)
    try:
        if _on_hub(where):
            hub.require(where, "config.json", "model")
        yield
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        if isinstance(error, (ModelError, StorageError)):
            raise
        raise _unreadable(name, where, error) from error


def _on_hub(where: str) -> bool:
    """Whether what `locate` found is a hub id; an embedded model's folder is an absolute path, be it there or not."""
    return not (Path(where).is_absolute() or Path(where).is_dir())


def _unreadable(name: str, where: str, error: Exception) -> ModelError:
    """The error for a model that cannot be loaded: the hub, a pickle, or what transformers says."""
    reason = f"The model {name!r} cannot be loaded: {' '.join(str(error).split())[:300]}"
    if not _on_hub(where):
        return ModelError(reason)
    explained = hub.explain(error, "model", where, "models")
    if explained:
        return ModelError(explained)
    if "trust_remote_code" in str(error):
        return ModelError(f"The model {name!r} needs code from its repository, which is not run; expected another one.")
    pickle = _hub_pickle(where) if "safetensors" in str(error) else None
    return _pickle_error(f"The hub's {where!r}", pickle) if pickle else ModelError(reason)


def _hub_pickle(repository: str) -> str | None:
    """The name of a file of pickled weights in a hub repository, looked up, not downloaded."""
    from huggingface_hub import file_exists

    with contextlib.suppress(OSError, ValueError):
        return next((file for file in HUB_PICKLES if file_exists(repository, file)), None)
    return None


@contextlib.contextmanager
def _as_published(where: str) -> Iterator[None]:
    """A hub id's weights only as their owner published them; the environment is put back afterwards.

    Where a repository has no safetensors, transformers would have a service convert its pickle,
    and take the pull request of a bot that nobody has merged.
    """
    if not _on_hub(where):
        yield
        return
    with _switch:  # runs in other threads load models too
        before = os.environ.get(NO_CONVERSION)
        os.environ[NO_CONVERSION] = "1"
        try:
            yield
        finally:
            if before is None:
                del os.environ[NO_CONVERSION]
            else:
                os.environ[NO_CONVERSION] = before


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without transformers' bars and notes; its settings are put back afterwards.

    Its report on new heads is replaced by an error where it matters (`_check_weights`). Of RT-DETR's advice on the
    width of attention heads the user has no use.
    """
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "You'd better set embed_dim")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def _check_weights(name: str, model: Any, report: dict[str, Any], classes: int) -> None:
    """A new head is expected; new weights below it mean that the file and the configuration disagree.

    A detector's decoder holds weights for each class in the midst of its layers; with other classes they are new.
    classes: how many the checkpoint's own head has.
    """
    head = set(layer_groups(model)[-1].parameters)
    more = model.config.num_labels - classes
    of_classes = {
        key
        for key, there, here in report["mismatched_keys"]
        if more and here[0] - there[0] == more and here[1:] == there[1:]
    }
    mismatched = {key for key, _, _ in report["mismatched_keys"]} - head - of_classes
    missing = set(report["missing_keys"]) & {n for n, _ in model.named_parameters()} - head
    for keys, what in ((mismatched, "of another shape than its config.json says"), (missing, "missing")):
        if keys:
            raise ModelError(
                f"The model {name!r} cannot be used: {len(keys)} weights below its head are {what}, such as "
                f"{sorted(keys)[0]!r}. Is config.json that of these weights?"
            )
