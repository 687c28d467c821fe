"""Fused updates on PyTorch: the kernels that rules name, see `Rule.kernel`.

Written out, Adam makes twelve passes over every weight and takes a third of a training step on two cores.
"""

import torch
from keras.src.backend.common.stateless_scope import in_stateless_scope

# The kernel corrects its moments by 1 - beta ** number, which is 1 in float32 from here on: ours are corrected already.
LATE = 2.0**30


def fused(rule, weight, slots, gradient, step):
    """Updates the Keras variable `weight` and its `slots` {name: variable} in place; False where no kernel can.

    The kernel reads memory in order: weights of another layout are left to the written-out rule. So are the pure
    updates of `stateless_apply`, which must leave their arguments as they are.
    """
    if in_stateless_scope() or rule.kernel not in _KERNELS:
        return False
    if weight.value.dtype != torch.float32 or not weight.value.is_contiguous():
        return False
    with torch.no_grad():
        _run(rule, weight.value, slots, gradient.to(torch.float32).contiguous(), step)
    return True


def _run(rule, weight, slots, gradient, step):
    _KERNELS[rule.kernel](rule, weight, slots, gradient, step)


def _adam(rule, weight, slots, gradient, step):
    rate, epsilon = step.once(rule, lambda now: tuple(map(float, rule.corrected(now))))
    late = step.once(weight.device, lambda now: torch.tensor(LATE, device=weight.device))
    torch._fused_adam_(
        [weight],
        [gradient],
        [slots['m'].value],
        [slots['v'].value],
        [],
        [late],
        lr=rate,
        beta1=rule.beta_1,
        beta2=rule.beta_2,
        weight_decay=0.0,
        eps=epsilon,
        amsgrad=False,
        maximize=False,
    )


def _decayed(rule, weight, slots, gradient, step):
    weight.sub_(rule.decay(weight, step))
    _run(rule.inner, weight, slots, gradient, step)


def _rescaled(rule, weight, slots, gradient, step):
    _run(rule.inner, weight, slots, gradient, rule.rescaled(step))


def _averaged(rule, weight, slots, gradient, step):
    _run(rule.inner, weight, slots, gradient, step)
    average = slots[rule.slot].value
    average.copy_(rule.average(average, weight))


_KERNELS = {'adam': _adam, 'decay': _decayed, 'rescale': _rescaled, 'average': _averaged}
