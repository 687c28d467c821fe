"""Settings of a saved model: written, read again, and what is said of files that hold something else."""

import json
from dataclasses import dataclass, field

import pytest

from gplinker_kit import __version__
from gplinker_kit.backend import versions
from gplinker_kit.errors import DataError
from gplinker_kit.settings_file import read_settings, write_settings

pytestmark = pytest.mark.once


@dataclass(frozen=True)
class Sizes:
    max_length: int
    encoder: dict = field(default_factory=dict)


def test_written_and_read(tmp_path):
    settings = Sizes(64, {'hidden_size': 8})
    write_settings(str(tmp_path), settings)
    assert read_settings(str(tmp_path), Sizes) == settings
    config = json.loads((tmp_path / 'config.json').read_text())
    assert config['gplinker_kit'] == __version__ and config['written_with'] == versions()


@pytest.mark.parametrize('config, message', [
    ([], "expected an object under the key 'settings', with one under 'encoder'$"),
    ({'settings': {'encoder': 3}}, "expected an object under the key 'settings', with one under 'encoder'$"),
    ({'settings': {'max_lenght': 3}}, "Settings got an unknown keyword argument 'max_lenght'. Did you mean 'max_leng"),
    ({'settings': {}}, "missing 1 required positional argument: 'max_length'$"),
])
def test_something_else(tmp_path, config, message):
    (tmp_path / 'config.json').write_text(json.dumps(config))
    with pytest.raises(DataError, match='config.json: .*' + message):
        read_settings(str(tmp_path), Sizes)
