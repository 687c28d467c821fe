"""Several tasks on one encoder, none of which drowns the others: their gradients are normalised before they are added.

    model = Model(inputs, [topics, names])                   # two heads, on one text or each on its own
    model = compile_tasks(model, ['sparse_categorical_crossentropy', my_loss], Adam(1e-4))
    model.train_on_batch(inputs, [topic_ids, name_ids])

Each step follows Σ gᵢ / ‖gᵢ‖ and not Σ gᵢ, gᵢ being the gradient of task i for all weights that are trained: a loss
ten times as large pulls no harder. RoFormerV2 was trained so on 92 tasks.
Source: kexue.fm/archives/8896.
"""

from gplinker_kit.backend import compile_options, keras
from gplinker_kit.backend.adversarial import extend
from gplinker_kit.backend.tasks import NormalizedTasks, Tasks


def compile_tasks(model, losses, optimizer, metrics=None):
    """Returns a compiled model over the same layers that trains on normalised gradients.

    A step costs one pass forward, and one backward for each task.

    Arguments:
        model: functional Keras model with an output a task, not compiled yet. For tasks with texts of their own, call
            the encoder once for each on inputs of its own. losses: a loss an output: a name, a `Loss` or a function
            (y_true, y_pred) whose mean is taken; padding is for it to leave out, as masks and sample weights do not
            reach it. optimizer, metrics: as `compile`. Precision and XLA are those of `backend.accelerate`.
    The loss that is shown is the plain sum; the rate counts for a gradient of at most as much length as there are
    tasks, which does not matter to Adam and LAMB.
    Raises: ValueError for another number of losses than outputs, a model that is compiled already, no functional one,
        or has losses of layers.
    """
    outputs = list(getattr(model, 'outputs', None) or [])
    if not outputs:
        raise ValueError('model must be made by Model(inputs, outputs). Received: %s' % type(model).__name__)
    if not isinstance(losses, (list, tuple)) or len(losses) != len(outputs):
        raise ValueError('losses: expected a list with one for each of the %d outputs. Received: %r' % (
            len(outputs), losses))
    if model.losses:
        raise ValueError('the model has losses of layers, which belong to no task')
    functions = [keras.losses.get(loss) for loss in losses]
    extended = extend(model, NormalizedTasks, Tasks(functions))
    extended.compile(optimizer=optimizer, loss=functions, metrics=metrics, **compile_options())
    return extended
