"""One process on one device, and what more of them have to do differently."""


class Workers:
    """The processes and devices that share each batch of a training; here just one.

    Attributes:
        name: of the distribution, None without one. processes, rank: how many processes there are, and which this is.
        parts: how many shares a batch is cut into. chief: whether this process is the one that writes and talks.
        nouns: what one worker is called, and several of them.
    """

    name, processes, rank, parts = None, 1, 0, 1
    nouns = 'device', 'devices'

    @property
    def chief(self):
        return self.rank == 0

    def __str__(self):
        return '%d %s' % (self.parts, self.nouns[self.parts != 1])

    def own_seed(self, seed):
        """Returns a seed of this process's own, the given one for the first: dropout shall differ between them."""
        return seed if self.chief else (seed + 1000003 * self.rank) % 2**32

    def train_on_batch(self, model, inputs, targets):
        """Makes a step on a batch that all processes have; returns what Keras does, of the whole batch."""
        return model.train_on_batch(inputs, targets)

    def predict_on_batch(self, model, inputs):
        """Returns the model's outputs; processes need not call it together."""
        return model.predict_on_batch(inputs)

    def average(self, gradients):
        """Returns the means over the processes of a list of gradients, whose entries may be None."""
        return gradients

    # The processes call each of these together, in the same order. What they tell each other: see `messages`.

    def any(self, flag):
        """Returns whether `flag` holds in any process."""
        return flag

    def from_chief(self, compute):
        """Returns what `compute()` returns in the first process, in all of them.

        Raises: in the first process what it raises, in the others a ValueError then.
        """
        return compute()

    def gather(self, value):
        """Returns the values of all processes, a list."""
        return [value]

    def wait(self):
        """Waits for the others."""
