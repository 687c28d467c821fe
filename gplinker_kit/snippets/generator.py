"""DataGenerator: examples, shuffled and cut into batches by a subclass, for `fit`, `predict` and tf.data."""

import numpy as np


class DataGenerator:
    """Batches of `data`, made by a subclass; TensorFlow and Keras are imported by `forfit` and the like only.

    A subclass defines `__iter__(self, random=False)`, which goes through `self.sample(random)` once and yields batches
    `(inputs, targets)`, of arrays or lists of arrays; `(inputs, None)` for a model that brings its own loss.

        class Batches(DataGenerator):
            def __iter__(self, random=False):
                ids = []
                for is_end, text in self.sample(random):
                    ids.append(tokenizer.encode(text)[0])
                    if len(ids) == self.batch_size or is_end:
                        yield sequence_padding(ids), None
                        ids = []

        model.fit(batches.forfit(), steps_per_epoch=len(batches), epochs=3)

    Arguments:
        data: list, or anything with `len` and indices; or an iterable without `len`. An iterator that can be gone
            through once only, such as an open file, lasts for one epoch.
        batch_size: int.
        buffer_size: of an iterable without `len`, so many items are held to draw from; 1000 batches by default.

    Attributes: data, batch_size, buffer_size, steps (batches an epoch; None without `len`).
    """

    def __init__(self, data, batch_size=32, buffer_size=None):
        if not hasattr(batch_size, '__index__') or batch_size < 1:
            raise ValueError('batch_size must be a whole number above 0, got %r' % (batch_size,))
        self.data = data
        self.batch_size = batch_size
        self.buffer_size = buffer_size or batch_size * 1000
        try:
            self.steps = -(-len(data) // batch_size)
        except TypeError:
            self.steps = None

    def __len__(self):
        if self.steps is None:
            raise TypeError('the data of this generator has no length: give `fit` a number of steps_per_epoch')
        return self.steps

    def __bool__(self):
        return True  # which would ask for the length otherwise

    def sample(self, random=False):
        """Yields `(is_end, item)` for each item of the data once, is_end being True for the last; shuffled if `random`.

        The order comes from numpy's global state: `np.random.seed` repeats it.

        Raises: ValueError where there is no item.
        """
        items = iter(self.data) if not random else self._buffered() if self.steps is None else self._permuted()
        missing = object()
        item = next(items, missing)
        if item is missing:
            raise ValueError('data: there is no item (an iterator can be gone through once only; a list is safe)')
        for following in items:
            yield False, item
            item = following
        yield True, item

    def _permuted(self):
        return (self.data[index] for index in np.random.permutation(len(self.data)))

    def _buffered(self):
        buffer = []
        for item in self.data:
            buffer.append(item)
            if len(buffer) > self.buffer_size:
                yield buffer.pop(np.random.randint(len(buffer)))
        while buffer:
            yield buffer.pop(np.random.randint(len(buffer)))

    def __iter__(self, random=False):
        raise NotImplementedError('%s does not define __iter__(self, random=False), which makes the batches'
                                  % type(self).__name__)

    def _endless(self, random):
        while True:
            batch = None
            for batch in self.__iter__(random):
                yield batch
            if batch is None:
                raise ValueError('%s.__iter__ yielded no batch' % type(self).__name__)

    def forfit(self, random=True):
        """Yields batches without end, for `fit(…, steps_per_epoch=len(self))` of Keras 2.3.1, tf.keras and Keras 3.

        Keras 3 gets tuples where a batch has lists, and no targets that are None. TensorFlow makes batches ahead of the
        training; on JAX and PyTorch `prefetching.prefetch(lambda batch: batch, generator.forfit())` does.
        """
        from gplinker_kit.backend.batches import fit_batch

        for batch in self._endless(random):
            yield fit_batch(batch)

    def fortest(self, random=False):
        """Yields the inputs of the batches without end, for `predict(…, steps=len(self))`."""
        from gplinker_kit.backend.batches import predict_batch

        for batch in self._endless(random):
            yield predict_batch(batch[0])

    def to_dataset(self, types, shapes, names=None, padded_batch=False):
        """Returns an endless shuffled tf.data.Dataset; `__iter__` then yields single examples, not batches.

        Arguments:
            types, shapes: dtypes and shapes of an example's parts, nested like the example.
            names: turns the parts into a dict: a name, a tuple of names, or a tuple of tuples of names, for examples
                that are an array, a tuple of arrays, or a tuple of tuples (inputs, targets).
            padded_batch: pads the examples of a batch to one length where `shapes` has None.

        Raises: RuntimeError where Keras runs on JAX or PyTorch.
        """
        from gplinker_kit.backend.batches import dataset_of_samples

        def samples():
            for example in self._endless(True):
                yield _named(names, example, types)

        return dataset_of_samples(
            samples, _named(names, types, types), _named(names, shapes, types), self.batch_size, padded_batch
        )


def _named(names, parts, types):
    """Returns `parts` as dicts under `names`; without, nested in tuples, since tf.data stacks what lists hold."""
    if names is None:
        return _nested(parts, types)
    if isinstance(names, str):
        return {names: parts}
    if isinstance(names[0], str):
        return dict(zip(names, parts))
    return tuple(dict(zip(inner, part)) for inner, part in zip(names, parts))


def _nested(parts, types):
    if not isinstance(types, (tuple, list)):
        return parts
    return tuple(_nested(part, inner) for part, inner in zip(parts, types))
