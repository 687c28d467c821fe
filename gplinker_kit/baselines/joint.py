"""GPLinker itself, as one of the systems that are compared."""

from __future__ import annotations

from gplinker_kit.baselines.network import Network
from gplinker_kit.events.batches import GOLD_MULTIPLE
from gplinker_kit.events.corpus import DUEE
from gplinker_kit.events.decoder import decode_windows
from gplinker_kit.events.labels import pad_targets
from gplinker_kit.events.policy import HEADS, RECOMMENDED, Thresholds
from gplinker_kit.events.schema import Example
from gplinker_kit.events.tuning import Search, search_thresholds
from gplinker_kit.fitting import encode, pointer_losses
from gplinker_kit.gplinker import GPLinker
from gplinker_kit.thresholds import gather_cases


class Joint:
    """GPLinker with the policy that its commands use. Arguments: see `make_system`."""

    axes = HEADS

    def __init__(self, settings, schema, tokenizer, checkpoint=None):
        self.gplinker = GPLinker(settings, schema, tokenizer, checkpoint=checkpoint)
        self.settings, self.schema, self.tokenizer = settings, schema, tokenizer
        links = self.gplinker.link_labels
        self.networks = (Network(
            'GPLinker', self.gplinker.model, pointer_losses(self.gplinker), self._encode, _targets,
            (len(schema), links, links)),)

    def _encode(self, examples):
        items, report = encode(self, examples, DUEE.occurrences)
        return items, str(report)

    def predict(self, texts, batch_size=32):
        """Returns a tuple of Events for each text."""
        return [extraction.events for extraction in self.gplinker.extract(texts, batch_size=batch_size)]

    def readings(self, texts, batch_size=32):
        """Returns a Case a text, without gold."""
        return gather_cases(self.gplinker, [Example(text, ()) for text in texts], batch_size)

    def decide(self, case, point):
        """Returns the tuple of Events of a Case at thresholds (arguments, heads, tails)."""
        return decode_windows(case.text, case.windows, self.schema, Thresholds(*point), RECOMMENDED).events

    def searcher(self, cases, gold):
        """Returns the search of `gplinker train`, which knows how links and arguments hang together."""
        search = Search([case._replace(gold=events) for case, events in zip(cases, gold)], self.schema, RECOMMENDED)
        return lambda own: search_thresholds(search, chosen=own)


def _targets(found, width):
    return [pad_targets([getattr(one, name) for one in found], GOLD_MULTIPLE)
            for name in ('arguments', 'heads', 'tails')]
