"""Students: what a teacher is asked, what they learn of it, and trainings that stop."""

from types import SimpleNamespace

import numpy as np
import pytest

from gplinker_kit import fitting, rate_finder, rehearsal
from gplinker_kit.distillation import Teaching, describe, training_items
from gplinker_kit.errors import DataError
from gplinker_kit.events import Example, Schema
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.fitting import encode
from gplinker_kit.recipe import Recipe
from gplinker_kit.tokenizers import Tokenizer
from gplinker_kit.training import evaluate, train
from tests.corpus import VOCAB, sentences, tiny_gplinker
from tests.events.oracles import packed_from_cells
from tests.test_resumption import EXAMPLES, SCHEMA, run

STUDENT = dict(epochs=2, batch_size=6, learning_rate=2e-3, length_multiple=64, teacher_weight=0.5)


class Oracle:
    """A teacher that is right about the texts that it knows; no network."""

    def __init__(self, schema, examples, max_length=64, sure=6.0, **settings):
        self.tokenizer, self.schema, self.link_labels = Tokenizer(VOCAB, do_lower_case=True), schema, 1
        self.settings = SimpleNamespace(**dict(
            max_length=max_length, window_stride=None, typed_links=False, do_lower_case=True, corpus=DUEE.name,
            **settings))
        self.model = SimpleNamespace(get_weights=lambda: [np.float32([sure])])
        self.sure, self.asked, self.corpus = sure, [], DUEE
        self.golds = {tuple(ids): targets for ids, _, targets in encode(self, examples)[0]}

    def predict(self, token_ids, segment_ids):
        assert not segment_ids.any()
        self.asked.append(token_ids.shape)
        rows = [tuple(row[row > 0].tolist()) for row in token_ids]
        labels = len(self.schema), self.link_labels, self.link_labels
        return [np.stack([self._packed(getattr(self.golds[row], name), count, token_ids.shape[1]) for row in rows])
                for name, count in zip(('arguments', 'heads', 'tails'), labels)]

    def _packed(self, cells, labels, n):
        return packed_from_cells({tuple(cell) for cell in cells.tolist()}, labels, n) * np.float32(self.sure)


def texts_of(examples):
    return [example.text for example in examples]


def without_events(examples):
    return [Example(example.text) for example in examples]


def test_a_student_learns_the_events_of_its_teacher_from_texts_alone():
    """Not one gold is there; half of the texts come as examples without events, half as texts."""
    schema, examples = sentences(8)
    teacher, student, lines = Oracle(schema, examples), tiny_gplinker(schema), []
    recipe = Recipe(epochs=80, batch_size=8, learning_rate=5e-3, length_multiple=64, teacher_weight=0.3)
    history = train(student, without_events(examples[:4]), (), recipe, log=lines.append, progress=False,
                    teacher=teacher, unlabelled=texts_of(examples[4:]) + [' '])
    assert len(teacher.asked) == 1, 'once, not in every epoch'
    assert lines[0].startswith('0 training texts; ') and lines[1].startswith('8 texts without events; ')
    assert lines[2].startswith('the teacher: ') and lines[2].endswith(' cells a window')
    scores = evaluate(student, examples)
    assert scores.argument.f1 > 0.9 and scores.event.f1 > 0.8
    assert history[-1]['loss'] < 0.1 * history[0]['loss']
    assert history[0]['sentences_per_second'] == pytest.approx(8 / history[0]['seconds'])


@pytest.mark.once
def test_what_is_asked_and_kept():
    """Texts with and without events, in windows: the teacher's scores at golds, and its share of the loss."""
    teacher = Oracle(SCHEMA, EXAMPLES, max_length=24)
    recipe = Recipe(teacher_weight=0.25)
    items, report, teaching = training_items(teacher, EXAMPLES[:3], recipe, teacher, texts_of(EXAMPLES[3:5]))
    assert report.kept > 0 and len(items) > 3 and all(targets is None for _, _, targets in teaching.items)
    told = teaching(items + teaching.items, batch_size=4)
    assert [one[0] for one in told] == [one[0] for one in items + teaching.items]
    shares = [targets.heads[0, 3] for _, _, targets in told]
    assert shares == [0.25] * len(items) + [1.0] * len(teaching.items)
    for (ids, _, targets), (_, _, soft) in zip(items, told):
        for name in ('arguments', 'heads', 'tails'):
            cells = getattr(soft, name)[1:]
            assert sorted(cells[:, :3].tolist()) == sorted(getattr(targets, name).tolist())
            assert (cells[:, 3] == 1).all() and (cells[:, 4] > 5).all() and (cells[:, 2] < len(ids) - 1).all()
    unknown = [targets for _, _, targets in told[len(items):]]
    assert any(len(targets.arguments) > 1 for targets in unknown)
    assert all((targets.arguments[1:, 3] == 0).all() for targets in unknown)
    count = sum(len(cells) - 1 for _, _, targets in told for cells in targets)
    assert describe(told) == 'the teacher: %.1f cells a window' % (count / len(told))
    assert all(height <= 4 and width % 8 == 0 for height, width in teacher.asked)
    full = [(ids, segments, targets._replace(heads=np.zeros((129, 5)))) for ids, segments, targets in told[:2]]
    assert '; 2 windows have more than the 128 a head' in describe(full)


@pytest.mark.once
def test_a_training_goes_on_with_the_targets_that_it_would_have_had(tmp_path, monkeypatch):
    """Stopped in an epoch, after which the teacher is asked again. Another teacher, or other texts, are noticed."""
    teacher, seen = Oracle(SCHEMA, EXAMPLES), []

    def look(model, inputs, targets):
        """Stands for a step: what is learned does not matter here."""
        seen.append([inputs[0].tolist()] + [part.tolist() for part in targets])
        return 1.0

    monkeypatch.setattr(fitting, 'train_step', look)
    given = dict(teacher=teacher, unlabelled=texts_of(EXAMPLES[12:]), recipe=Recipe(**STUDENT), resume=True,
                 examples=EXAMPLES[:10] + without_events(EXAMPLES[10:12]))
    run(str(tmp_path / 'whole'), **given)
    whole, seen[:], folder, lines = list(seen), [], str(tmp_path / 'model'), []
    assert len(whole) == 2 * 4 and whole[0][0] != whole[4][0]
    assert run(folder, monkeypatch, 2, **given) is None
    for changes, message in (
        ({'teacher': Oracle(SCHEMA, EXAMPLES, sure=5.0)}, 'it was another one:\n  other teacher$'),
        ({'unlabelled': texts_of(EXAMPLES[13:])}, 'other sentences without events$'),
        ({'recipe': Recipe(**dict(STUDENT, teacher_weight=0.7))}, 'teacher_weight: 0.5 then, 0.7 now$'),
    ):
        with pytest.raises(DataError, match=message):
            run(folder, monkeypatch, 0, **dict(given, **changes))
    run(folder, lines=lines, **given)
    assert 'going on in epoch 1 after 2 batches' in lines and seen == whole
    asked = len(teacher.asked)
    run(folder, lines=lines, **given)
    assert lines[-1].endswith('is finished already') and len(teacher.asked) == asked


@pytest.mark.once
def test_a_rehearsal_and_a_range_test_have_the_teacher_too(tmp_path, monkeypatch):
    teacher, student, steps = Oracle(SCHEMA, EXAMPLES), tiny_gplinker(SCHEMA), []

    def look(model, inputs, targets):
        """Stands for a step: what is learned does not matter here."""
        assert [part.shape[-1] for part in targets] == [5, 5, 5] and (targets[0][:, 0, 3] > 0).all()
        steps.append(inputs[0].shape)
        return 1.0

    monkeypatch.setattr(rehearsal, 'train_step', look)
    monkeypatch.setattr(rate_finder, 'train_step', look)
    recipe = Recipe(batch_size=6, epochs=3, length_multiple=64, teacher_weight=0.5)
    texts = texts_of(EXAMPLES[6:18])
    lines = rehearsal.rehearsal(student, EXAMPLES[:6], [], recipe, str(tmp_path), teacher, texts)
    assert lines[1].startswith('3 batches an epoch, ') and len(steps) == 6
    assert [line for line in lines if line.startswith('the teacher takes about ')]
    before = len(teacher.asked)
    rate_finder.find_learning_rate(student, EXAMPLES[:6], recipe, 1e-5, 1.0, 21, teacher, texts)
    assert len(teacher.asked) == before + 21 == before + len(steps) - 6


def other_schema():
    lines = SCHEMA.to_lines()
    return Schema.from_lines(lines[1:] + [dict(lines[0], event_type='新-类型')])


@pytest.mark.once
@pytest.mark.parametrize('changes, message', [
    ({'typed_links': True}, 'the teacher cannot teach this student: typed_links: True of the teacher, Fal'),
    ({'do_lower_case': False}, 'do_lower_case: False of the teacher, True of the student$'),
    ({'max_length': 32}, 'max_length: the teacher reads 32 tokens, the student 64$'),
    ({'schema': other_schema()}, 'other schemas, apart in 新-类型-触发词 of the teacher, '),
    ({'schema': Schema.from_lines(SCHEMA.to_lines()[::-1])}, 'other schemas, apart in the order of their labels$'),
    ({'token': '新词'}, "other vocabularies, of %d tokens the teacher, of %d the student, first apart at '新词'$"),
])
def test_who_cannot_teach(changes, message):
    student, teacher = Oracle(SCHEMA, []), Oracle(changes.get('schema', SCHEMA), [])
    for name in ('typed_links', 'do_lower_case', 'max_length'):
        setattr(teacher.settings, name, changes.get(name, getattr(teacher.settings, name)))
    if 'token' in changes:
        count = len(student.tokenizer._token_dict)
        teacher.tokenizer = Tokenizer(dict(student.tokenizer._token_dict, **{changes['token']: count}), True)
        message %= count + 1, count
    with pytest.raises(ValueError, match=message):
        Teaching(student, teacher, 0.5)


@pytest.mark.once
@pytest.mark.parametrize('options, message', [
    ({'recipe': Recipe(teacher_weight=0.5), 'teacher': None}, 'teacher_weight is 0.5, but there is no teacher'),
    ({'teacher': None, 'recipe': Recipe()}, r'texts without events \(unlabelled\) can be learned from with a teacher'),
    ({'recipe': Recipe()}, r'does not say how much of the loss it has \(teacher_weight\)'),
    ({'recipe': Recipe(teacher_weight=0.5, exchange=0.3)}, 'leave it at 0 beside a teacher, got 0.3'),
    ({'unlabelled': ['好', 3]}, r'unlabelled\[1\] must be a str, got int'),
    ({'unlabelled': [' ']}, 'no sentence to learn from, neither in train_examples nor in unlabelled'),
])
def test_what_does_not_go_together(options, message):
    teacher = Oracle(SCHEMA, [])
    options = dict({'recipe': Recipe(teacher_weight=0.5), 'teacher': teacher, 'unlabelled': ['好']}, **options)
    with pytest.raises(ValueError, match=message):
        training_items(teacher, [], **options)
