"""Queries: where a detector looked for each object that it found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .. import boxes as geometry
from ..errors import DataError, ModelError
from ..runs import Run
from .attention import attentions, numbered
from .pixels import held, patch_grid, read

DEFORMABLE = ("rt_detr", "rt_detr_v2", "d_fine")
OFFSET_SCALE = 0.5  # RT-DETR's; its successors name theirs


@dataclass(frozen=True)
class QueryAttention:
    """Where a detector looked for the objects of one picture.

    objects: a row each, surest first, with the columns label, score, left, top, right, bottom in pixels, query, the
    number of the query that found it, and elsewhere, the share of its attention that went to no place of the picture.
    maps: float64 (objects, rows, columns), the shares of a grid over the whole picture; with `elsewhere` each
    object's sum to 1.
    """

    objects: Any
    maps: np.ndarray


def query_attention(run: Run, picture: Any, layer: int | None = None) -> QueryAttention:
    """Where the queries of a detector looked for each object that it shows, those above the task's threshold.

    RT-DETR and D-FINE read the picture at a few points for each query, which they choose anew (deformable attention:
    Zhu et al. 2021, "Deformable DETR"): the weights of these points, the mean over the heads, are put into the cells
    of the finest feature map; points beyond the edge count as elsewhere. In YOLOS (Fang et al. 2021) a query is a
    token, and what it paid to each patch is given; class token and other queries are elsewhere. layer: the number of
    a decoder layer, 0 the lowest, of YOLOS of any layer; by default the last. picture: what `run.predict` takes.
    Raises DataError for a run that finds no boxes, ModelError for a model of another kind, ConfigError for a layer
    that it does not have.
    """
    if not hasattr(run.task, "verdicts"):
        raise DataError(
            f"The answers of the task {run.config.task!r} are no boxes; expected a run of object detection. "
            "ftk.grad_cam and ftk.attention_map show where a classifier looked."
        )
    kind = run.model.config.model_type
    if kind != "yolos" and kind not in DEFORMABLE:
        raise ModelError(f"The queries of a {kind!r} model cannot be read; expected one of {[*DEFORMABLE, 'yolos']}.")
    pixels = read(run, picture)
    output, maps = (_of_tokens if kind == "yolos" else _of_points)(run.model, pixels, layer)
    objects, queries = _objects(run.task, picture, output)
    objects["query"] = queries
    objects["elsewhere"] = (1 - maps[queries].sum(axis=(1, 2))).clip(0).round(4)
    return QueryAttention(objects, maps[queries])


def _objects(task: Any, picture: Any, output: Any) -> tuple[Any, np.ndarray]:
    """The frame of the objects shown, and the number of the query that found each."""
    raw = torch.cat([output.pred_boxes, output.logits], dim=-1)[0].float().cpu().numpy()
    numbers = raw.copy()
    numbers[:, :4] = np.arange(len(raw))[:, None] * [1, 0, 0, 0]
    found, counted = (geometry.detections(one, len(task.names)) for one in (raw, numbers))  # in the same order
    left = iter(zip(found, counted[:, 2].astype(int), strict=True))
    shown = task.shown(task.decide([found])[0])  # some of `found`, in their order
    queries = [next(query for row, query in left if (row == one).all()) for one in shown]
    return task.show(task.inputs([picture]), [found])["objects"][0], np.array(queries, int)


def _of_tokens(model: Any, pixels: torch.Tensor, layer: int | None) -> tuple[Any, np.ndarray]:
    """The output of a YOLOS and its queries' attention to the patches, (queries, rows, columns)."""
    layers, output = attentions(model, pixels)
    heads = layers[-1 if layer is None else numbered(layer, len(layers))]
    rows, columns = patch_grid(model, pixels) or (0, 0)
    # The class token leads, the patches follow, the queries come last.
    paid = heads.mean(axis=0)[-model.config.num_detection_tokens :, 1 : 1 + rows * columns]
    return output, paid.reshape(-1, rows, columns)


def _of_points(model: Any, pixels: torch.Tensor, layer: int | None) -> tuple[Any, np.ndarray]:
    """The output of an RT-DETR or its like and its queries' attention, put into cells, (queries, rows, columns)."""
    with held(model), torch.no_grad(), _recorded(model) as layers:
        output = model(pixel_values=pixels)
    places, weights, grid = layers[-1 if layer is None else numbered(layer, len(layers))]
    return output, _in_cells(places, weights, grid)


@contextmanager
def _recorded(model: Any) -> Iterator[list[tuple[np.ndarray, np.ndarray, tuple[int, int]]]]:
    """What each decoder layer reads while the model runs: places, weights, and the finest map's rows and columns.

    places: as shares of the picture's width and height, (queries, heads, points, 2); weights: (queries, heads, points).
    """
    found: list[Any] = []
    offsets: dict[Any, torch.Tensor] = {}

    def keep_offsets(module: Any, inputs: Any, output: torch.Tensor) -> None:
        offsets[module] = output[0]

    def keep(module: Any, inputs: Any, given: dict[str, Any], output: Any) -> None:
        box = given["reference_points"][0, :, 0]  # (queries, 4): middle x, middle y, width, height
        weights = output[1][0].reshape(len(box), module.n_heads, -1)  # (queries, heads, points)
        moved = offsets[module.sampling_offsets].reshape(*weights.shape, 2)
        counts = module.n_points if isinstance(module.n_points, (list, tuple)) else [module.n_points] * module.n_levels
        step = torch.tensor([1 / count for count in counts for _ in range(count)], device=moved.device)
        size = box[:, None, None, 2:] * getattr(module, "offset_scale", OFFSET_SCALE)
        places = box[:, None, None, :2] + moved * step[:, None] * size
        finest = given["spatial_shapes"][0].tolist()
        found.append((places.double().cpu().numpy(), weights.double().cpu().numpy(), tuple(finest)))

    readers = [module for module in model.modules() if hasattr(module, "sampling_offsets")]
    hooks = [one.sampling_offsets.register_forward_hook(keep_offsets) for one in readers]
    hooks += [one.register_forward_hook(keep, with_kwargs=True) for one in readers]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _in_cells(places: np.ndarray, weights: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """The weight of the points in each cell of a grid over the picture, the mean over the heads: (queries, *grid)."""
    cells = np.floor(places[..., ::-1] * grid).astype(int)  # (queries, heads, points, 2): row, column
    inside = ((cells >= 0) & (cells < grid)).all(axis=-1)
    query = np.broadcast_to(np.arange(len(places))[:, None, None], inside.shape)
    maps = np.zeros((len(places), *grid))
    np.add.at(maps, (query[inside], *cells[inside].T), weights[inside] / weights.shape[1])
    return maps
