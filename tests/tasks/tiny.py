"""Models of the generated folders of `tests.clue.folders`, small enough to learn them by heart in seconds."""

from gplinker_kit.backend import STACK, keras, set_random_seed
from gplinker_kit.models.builder import resolve_config
from gplinker_kit.tasks import TaskModel, TaskSettings
from tests.clue.folders import make_tokenizer, write_folder
from tests.conftest import plain_session

COUNTS = {'chid': 22, 'c3': 32}  # lines that make 64 examples or so: three blanks a line, two files


def tiny_model(task, seed=0, max_length=64, options=None, tokenizer=None, schema=None, **encoder):
    """Returns an untrained TaskModel: one block, 48 wide; the tokenizer is by default that of CLUE's folders."""
    if STACK != 'keras3':
        keras.backend.clear_session()
        keras.backend.set_session(plain_session())
    set_random_seed(seed)
    tokenizer = make_tokenizer() if tokenizer is None else tokenizer
    size = dict(hidden_size=48, num_hidden_layers=1, num_attention_heads=2, intermediate_size=96, hidden_act='relu')
    size.update(encoder, vocab_size=tokenizer._vocab_size)
    return TaskModel(TaskSettings(task, max_length, 'roformer_v2', resolve_config(None, 'roformer_v2', **size),
                                  options=options or {}), tokenizer, schema=schema)


def folder_of(task, folder):
    """Writes the files of a task, 64 examples or so in each split; returns the folder."""
    write_folder(task, folder, COUNTS.get(task, 64))
    return str(folder)
