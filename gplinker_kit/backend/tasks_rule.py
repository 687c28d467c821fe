"""The arithmetic of normalised gradients, shared by the engines."""

from gplinker_kit.backend import ops


def normalized_sum(tasks, scale=1.0):
    """[[gradient or None for each weight] for each task] -> [scale · Σ gᵢ / ‖gᵢ‖, or None], in float32.

    ‖gᵢ‖ is the norm of all gradients of a task together; one shorter than 1e-12 adds next to nothing. What is not
    finite stays so, for a dynamic loss scale to see.
    """
    total = [None] * len(tasks[0])
    for gradients in tasks:
        wide = [None if g is None else ops.cast(g, 'float32') for g in gradients]
        squares = [ops.sum(ops.square(g)) for g in wide if g is not None]
        if not squares:
            continue
        factor = scale / ops.maximum(ops.sqrt(sum(squares)), 1e-12)  # below 1e-19 squares are 0
        for k, gradient in enumerate(wide):
            if gradient is not None:
                part = gradient * factor
                total[k] = part if total[k] is None else total[k] + part
    return total
