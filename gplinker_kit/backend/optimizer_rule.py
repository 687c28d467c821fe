"""What the rules of `gplinker_kit.optimizers` and the drivers of the Keras versions agree on."""


class Step:
    """What a rule may know of the present update, apart from the weight itself.

    number: float32 scalar tensor, 1 at the first update. rate: float32 scalar tensor, the learning rate of this update.
    """

    def __init__(self, number, rate):
        self.number, self.rate = number, rate
        self._shared = {}

    def once(self, key, compute):
        """Returns `compute(self)`, computed once however many weights share this step."""
        if key not in self._shared:
            self._shared[key] = compute(self)
        return self._shared[key]


class Rule:
    """How one weight changes in one update: a pure function of tensors, run by the driver of each Keras version.

    A rule keeps no tensors of its own. Everything that lasts from one update to the next is in `state`, float32
    whatever the dtype of the weight; branches are written with `ops.where`, so that one graph serves every step. A rule
    that extends another one (decay, accumulation, averages) calls the inner rule's `update` and merges the slots.

    `kernel` names a fused implementation that a driver may use in place of `update`, with equal results.
    """

    kernel = None

    def slots(self, shape):
        """Returns {slot name: slot shape} for a weight of `shape`, always in the same order; slots start at zero."""
        raise NotImplementedError

    def update(self, gradient, weight, state, step):
        """Returns (what is added to the weight, the new state).

        Shapes: gradient, weight and the result as the weight, float32; `state` {slot name: float32 tensor}.
        """
        raise NotImplementedError
