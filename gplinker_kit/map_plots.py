"""Pictures of matrices: scores of a sentence, confusion of roles, attention weights.

Needs matplotlib (`pip install 'gplinker-kit[view]'`), which is imported when something is drawn. Tokens and roles are
written in a font that has them, where there is one: see `drawing.text_font`.
"""

from __future__ import annotations

import math

import numpy as np

from gplinker_kit.drawing import INK, ORANGE, SOFT, make_figure, save, text_font
from gplinker_kit.events.confusion import NONE, OTHERS

CELL = 0.2  # inches a token
MOST_TOKENS = 150  # a larger picture could not be read
MOST_MAPS = 48


def plot_scores(maps, label, path, font=None):
    """Draws the score maps of a sentence: of the label's spans, of head links and of tail links.

    Arguments:
        maps: `maps.ScoreMaps`. label: str, its name in the title. path: PNG file to write, atomically.
        font: file of a font, or None for one that is installed.
    Raises:
        ValueError: too many tokens. ImportError: no matplotlib.

    Colours are logits above the threshold of each map, cut at ±10: blue below it and paler the farther, red above it. A
    ring marks what is above it.
    """
    count = _check_tokens(maps.tokens)
    font = text_font(maps.tokens + [label], font)
    side = max(2.2, CELL * count)
    figure = make_figure(3 * side + 3.6, side + 1.1)
    titles = 'spans of %s' % label, 'head links: first tokens', 'tail links: last tokens'
    grid = figure.add_gridspec(1, 3)
    image = None
    panels = zip(titles, (maps.arguments, maps.heads, maps.tails), maps.thresholds)
    for k, (title, scores, threshold) in enumerate(panels):
        axes = figure.add_subplot(grid[0, k])
        image = axes.imshow(np.clip(scores - threshold, -10, 10), cmap=_score_colors(), vmin=-10, vmax=10)
        rows, columns = np.nonzero(np.nan_to_num(scores, nan=-np.inf) > threshold)
        axes.scatter(columns, rows, s=0.45 * (72 * side / max(count, 1)) ** 2, facecolors='none', edgecolors=INK,
                     linewidths=1)
        _title(axes, title, font)
        _token_ticks(axes, maps.tokens, maps.tokens, font)
        axes.set_xlabel('last token' if k == 0 else 'token of the later argument', fontsize=8.5, color=SOFT)
        axes.set_ylabel('first token' if k == 0 else 'token of the earlier argument', fontsize=8.5, color=SOFT)
    _bar(figure, image, 'logit above the threshold')
    save(figure, path)


def plot_confusion(confusion, path, font=None, title='roles: gold (rows) and predicted (columns)'):
    """Draws which roles were taken for which.

    Arguments: confusion: `events.confusion.Confusion`. path, font: as `plot_scores`. title: str.
    Raises: ValueError: nothing to draw. ImportError: no matplotlib.

    Colours are shares of the row; the numbers are counts. Last are what the other side does not have.
    """
    counts = np.array(confusion.counts)
    if not counts.any():
        raise ValueError('there is no argument, neither in gold nor predicted')
    rows, columns = ([{NONE: none, OTHERS: 'other roles'}.get(role, role) for role in confusion.roles]
                     for none in ('not in gold', 'missed'))
    font = text_font(rows, font)
    size = len(rows)
    width = 0.085 * max(map(_columns, rows)) + 0.3
    figure = make_figure(0.46 * size + width + 1.6, 0.36 * size + width + 1.2)
    axes = figure.add_subplot(1, 1, 1)
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    image = axes.imshow(shares, cmap='Blues', vmin=0, vmax=1, aspect='auto')
    for (i, j), count in np.ndenumerate(counts):
        if count:
            wrong = i != j
            axes.text(j, i, '%d' % count, ha='center', va='center', fontsize=7.5,
                      color='white' if shares[i, j] > 0.55 else ORANGE if wrong else INK)
    for line in (axes.axhline, axes.axvline):
        line(size - 1.5, color=SOFT, linewidth=0.8)
    _title(axes, title, None)
    axes.set_xticks(range(size))
    axes.set_yticks(range(size))
    axes.set_xticklabels(columns, fontproperties=font, fontsize=8.5, rotation=60, ha='right', rotation_mode='anchor')
    axes.set_yticklabels(rows, fontproperties=font, fontsize=8.5)
    _plain(axes)
    _bar(figure, image, 'share of the row')
    save(figure, path)


def plot_attention(tokens, maps, path, font=None):
    """Draws attention weights, a panel a head.

    Arguments:
        tokens: list of str. maps: list of (title, (n, n) weights); rows are the tokens that look, columns what they
            look at. path, font: as `plot_scores`.
    Raises:
        ValueError: no map, too many of them or too many tokens. ImportError: no matplotlib.

    Each panel is as dark as its own largest weight, which is in its title.
    """
    count = _check_tokens(tokens)
    if not 1 <= len(maps) <= MOST_MAPS:
        raise ValueError('maps must hold 1 to %d maps, got %d: choose layers and heads' % (MOST_MAPS, len(maps)))
    font = text_font(tokens, font)
    across = round(math.sqrt(len(maps) * 1.5))
    down = math.ceil(len(maps) / across)
    side = max(2.2, CELL * count)
    figure = make_figure(across * (side + 0.75), down * (side + 0.95))
    grid = figure.add_gridspec(down, across)
    for k, (title, weights) in enumerate(maps):
        axes = figure.add_subplot(grid[k // across, k % across])
        top = float(np.max(weights))
        axes.imshow(weights, cmap='Greens', vmin=0, vmax=top or 1)
        _title(axes, '%s, up to %.2f' % (title, top), None)
        _token_ticks(axes, tokens, tokens, font)
        if k % across == 0:
            axes.set_ylabel('token that looks', fontsize=8.5, color=SOFT)
        if k + across >= len(maps):
            axes.set_xlabel('token that is looked at', fontsize=8.5, color=SOFT)
    save(figure, path)


def _score_colors():
    from matplotlib.colors import LinearSegmentedColormap

    steps = [(0, '#eef2f6'), (0.25, '#d3e0ec'), (0.4999, '#7fa8cf'), (0.5, '#f7b384'), (1, '#a61b00')]
    return LinearSegmentedColormap.from_list('scores', steps)


def _check_tokens(tokens):
    if not 1 <= len(tokens) <= MOST_TOKENS:
        raise ValueError('a picture has room for 1 to %d tokens, got %d' % (MOST_TOKENS, len(tokens)))
    return len(tokens)


def _columns(text):
    return sum(2 if ord(character) > 0x2e7f else 1 for character in text)


def _title(axes, text, font):
    axes.set_title(text, loc='left', fontsize=9.5, color=INK, fontproperties=font)
    axes.title.set_fontsize(9.5)


def _token_ticks(axes, rows, columns, font):
    axes.set_xticks(range(len(columns)))
    axes.set_yticks(range(len(rows)))
    axes.set_xticklabels(columns, fontproperties=font, fontsize=8)
    for label, token in zip(axes.get_xticklabels(), columns):
        label.set_rotation(90 if len(token) > 1 else 0)
    axes.set_yticklabels(rows, fontproperties=font, fontsize=8)
    _plain(axes)


def _plain(axes):
    axes.tick_params(length=0, colors=INK, pad=2)
    for spine in axes.spines.values():
        spine.set_color('#dde2e8')


def _bar(figure, image, label):
    bar = figure.colorbar(image, ax=figure.axes, shrink=0.7, pad=0.02, aspect=30)
    bar.set_label(label, fontsize=8.5, color=SOFT)
    bar.ax.tick_params(length=0, labelsize=8, colors=SOFT)
    bar.outline.set_visible(False)
