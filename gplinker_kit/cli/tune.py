"""Tunes the thresholds of a trained model on labelled sentences, and writes them as a new version of its folder.

Every pointer that names the version read (`current`, `best-argument`, `best-event`) then names the new one. Choose
sentences that the model was not trained on. The thresholds are tuned for a policy, so give the one of later use.

Of documents (--corpus duee-fin, or a model that was trained on them) the strict scores compare texts and no positions,
and there is the objective `official`: the official DuEE-fin F1 of what `gplinker submit` would hand in.
"""

from gplinker_kit.cli.common import Progress, accelerate, add_acceleration_arguments, add_model_argument
from gplinker_kit.cli.corpora import add_corpus_argument, chosen_corpus, read_labelled
from gplinker_kit.cli.policies import add_policy_arguments, policy_from
from gplinker_kit.events.tuning import DOCUMENT_OBJECTIVES

HELP = "tune a model's thresholds on labelled sentences"


def add_arguments(parser):
    add_model_argument(parser)
    parser.add_argument('--data', required=True, metavar='FILE', help='DuEE-format sentences with event_list')
    add_corpus_argument(parser)
    add_objective_argument(parser)
    parser.add_argument('--slack', type=float, default=0.0, metavar='X',
                        help='objective (0 to 1) to give up for thresholds nearer to 0 (default: %(default)s)')
    parser.add_argument('--batch-size', type=int, default=32, metavar='N', help='default: %(default)s')
    add_policy_arguments(parser)
    add_acceleration_arguments(parser)


def add_objective_argument(parser):
    """Adds --objective, also for `gplinker train`."""
    parser.add_argument('--objective', choices=DOCUMENT_OBJECTIVES,
                        help='the F1 that the thresholds are tuned for: strict ones, or of documents the official one '
                             '(default: sum of argument and event F1; for duee-fin: official)')


def run(options):
    from gplinker_kit.gplinker import GPLinker
    from gplinker_kit.model_folder import pointed
    from gplinker_kit.thresholds import tune_thresholds

    corpus = chosen_corpus(options)
    policy, objective = policy_from(options, corpus.policy), options.objective or corpus.objective
    corpus.check_objective(objective)
    accelerate(options)
    gplinker = GPLinker.load(options.model, options.which)
    numbers = pointed(options.model)
    examples = read_labelled(corpus, options.data, gplinker.schema, 'tune on')
    with Progress('tune', len(examples)) as progress:
        tuned = tune_thresholds(gplinker, examples, objective, policy, options.batch_size, options.slack, progress,
                                corpus)
    moved = [which for which, number in numbers.items() if number == numbers[options.which]]
    gplinker.save(options.model, pointers=moved)
    print(tuned)
