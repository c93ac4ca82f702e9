// The script of the HTML view, first half: decodes the data and draws it on canvases.

enum HTMLDrawing {
  static let text = #"""
    'use strict';
    (() => {
    const D = JSON.parse(document.getElementById('data').textContent);
    const $ = id => document.getElementById(id);
    const BUSY = new Set([D.states.indexOf('running'), D.states.indexOf('helping')]);
    const S = Object.fromEntries(D.states.map((name, i) => [name, i]));
    const T = D.tasks, count = T.id.length;
    const index = new Map(T.id.map((id, i) => [id, i]));
    const children = new Map();
    T.par.forEach((p, i) => { if (p) { if (!children.has(p)) children.set(p, []); children.get(p).push(i); } });
    // Tiles of level 0, 1, ...: each lane's boundaries. Lengths are differences of rounded boundaries, so that rounding
    // never adds up.
    for (const tile of D.tiles) for (const lane of tile.lanes) {
      const n = lane.d.length, at = new Float64Array(n + 1);
      at[0] = tile.a;
      for (let i = 0, sum = 0; i < n; i++) { sum += lane.d[i]; at[i + 1] = Math.min(tile.b, tile.a + sum * tile.u); }
      lane.at = at;
    }
    const base = D.tiles[0], finest = D.tiles.reduce((r, tile) => Math.min(r, tile.r), Infinity);
    const details = D.tiles.filter(tile => tile.level > 0 && tile.r === finest);
    const workers = D.lanes.filter(lane => lane.w).length;
    const longest = [...Array(count).keys()].filter(i => T.st[i] >= 0).sort((a, b) => len(b) - len(a));
    function len(i) { return (T.en[i] >= 0 ? T.en[i] : D.wall) - T.st[i]; }

    const view = { a: 0, b: D.wall };
    let query = '', hits = null, chosen = -1, chosenSpan = null, pinned = -1;
    const rowH = workers > 24 ? 18 : 26, gutter = 74, axisH = 30, areaH = 46, taskH = 19;
    let W = 800, H = 400, dpr = 1, rows = [];
    const plot = $('plot'), g = plot.getContext('2d'), mini = $('mini'), m = mini.getContext('2d');
    const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    let ink = {};
    function theme() { ink = { bg: css('--panel'), ink: css('--ink'), soft: css('--soft'), line: css('--line'), lane: css('--lane'), accent: css('--accent') }; }

    function time(ns, digits) {
      const a = Math.abs(ns);
      const f = (v, u) => v.toFixed(digits ?? (v >= 100 ? 0 : v >= 10 ? 1 : 2)) + ' ' + u;
      return a < 1e3 ? Math.round(ns) + ' ns' : a < 1e6 ? f(ns / 1e3, 'µs') : a < 1e9 ? f(ns / 1e6, 'ms') : f(ns / 1e9, 's');
    }
    const clock = ns => '+' + time(ns + D.offset, ns + D.offset >= 1e9 ? 6 : 3);
    const number = n => n.toLocaleString('en-US');
    const escape = s => String(s).replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
    /// In a bar: of a place (Folder/File.swift:12) only the file.
    const barName = l => labelName(l).replace(/^.*\/([^/]+:\d+)$/, '$1');
    const labelName = l => D.labels[l] ? D.labels[l].n : '(no label)';
    const x = t => gutter + (t - view.a) / (view.b - view.a) * (W - gutter - 8);
    const t = px => view.a + (px - gutter) / (W - gutter - 8) * (view.b - view.a);
    const dim = l => hits && !hits.has(l);
    function paint(l, s) { return BUSY.has(s) ? (D.labels[l] ? D.labels[l].c : '#8c959f') : D.colors[s]; }
    /// First segment of a lane that ends after `time`.
    function first(at, time) { let lo = 0, hi = at.length - 2; while (lo < hi) { const mid = (lo + hi) >> 1; if (at[mid + 1] > time) hi = mid; else lo = mid + 1; } return lo; }

    function layout() {
      dpr = window.devicePixelRatio || 1;
      W = $('scroll').clientWidth;
      rows = []; let y = axisH;
      D.lanes.forEach((lane, i) => { if (lane.w || lane.show) { rows.push({ kind: 'lane', i, y, h: rowH }); y += rowH; } });
      y += 10;
      rows.push({ kind: 'busy', y, h: areaH }); y += areaH + 8;
      rows.push({ kind: 'ready', y, h: areaH }); y += areaH + 14;
      const room = Math.max(6, Math.floor(($('scroll').clientHeight - y - 34) / taskH));
      rows.push({ kind: 'tasks', y, h: 20 + taskH * Math.min(room, 40), n: Math.min(room, 40) }); y += 20 + taskH * Math.min(room, 40) + 8;
      H = Math.max(y, $('scroll').clientHeight - 1);
      for (const [c, w, h] of [[plot, W, H], [mini, W, 46]]) {
        c.width = Math.round(w * dpr); c.height = Math.round(h * dpr); c.style.height = h + 'px';
      }
    }
    let queued = false;
    function redraw() { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; draw(); }); } }

    function ticks(a, b, n) {
      let step = 1; const want = (b - a) / n;
      for (;;) { let done = false; for (const f of [1, 2, 5]) if (step * f >= want) { step *= f; done = true; break; } if (done) break; step *= 10; }
      const out = []; for (let v = Math.ceil((a + D.offset) / step) * step; v <= b + D.offset; v += step) out.push(v);
      return { step, out };
    }
    function tickText(v, step) {
      if (v === 0) return '0';
      const [unit, name] = v >= 1e9 || step >= 5e8 ? [1e9, 's'] : v >= 1e6 || step >= 5e5 ? [1e6, 'ms'] : v >= 1e3 ? [1e3, 'µs'] : [1, 'ns'];
      let d = 0, rest = step; while (d < 9 && rest % unit) { rest = rest % unit * 10; d++; }
      return (v / unit).toFixed(d) + ' ' + name;
    }

    /// The tiles to draw from a to b: the finest there are, unless a coarser one is as sharp at this zoom.
    function pieces(a, b) {
      const pixel = (view.b - view.a) / (W - gutter - 8);
      let list = [[base, a, b]];
      for (const tile of D.tiles) {
        if (tile === base || tile.b <= a || tile.a >= b) continue;
        const next = [];
        for (const [old, from, to] of list) {
          const lo = Math.max(from, tile.a), hi = Math.min(to, tile.b);
          if (lo >= hi || old.r <= pixel) { next.push([old, from, to]); continue; }
          if (from < lo) next.push([old, from, lo]);
          next.push([tile, lo, hi]);
          if (hi < to) next.push([old, hi, to]);
        }
        list = next;
      }
      return list;
    }
    /// The tile that is drawn at a time.
    function tileAt(time) { return pieces(time, time + 1e-3)[0][0]; }

    /// Busy time by pixel of all workers: what the row of concurrency shows, as sharp as the lanes.
    let load = new Float64Array(1);

    function drawLane(row, parts) {
      const y = row.y + 2, h = row.h - 5;
      g.fillStyle = ink.lane; g.fillRect(gutter, y, W - gutter - 8, h);
      g.fillStyle = ink.ink; g.textAlign = 'right'; g.textBaseline = 'middle'; g.font = '12px system-ui,sans-serif';
      g.fillText(D.lanes[row.i].n, gutter - 10, row.y + row.h / 2);
      const labels = [];
      for (const [tile, from, to] of parts) drawSegments(tile.lanes[row.i], from, to, y, h, labels, D.lanes[row.i].w);
      g.textAlign = 'left'; g.font = '11px system-ui,sans-serif'; g.fillStyle = '#fff';
      for (const [x0, x1, text, low] of labels) {
        g.save(); g.beginPath(); g.rect(x0 + 3, y, x1 - x0 - 6, h); g.clip();
        g.fillText(text, x0 + 5, y + h / 2 + (low ? h * .13 : 0) + .5); g.restore();
      }
    }
    function drawSegments(lane, from, to, y, h, labels, counts) {
      if (!lane || !lane.d.length) return;
      // Segments narrower than a pixel are summed up in it: busy time by label, the rest by state.
      let px = -1, busy = 0;
      const tasks = new Map(), idle = new Map(), perPixel = (view.b - view.a) / (W - gutter - 8);
      const add = (map, key, weight) => map.set(key, (map.get(key) || 0) + weight);
      const flush = () => {
        if (px < 0) return;
        if (busy > 0) {
          // A bar per pixel, its labels in the same order everywhere, so that they make bands.
          const height = Math.max(1, h * Math.min(1, busy / perPixel));
          let base = y + h;
          for (const l of tasks.size > 1 ? [...tasks.keys()].sort((a, b) => a - b) : tasks.keys()) {
            const part = height * tasks.get(l) / busy;
            g.globalAlpha = dim(l) ? .12 : 1; g.fillStyle = paint(l, S.running); g.fillRect(px, base - part, 1, part); base -= part;
          }
          g.globalAlpha = 1;
        } else {
          let best = S.parked, most = 0;
          for (const [s, v] of idle) if (v > most) { most = v; best = s; }
          if (best !== S.parked && best !== S.stopped) { g.fillStyle = paint(0, best); g.fillRect(px, y + h * .6, 1, h * .4); }
        }
        tasks.clear(); idle.clear(); busy = 0; px = -1;
      };
      const at = lane.at, n = lane.d.length;
      for (let i = first(at, from); i < n && at[i] < to; i++) {
        const a = Math.max(at[i], from), b = Math.min(at[i + 1], to);
        if (b <= a) continue;
        const x0 = x(a), x1 = x(b), s = lane.k[i] & 15, l = lane.k[i] >> 4;
        const merged = lane.c && lane.c[i] > 1, share = merged ? lane.b[i] / 255 : BUSY.has(s) ? 1 : 0;
        if (counts && share > 0) {
          for (let p = Math.floor(x0), end = Math.min(load.length - 1, Math.floor(x1)); p <= end; p++) load[p] += share * (Math.min(x1, p + 1) - Math.max(x0, p));
        }
        if (x1 - x0 < 1.5) {
          const p = Math.floor(x0);
          if (p !== px) { flush(); px = p; }
          const ran = (b - a) * share, other = merged && lane.l[i] ? (b - a) * lane.m[i] / 255 : 0;
          if (ran > 0) { add(tasks, l, ran - other); if (other > 0) add(tasks, lane.l[i], other); busy += ran; } else add(idle, s, b - a);
          continue;
        }
        flush();
        g.globalAlpha = share > 0 && dim(l) ? .12 : 1;
        if (merged) preview(lane, i, x0, x1 - x0, y, h);
        else if (s === S.running) { g.fillStyle = paint(l, s); g.fillRect(x0, y, x1 - x0 - .5, h); }
        else if (s === S.helping) { g.fillStyle = paint(l, s); g.fillRect(x0, y + h * .26, x1 - x0 - .5, h * .74); }
        else if (s === S.searching) { g.fillStyle = D.colors[s]; g.fillRect(x0, y + h * .72, x1 - x0, h * .28); }
        else if (s === S.parked) { g.fillStyle = ink.line; g.fillRect(x0, y + h / 2 - .5, x1 - x0, 1); }
        else if (s !== S.stopped && s !== S.outside) { g.fillStyle = D.colors[s]; g.fillRect(x0, y, x1 - x0 - .5, h); }
        if (share === 1 && !merged && x1 - x0 > 44) labels.push([x0, x1, barName(l), s === S.helping]);
        else if (s === S.waiting && !merged && x1 - x0 > 70) labels.push([x0, x1, 'waits for ' + barName(l), false]);
        g.globalAlpha = 1;
      }
      flush();
    }
    /// A merged stretch: from below its labels in proportion, then waiting, then what was idle.
    function preview(lane, i, left, width, y, h) {
      const share = lane.b[i] / 255, other = lane.l[i] ? lane.m[i] / 255 : 0, wait = lane.w[i] / 255;
      let base = y + h;
      const part = (height, color, l) => { if (height <= 0) return; g.globalAlpha = l !== undefined && dim(l) ? .12 : 1; g.fillStyle = color; g.fillRect(left, base - height, width, height); base -= height; };
      part(h * (share - other), paint(lane.k[i] >> 4, S.running), lane.k[i] >> 4);
      part(h * other, paint(lane.l[i], S.running), lane.l[i]);
      part(h * wait, D.colors[S.waiting]);
      g.globalAlpha = 1;
    }

    function drawArea(row, value, top, color, name, second) {
      const base = row.y + row.h;
      g.fillStyle = ink.soft; g.textAlign = 'right'; g.textBaseline = 'middle'; g.font = '11px system-ui,sans-serif';
      g.fillText(name, gutter - 10, row.y + row.h / 2 - 6); g.fillText('of ' + (top >= 100 ? number(Math.round(top)) : +top.toFixed(1)), gutter - 10, row.y + row.h / 2 + 8);
      g.fillStyle = ink.lane; g.fillRect(gutter, row.y, W - gutter - 8, row.h);
      const area = (value, alpha) => {
        g.fillStyle = color; g.globalAlpha = alpha; g.beginPath(); g.moveTo(gutter, base);
        for (let p = gutter; p < W - 8; p++) { const yy = base - row.h * Math.min(1, top > 0 ? value(p) / top : 0); g.lineTo(p, yy); g.lineTo(p + 1, yy); }
        g.lineTo(W - 8, base); g.closePath(); g.fill(); g.globalAlpha = 1;
      };
      area(value, .55); if (second) area(second, .9);
    }
    /// The mean of a row of equal columns over a pixel.
    const column = values => p => {
      const n = values.length, from = Math.max(0, Math.floor(t(p) / D.wall * n)), to = Math.max(from + 1, Math.min(n, Math.ceil(t(p + 1) / D.wall * n)));
      let sum = 0; for (let i = from; i < to; i++) sum += values[i] || 0;
      return sum / (to - from);
    };

    function drawTasks(row) {
      g.fillStyle = ink.soft; g.textAlign = 'left'; g.textBaseline = 'middle'; g.font = '11px system-ui,sans-serif';
      row.shown = [];
      for (const i of longest) {
        if (row.shown.length >= row.n) break;
        const end = T.en[i] >= 0 ? T.en[i] : D.wall;
        if (end < view.a || T.st[i] > view.b || (hits && dim(T.l[i]))) continue;
        row.shown.push(i);
      }
      g.fillText(row.shown.length ? 'Longest tasks in view' : details.length ? 'No task with a card in view: the marks in the overview are where every task has one' : 'No task in view', gutter, row.y + 8);
      row.shown.sort((a, b) => T.st[a] - T.st[b]);
      row.shown.forEach((i, n) => {
        const y = row.y + 20 + n * taskH, h = taskH - 6, end = T.en[i] >= 0 ? T.en[i] : D.wall;
        g.textAlign = 'right'; g.fillStyle = ink.soft; g.fillText(T.ln[i] >= 0 ? D.lanes[T.ln[i]].n : '', gutter - 10, y + h / 2);
        if (T.sb[i] >= 0) {
          const q0 = Math.max(gutter, x(T.sb[i])), q1 = Math.max(gutter, x(T.st[i]));
          g.strokeStyle = ink.soft; g.globalAlpha = .7; g.setLineDash([2, 3]); g.beginPath(); g.moveTo(q0, y + h / 2); g.lineTo(q1, y + h / 2); g.stroke(); g.setLineDash([]); g.globalAlpha = 1;
        }
        const x0 = Math.max(gutter, x(T.st[i])), x1 = Math.max(x0 + 1.5, Math.min(W - 8, x(end)));
        g.fillStyle = paint(T.l[i], S.running); g.beginPath(); g.roundRect(x0, y, x1 - x0, h, 2.5); g.fill();
        if (i === chosen) { g.strokeStyle = ink.ink; g.lineWidth = 1.5; g.stroke(); g.lineWidth = 1; }
        const text = barName(T.l[i]) + '  ' + time(len(i)); g.textAlign = 'left';
        const inside = g.measureText(text).width < x1 - x0 - 10;
        if (inside) { g.fillStyle = '#fff'; g.fillText(text, x0 + 6, y + h / 2 + .5); }
        else if (x1 + 150 < W) { g.fillStyle = ink.soft; g.fillText(text, x1 + 6, y + h / 2 + .5); }
        else { const r = Math.max(x0 - 6, gutter + 150); g.textAlign = 'right'; g.fillStyle = ink.bg; g.fillRect(r - g.measureText(text).width - 4, y, g.measureText(text).width + 8, h); g.fillStyle = ink.soft; g.fillText(text, r, y + h / 2 + .5); }
      });
    }

    function arrows(list, stride, color, make) {
      const rowOf = new Map(rows.filter(r => r.kind === 'lane').map(r => [r.i, r.y + r.h / 2]));
      g.strokeStyle = color; g.fillStyle = color; g.lineWidth = 1; let drawn = 0;
      for (let i = 0; i < list.length && drawn < 1500; i += stride) {
        const [from, to, a, b] = make(i);
        if (b < view.a || a > view.b || !rowOf.has(from) || !rowOf.has(to)) continue;
        const x0 = x(a), y0 = rowOf.get(from), x1 = x(b), y1 = rowOf.get(to);
        g.globalAlpha = .75; g.beginPath(); g.moveTo(x0, y0); g.bezierCurveTo(x0 + 10, y0, x1 - 10, y1, x1, y1); g.stroke();
        g.beginPath(); g.arc(x1, y1, 2.2, 0, 7); g.fill(); drawn++;
      }
      g.globalAlpha = 1; return drawn;
    }
    function drawCritical() {
      const rowOf = new Map(rows.filter(r => r.kind === 'lane').map(r => [r.i, r]));
      g.strokeStyle = '#d1242f'; g.lineWidth = 2.5; let last = null;
      for (let i = 0; i < D.critical.length; i += 3) {
        const r = rowOf.get(D.critical[i]), a = D.critical[i + 1], b = D.critical[i + 2];
        if (!r) continue;
        const y = r.y + r.h - 3, x0 = Math.max(gutter, x(a)), x1 = Math.min(W - 8, x(b));
        if (last && b >= view.a && last.b <= view.b) { g.globalAlpha = .8; g.lineWidth = 1; g.beginPath(); g.moveTo(Math.max(gutter, x(last.b)), last.y); g.lineTo(x0, y); g.stroke(); g.globalAlpha = 1; g.lineWidth = 2.5; }
        if (x1 >= x0 && b >= view.a && a <= view.b) { g.beginPath(); g.moveTo(x0, y); g.lineTo(x1, y); g.stroke(); }
        last = { b, y };
      }
      g.lineWidth = 1;
    }

    function draw() {
      const began = performance.now();
      g.setTransform(dpr, 0, 0, dpr, 0, 0); g.fillStyle = ink.bg; g.fillRect(0, 0, W, H);
      const k = ticks(view.a, view.b, Math.max(3, Math.floor(W / 130)));
      g.font = '11px system-ui,sans-serif'; g.textBaseline = 'middle'; g.textAlign = 'left';
      for (const v of k.out) { const p = Math.round(x(v - D.offset)) + .5; g.strokeStyle = ink.line; g.beginPath(); g.moveTo(p, 20); g.lineTo(p, H); g.stroke(); g.fillStyle = ink.soft; g.fillText(tickText(v, k.step), p + 4, 13); }
      let drawn = 0; const parts = pieces(view.a, view.b);
      load = new Float64Array(Math.ceil(W) + 1);
      for (const row of rows) {
        if (row.kind === 'lane') { drawLane(row, parts); drawn++; }
        else if (row.kind === 'busy') drawArea(row, p => load[p], Math.max(1, workers), '#4e79a7', 'busy');
        else if (row.kind === 'ready') drawArea(row, column(D.ready), Math.max(1, D.readyMax), '#d4a72c', 'ready', column(D.injector));
        else drawTasks(row);
      }
      for (let i = 0; i < D.marks.length; i += 3) { const p = x(D.marks[i]); if (p < gutter || p > W) continue; g.strokeStyle = ink.accent; g.setLineDash([4, 3]); g.beginPath(); g.moveTo(p, 22); g.lineTo(p, rows[rows.length - 1].y); g.stroke(); g.setLineDash([]); g.fillStyle = ink.accent; g.fillText(labelName(D.marks[i + 1]), p + 3, 25); }
      if ($('steals').checked) arrows(D.steals, 3, '#d4608a', i => [D.steals[i], D.steals[i + 1], D.steals[i + 2], D.steals[i + 2]]);
      if ($('wakes').checked) arrows(D.wakes, 4, '#2f9e8f', i => [D.wakes[i], D.wakes[i + 1], D.wakes[i + 2], D.wakes[i + 3]]);
      if ($('critical').checked) drawCritical();
      if (chosenSpan) { const r = rows.find(r => r.kind === 'lane' && r.i === chosenSpan.lane); if (r) { g.strokeStyle = ink.ink; g.lineWidth = 1.5; const x0 = Math.max(gutter, x(chosenSpan.a)), x1 = Math.min(W - 8, x(chosenSpan.b)); if (x1 > x0 - 1) g.strokeRect(x0, r.y + 1.5, Math.max(2, x1 - x0), r.h - 4); g.lineWidth = 1; } }
      drawMini();
      $('view').textContent = `${clock(view.a)} – ${clock(view.b)}   (${time(view.b - view.a)})`;
      // What a test can ask for.
      const state = document.body.dataset;
      state.lanes = drawn; state.view = `${Math.round(view.a)}-${Math.round(view.b)}`; state.level = Math.max(...parts.map(([tile]) => tile.level));
      state.frame = (performance.now() - began).toFixed(1); state.ready = state.ready || performance.now().toFixed(0);
    }
    function drawMini() {
      m.setTransform(dpr, 0, 0, dpr, 0, 0); m.fillStyle = ink.bg; m.fillRect(0, 0, W, 46);
      const n = D.busy.length, top = Math.max(1, workers), w = W - gutter - 8;
      m.fillStyle = '#4e79a7'; m.globalAlpha = .4;
      for (let p = 0; p < w; p++) { const h = 36 * Math.min(1, (D.busy[Math.floor(p / w * n)] || 0) / top); m.fillRect(gutter + p, 42 - h, 1, h); }
      m.globalAlpha = 1; m.fillStyle = ink.accent;
      for (const tile of details) m.fillRect(gutter + (tile.a + tile.b) / 2 / D.wall * w - 1, 42, 3, 3);
      const a = gutter + view.a / D.wall * w, b = gutter + view.b / D.wall * w;
      m.fillStyle = ink.bg; m.globalAlpha = .65; m.fillRect(gutter, 0, a - gutter, 46); m.fillRect(b, 0, gutter + w - b, 46); m.globalAlpha = 1;
      m.strokeStyle = ink.accent; m.lineWidth = 1.5; m.strokeRect(a, 2, Math.max(3, b - a), 42);
      m.fillStyle = ink.soft; m.font = '11px system-ui,sans-serif'; m.textAlign = 'right'; m.textBaseline = 'middle'; m.fillText('overview', gutter - 10, 24);
    }


    """#
}
