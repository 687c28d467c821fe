"""An encoder with the head of a task, tokenizer and settings as one object; saved to and read from a folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np

from gplinker_kit.backend import Model, prepare
from gplinker_kit.backend.acceleration import compiles_shapes
from gplinker_kit.events.batches import cut_batches
from gplinker_kit.files import read_json, write_json
from gplinker_kit.fitting import length_multiple
from gplinker_kit.model_folder import POINTER, current_version, new_version, newest_version, require_files
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.weights import load_weights, save_weights
from gplinker_kit.relations.duie import read_schema, write_schema
from gplinker_kit.settings_file import check_positions, check_vocabulary, read_settings, write_settings
from gplinker_kit.tasks.corpora import RELATIONS, find_task
from gplinker_kit.tasks.kinds import KINDS, task_options
from gplinker_kit.tokenizers import Tokenizer, save_vocab

FILES = ('config.json', 'vocab.txt', 'history.json', 'weights.safetensors')
SCHEMA = 'schema.json'  # of relations


@dataclass(frozen=True)
class TaskSettings:
    """What it takes to build the same network again.

    task: name of one of CLUE's tasks, or duie. max_length: int, most tokens of a row. model: name in `MODELS`. encoder:
    keyword arguments of the encoder. do_lower_case: bool, of the tokenizer. options: of the task, see `task_options`.
    """

    task: str
    max_length: int
    model: str = 'roformer_v2'
    encoder: dict = field(default_factory=dict)
    do_lower_case: bool = True
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, 'options', task_options(find_task(self.task), self.options))


class TaskModel:
    """A model of one of CLUE's tasks, or of DuIE.

    Arguments:
        settings: TaskSettings. tokenizer: Tokenizer. checkpoint: encoder weights, as `build_transformer_model` takes
            them, or None. schema: of duie, `relations.Schema`; the other tasks have none.
    Attributes:
        task: see `corpora`. kind: see `kinds`. model: the Keras model, [token ids, segment ids] -> scores. encoder: the
        wrapper of the encoder. load_report: what the checkpoint gave, or None. history: a list of one dict an epoch.
    Raises:
        ValueError: a vocabulary with another number of tokens than the encoder's table has rows, a length beyond its
            positions, an option that cannot be, a schema that is missing or of no use, or what the builder refuses.
    """

    def __init__(self, settings, tokenizer, checkpoint=None, schema=None):
        check_vocabulary(settings, tokenizer)
        self.settings, self.tokenizer = settings, tokenizer
        self.task = find_task(settings.task, schema)
        if (self.task.kind == RELATIONS) != (schema is not None):
            raise ValueError('the task %s %s' % (settings.task, 'has no schema; leave it out' if schema is not None
                                                 else 'needs a schema, as relations.read_schema returns it'))
        self.kind = KINDS[self.task.kind](self.task, settings.options)
        self.history = []
        self.encoder = build_transformer_model(
            model=settings.model, checkpoint_path=checkpoint, return_keras_model=False, **settings.encoder
        )
        self.load_report = self.encoder.load_report
        check_positions(settings, self.encoder)
        outputs = self.kind.outputs(self.encoder.output, self.encoder.initializer)
        self.model = prepare(Model(self.encoder.inputs, outputs))

    def read(self, folder, split, version=None):
        """Reads the examples of a split as this model takes them, see `clue.read_split` and `corpora.DuieTask`."""
        return self.task.read(folder, split, version, self.settings.options)

    def encode(self, examples):
        """Returns the items of examples, see `kinds`, and words about them."""
        return self.kind.items(examples, self.tokenizer, self.settings.max_length)

    def inputs(self, items, width):
        """Returns [token ids, segment ids], the latter all 0, where the encoder takes them; `width` tokens wide."""
        rows = self.kind.rows(items, width)
        return [rows, np.zeros_like(rows)][: len(self.encoder.inputs)]

    def batch(self, items, width):
        """Returns ([token ids, segment ids], [targets of an output, …])."""
        targets = self.kind.targets(items, width)
        return self.inputs(items, width), targets if isinstance(targets, list) else [targets]

    def predict(self, examples, batch_size=32, progress=None):
        """Returns a prediction for each example, in order.

        Rows of similar length are predicted together, the longest first.

        Arguments:
            examples: list, as the task's reader returns them; for duie texts, str, do as well. batch_size: int.
            progress: function of the number of items that are done and of all, or None.
        """
        if not examples:
            return []
        items, _ = self.encode(examples)
        lengths = np.array([self.kind.length(item) for item in items])
        order, readings = np.argsort(-lengths, kind='stable'), [None] * len(items)
        for start, end, width in self._batches(lengths[order], batch_size):
            members = order[start:end].tolist()
            batch = [items[place] for place in members]
            scores = self.model.predict_on_batch(self.inputs(batch, width))
            scores = list(map(np.asarray, scores)) if isinstance(scores, (list, tuple)) else np.asarray(scores)
            for place, reading in zip(members, self.kind.read(batch, scores)):
                readings[place] = reading
            if progress is not None:
                progress(end, len(items))
        return self.kind.predictions(examples, items, readings)

    def _batches(self, lengths, batch_size):
        """Yields (begin, end, width) of batches of items whose lengths descend: of few shapes where that matters."""
        if not compiles_shapes():
            for begin, end in cut_batches(lengths, batch_size):
                yield begin, end, int(lengths[begin])
            return
        multiple = length_multiple()
        for begin in range(0, len(lengths), batch_size):
            width = min(-(-int(lengths[begin]) // multiple) * multiple, self.settings.max_length)
            yield begin, min(begin + batch_size, len(lengths)), width

    def kept(self):
        """Returns, for JSON, what a training needs to go on besides weights; `take_up` takes it again."""
        return {'history': self.history}

    def take_up(self, facts):
        self.history = facts['history']

    def save(self, folder, protect=()):
        """Writes a new version into a model folder and makes it the current one; returns the version's path.

        Of the older versions the newest stays, and those whose numbers are in `protect`.
        """
        with new_version(folder, protect=protect) as draft:
            write_settings(draft, self.settings)
            save_vocab(os.path.join(draft, 'vocab.txt'), self.tokenizer._token_dict)
            write_json(os.path.join(draft, 'history.json'), self.history)
            if self.task.schema is not None:
                write_schema(os.path.join(draft, SCHEMA), self.task.schema)
            save_weights(self.model, os.path.join(draft, 'weights.safetensors'))
        return newest_version(folder)

    @classmethod
    def load(cls, folder):
        """Reads the current version of a model folder, written on either stack.

        Raises:
            DataError: not a model folder of a task, or half of one. CheckpointError: weights that do not fit.
        """
        version, schema = current_version(folder, POINTER), None
        require_files(version, FILES)
        settings = read_settings(version, TaskSettings)
        if find_task(settings.task).kind == RELATIONS:
            require_files(version, (SCHEMA,))
            schema = read_schema(os.path.join(version, SCHEMA))
        tokenizer = Tokenizer(os.path.join(version, 'vocab.txt'), do_lower_case=settings.do_lower_case)
        made = cls(settings, tokenizer, schema=schema)
        made.history = read_json(os.path.join(version, 'history.json'))
        load_weights(made.model, os.path.join(version, 'weights.safetensors'))
        return made
