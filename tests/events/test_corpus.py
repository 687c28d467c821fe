"""What depends on the corpus: readers, scores, defaults; and what is said of names that are none."""

import pytest

from gplinker_kit.events.corpus import CORPORA, DUEE, DUEE_FIN, find_corpus
from gplinker_kit.events.document_scores import DocumentScores
from gplinker_kit.events.metrics import EventScores
from gplinker_kit.events.policy import CHOICES
from gplinker_kit.selection import SELECT
from tests.events.corpora import layoff, line, write_lines

pytestmark = pytest.mark.once


def test_names():
    assert find_corpus('duee') is DUEE and find_corpus('duee-fin') is DUEE_FIN
    with pytest.raises(ValueError, match="unknown corpus 'duee_fin'. Did you mean 'duee-fin'"):
        find_corpus('duee_fin')


def test_every_reader_reads_its_own_text(tmp_path):
    """The same file as sentences, and as documents: there the title and a normalised body are the text."""
    path = write_lines(tmp_path / 'lines.json', line(layoff(), id='1', title='公告', text='甲公司昨日裁员300人 \n 完'))
    texts, missing = [], []
    expected = (DUEE, '甲公司昨日裁员300人 \n 完', 0), (DUEE_FIN, '公告 甲公司昨日裁员300人 完', None)
    for corpus, text, start in expected:
        example, = corpus.read_labelled(path, None, missing)
        assert example.text == text and example.events[0].arguments[0].start == start
        assert corpus.read_texts(path) == [('1', text)]
        texts.append(corpus.read_line({'title': '公告', 'text': ' 甲 '}, path, 1)['text'])
    assert texts == [' 甲 ', '公告 甲'] and missing == []


def test_values_without_a_place_are_told(tmp_path):
    missing = []
    DUEE_FIN.read_labelled(write_lines(tmp_path / 'x.json', line(layoff(), id='1', text='甲公司裁员')), None, missing)
    assert [one.text for one in missing] == ['昨日', '300人']


@pytest.mark.parametrize('corpus, kind', [(DUEE, EventScores), (DUEE_FIN, DocumentScores)])
def test_defaults_are_known_ones(corpus, kind):
    scores = corpus.scores()
    assert type(scores) is kind and scores.positions is corpus.positions
    assert corpus.select in SELECT and corpus.objective in corpus.objectives
    assert scores.triggerless == corpus.policy.trigger_policy and corpus.policy.contained in CHOICES['contained']
    assert getattr(scores, 'contained', corpus.policy.contained) == corpus.policy.contained
    assert len({one.files['train'] for one in CORPORA.values()}) == len(CORPORA)


def test_objectives():
    DUEE_FIN.check_objective('official')
    with pytest.raises(ValueError, match="unknown objective 'official' for the corpus duee, whose are 'argument', "):
        DUEE.check_objective('official')
    with pytest.raises(ValueError, match="Did you mean 'event'"):
        DUEE_FIN.check_objective('events')
