"""The arithmetic of adversarial training, shared by the engines. g is the dense gradient for a table."""

from gplinker_kit.backend import ops


def direction(gradient, epsilon):
    """Returns ε · g / (‖g‖ + 1e-8), zeros where g is not finite: the table has to survive such a step."""
    norm = ops.sqrt(ops.sum(ops.square(ops.cast(gradient, 'float32'))))
    scaled = gradient * ops.cast(epsilon / (norm + 1e-8), gradient.dtype)
    return ops.where(ops.isfinite(norm), scaled, ops.zeros_like(gradient))


def penalty(gradient, epsilon):
    """Returns ½ · ε · ‖g‖², a float32 scalar."""
    return 0.5 * epsilon * ops.sum(ops.square(ops.cast(gradient, 'float32')))
