"""SentencePiece models trained on invented sentences: `python sentence_models.py PREFIX OPTIONS` is the program."""

import json
import random
import subprocess
import sys

WORDS = 'the cat sat on mat and dog met at old mill river night nobody saw young are good friends now'.split()
WORDS += '小猫 小狗 坐在 垫子上 木头上 老磨坊 在河边 夜里 没有人 看见 河边的 好朋友'.split()


def sentences(count=200):
    source = random.Random(0)
    return [' '.join(source.choice(WORDS) for _ in range(source.randint(3, 8))) for _ in range(count)]


def train(prefix, **options):
    """Writes `prefix`.model and returns its path.

    In a process of its own: where TensorFlow 1.15 was imported before, training (not loading) may crash.
    """
    subprocess.check_call([sys.executable, __file__, str(prefix), json.dumps(options)], stderr=subprocess.DEVNULL)
    return str(prefix) + '.model'


def main():
    import sentencepiece

    arguments = dict(vocab_size=120, hard_vocab_limit=False, character_coverage=1.0, pad_id=3, num_threads=1,
                     control_symbols=['[CLS]', '[SEP]'], user_defined_symbols=['[MASK]'])
    arguments.update(json.loads(sys.argv[2]))
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences()), model_prefix=sys.argv[1], **arguments
    )


if __name__ == '__main__':
    main()
