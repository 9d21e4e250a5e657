"""Attribution: which words moved a prediction, and where in a picture a model looked."""

from .attention import attention_map
from .gradcam import grad_cam
from .occlusion import occlusion, occlusion_map
from .pixels import as_seen
from .queries import QueryAttention, query_attention
from .spans import span_scores

__all__ = [
    "QueryAttention",
    "as_seen",
    "attention_map",
    "grad_cam",
    "occlusion",
    "occlusion_map",
    "query_attention",
    "span_scores",
]
