"""Systems trained with several seeds each, and what came of it, in one folder that can be added to.

    DIR/gplinker/seed-0/predictions-tuned.json   the events of the dev sentences, in DuEE's format: each half of them at
                                                 the thresholds that are best for the other half
    DIR/gplinker/seed-0/predictions-zero.json    the same at thresholds 0
    DIR/gplinker/seed-0/run.json                 what the run was, how long it took; written last
    DIR/comparison.json  .csv  .md  .png         all finished runs, and what each system can reach at best

Every number is computed from the predictions, so that a run of another day has the scores of today.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, replace

from gplinker_kit.backend import ENGINE, STACK, keras, set_random_seed
from gplinker_kit.backend.acceleration import settings as acceleration
from gplinker_kit.baselines.ceiling import best_events
from gplinker_kit.baselines.clock import Clock
from gplinker_kit.baselines.names import NETWORKS, check_system
from gplinker_kit.baselines.picture import mixture_picture
from gplinker_kit.baselines.results import THRESHOLDS, TUNED, ZERO, csv_text, f1_values, markdown, score_run
from gplinker_kit.baselines.systems import make_system
from gplinker_kit.baselines.training import train
from gplinker_kit.baselines.tuning import crossfit
from gplinker_kit.errors import DataError
from gplinker_kit.events.duee import dump_line, example_to_json, read_examples, write_examples
from gplinker_kit.events.schema import Example
from gplinker_kit.files import atomic_write, read_json, write_json
from gplinker_kit.state_file import differences_of

PREDICTIONS, RUN, COMPARISON = 'predictions-%s.json', 'run.json', 'comparison'


class Comparison:
    """What all runs share.

    Arguments:
        folder: where all files go. settings, schema, tokenizer, checkpoint: as in `make_system`.
        train_examples, dev_examples: lists of Example; those without events are left out. recipe: Recipe; its seed is
            replaced. log: function of one line.
    Raises:
        ValueError: no labelled dev example.
    """

    def __init__(self, folder, settings, schema, tokenizer, train_examples, dev_examples, recipe, log, checkpoint=None):
        self.folder, self.schema, self.recipe, self.log = os.fspath(folder), schema, recipe, log
        self.train_examples, self.dev_examples = ([example for example in examples if example.events is not None]
                                                  for examples in (train_examples, dev_examples))
        if not self.dev_examples:
            raise ValueError('dev_examples holds no labelled sentence, so that there is nothing to compare by')
        self._tokenizer, self._typed_links, self._ceilings = tokenizer, settings.typed_links, None
        self._known = {}  # (system, seed): its runs
        self._make = lambda name: make_system(name, settings, schema, tokenizer, checkpoint)
        shown = asdict(settings)
        about = {
            'stack': {'stack': STACK, 'engine': ENGINE}, 'acceleration': acceleration()._asdict(),
            'encoder': shown.pop('encoder'), 'settings': shown, 'pretrained': {'pretrained': checkpoint},
            'recipe': {name: value for name, value in asdict(recipe).items() if name != 'seed'},
            'training sentences': digest(self.train_examples), 'dev sentences': digest(self.dev_examples),
        }
        self.about = json.loads(json.dumps(about))

    def run(self, systems, seeds, progress=True):
        """Trains what is not finished yet, each system once for each seed, and writes the files after each run.

        On TF 1.15 each run begins a new graph: models that were made before can no longer be used.

        Arguments: systems: names. seeds: integers. progress: bool, show bars.
        Returns: the finished runs of the folder, see `finished`.
        Raises: ValueError: an unknown system, no system or seed, one that comes twice. DataError: a finished run in the
            folder that was made otherwise (the differences are listed), or a damaged one; nothing is trained then.
        """
        systems, seeds = [check_system(name) for name in systems], list(seeds)
        for name, values in (('systems', systems), ('seeds', seeds)):
            if not values or len(set(values)) < len(values):
                raise ValueError('%s must hold something, each once, got %r' % (name, values))
        done = {(run['system'], run['seed']) for run in self.finished()}
        wanted = [(name, seed) for seed in seeds for name in systems]
        for name, seed in wanted:
            if (name, seed) in done:
                self.log('%s, seed %d: finished already' % (name, seed))
        left = [one for one in wanted if one not in done]
        clock = Clock(sum(NETWORKS[name] for name, _ in left))
        for number, (name, seed) in enumerate(left, 1):
            self.log('%s, seed %d (%d of %d)' % (name, seed, number, len(left)))
            self._train(name, seed, progress, clock)
            runs = self.write()
        return runs if left else self.write()

    def _train(self, name, seed, progress, clock):
        if STACK != 'keras3':
            keras.backend.clear_session()
        set_random_seed(seed)
        system = self._make(name)
        seconds = train(system, self.train_examples, replace(self.recipe, seed=seed), self.log, progress, clock)
        texts, gold = zip(*((example.text, example.events) for example in self.dev_examples))
        readings = system.readings(list(texts), self.recipe.batch_size)
        tuned, points = crossfit(system, readings, gold)
        found = {ZERO: [system.decide(reading, (0.0,) * len(system.axes)) for reading in readings], TUNED: tuned}
        place = self._place(name, seed)
        os.makedirs(place, exist_ok=True)
        for thresholds in THRESHOLDS:
            write_examples(os.path.join(place, PREDICTIONS % thresholds), [
                Example(example.text, events, example.id)
                for example, events in zip(self.dev_examples, found[thresholds])], self.schema)
        write_json(os.path.join(place, RUN), {
            'system': name, 'seed': seed, 'seconds': round(seconds, 1),
            'weights': sum(network.weights for network in system.networks),
            'thresholds': [dict(zip(system.axes, point)) for point in points], 'about': self.about})
        chosen = ', '.join('%s %g and %g' % (axis, one, other) for axis, one, other in zip(system.axes, *points))
        for run in self._read(name, seed):
            values = [100 * f1_values(run)[column] for column in ('argument F1', 'event F1', 'official F1')]
            self.log('%s, seed %d, thresholds %s: dev argument F1 %.2f, event F1 %.2f (strict), official F1 %.2f' % (
                name, seed, chosen if run['thresholds'] == TUNED else '0', *values))

    def _place(self, name, seed):
        return os.path.join(self.folder, name, 'seed-%d' % seed)

    def finished(self):
        """Returns the finished runs of the folder with their scores, see `results`: by system, seed, thresholds.

        Raises: DataError: one that was made otherwise, or is damaged.
        """
        runs = []
        for name in NETWORKS:
            folder = os.path.join(self.folder, name)
            found = [re.match(r'seed-(\d+)$', entry) for entry in (
                os.listdir(folder) if os.path.isdir(folder) else ())]
            for seed in sorted(int(match.group(1)) for match in found if match):
                if os.path.exists(os.path.join(self._place(name, seed), RUN)):
                    runs.extend(self._read(name, seed))
        return runs

    def _read(self, name, seed):
        """Returns the runs of a system and a seed, one for each of `THRESHOLDS`."""
        if (name, seed) not in self._known:
            place = self._place(name, seed)
            path = os.path.join(place, RUN)
            facts = read_json(path)
            if not isinstance(facts, dict) or not {'about', 'seconds', 'weights'} <= set(facts):
                raise DataError('this is no run of `gplinker compare`', path)
            differences = differences_of(facts['about'], self.about)
            if differences:
                raise DataError('this run was made otherwise; give another --output, or remove its folder:\n  %s'
                                % '\n  '.join(differences), path)
            common = {'system': name, 'seed': seed, 'seconds': facts['seconds'], 'weights': facts['weights']}
            self._known[name, seed] = [dict(common, thresholds=thresholds, **self._score(
                os.path.join(place, PREDICTIONS % thresholds))) for thresholds in THRESHOLDS]
        return self._known[name, seed]

    def _score(self, path):
        predicted = read_examples(path, self.schema)
        if [example.text for example in predicted] != [example.text for example in self.dev_examples]:
            raise DataError('these are no predictions of the dev sentences', path)
        return score_run([example.events for example in self.dev_examples], [one.events for one in predicted])

    def write(self):
        """Writes the files of all finished runs; returns these."""
        runs, path = self.finished(), os.path.join(self.folder, COMPARISON)
        write_json(path + '.json', {'about': self.about, 'runs': runs, 'ceilings': self.ceilings()})
        for ending, text in (('.csv', csv_text(runs)), ('.md', markdown(runs, self.ceilings()))):
            with atomic_write(path + ending) as stream:
                stream.write(text)
        groups = runs[0]['groups']
        missing = [name for name in ('one_event', 'several_events') if not groups[name]['texts']]
        if missing:
            self.log('no picture: no dev sentence has %s' % ' or '.join(name.replace('_', ' ') for name in missing))
        else:
            mixture_picture([run for run in runs if run['thresholds'] == TUNED], path + '.png')
        return runs

    def ceilings(self):
        """Returns {system: scores, see `score_run`, of what it would find at best}."""
        if self._ceilings is None:
            texts, gold = zip(*((example.text, example.events) for example in self.dev_examples))
            encoded = self._tokenizer.encode_batch_with_offsets(list(texts), maxlen=None)
            found = [best_events(example, offsets, self.schema, self._typed_links)
                     for example, (_, _, offsets) in zip(self.dev_examples, encoded)]
            self._ceilings = {name: score_run(gold, [one[name] for one in found]) for name in NETWORKS}
        return self._ceilings


def digest(examples):
    """Returns a fingerprint of examples with their events."""
    total = hashlib.sha256()
    for example in examples:
        total.update(dump_line(example_to_json(example)).encode('utf-8') + b'\n')
    return total.hexdigest()
