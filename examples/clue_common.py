"""What the programs for CLUE's tasks share: options, encoder, the loop, prediction in batches, what is handed in."""

import argparse
import os

import numpy as np

from gplinker_kit.backend import set_random_seed
from gplinker_kit.clue import read_split, score, split_files, write_predictions, write_submission
from gplinker_kit.events.batches import length_batches
from gplinker_kit.fitting import close_update, train_step
from gplinker_kit.models import build_transformer_model
from gplinker_kit.models.sizes import named_size
from gplinker_kit.tasks import task_recipe
from gplinker_kit.tokenizers import Tokenizer


def parse(text, **more):
    """Returns the options of a program. more: {option: default} that only it has."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', required=True, help="folder of the task's files, under CLUE's names")
    parser.add_argument('--pretrained', help='unpacked folder of a published model')
    parser.add_argument('--vocab', help='without --pretrained: the vocabulary of an encoder from scratch, 2 layers')
    parser.add_argument('--epochs', type=int)
    parser.add_argument('--batch-size', type=int)
    parser.add_argument('--learning-rate', type=float)
    parser.add_argument('--max-length', type=int)
    parser.add_argument('--output', help='folder for the files to hand in')
    for name, default in more.items():
        parser.add_argument('--' + name, default=default)
    return parser.parse_args()


def begin(options, task):
    """Returns (tokenizer, wrapper of the encoder, recipe, most tokens a row)."""
    set_random_seed(0)
    vocab = options.vocab or os.path.join(options.pretrained or options.data, 'vocab.txt')
    tokenizer = Tokenizer(vocab, do_lower_case=True)
    if options.pretrained:
        encoder = build_transformer_model(checkpoint_path=options.pretrained, return_keras_model=False)
    else:
        encoder = build_transformer_model(
            model='roformer_v2', vocab_size=tokenizer._vocab_size, return_keras_model=False, **named_size('tiny'))
    recipe = task_recipe(
        'adafactor' if options.pretrained else 'adamw', task, scratch=not options.pretrained, epochs=options.epochs,
        batch_size=options.batch_size, learning_rate=options.learning_rate)
    return tokenizer, encoder, recipe, options.max_length or task.recipe.max_length


def fit(model, loss, lengths, make, recipe, judge):
    """Trains, and leaves the weights of the best epoch.

    lengths: tokens of each item. make: (places of items, width) -> (token ids, targets). judge: () -> dev score.
    """
    random, best = np.random.RandomState(0), None
    epochs = [length_batches(lengths, recipe.batch_size, random, 8) for _ in range(recipe.epochs)]
    model.compile(loss=loss, optimizer=recipe.make_optimizer(model, sum(map(len, epochs))))
    for number, batches in enumerate(epochs, 1):
        losses = []
        for members, width in batches:
            tokens, targets = make(members, width)
            losses.append(train_step(model, [tokens, 0 * tokens], targets))
            close_update(model, recipe, len(losses), len(batches))
        value = judge()
        print('epoch %d: loss %.3f, dev %.2f%%' % (number, np.mean(losses), 100 * value))
        if best is None or value > best[0]:
            best = value, model.get_weights()
    model.set_weights(best[1])


def predict(model, lengths, rows, read, size):
    """Returns read(place, scores) of each item, in order; items of similar length are predicted together.

    rows: (places, width) -> token ids, of as many rows an item each. scores: those of the item's rows.
    """
    order, found = np.argsort(lengths)[::-1], {}
    for at in range(0, len(order), size):
        members = order[at:at + size].tolist()
        tokens = rows(members, max(lengths[place] for place in members))
        scores = np.asarray(model.predict_on_batch([tokens, 0 * tokens][:len(model.inputs)]))
        for place, one in zip(members, np.split(scores, len(members))):
            found[place] = read(place, one)
    return [found[place] for place in range(len(lengths))]


def judge_and_hand_in(options, task, dev, answer):
    """Scores the dev examples and writes predictions of the test files that are there. answer: examples -> predictions.
    """
    print('dev: ' + ', '.join('%s %.2f%%' % (name, 100 * value)
                              for name, value in score(task, dev, answer(dev)).items()))
    for submission in task.submissions if options.output else ():
        if os.path.exists(split_files(task, options.data, 'test', submission.version)[0]):
            test = read_split(task, options.data, 'test', submission.version)
            write_predictions(options.output, task, test, answer(test), submission.version)
            print('wrote %s' % write_submission(options.output)[0])
