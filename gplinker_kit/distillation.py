"""A student GPLinker that learns from a trained one, whose scores become targets beside the golds.

The teacher is asked once for each text, before the first epoch: it would say the same in every one, and is the larger
of the two as a rule. Its packed scores of a text, 1.2 MB for 256 tokens and 75 labels, cannot all be kept; the cells
that matter can, 20 bytes each and at most 128 a head and window (events/soft_targets.py).

The loss is `losses.DistilledPointerCrossentropy` (kexue.fm/archives/9064).
"""

from __future__ import annotations

import contextlib
import sys

import numpy as np

from gplinker_kit.events import Example
from gplinker_kit.events.batches import bucketed_batches
from gplinker_kit.events.soft_targets import MOST, soft_targets
from gplinker_kit.fitting import encode, length_multiple
from gplinker_kit.resumption import digest


def training_items(gplinker, examples, recipe, teacher=None, unlabelled=()):
    """Encodes what a training learns from.

    Arguments: as `training.train` has them.
    Returns: (items as `encode` makes them, AlignmentReport, Teaching or None). The items of texts without events are in
        the Teaching alone.
    Raises: ValueError: a teacher without its weight in the recipe, or one of what goes with a teacher without it; a
        teacher that cannot teach this GPLinker; no text to learn from.
    """
    if teacher is None:
        if recipe.teacher_weight is not None:
            raise ValueError('teacher_weight is %r, but there is no teacher' % recipe.teacher_weight)
        if unlabelled:
            raise ValueError('texts without events (unlabelled) can be learned from with a teacher only')
        items, report = encode(gplinker, examples, recipe.occurrences)
        if not items:
            raise ValueError('train_examples holds no labelled sentence')
        return items, report, None
    if recipe.teacher_weight is None:
        raise ValueError('there is a teacher, but the recipe does not say how much of the loss it has (teacher_weight)')
    if recipe.exchange:
        raise ValueError('exchange makes texts that the teacher has not seen: leave it at 0 beside a teacher, got %r'
                         % recipe.exchange)
    texts = [example.text for example in examples if example.events is None] + list(unlabelled)
    teaching = Teaching(gplinker, teacher, recipe.teacher_weight, texts)
    items, report = encode(gplinker, examples, recipe.occurrences)
    if not items and not teaching.items:
        raise ValueError('there is no sentence to learn from, neither in train_examples nor in unlabelled')
    return items, report, teaching


class Teaching:
    """What a trained GPLinker tells a student.

    Arguments:
        student, teacher: GPLinkers of one vocabulary, one schema and one kind of links. share: of the teacher's loss,
        of texts with events. texts: list of str, those without.
    Attributes:
        texts: those that are not blank. items: of these, as `encode` makes them, with None for the targets.
    Raises:
        ValueError that says all that differs, or what is no text.
    """

    def __init__(self, student, teacher, share, texts=()):
        differences = _differences(student, teacher)
        if differences:
            raise ValueError('the teacher cannot teach this student: %s' % '; '.join(differences))
        wrong = [number for number, text in enumerate(texts) if not isinstance(text, str)]
        if wrong:
            raise ValueError('unlabelled[%d] must be a str, got %s' % (wrong[0], type(texts[wrong[0]]).__name__))
        self.student, self.teacher, self.share = student, teacher, share
        self.texts = [text for text in texts if text.strip()]
        items, _ = encode(student, [Example(text, events=()) for text in self.texts])
        self.items = [(ids, segments, None) for ids, segments, _ in items]

    def about(self):
        """Returns, for JSON, what must be equal in a training that goes on."""
        weights = (np.ascontiguousarray(weight, 'float32') for weight in self.teacher.model.get_weights())
        return {
            'teacher': digest(weight.view('int32') for weight in weights),
            'sentences without events': digest(ids for ids, _, _ in self.items),
        }

    def __call__(self, items, progress=False, batch_size=32):
        """Asks the teacher: returns the items with SoftTargets for their targets, which are Targets or None.

        progress: bool, show a bar where standard error is a terminal.
        """
        from tqdm import tqdm

        labels = len(self.student.schema), self.student.link_labels, self.student.link_labels
        longest, told = self.student.settings.max_length, [None] * len(items)
        bar = tqdm(total=len(items), desc='teacher', unit='text', leave=False,
                   disable=not progress or not sys.stderr.isatty())
        with contextlib.closing(bar):
            for members, inputs in bucketed_batches(items, batch_size, length_multiple(), longest):
                packed = self.teacher.predict(*inputs)
                for place, k in enumerate(members):
                    ids, segments, targets = items[k]
                    scores = [np.asarray(head[place], 'float32') for head in packed]
                    told[k] = ids, segments, soft_targets(targets, scores, labels, len(ids), self.share)
                bar.update(len(members))
        return told


def describe(items):
    """Returns words about how much a teacher has told of items with SoftTargets."""
    counts = np.array([[len(cells) - 1 for cells in targets] for _, _, targets in items])
    full = int((counts >= MOST).any(axis=1).sum())
    return 'the teacher: %.1f cells a window%s' % (
        counts.sum(axis=1).mean(), '' if not full else '; %d windows have more than the %d a head that are kept' % (
            full, MOST))


def _differences(student, teacher):
    """Returns sentences about what keeps a GPLinker from teaching another one."""
    found = []
    mine, theirs = student.tokenizer._token_dict, teacher.tokenizer._token_dict
    if mine != theirs:
        apart = [token for token in list(theirs) + list(mine) if mine.get(token) != theirs.get(token)]
        found.append('other vocabularies, of %d tokens the teacher, of %d the student, first apart at %r' % (
            len(theirs), len(mine), apart[0]))
    if student.schema != teacher.schema:
        mine, theirs = (['-'.join(filter(None, label)) for label in one.schema.labels] for one in (student, teacher))
        apart = [name + ' of the teacher' for name in theirs if name not in mine]
        apart += [name + ' of the student' for name in mine if name not in theirs]
        found.append('other schemas, apart in %s' % (', '.join(apart[:6]) or 'the order of their labels'))
    for name in ('do_lower_case', 'typed_links', 'corpus'):
        mine, theirs = getattr(student.settings, name), getattr(teacher.settings, name)
        if mine != theirs:
            found.append('%s: %r of the teacher, %r of the student' % (name, theirs, mine))
    mine, theirs = student.settings.max_length, teacher.settings.max_length
    if mine > theirs:
        found.append('max_length: the teacher reads %d tokens, the student %d' % (theirs, mine))
    return found
