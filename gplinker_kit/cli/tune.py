"""Tunes the thresholds of a trained model on labelled sentences, and writes them as a new version of its folder.

Every pointer that names the version read (`current`, `best-argument`, `best-event`) then names the new one. Choose
sentences that the model was not trained on. The thresholds are tuned for a policy, so give the one of later use.
"""

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, add_model_argument
from gplinker_kit.cli.policies import add_policy_arguments, policy_from
from gplinker_kit.errors import DataError
from gplinker_kit.events.tuning import OBJECTIVES

HELP = "tune a model's thresholds on labelled sentences"


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--data', required=True, metavar='FILE', help='DuEE-format sentences with event_list')
    parser.add_argument('--objective', default='sum', choices=OBJECTIVES,
                        help='the strict F1 to tune for (default: %(default)s of both)')
    parser.add_argument('--slack', type=float, default=0.0, metavar='X',
                        help='objective (0 to 1) to give up for thresholds nearer to 0 (default: %(default)s)')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def run(options):
    from gplinker_kit.events import read_examples
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.model_folder import pointed
    from gplinker_kit.thresholds import tune_thresholds

    policy = policy_from(options)
    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    numbers = pointed(options.model)
    examples = [example for example in read_examples(options.data, gplinker.schema) if example.events is not None]
    if not examples:
        raise DataError('no line has an event_list, so that there is nothing to tune on', options.data)
    with Progress('tune', len(examples)) as progress:
        tuned = tune_thresholds(gplinker, examples, options.objective, policy, options.batch_size, options.slack,
                                progress)
    moved = [which for which, number in numbers.items() if number == numbers[options.which]]
    gplinker.save(options.model, pointers=moved)
    print(tuned)
