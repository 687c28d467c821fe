"""`gplinker serve` with a model: it answers what `gplinker extract` writes, and ends with SIGTERM."""

import json
import signal
import subprocess
import sys

from gplinker_kit.cli import main
from tests.command_lines import ROOT
from tests.serving.fakes import extract, request

TEXTS = ['昨日，砚帆科技以3.5亿元收购漱岩软件。', '今天天气很好。']


def test_it_answers_what_extract_writes(model, tmp_path):
    texts, found = tmp_path / 'texts.txt', tmp_path / 'found.json'
    texts.write_text('\n'.join(TEXTS), encoding='utf-8')
    process = subprocess.Popen([sys.executable, '-m', 'gplinker_kit.cli', 'serve', '--model', model, '--port', '0'],
                               cwd=ROOT, stderr=subprocess.PIPE, universal_newlines=True)
    try:
        assert main(['extract', '--model', model, str(texts), '--output', str(found)]) == 0  # beside its start
        written = [json.loads(line) for line in found.read_text(encoding='utf-8').splitlines()]
        lines = iter(process.stderr.readline, '')
        port = int(next(line for line in lines if line.startswith('serving on http://127.0.0.1:')).rsplit(':', 1)[1])
        status, answer = extract(port, {'texts': TEXTS})
        assert status == 200 and [one['text'] for one in answer['results']] == TEXTS
        assert without_scores(answer['results']) == without_scores(written)
        assert written[0]['event_list'] and 'score' in answer['results'][0]['event_list'][0]['arguments'][0]
        assert request(port, 'GET', '/')[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def without_scores(value):
    """Batches of another shape round otherwise: scores differ in their last digits."""
    if isinstance(value, list):
        return [without_scores(one) for one in value]
    if isinstance(value, dict):
        return {key: without_scores(one) for key, one in value.items() if 'score' not in key and key != 'links'}
    return value


def test_what_is_wrong_is_one_line(model, tmp_path, capsys):
    for arguments, words in (
        (['--model', str(tmp_path / 'none')], 'none'),
        (['--model', model, '--max-texts', '9', '--max-queue', '4'], 'may have 9 texts, but only 4 may wait'),
        (['--model', model, '--port', '70000'], '70000'),
        (['--model', model, '--host', 'nowhere.invalid'], 'cannot listen on nowhere.invalid'),
    ):
        assert main(['serve'] + arguments) == 2
        error = capsys.readouterr().err.strip()
        assert words in error and '\n' not in error, error
