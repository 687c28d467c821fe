"""What `gplinker inspect` prints, and its exit status."""

import json
import os

from gplinker_kit.cli import main
from tests.models.folders import rewrite, write_folder


def inspect(capsys, *arguments):
    status = main(['inspect'] + [str(argument) for argument in arguments])
    return status, capsys.readouterr().out


def test_a_folder_that_loads(tmp_path, capsys):
    folder = write_folder(tmp_path, 'gau_alpha')
    config = os.path.getsize(os.path.join(folder, 'bert_config.json'))
    weights = os.path.getsize(os.path.join(folder, 'model.safetensors'))
    status, printed = inspect(capsys, folder)
    assert status == 0
    assert [line.rstrip() for line in printed.splitlines()] == [
        folder,
        '',
        'files        bert_config.json      %d' % config,
        '             model.safetensors  %s' % '{:,}'.format(weights),
        '             vocab.txt             211',
        "checkpoint   model.safetensors (safetensors, bert4keras's names)",
        '             6 variables, 8,352 parameters, float32',
        'model        gau_alpha (told by the checkpoint)',
        '             the checkpoint: GAU-α (gated attention units (GAU_alpha/encoder/layer_0/gau))',
        'presets      none fits',
        'config       bert_config.json',
        '             vocab_size 50, embedding_size 32, hidden_size 32, num_hidden_layers 1, num_attention_heads 1,',
        '             attention_head_size 32, attention_key_size 16, intermediate_size 64, hidden_act swish,',
        '             segment_vocab_size 2',
        'vocabulary   vocab.txt: 50 tokens, with [PAD] [UNK] [CLS] [SEP] [MASK]',
        'loads        yes: build_transformer_model(checkpoint_path=%r)' % folder,
    ]


def test_a_folder_that_does_not_load(tmp_path, capsys):
    folder = write_folder(tmp_path, 'roformer_v2')
    rewrite(tmp_path / 'bert_config.json', num_hidden_layers=30, vocab_size=60)
    (tmp_path / 'vocab.txt').write_text('[PAD]\n')
    status, printed = inspect(capsys, folder)
    assert status == 1
    assert 'loads        no\n             bert/embeddings/word_embeddings: shape (50, 32) found, (60, 32)' in printed
    assert 'bert/encoder/layer_1/: all 6 variables missing' in printed and '… and 10 more' in printed
    assert 'not among them: [UNK] [CLS] [SEP] [MASK]' in printed
    assert 'notes        vocab.txt has 1 tokens, and the token table 60 rows' in printed


def test_a_preset_and_json(tmp_path, capsys):
    folder = write_folder(tmp_path, 'roformer_v2')
    status, printed = inspect(capsys, folder, '--preset', 'roformer_v2_base', '--json')
    found = json.loads(printed)
    assert status == 1 and found['loads'] is False and found['preset'] == 'roformer_v2_base'
    assert 'hidden_size: 32 in the file, 768 in the preset' in found['problems'][0]
    assert found['identity']['model'] == 'roformer_v2' and found['contents']['dtypes'] == {'float32': 8}
    assert main(['inspect', folder, '--preset', 'roformer_v2_bas']) == 2
    assert "Did you mean 'roformer_v2_base'?" in capsys.readouterr().err
    assert main(['inspect', str(tmp_path / 'absent')]) == 2
    assert 'no such folder or checkpoint' in capsys.readouterr().err


def test_one_file(tmp_path, capsys):
    folder = write_folder(tmp_path, 'roformer_v2')
    path = os.path.join(folder, 'model.safetensors')
    config = os.path.join(folder, 'bert_config.json')
    status, printed = inspect(capsys, path)
    assert status == 0 and 'build_transformer_model(%r, %r, model=%r)' % (config, path, 'roformer_v2') in printed
    os.unlink(config)
    status, printed = inspect(capsys, path)
    assert status == 1 and 'missing bert_config.json or config.json' in printed
    assert 'open: the number of attention heads cannot be seen' in printed


def test_a_model_folder_of_training(model, capsys):
    status, printed = inspect(capsys, model)
    assert status == 0 and 'GPLinker.load(%r)' % model in printed
    assert "weights.safetensors (safetensors, layers' names)" in printed
    assert 'no place in the encoder' not in printed  # pointers are heads
    assert 'roformer_v2 (told by config.json)' in printed and 'hidden_size 64' in printed
