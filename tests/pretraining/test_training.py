"""A pretraining that is stopped and goes on ends where one without a stop ends."""

import numpy as np
import pytest

from gplinker_kit.backend import set_random_seed
from gplinker_kit.errors import DataError
from gplinker_kit.health import NotFinite
from gplinker_kit.optimizers import Adam, extend_with_gradient_accumulation
from gplinker_kit.pretraining import RowMaker, State, TextStream, compile_pretraining, pretrain, pretraining_model
from gplinker_kit.pretraining import training as loop
from gplinker_kit.state_file import read_facts
from gplinker_kit.tokenizers import Tokenizer
from tests.corpus import VOCAB, sentences
from tests.models.tiny import CONFIGS

TOKENIZER = Tokenizer(VOCAB, do_lower_case=True)
CONFIG = dict(CONFIGS['roformer_v2'], vocab_size=TOKENIZER._vocab_size, dropout_rate=0.2)
STEPS = 9


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(scope='module')
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp('corpus') / 'texts.txt'
    path.write_text('\n'.join(example.text for example in sentences(30)[1]), encoding='utf-8')
    return str(path)


def run(corpus, folder, after=None, rate=3e-3, seed=1, lines=None, monkeypatch=None, **options):
    """Trains in a new model, and stops dead in step `after`; returns (weights, history)."""
    set_random_seed(0)
    wrapper, trained = pretraining_model('roformer_v2', CONFIG, packed=True)
    optimizer = extend_with_gradient_accumulation(Adam)(rate, grad_accum_steps=2)
    compile_pretraining(trained, optimizer)
    maker = RowMaker(TOKENIZER, 48, segment=list, packed=True)
    left, plain = [after], loop.train_step

    def step(*arguments):
        if left[0] == 0:
            raise Killed
        left[0] = None if left[0] is None else left[0] - 1
        return plain(*arguments)

    saved = []
    if monkeypatch is not None:
        monkeypatch.setattr(loop, 'train_step', step)
    try:
        history = pretrain(
            wrapper, trained, TextStream([corpus], seed), maker, STEPS, 3, seed,
            State(trained, folder, {'seed': seed}, every=0), lambda: saved.append(1), 4, 4,
            log=(lambda line: None) if lines is None else lines.append, chunk=7, **options)
    except Killed:
        return None
    finally:
        loop.train_step = plain
    assert len(saved) == 3 or options
    return wrapper.model.get_weights(), history


@pytest.mark.smoke
def test_it_ends_where_it_would_have_ended(corpus, tmp_path, monkeypatch):
    lines, folder = [], str(tmp_path / 'model')
    whole = run(corpus, None, lines=lines)
    assert [entry['step'] for entry in whole[1]] == [4, 8, 9] and len(lines) == 3
    assert lines[0].startswith('step 4/9: loss ') and 'accuracy' in lines[0] and 'tokens/s; about ' in lines[0]
    for after, place in ((2, None), (3, 2), (1, 5)):
        lines = []
        assert run(corpus, folder, after, lines=lines, monkeypatch=monkeypatch, resume=True) is None
        assert lines[0] == ('no training to go on with' if place is None else 'going on after step %d' % place)
        assert not read_facts(folder)['finished']
    with pytest.raises(DataError, match='this training cannot go on, it was another one'):
        run(corpus, folder, seed=2, resume=True)
    resumed = run(corpus, folder, resume=True)
    for one, two in zip(resumed[0], whole[0]):
        np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)
    for one, two in zip(resumed[1], whole[1]):
        assert one['step'] == two['step'] and one['loss'] == pytest.approx(two['loss'], rel=1e-5)
        assert one['accuracy'] == pytest.approx(two['accuracy'], abs=1e-6)
    lines = []
    again = run(corpus, folder, lines=lines, resume=True)
    assert lines == ['the training in %s is finished already' % folder] and again[1] == resumed[1]


def test_a_loss_that_is_no_number(corpus):
    with pytest.raises(NotFinite, match=r'the loss became (nan|inf) in step \d: lower the learning rate'):
        run(corpus, None, rate=float('1e38'))
