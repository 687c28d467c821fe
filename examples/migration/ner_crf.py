"""Named entities by tagging characters: an encoder, a conditional random field and Viterbi decoding.

A character's tag is O, B-kind where an entity begins or I-kind inside it (kexue.fm/archives/7196). `--config`,
`--checkpoint` and the name given to `build_transformer_model` choose the encoder.
"""

import collections
import os

import invented

from gplinker_kit.backend import K, keras
from gplinker_kit.layers import ConditionalRandomField, Dense
from gplinker_kit.models import build_transformer_model
from gplinker_kit.optimizers import Adam
from gplinker_kit.snippets import DataGenerator, ViterbiDecoder, open, sequence_padding, to_array
from gplinker_kit.tokenizers import Tokenizer

MAX_LENGTH = 256
BATCH_SIZE = 16
TAGS = ['O', 'B-LOC', 'I-LOC', 'B-ORG', 'I-ORG', 'B-PER', 'I-PER']

Sentence = collections.namedtuple('Sentence', 'text tags')


def read_sentences(folder, name):
    """Reads lines 'character tag', with an empty line after each sentence."""
    with open(os.path.join(folder, name), encoding='utf-8') as stream:
        blocks = stream.read().strip().split('\n\n')
    columns = [zip(*[line.rsplit(' ', 1) for line in block.strip().split('\n')]) for block in blocks]
    return [Sentence(''.join(characters), list(tags)) for characters, tags in columns]


def entities(tags):
    """Returns {(start, stop, kind), ...} of a list of tags; `stop` is the place behind the last one."""
    found, start = set(), None
    for place, tag in enumerate(tags + ['O']):
        if start is not None and tag != 'I' + tags[start][1:]:
            found.add((start, place, tags[start][2:]))
            start = None
        if tag.startswith('B'):
            start = place
    return found


class TagBatches(DataGenerator):
    """Batches of ([token ids, segment ids], tags): a token has the tag of its first character, [CLS] and [SEP] O."""

    def __init__(self, sentences, tokenizer):
        super().__init__(sentences, BATCH_SIZE)
        self.tokenizer = tokenizer

    def __iter__(self, random=False):
        rows = []
        for is_end, sentence in self.sample(random):
            rows.append(self.encode(sentence))
            if is_end or len(rows) == self.batch_size:
                tokens, segments, tags = map(sequence_padding, zip(*rows))
                yield [tokens, segments], tags
                rows = []

    def encode(self, sentence):
        tokens = self.tokenizer.tokenize(sentence.text, maxlen=MAX_LENGTH)
        characters = self.tokenizer.rematch(sentence.text, tokens)
        tags = [TAGS.index(sentence.tags[places[0]]) if places else 0 for places in characters]
        return self.tokenizer.tokens_to_ids(tokens), [0] * len(tokens), tags


class Tagger(ViterbiDecoder):
    """Finds entities with the scores of a model and the transitions that its CRF has at this moment."""

    def __init__(self, model, crf, tokenizer):
        outside = [TAGS.index('O')]
        super().__init__(trans=K.eval(crf.trans), starts=outside, ends=outside)
        self.model, self.tokenizer = model, tokenizer

    def find(self, text):
        """Returns {(start, stop, kind), ...} in characters."""
        tokens = self.tokenizer.tokenize(text, maxlen=MAX_LENGTH)
        characters = self.tokenizer.rematch(text, tokens)
        inputs = to_array([self.tokenizer.tokens_to_ids(tokens)], [[0] * len(tokens)])
        path = self.decode(self.model.predict_on_batch(inputs)[0])
        spans = entities([TAGS[number] for number in path])
        return {(characters[start][0], characters[stop - 1][-1] + 1, kind) for start, stop, kind in spans}


def f1(tagger, sentences):
    """2 · |both| / (|found| + |gold|) over exact entities."""
    gold = {(i,) + entity for i, sentence in enumerate(sentences) for entity in entities(sentence.tags)}
    found = {(i,) + entity for i, sentence in enumerate(sentences) for entity in tagger.find(sentence.text)}
    return 2 * len(found & gold) / max(1, len(found) + len(gold))


class KeepBest(keras.callbacks.Callback):
    """Prints F1 after every epoch, and saves the weights whenever it has not been higher."""

    def __init__(self, make_tagger, sentences, path):
        super().__init__()
        self.make_tagger, self.sentences, self.path, self.scores = make_tagger, sentences, path, []

    def on_epoch_end(self, epoch, logs=None):
        self.scores.append(f1(self.make_tagger(), self.sentences))
        if self.scores[-1] == max(self.scores):
            self.model.save_weights(self.path)
        print('epoch %d: loss %.5f, f1 %.5f' % (epoch + 1, logs['loss'], self.scores[-1]))


def main():
    """Builds, trains and prints; returns the model and its batches."""
    options = invented.options('entities', __doc__, epochs=4, learning_rate=2e-3)
    tokenizer = Tokenizer(options.vocab, do_lower_case=True)
    training = TagBatches(read_sentences(options.data, 'train.txt'), tokenizer)
    development = read_sentences(options.data, 'dev.txt')

    encoder = build_transformer_model(options.config, options.checkpoint, model='roformer')
    # The transitions start from nothing: they learn faster than the encoder.
    crf = ConditionalRandomField(lr_multiplier=10)
    model = keras.models.Model(encoder.input, crf(Dense(len(TAGS))(encoder.output)))
    model.summary()
    model.compile(loss=crf.sparse_loss, optimizer=Adam(options.learning_rate), metrics=[crf.sparse_accuracy])

    invented.start(model, options.initial)
    model.fit(
        training.forfit(),
        steps_per_epoch=options.steps or len(training),
        epochs=options.epochs,
        callbacks=[KeepBest(lambda: Tagger(model, crf, tokenizer), development, options.weights)],
        verbose=0,
    )
    model.load_weights(options.weights)
    tagger = Tagger(model, crf, tokenizer)
    text = development[0].text
    print(text, [(text[start:stop], kind) for start, stop, kind in sorted(tagger.find(text))])
    print('final score: %.5f' % f1(tagger, development))
    return model, training


if __name__ == '__main__':
    main()
