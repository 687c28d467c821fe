"""Initial values that depend on depth."""

from gplinker_kit.backend import initializers

# Cutting a normal at two deviations shrinks its deviation to 1 / 1.13684723.
TRUNCATION = 1.13684723


def scaled_normal(shape, depth, order, gain=1.0, dtype=None):
    """Truncated normal whose realised deviation is gain · fan^(-1/2) · depth^(-1/order).

    fan is the number of rows, but of columns for tables (more than 10,000 rows) and for fewer than 10 rows.
    Source: RoFormerV2 (order 2, kexue.fm/archives/8998) and GAU-α (order 3, kexue.fm/archives/9052).
    """
    fan = shape[1] if len(shape) > 1 and (shape[0] > 10000 or shape[0] < 10) else shape[0]
    stddev = gain * TRUNCATION * fan**-0.5 * depth ** (-1.0 / order)
    return initializers.TruncatedNormal(stddev=stddev)(shape, dtype=dtype)
