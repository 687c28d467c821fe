"""Losses: multilabel cross-entropies of dense scores, of sparse targets, and of the factors of pointer scores.

All compute in float32 whatever the dtype of the scores, and give finite values and gradients on masked cells.
"""

from gplinker_kit.losses.distilled import DistilledPointerCrossentropy
from gplinker_kit.losses.factorised import (
    FactorisedPointerCrossentropy,
    count_invalid_golds,
    factorised_pointer_crossentropy,
)
from gplinker_kit.losses.multilabel import (
    legacy_sparse_multilabel_categorical_crossentropy,
    multilabel_categorical_crossentropy,
    sparse_multilabel_categorical_crossentropy,
)
from gplinker_kit.losses.packed import dense_scores, split_packed
from gplinker_kit.losses.pointer import (
    SparsePointerCrossentropy,
    global_pointer_crossentropy,
    global_pointer_f1_score,
    sparse_pointer_crossentropy,
)

__all__ = [
    'DistilledPointerCrossentropy',
    'FactorisedPointerCrossentropy',
    'SparsePointerCrossentropy',
    'count_invalid_golds',
    'dense_scores',
    'factorised_pointer_crossentropy',
    'global_pointer_crossentropy',
    'global_pointer_f1_score',
    'legacy_sparse_multilabel_categorical_crossentropy',
    'multilabel_categorical_crossentropy',
    'sparse_multilabel_categorical_crossentropy',
    'sparse_pointer_crossentropy',
    'split_packed',
]
