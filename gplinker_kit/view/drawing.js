'use strict';
// Draws one sentence of the page: its text with highlights, its events as cards with their cliques.
const drawing = (function () {
  let data = null; // types, trigger, labelColumns, rings: what all sentences share
  const MARKS = {right: '✓', wrong: '✗', missed: '○', extra: '⊕', lacking: '⊖', differs: '≠', plain: ''};
  const WORDS = {
    right: 'right', wrong: 'wrong: not in gold', missed: 'missed: in gold only', extra: 'right, but gold has it in another event',
    lacking: 'right, but predicted in another event', plain: '',
  };
  const EVENTS = {
    right: '✓ right', differs: '≠ differs from gold', wrong: '✗ wrong: gold has no such event', missed: '○ missed', plain: '',
  };
  const SIGNS = {right: '✓', wrong: '✗', extra: '+', lacking: '−', missed: '', plain: ''}; // inside a node
  const WORST = ['wrong', 'missed', 'extra', 'lacking', 'right', 'plain'];
  const PATTERNS = {
    wrong: 'repeating-linear-gradient(90deg, C 0 3px, transparent 3px 5px)',
    missed: 'repeating-linear-gradient(90deg, C 0 8px, transparent 8px 12px)',
  };

  // An element; text goes in as text, never as HTML.
  function h(name, attributes, ...children) {
    const svg = /^(svg|g|line|circle|rect|text|title)$/.test(name);
    const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === 'vars') for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
      else if (value !== null && value !== undefined) element.setAttribute(key, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  const color = (status, typeNumber) => (status === 'plain' ? 'var(--t' + (typeNumber % 8) + ')' : 'var(--' + status + ')');
  const score = (value) => (value === null || value === undefined ? '' : value.toFixed(2));
  const columns = (text) => Array.from(text).reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e7f ? 2 : 1), 0);
  const clip = (text, most) => {
    if (columns(text) <= most) return text;
    const all = Array.from(text);
    while (columns(all.join('')) >= most) all.pop();
    return all.join('') + '…';
  };

  // === The sentence ===

  function textOf(sentence) {
    const seen = new Set();
    const last = new Map(); // the last piece of a bar ends a little early, so that neighbours do not run together
    sentence.pieces.forEach(([, over], number) => over.forEach((bar) => last.set(bar, number)));
    const parts = sentence.pieces.map(([piece, over], number) => {
      if (!over.length) return document.createTextNode(piece);
      const bars = over.map((k) => sentence.bars[k]);
      const names = bars.map((bar) => bar[1] + (WORDS[bar[2]] ? ' (' + WORDS[bar[2]] + ')' : ''));
      const segment = h('span', {
        class: 'seg' + (bars.some((bar) => bar[4]) ? ' trigger' : ''), tabindex: '-1', 'data-k': over.map((k) => 'b' + k).join(' '), title: names.join('\n'),
        vars: {'--lanes': Math.max(...bars.map((bar) => bar[0] + 1))},
      }, h('i', {class: 'strut'}), piece, h('i', {class: 'strut'}));
      // A layer a bar, and a layer of tint a bar: what is nested is darker.
      const layers = bars.map((bar) => (PATTERNS[bar[2]] || 'linear-gradient(C, C)').replace(/C/g, color(bar[2], bar[3])));
      const widths = over.map((k) => (last.get(k) === number ? 'calc(100% - 2px)' : '100%'));
      segment.style.backgroundImage = layers.concat(bars.map(() => 'linear-gradient(var(--tint), var(--tint))')).join(',');
      segment.style.backgroundSize = widths.map((width) => width + ' 3px').concat(widths.map((width) => width + ' var(--area)')).join(',');
      segment.style.backgroundPosition = bars.map((bar) => '0 calc(var(--area) + ' + bar[0] + ' * var(--lane))').concat(bars.map(() => '0 0')).join(',');
      over.forEach((k) => {
        if (seen.has(k)) return;
        seen.add(k);
        const [lane, label, status, typeNumber, trigger] = sentence.bars[k];
        const mark = status === 'right' || !MARKS[status] ? '' : MARKS[status] + ' ';
        segment.append(h('span', {
          class: 'lab' + (trigger ? ' trigger' : ''), 'aria-hidden': 'true', 'data-k': 'b' + k, vars: {'--k': lane, '--bar': color(status, typeNumber)},
        }, mark + clip(label, data.labelColumns)));
      });
      return segment;
    });
    return h('p', {class: 'text', dir: 'auto'}, ...parts);
  }

  // A label that begins at the right edge would leave the box: it moves to the left.
  function tuck(article) {
    const edge = article.getBoundingClientRect().right - 6;
    const labels = Array.from(article.querySelectorAll('.lab'));
    labels.forEach((label) => { label.style.left = ''; });
    const over = labels.map((label) => label.getBoundingClientRect().right - edge);
    labels.forEach((label, k) => { if (over[k] > 0) label.style.left = -over[k] + 'px'; });
  }

  // === The events ===

  function key(card, number, row) { return row[5] === null || row[5] === undefined ? 'c' + number + 'r' + card.rows.indexOf(row) : 'b' + row[5]; }

  const statusOf = (row) => (row[2] === 'elsewhere' ? (row[3] ? 'extra' : 'lacking') : row[2]);

  function cardOf(card, number) {
    const name = data.types[card.type];
    const rows = card.rows.map((row, r) => {
      const [role, word, , , value, , place] = row;
      const status = statusOf(row);
      const where = place ? ', characters ' + place[0] + ' to ' + place[1] : ', no position';
      return h('li', {
        class: status + ' s-' + status + (r === 0 && role === data.trigger ? ' t' : ''), tabindex: '0', 'data-k': key(card, number, row),
        title: (WORDS[status] ? WORDS[status] + where : where.slice(2)), vars: status === 'plain' ? {'--bar': color(status, card.type)} : {},
      },
      h('span', {class: 'mark', role: MARKS[status] ? 'img' : null, 'aria-label': WORDS[status] || null}, MARKS[status]),
      h('span', {class: 'role', title: role}, role), h('span', {class: 'word', dir: 'auto'}, word),
      h('span', {class: 'num' + (value !== null && value < 0.7 ? ' low' : '')}, score(value)));
    });
    return h('section', {class: 'card ' + card.status + ' s-' + card.status, vars: card.status === 'plain' ? {'--bar': color('plain', card.type)} : {}},
      h('h3', {'data-k': card.rows.map((row) => key(card, number, row)).join(' ')}, name,
        EVENTS[card.status] ? h('span', {class: 'status'}, EVENTS[card.status]) : null,
        card.score === null ? null : h('span', {class: 'score', title: 'event score'}, score(card.score))),
      h('ul', {class: 'rows', vars: {'--role': Math.min(7, Math.max(...card.rows.map((row) => columns(row[0]))) * 0.6 + 0.2).toFixed(1) + 'em'}}, ...rows), cliqueOf(card, number));
  }

  function cliqueOf(card, number) {
    const points = data.rings[card.nodes.length];
    if (!points) return null;
    const width = 364, cx = width / 2;
    const ys = points.map((point) => point[1]);
    const single = (y) => points.length > 2 && points.filter((point) => point[1] === y && Math.abs(point[0]) < 8).length > 0;
    const above = single(Math.min(...ys)) ? 38 : 22, below = single(Math.max(...ys)) ? 44 : 24;
    const cy = above - Math.min(...ys), height = cy + Math.max(...ys) + below;
    const at = points.map(([x, y]) => [cx + x, cy + y]);
    const keys = card.nodes.map((rows) => Array.from(new Set(rows.map((r) => key(card, number, card.rows[r])))).join(' '));
    const known = card.links.filter((link) => link[2] !== null).sort((a, b) => a[2] - b[2]);
    const told = new Set(known.length <= 6 ? known : known.filter((link) => link[2] < 0.9).slice(0, 4));
    const edges = card.links.map((link) => {
      const [i, j, value] = link;
      const [x1, y1, x2, y2] = [...at[i], ...at[j]];
      const t = 0.36; // not the middle, where the diagonals cross
      const strength = value === null ? 0.5 : value;
      return h('g', {class: 'edge' + (told.has(link) ? ' tell' : ''), 'data-i': keys[i], 'data-j': keys[j]},
        h('line', {x1, y1, x2, y2, 'stroke-width': (0.8 + 1.8 * strength).toFixed(2), opacity: (0.2 + 0.6 * strength * strength).toFixed(2),
          'stroke-dasharray': value === null ? '2 4' : value < 0.5 ? '5 3' : null}),
        value === null ? null : h('text', {x: (x1 + t * (x2 - x1)).toFixed(1), y: (y1 + t * (y2 - y1)).toFixed(1)}, score(value)));
    });
    const shapes = card.nodes.map((rows, n) => {
      const [x, y] = at[n];
      const all = rows.map((r) => card.rows[r]);
      const status = WORST.find((s) => all.some((row) => statusOf(row) === s));
      const roles = Array.from(new Set(all.map((row) => row[0]))).join(' · ');
      const side = points[n][0] > 8 ? 'start' : points[n][0] < -8 ? 'end' : 'middle';
      const up = points[n][1] < 0;
      const dx = side === 'start' ? 15 : side === 'end' ? -15 : 0;
      const dy = side !== 'middle' ? -1 : up ? -27 : 24;
      const shape = all.some((row) => row[0] === data.trigger)
        ? h('rect', {class: 'shape', x: x - 9, y: y - 9, width: 18, height: 18, rx: 3}) : h('circle', {class: 'shape', cx: x, cy: y, r: 9});
      return h('g', {class: 'node ' + status + ' s-' + status, 'data-k': keys[n], vars: status === 'plain' ? {'--bar': color(status, card.type)} : {}},
        shape, h('text', {class: 'sign', x, y: y + 0.5}, SIGNS[status]),
        h('text', {class: 'name', x: x + dx, y: y + dy, 'text-anchor': side}, clip(all[0][1], 12)),
        h('text', {class: 'what', x: x + dx, y: y + dy + 13, 'text-anchor': side}, clip(roles, 15)));
    });
    const weakest = known.length ? ', the weakest ' + score(known[0][2]) : '';
    return h('div', {class: 'clique'}, h('svg', {
      viewBox: '0 0 ' + width + ' ' + height, role: 'img', 'aria-label': 'clique of ' + card.nodes.length + ' spans and ' + card.links.length + (card.links.length === 1 ? ' link' : ' links') + weakest,
    }, ...edges, ...shapes));
  }

  return {h, MARKS, EVENTS, textOf, tuck, cardOf, share: (shared) => { data = shared; }};
}());
