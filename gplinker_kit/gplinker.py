"""GPLinker as one object: encoder with pointers, tokenizer, schema and thresholds; saved to and read from a folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from gplinker_kit.backend import Model, prepare, workers
from gplinker_kit.backend.acceleration import compiles_shapes
from gplinker_kit.events.corpus import Corpus, find_corpus
from gplinker_kit.events.decoder import Extraction
from gplinker_kit.events.duee import read_schema, write_schema
from gplinker_kit.events.extractor import Extractor
from gplinker_kit.events.policy import Policy, Thresholds
from gplinker_kit.events.schema import Schema
from gplinker_kit.files import read_json, read_object, write_json
from gplinker_kit.hints import AnyPath
from gplinker_kit.model_folder import POINTER, current_version, new_version, newest_version, require_files
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.heads import event_pointers
from gplinker_kit.models.weights import load_weights, save_weights
from gplinker_kit.settings import Settings
from gplinker_kit.settings_file import check_positions, check_vocabulary, read_settings, write_settings
from gplinker_kit.tokenizers import Tokenizer, save_vocab

FILES = ('config.json', 'schema.json', 'vocab.txt', 'thresholds.json', 'history.json', 'weights.safetensors')
CURVES = 'threshold_curves.json'  # of tuned thresholds; not every version has one


class GPLinker:
    """A joint event extractor (Su, 2022, kexue.fm/archives/8926).

    Arguments:
        settings: Settings. schema: Schema. tokenizer: Tokenizer. thresholds: Thresholds or None.
        checkpoint: encoder weights, as `build_transformer_model` takes them, or None.
    Attributes:
        model: the Keras model, [token ids, segment ids] -> packed scores of arguments, head links, tail links.
        encoder: the wrapper of the encoder. load_report: what the checkpoint gave, or None.
        history: a list of one dict an epoch. threshold_curves: what tuning found, see `Tuned.curves`, or None.
        link_labels: int, labels of the link heads: 1, or the number of event types with typed links.
    Raises:
        ValueError: a vocabulary with another number of tokens than the encoder's table has rows, or what the builder
            refuses.
    """

    def __init__(
        self, settings: Settings, schema: Schema, tokenizer: Tokenizer, thresholds: Thresholds | None = None,
        checkpoint: Any = None,
    ) -> None:
        check_vocabulary(settings, tokenizer)
        if settings.max_length < 3:
            raise ValueError('max_length must be at least 3, got %r' % (settings.max_length,))
        stride = settings.window_stride
        if stride is not None and not 1 <= stride <= settings.max_length - 2:
            raise ValueError('window_stride must lie between 1 and max_length - 2 = %d or be None, got %r'
                             % (settings.max_length - 2, stride))
        self.settings = settings
        self.schema = schema
        self.tokenizer = tokenizer
        self.thresholds = Thresholds() if thresholds is None else thresholds
        self.history: list[dict] = []
        self.threshold_curves: dict | None = None
        self.encoder = build_transformer_model(
            model=settings.model, checkpoint_path=checkpoint, return_keras_model=False, **settings.encoder
        )
        self.load_report = self.encoder.load_report
        check_positions(settings, self.encoder)
        self.link_labels = len(schema.event_types) if settings.typed_links else 1
        outputs = event_pointers(self.encoder.output, len(schema), settings.head_size, self.link_labels)
        self.model = prepare(Model(self.encoder.inputs, outputs))

    @property
    def corpus(self) -> Corpus:
        """The Corpus of the settings."""
        return find_corpus(self.settings.corpus)

    def predict(self, token_ids: np.ndarray, segment_ids: np.ndarray) -> list[np.ndarray]:
        """int32 arrays (b, n), 0-padded -> three packed score arrays, see `event_pointers`."""
        inputs = [token_ids, segment_ids][: len(self.encoder.inputs)]
        return [np.asarray(scores) for scores in workers().predict_on_batch(self.model, inputs)]

    def extractor(self, policy: Policy | None = None, batch_size: int = 32) -> Extractor:
        """Returns an `Extractor` that runs this model, by default with the policy of its corpus.

        Its batches have few shapes where XLA compiles a program for each, else as little padding as can be.
        """
        return Extractor(
            self.tokenizer,
            self.schema,
            self.predict,
            thresholds=self.thresholds,
            policy=self.corpus.policy if policy is None else policy,
            max_length=self.settings.max_length,
            batch_size=batch_size,
            length_multiple=16 if compiles_shapes() else None,
            window_stride=self.settings.window_stride,
        )

    def extract(self, texts: Sequence[str], **options: Any) -> list[Extraction]:
        """Returns one `Extraction` a text, in order; `options` are those of `extractor`."""
        return self.extractor(**options).extract(texts)

    def kept(self) -> dict[str, Any]:
        """Returns, for JSON, what a training needs to go on besides weights; `take_up` takes it again."""
        return {'history': self.history, 'thresholds': self.thresholds.to_dict()}

    def take_up(self, facts: dict[str, Any]) -> None:
        self.history, self.thresholds = facts['history'], Thresholds.from_dict(facts['thresholds'])

    def save(self, folder: AnyPath, protect: Collection[int] = (), pointers: Sequence[str] = (POINTER,)) -> str:
        """Writes a new version into a model folder and makes `pointers` name it; returns the version's path.

        Of the older versions the newest stays, those that a pointer names, and those whose numbers are in `protect`.
        """
        with new_version(folder, protect=protect, pointers=pointers) as draft:
            write_settings(draft, self.settings)
            write_schema(os.path.join(draft, 'schema.json'), self.schema)
            save_vocab(os.path.join(draft, 'vocab.txt'), self.tokenizer._token_dict)
            write_json(os.path.join(draft, 'thresholds.json'), self.thresholds.to_dict())
            if self.threshold_curves is not None:
                write_json(os.path.join(draft, CURVES), self.threshold_curves)
            write_json(os.path.join(draft, 'history.json'), self.history)
            save_weights(self.model, os.path.join(draft, 'weights.safetensors'))
        return newest_version(folder)

    @classmethod
    def load(cls, folder: AnyPath, which: str = POINTER) -> GPLinker:
        """Reads a version of a model folder, written on either stack.

        which: 'current', or 'best-argument' or 'best-event', the best by that strict F1 on the dev sentences.

        Raises:
            ValueError: an unknown `which`. DataError: not a model folder, one without that version, or half of one (the
                missing files are named). CheckpointError: weights that do not fit.
        """
        return cls.load_version(current_version(folder, which))

    @classmethod
    def load_version(cls, version: AnyPath) -> GPLinker:
        """Reads the version at a path, whatever the pointers of its folder name by now; raises as `load`."""
        require_files(version, FILES)
        settings = read_settings(version, Settings)
        tokenizer = Tokenizer(os.path.join(version, 'vocab.txt'), do_lower_case=settings.do_lower_case)
        path = os.path.join(version, 'thresholds.json')
        thresholds = Thresholds.from_dict(read_object(path))
        made = cls(settings, read_schema(os.path.join(version, 'schema.json')), tokenizer, thresholds)
        made.history = read_json(os.path.join(version, 'history.json'))
        path = os.path.join(version, CURVES)
        made.threshold_curves = read_object(path) if os.path.exists(path) else None
        load_weights(made.model, os.path.join(version, 'weights.safetensors'))
        return made
