"""`gplinker view` and `gplinker plot`."""

import json
import os
import re
import shutil

import pytest

from gplinker_kit.cli import main


def sentences(path):
    page = path.read_text(encoding='utf-8')
    return list(map(json.loads, re.search(r'id="sentences">(.*?)</script>', page, re.S).group(1).split('\n')))


def fails(capsys, arguments, *words):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert len(error.strip().split('\n')) == 1 and all(word in error for word in words), error


def test_a_page_of_a_model_and_a_corpus(model, corpus, tmp_path, capsys):
    page = tmp_path / 'page.html'
    arguments = ['view', '--model', model, str(corpus / 'duee_dev.json'), '--output', str(page), '--limit', '7']
    assert main(arguments) == 0
    assert '7 sentences' in capsys.readouterr().err and os.listdir(str(tmp_path)) == ['page.html']
    found = sentences(page)
    assert len(found) == 7 and all(sentence['compared'] for sentence in found)
    statuses = [row[2] for sentence in found for card in sentence['cards'] for row in card['rows']]
    assert statuses.count('right') > len(statuses) / 2
    assert '<h1>Events of duee_dev.json</h1>' in page.read_text(encoding='utf-8')


def test_a_page_of_a_model_and_lines_of_text(model, tmp_path):
    path = tmp_path / 'texts.txt'
    path.write_text('昨日，砚帆科技以3.5亿元收购漱岩软件。\n\n今天天气很好。\n', encoding='utf-8')
    page = tmp_path / 'page.html'
    assert main(['view', '--model', model, str(path), '--output', str(page), '--title', '标题']) == 0
    found = sentences(page)
    assert len(found) == 2 and not any(sentence['compared'] for sentence in found)
    assert '<h1>标题</h1>' in page.read_text(encoding='utf-8')


def test_predictions_give_the_page_of_the_model(model, corpus, tmp_path):
    corpus = str(corpus / 'duee_dev.json')
    predictions, one, two = (tmp_path / name for name in ('predictions.json', 'one.html', 'two.html'))
    assert main(['extract', '--model', model, corpus, '--output', str(predictions)]) == 0
    assert main(['view', '--predictions', str(predictions), '--gold', corpus, '--output', str(one)]) == 0
    assert main(['view', '--model', model, corpus, '--output', str(two)]) == 0
    assert sentences(one) == sentences(two)
    assert main(['view', '--predictions', str(predictions), '--output', str(one), '--limit', '3']) == 0
    assert [sentence['compared'] for sentence in sentences(one)] == [False] * 3


def test_blank_lines_that_were_extracted_from_are_left_out(model, tmp_path):
    lines, predictions, page = (tmp_path / name for name in ('lines.txt', 'predictions.json', 'page.html'))
    lines.write_text('昨日，砚帆科技收购漱岩软件。\n\n \n', encoding='utf-8')
    assert main(['extract', '--model', model, str(lines), '--output', str(predictions)]) == 0
    assert len(predictions.read_text(encoding='utf-8').splitlines()) == 3
    assert main(['view', '--predictions', str(predictions), '--output', str(page)]) == 0
    assert len(sentences(page)) == 1


def test_predictions_and_gold_are_paired_by_text(tmp_path, capsys):
    def write(name, *texts):
        lines = [json.dumps({'text': text, 'event_list': [], 'id': '%s%d' % (name, k)}) for k, text in enumerate(texts)]
        (tmp_path / name).write_text('\n'.join(lines))
        return str(tmp_path / name)

    predictions, page = write('p', 'a', 'b', 'a', 'c'), tmp_path / 'page.html'
    arguments = ['view', '--predictions', predictions, '--output', str(page), '--gold']
    assert main(arguments + [write('g', 'b', 'a', 'd')]) == 0
    errors = capsys.readouterr().err
    assert '2 of 4 predicted sentences are not in' in errors and '1 sentences of' in errors
    assert [sentence['compared'] for sentence in sentences(page)] == [True, True, False, False]
    page.write_text('old')
    fails(capsys, arguments + [write('h', 'x')], 'holds none of the texts in')
    (tmp_path / 'bare').write_text('{"text": "a"}')
    fails(capsys, ['view', '--predictions', str(tmp_path / 'bare'), '--output', str(page)], 'no line has an event_list')
    assert page.read_text() == 'old'


@pytest.mark.parametrize('arguments, words', [
    ([], 'either --model DIR'),
    (['--model', 'm', '--predictions', 'p'], 'either --model DIR'),
    (['--model', 'm'], '--model needs a FILE'),
    (['--model', 'm', 'f', '--gold', 'g'], '--gold goes with --predictions'),
    (['--predictions', 'p', 'f'], "FILE 'f' goes with --model"),
    (['--predictions', 'p', '--limit', '0'], '--limit must be at least 1'),
    (['--predictions', 'no-such-file'], 'no such file'),
])
def test_wrong_arguments(arguments, words, tmp_path, capsys):
    fails(capsys, ['view', '--output', str(tmp_path / 'page.html')] + arguments, words)
    assert os.listdir(str(tmp_path)) == []


def test_a_file_without_sentences(model, tmp_path, capsys):
    (tmp_path / 'empty.txt').write_text('\n \n')
    fails(capsys, ['view', '--model', model, str(tmp_path / 'empty.txt'), '--output', str(tmp_path / 'page.html')],
          'empty.txt: there is no sentence')


def test_plot(model, tmp_path, capsys):
    picture = tmp_path / 'curves.png'
    assert main(['plot', '--model', model, '--output', str(picture)]) == 0
    assert picture.read_bytes().startswith(b'\x89PNG') and str(picture) in capsys.readouterr().err


def version(folder):
    with open(os.path.join(folder, 'current')) as stream:
        return os.path.join(folder, 'versions', stream.read().strip())


def test_plot_of_thresholds(model, tmp_path, capsys):
    folder = str(tmp_path / 'model')
    shutil.copytree(model, folder)
    curves, picture = os.path.join(version(folder), 'threshold_curves.json'), tmp_path / 'thresholds.png'
    arguments = ['plot', '--model', folder, '--kind', 'thresholds', '--output', str(picture)]
    if os.path.exists(curves):
        os.unlink(curves)
    fails(capsys, arguments, 'no threshold_curves.json: its thresholds were not tuned')
    with open(curves, 'w') as stream:
        json.dump({'heads': [[0.0, 0.5, 0.5, 0.5], [1.0, 0.4, 0.6, 0.3]]}, stream)
    assert main(arguments) == 0 and picture.read_bytes().startswith(b'\x89PNG')


def test_plot_names_the_file_that_is_wrong(model, tmp_path, capsys):
    folder = str(tmp_path / 'model')
    shutil.copytree(model, folder)
    with open(os.path.join(version(folder), 'history.json'), 'w') as stream:
        stream.write('[]')
    fails(capsys, ['plot', '--model', folder, '--output', str(tmp_path / 'no.png')], 'history.json: history must be')
