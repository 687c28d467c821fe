"""CLUE's tasks and DuIE, trained: an encoder of the library with a head, from files to predictions.

    model = TaskModel(TaskSettings('tnews', 128, 'roformer_v2', encoder), tokenizer, checkpoint)
    train(model, model.read(folder, 'train'), model.read(folder, 'dev'), task_recipe('adafactor', 'tnews'), 'model')
    predictions = TaskModel.load('model').predict(model.read(folder, 'test'))


Triples of DuIE likewise, with a schema, and from bare texts:

    model = TaskModel(TaskSettings('duie', 128, 'roformer_v2', encoder), tokenizer, checkpoint, read_schema(path))
    triples = [found.triples for found in TaskModel.load('model').predict(texts)]

* `corpora`: the tasks: their files and scores.
* `kinds`: the heads, and what they make of examples: `classification`, `choice`, `answer`, `entities`,
  `tagged_entities`, `relations`.
* `model`: encoder, head and tokenizer, in a folder. `recipe`: how the published ones were trained, and AdamW.
* `training`, `best_epoch`: the loop, and what it keeps. `seeds`: several trainings, and their results.

Readers, features, decoders and scores are `gplinker_kit.clue` and `gplinker_kit.relations`.
"""

from gplinker_kit.tasks.model import TaskModel, TaskSettings
from gplinker_kit.tasks.recipe import TaskRecipe, task_recipe
from gplinker_kit.tasks.training import train

__all__ = ['TaskModel', 'TaskRecipe', 'TaskSettings', 'task_recipe', 'train']
