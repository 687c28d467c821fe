"""What the rules of `gplinker_kit.optimizers` and the drivers of the Keras versions agree on."""

import copy


class Step:
    """What a rule may know of the present update, apart from the weight itself.

    number: float32 scalar tensor, 1 at the first update. rate: float32 scalar tensor, the learning rate of this update.
    batch: float32 scalar tensor, 1 at the first batch; it differs from `number` where gradients are accumulated.
    closing: True where no batch came, and what is held back is to be applied.
    counts: {name: float32 scalar tensor}, what rules have written in `begin`.
    fires: None, or a bool scalar tensor that is False where `update` is to change nothing; see `Rule.gathered`.
    """

    def __init__(self, number, rate, batch=None, closing=False):
        self.number, self.rate, self.closing = number, rate, closing
        self.batch = number if batch is None else batch
        self.counts, self.fires = {}, None
        self._shared = {}

    def once(self, key, compute):
        """Returns `compute(self)`, computed once however many weights share this step."""
        if key not in self._shared:
            self._shared[key] = compute(self)
        return self._shared[key]

    def changed(self, counts=None, **fields):
        """Returns a step like this one with other fields, and `counts` besides its own."""
        step = copy.copy(self)
        step._shared = {}
        step.counts = dict(self.counts, **(counts or {}))
        for name, value in fields.items():
            setattr(step, name, value)
        return step


class Rule:
    """How one weight changes in one update: pure functions of tensors, run by the driver of each Keras version.

    A rule keeps no tensors of its own. Everything that lasts from one update to the next is in `state`, float32
    whatever the dtype of the weight; branches are written with `ops.where`, so that one graph serves every step. A rule
    that extends another one (see `gplinker_kit.optimizers.transform`) calls the inner rule and merges the slots.

    In each update the driver calls `begin` once, then `gather` for every weight where `gathered` names slots, then lets
    the optimizer clip the gradients of all weights together, then calls `update` for every weight.

    `kernel` names a fused implementation that a driver may use in place of `update`, with equal results. `gathered` are
    the slots that `gather` writes, and `update` leaves alone. Where `begin` sets `step.fires` there are such slots, and
    a driver may, in place of `update`, run that of `inner` where it is true, and nothing where it is false.
    """

    kernel = None
    gathered = ()

    def bind(self, name):
        """Returns the rule for the weight called `name`; decided once, when the optimizer is built.

        A name is `Transformer-0-FeedForward-Norm/gamma`, without Keras 2's `:0`.
        """
        return self

    def patterns(self):
        """Returns [(argument, pattern, function name -> bool)], the patterns that should each match some weight."""
        return []

    def slots(self, shape):
        """Returns {slot name: slot shape} for a weight of `shape`, always in the same order; slots start at zero."""
        raise NotImplementedError

    def shared(self):
        """Returns the names of the float32 scalars that all weights share, always in the same order, zero at first."""
        return ()

    def begin(self, shared, step):
        """Returns (the step as `update` shall see it, the new `shared`); `shared` is {name: float32 scalar tensor}."""
        return step, {}

    def rate(self, rate, batch):
        """Returns the learning rate that `update` uses at batch number `batch` where the optimizer's is `rate`."""
        return rate

    def gather(self, gradient, state, step):
        """Returns (the gradient that shall be clipped and given to `update`, the new state)."""
        return gradient, state

    def update(self, gradient, weight, state, step):
        """Returns (what is added to the weight, the new state).

        Shapes: gradient, weight and the result as the weight, float32; `state` {slot name: float32 tensor}.
        """
        raise NotImplementedError
