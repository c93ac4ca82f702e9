// The script of the HTML view: decodes the data, draws on canvases, answers the mouse and the keyboard.

enum HTMLScript {
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
    // Durations are differences of rounded boundaries, so that rounding never adds up.
    for (const lane of D.lanes) {
      const n = lane.d.length, at = new Float64Array(n + 1);
      for (let i = 0, sum = 0; i < n; i++) { sum += lane.d[i]; at[i + 1] = Math.min(D.wall, sum * D.unit); }
      lane.at = at;
    }
    const byLane = D.lanes.map(() => []);
    for (let i = 0; i < count; i++) if (T.ln[i] >= 0 && T.st[i] >= 0) byLane[T.ln[i]].push(i);
    for (const list of byLane) list.sort((a, b) => T.st[a] - T.st[b]);
    const longest = [...Array(count).keys()].filter(i => T.st[i] >= 0).sort((a, b) => len(b) - len(a));
    function len(i) { return (T.en[i] >= 0 ? T.en[i] : D.wall) - T.st[i]; }

    const view = { a: 0, b: D.wall };
    let query = '', hits = null, chosen = -1, chosenSpan = null, hover = null, pinned = -1;
    const rowH = D.lanes.filter(l => l.w).length > 24 ? 18 : 26, gutter = 74, axisH = 30, areaH = 46, taskH = 19;
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

    function drawLane(row) {
      const lane = D.lanes[row.i], y = row.y + 2, h = row.h - 5, at = lane.at;
      g.fillStyle = ink.lane; g.fillRect(gutter, y, W - gutter - 8, h);
      g.fillStyle = ink.ink; g.textAlign = 'right'; g.textBaseline = 'middle'; g.font = '12px system-ui,sans-serif';
      g.fillText(lane.n, gutter - 10, row.y + row.h / 2);
      if (!lane.d.length) return;
      let px = -1, sums = new Map(), busy = 0;
      const flush = () => {
        if (px < 0) return;
        let best = 0, most = 0;
        for (const [k, v] of sums) if (v > most) { most = v; best = k; }
        const nsPx = (view.b - view.a) / (W - gutter - 8), share = Math.min(1, busy / nsPx);
        if (busy > 0) { g.globalAlpha = dim(best >> 4) ? .12 : 1; g.fillStyle = paint(best >> 4, best & 15); const hh = Math.max(1, h * share); g.fillRect(px, y + h - hh, 1, hh); g.globalAlpha = 1; }
        else if ((best & 15) !== S.parked && (best & 15) !== S.stopped) { g.fillStyle = paint(0, best & 15); g.fillRect(px, y + h * .6, 1, h * .4); }
        sums = new Map(); busy = 0; px = -1;
      };
      let labels = [];
      for (let i = first(at, view.a); i < lane.d.length && at[i] < view.b; i++) {
        const a = Math.max(at[i], view.a), b = Math.min(at[i + 1], view.b);
        const x0 = x(a), x1 = x(b), s = lane.k[i] & 15, l = lane.k[i] >> 4;
        const merged = lane.c && lane.c[i] > 1, share = merged ? lane.b[i] / 255 : BUSY.has(s) ? 1 : 0;
        if (x1 - x0 < 1.5) {
          const p = Math.floor(x0);
          if (p !== px) { flush(); px = p; }
          const weight = b - a, key = (share > 0 ? (l << 4 | (BUSY.has(s) ? s : S.running)) : s);
          sums.set(key, (sums.get(key) || 0) + (share > 0 ? weight * share * 4 : weight)); busy += weight * share;
          continue;
        }
        flush();
        g.globalAlpha = share > 0 && dim(l) ? .12 : 1;
        if (merged) {
          g.fillStyle = paint(l, S.running); g.fillRect(x0, y + h * (1 - share), x1 - x0, h * share);
        } else if (s === S.running) { g.fillStyle = paint(l, s); g.fillRect(x0, y, x1 - x0 - .5, h); }
        else if (s === S.helping) { g.fillStyle = paint(l, s); g.fillRect(x0, y + h * .26, x1 - x0 - .5, h * .74); }
        else if (s === S.searching) { g.fillStyle = D.colors[s]; g.fillRect(x0, y + h * .72, x1 - x0, h * .28); }
        else if (s === S.parked) { g.fillStyle = ink.line; g.fillRect(x0, y + h / 2 - .5, x1 - x0, 1); }
        else if (s !== S.stopped && s !== S.outside) { g.fillStyle = D.colors[s]; g.fillRect(x0, y, x1 - x0 - .5, h); }
        if (share === 1 && !merged && x1 - x0 > 44) labels.push([x0, x1, labelName(l), s === S.helping]);
        else if (s === S.waiting && x1 - x0 > 70) labels.push([x0, x1, 'waits for ' + labelName(l), false]);
        g.globalAlpha = 1;
      }
      flush();
      g.textAlign = 'left'; g.font = '11px system-ui,sans-serif'; g.fillStyle = '#fff';
      for (const [x0, x1, text, low] of labels) {
        g.save(); g.beginPath(); g.rect(x0 + 3, y, x1 - x0 - 6, h); g.clip();
        g.fillText(text, x0 + 5, y + h / 2 + (low ? h * .13 : 0) + .5); g.restore();
      }
    }

    function drawArea(row, values, top, color, name) {
      const base = row.y + row.h, n = values.length;
      g.fillStyle = ink.soft; g.textAlign = 'right'; g.textBaseline = 'middle'; g.font = '11px system-ui,sans-serif';
      g.fillText(name, gutter - 10, row.y + row.h / 2 - 6); g.fillText('max ' + (top >= 100 ? number(Math.round(top)) : +top.toFixed(1)), gutter - 10, row.y + row.h / 2 + 8);
      g.fillStyle = ink.lane; g.fillRect(gutter, row.y, W - gutter - 8, row.h);
      g.fillStyle = color; g.globalAlpha = .55; g.beginPath(); g.moveTo(gutter, base);
      for (let p = gutter; p < W - 8; p++) {
        const from = Math.max(0, Math.floor(t(p) / D.wall * n)), to = Math.max(from + 1, Math.min(n, Math.ceil(t(p + 1) / D.wall * n)));
        let sum = 0; for (let i = from; i < to; i++) sum += values[i] || 0;
        const yy = base - row.h * Math.min(1, top > 0 ? sum / (to - from) / top : 0);
        g.lineTo(p, yy); g.lineTo(p + 1, yy);
      }
      g.lineTo(W - 8, base); g.closePath(); g.fill(); g.globalAlpha = 1;
    }

    function drawTasks(row) {
      g.fillStyle = ink.soft; g.textAlign = 'left'; g.textBaseline = 'middle'; g.font = '11px system-ui,sans-serif';
      row.shown = [];
      for (const i of longest) {
        if (row.shown.length >= row.n) break;
        const end = T.en[i] >= 0 ? T.en[i] : D.wall;
        if (end < view.a || T.st[i] > view.b || (hits && dim(T.l[i]))) continue;
        row.shown.push(i);
      }
      g.fillText('Longest tasks in view', gutter, row.y + 8);
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
        const text = labelName(T.l[i]) + '  ' + time(len(i)); g.textAlign = 'left';
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
      g.setTransform(dpr, 0, 0, dpr, 0, 0); g.fillStyle = ink.bg; g.fillRect(0, 0, W, H);
      const k = ticks(view.a, view.b, Math.max(3, Math.floor(W / 130)));
      g.font = '11px system-ui,sans-serif'; g.textBaseline = 'middle'; g.textAlign = 'left';
      for (const v of k.out) { const p = Math.round(x(v - D.offset)) + .5; g.strokeStyle = ink.line; g.beginPath(); g.moveTo(p, 20); g.lineTo(p, H); g.stroke(); g.fillStyle = ink.soft; g.fillText(tickText(v, k.step), p + 4, 13); }
      let drawn = 0;
      for (const row of rows) {
        if (row.kind === 'lane') { drawLane(row); drawn++; }
        else if (row.kind === 'busy') drawArea(row, D.busy, D.lanes.filter(l => l.w).length, '#4e79a7', 'busy');
        else if (row.kind === 'ready') drawArea(row, D.ready, Math.max(1, D.readyMax), '#d4a72c', 'ready');
        else drawTasks(row);
      }
      for (let i = 0; i < D.marks.length; i += 3) { const p = x(D.marks[i]); if (p < gutter || p > W) continue; g.strokeStyle = ink.accent; g.setLineDash([4, 3]); g.beginPath(); g.moveTo(p, 22); g.lineTo(p, rows[rows.length - 1].y); g.stroke(); g.setLineDash([]); g.fillStyle = ink.accent; g.fillText(labelName(D.marks[i + 1]), p + 3, 25); }
      if ($('steals').checked) arrows(D.steals, 3, '#d4608a', i => [D.steals[i], D.steals[i + 1], D.steals[i + 2], D.steals[i + 2]]);
      if ($('wakes').checked) arrows(D.wakes, 4, '#2f9e8f', i => [D.wakes[i], D.wakes[i + 1], D.wakes[i + 2], D.wakes[i + 3]]);
      if ($('critical').checked) drawCritical();
      if (chosenSpan) { const r = rows.find(r => r.kind === 'lane' && r.i === chosenSpan.lane); if (r) { g.strokeStyle = ink.ink; g.lineWidth = 1.5; const x0 = Math.max(gutter, x(chosenSpan.a)), x1 = Math.min(W - 8, x(chosenSpan.b)); if (x1 > x0 - 1) g.strokeRect(x0, r.y + 1.5, Math.max(2, x1 - x0), r.h - 4); g.lineWidth = 1; } }
      drawMini();
      $('view').textContent = `${clock(view.a)} – ${clock(view.b)}   (${time(view.b - view.a)})`;
      document.body.dataset.lanes = drawn; document.body.dataset.view = `${Math.round(view.a)}-${Math.round(view.b)}`;
    }
    function drawMini() {
      m.setTransform(dpr, 0, 0, dpr, 0, 0); m.fillStyle = ink.bg; m.fillRect(0, 0, W, 46);
      const n = D.busy.length, top = Math.max(1, D.lanes.filter(l => l.w).length), w = W - gutter - 8;
      m.fillStyle = '#4e79a7'; m.globalAlpha = .4;
      for (let p = 0; p < w; p++) { const h = 36 * Math.min(1, (D.busy[Math.floor(p / w * n)] || 0) / top); m.fillRect(gutter + p, 42 - h, 1, h); }
      m.globalAlpha = 1;
      const a = gutter + view.a / D.wall * w, b = gutter + view.b / D.wall * w;
      m.fillStyle = ink.bg; m.globalAlpha = .65; m.fillRect(gutter, 0, a - gutter, 46); m.fillRect(b, 0, gutter + w - b, 46); m.globalAlpha = 1;
      m.strokeStyle = ink.accent; m.lineWidth = 1.5; m.strokeRect(a, 2, Math.max(3, b - a), 42);
      m.fillStyle = ink.soft; m.font = '11px system-ui,sans-serif'; m.textAlign = 'right'; m.textBaseline = 'middle'; m.fillText('overview', gutter - 10, 24);
    }

    function setView(a, b) {
      const least = Math.min(D.wall, 200), w = Math.min(D.wall, Math.max(least, b - a));
      if (b - a !== w) { const c = (a + b) / 2; a = c - w / 2; }
      a = Math.max(0, Math.min(D.wall - w, a)); view.a = a; view.b = a + w; redraw(); remember();
    }
    function zoom(f, at) { setView(at - (at - view.a) * f, at + (view.b - at) * f); }
    let timer = 0;
    function remember() { clearTimeout(timer); timer = setTimeout(() => { const parts = []; if (view.a > 0 || view.b < D.wall) parts.push(`t=${Math.round(view.a)}-${Math.round(view.b)}`); if (query) parts.push('q=' + encodeURIComponent(query)); if (chosen >= 0) parts.push('task=' + T.id[chosen]); try { history.replaceState(null, '', parts.length ? '#' + parts.join('&') : '#'); } catch (e) {} }, 200); }

    function search(text) {
      query = text; const q = text.toLowerCase();
      hits = q ? new Set(D.labels.map((l, i) => [l, i]).filter(([l]) => l.n.toLowerCase().includes(q)).map(([, i]) => i)) : null;
      if (hits) { const n = [...hits].reduce((s, i) => s + D.labels[i].k, 0); $('found').textContent = hits.size ? `${hits.size} label${hits.size > 1 ? 's' : ''}, ${number(n)} tasks` : 'no such label'; } else $('found').textContent = '';
      document.body.dataset.found = hits ? hits.size : '';
      document.querySelectorAll('.chip[data-l]').forEach(c => c.classList.toggle('on', !!hits && hits.has(+c.dataset.l)));
      pinned = -1; redraw(); remember();
    }
    function next(step) {
      const list = longest.filter(i => !hits || hits.has(T.l[i])); if (!list.length) return;
      pinned = (pinned + step + list.length) % list.length; reveal(list[pinned]);
    }
    function reveal(i) { select(i); const w = Math.max(len(i) * 4, 2000); if (T.st[i] < view.a || T.en[i] > view.b || len(i) / (view.b - view.a) < .01) setView(T.st[i] + len(i) / 2 - w / 2, T.st[i] + len(i) / 2 + w / 2); }

    const cmd = (a, b, sub) => `poolscope ${sub} --since ${Math.round(a + D.offset)}ns --until ${Math.round(b + D.offset)}ns ${D.path}`;
    const tr = (k, v) => `<tr><td>${k}</td><td>${v}</td></tr>`;
    function taskLink(id) { const i = index.get(id); return i === undefined ? escape(id) : `<a data-task="${escape(id)}">${escape(labelName(T.l[i]))} ${escape(id)}</a>`; }
    function select(i) {
      chosen = i; const end = T.en[i] >= 0 ? T.en[i] : D.wall, ran = T.st[i] >= 0;
      chosenSpan = ran && T.ln[i] >= 0 ? { lane: T.ln[i], a: T.st[i], b: end } : null;
      const q = ran && T.sb[i] >= 0 ? T.st[i] - T.sb[i] : 0, r = ran ? end - T.st[i] : 0, self = T.se[i], all = Math.max(1, q + r);
      const color = paint(T.l[i], S.running), kids = children.get(T.id[i]) || [];
      let html = `<h2><i style="background:${color}"></i>${escape(labelName(T.l[i]))}</h2><div class="sub">task ${escape(T.id[i])}${D.labels[T.l[i]] && D.labels[T.l[i]].s ? ', ' + escape(D.labels[T.l[i]].s) : ''}</div>`;
      html += `<div class="life" title="queued, executing, waiting or nested"><span style="width:${q / all * 100}%;background:var(--line)"></span><span style="width:${Math.min(self, r) / all * 100}%;background:${color}"></span><span style="width:${Math.max(0, r - self) / all * 100}%;background:${color};opacity:.35"></span></div><table>`;
      html += tr('outcome', D.fates[T.f[i]]) + (T.sb[i] >= 0 ? tr('submitted', clock(T.sb[i])) : '') + (ran ? tr('started', clock(T.st[i])) : '') + (T.en[i] >= 0 ? tr('ended', clock(T.en[i])) : '');
      if (ran && T.sb[i] >= 0) html += tr('queued', time(q));
      if (ran) html += tr('run', time(r)) + tr('of it itself', time(self)) + tr('on', D.lanes[T.ln[i]] ? D.lanes[T.ln[i]].n : '?') + tr('taken from', T.src[i] === D.sources.indexOf('stolen') ? 'stolen from ' + escape(T.vic[i]) : D.sources[T.src[i]]);
      if (T.by[i] >= 0) html += tr('submitted by', D.lanes[T.by[i]].n);
      if (T.par[i]) html += tr('parent', taskLink(T.par[i]));
      html += '</table>';
      if (kids.length) html += `<h3>Children shown here (${kids.length})</h3><ul>` + kids.slice(0, 12).map(c => `<li>${taskLink(T.id[c])}<span>${T.st[c] >= 0 ? time(len(c)) : D.fates[T.f[c]]}</span></li>`).join('') + '</ul>';
      html += `<code>poolscope task ${escape(T.id[i])} ${escape(D.path)}</code>`;
      show(html, T.id[i]); redraw(); remember();
    }
    function show(html, name) { $('card').innerHTML = html; document.body.dataset.card = name; }
    function pickSpan(lane, i) {
      const L = D.lanes[lane], a = L.at[i], b = L.at[i + 1], s = L.k[i] & 15, l = L.k[i] >> 4, n = L.c ? L.c[i] : 1;
      chosen = -1; chosenSpan = { lane, a, b };
      const name = n > 1 ? `${number(n)} intervals` : D.states[s];
      let html = `<h2><i style="background:${n > 1 ? paint(l, S.running) : paint(l, s)}"></i>${name}</h2><div class="sub">worker ${L.n}</div><table>` + tr('from', clock(a)) + tr('to', clock(b)) + tr('length', time(b - a));
      if (n > 1) html += tr('running', (L.b[i] / 2.55).toFixed(0) + ' %') + tr('mostly', escape(labelName(l)));
      else if (l) html += tr(s === S.waiting ? 'waits for' : 'label', escape(labelName(l)));
      html += `</table><code>${escape(n > 1 ? cmd(a, b, 'timeline') : cmd(a, b, 'events'))}</code>`;
      show(html, `${L.n}@${Math.round(a)}`); redraw(); remember();
    }
    function help() {
      chosen = -1; chosenSpan = null;
      const kept = D.total > count ? `${number(count)} of ${number(D.total)} tasks have a card: the longest, the failed and a sample of each label.` : `All ${number(count)} tasks have a card.`;
      show(`<h2>${escape(D.name)}</h2><div class="sub">Click a bar to see a task.</div><table>` + tr('zoom', 'wheel, <kbd>w</kbd> <kbd>s</kbd>') + tr('pan', 'drag, <kbd>a</kbd> <kbd>d</kbd>') + tr('select a part', 'shift + drag') + tr('whole run', '<kbd>0</kbd>') + tr('find a label', '<kbd>/</kbd>, then <kbd>Enter</kbd>') + tr('deselect', '<kbd>Esc</kbd>') + `</table><h3>What is shown</h3><div>${kept}${D.exact ? '' : ` Stretches shorter than ${time(D.resolution)} are merged; their height is the share of time that was busy.`} Full bars run from the worker's loop, lower ones help beneath a wait.</div>`, '');
      redraw(); remember();
    }

    function hit(px, py) {
      for (const row of rows) {
        if (py < row.y || py >= row.y + row.h || px < gutter) continue;
        if (row.kind === 'lane') {
          const lane = D.lanes[row.i], time = t(px); if (!lane.d.length) return null;
          return { lane: row.i, i: first(lane.at, time) };
        }
        if (row.kind === 'tasks') { const n = Math.floor((py - row.y - 20) / taskH); if (row.shown && row.shown[n] !== undefined) return { task: row.shown[n] }; }
        if (row.kind === 'busy' || row.kind === 'ready') return { area: row.kind, value: (row.kind === 'busy' ? D.busy : D.ready)[Math.floor(t(px) / D.wall * D.busy.length)] };
      }
      return null;
    }
    function taskOf(h) { if (h.task !== undefined) return h.task; const L = D.lanes[h.lane]; const k = L.t ? L.t[h.i] : 0; return k > 0 && BUSY.has(L.k[h.i] & 15) ? k - 1 : -1; }
    function click(px, py) { const h = hit(px, py); if (!h || h.area) return help(); const i = taskOf(h); if (i >= 0) select(i); else pickSpan(h.lane, h.i); }
    function tip(e, px, py) {
      const h = hit(px, py), box = $('tip'); if (!h) { box.style.display = 'none'; return; }
      let html;
      if (h.area) html = h.value === undefined ? '' : `${h.area === 'busy' ? 'busy workers' : 'ready tasks'} <b>${(+h.value).toFixed(2)}</b> at ${clock(t(px))}`;
      else if (h.task !== undefined) html = `<b>${escape(labelName(T.l[h.task]))}</b> ${time(len(h.task))}`;
      else { const L = D.lanes[h.lane], s = L.k[h.i] & 15, l = L.k[h.i] >> 4, n = L.c ? L.c[h.i] : 1; html = n > 1 ? `<b>${number(n)}</b> intervals, ${(L.b[h.i] / 2.55).toFixed(0)} % running, mostly <b>${escape(labelName(l))}</b>` : `<b>${BUSY.has(s) ? escape(labelName(l)) : D.states[s]}</b> ${s === S.helping ? '(helping) ' : ''}${s === S.waiting && l ? 'for ' + escape(labelName(l)) + ' ' : ''}${time(L.at[h.i + 1] - L.at[h.i])}`; html += `<br>${L.n}, ${clock(L.at[h.i])}`; }
      box.innerHTML = html; box.style.display = html ? 'block' : 'none';
      box.style.left = Math.min(innerWidth - 330, e.clientX + 14) + 'px'; box.style.top = Math.min(innerHeight - 60, e.clientY + 16) + 'px';
    }

    let drag = null;
    const local = e => { const r = plot.getBoundingClientRect(); return [e.clientX - r.left, e.clientY - r.top]; };
    plot.addEventListener('pointerdown', e => { const [px, py] = local(e); drag = { px, py, a: view.a, b: view.b, moved: false, range: e.shiftKey }; plot.setPointerCapture(e.pointerId); $('tip').style.display = 'none'; });
    plot.addEventListener('pointermove', e => {
      const [px, py] = local(e);
      if (!drag) return tip(e, px, py);
      if (Math.abs(px - drag.px) > 3) { drag.moved = true; plot.classList.add('drag'); }
      if (!drag.moved) return;
      if (drag.range) { draw(); g.fillStyle = ink.accent; g.globalAlpha = .18; g.fillRect(Math.min(px, drag.px), 0, Math.abs(px - drag.px), H); g.globalAlpha = 1; }
      else { const d = (px - drag.px) / (W - gutter - 8) * (drag.b - drag.a); setView(drag.a - d, drag.b - d); }
    });
    plot.addEventListener('pointerup', e => {
      const [px, py] = local(e), was = drag; drag = null; plot.classList.remove('drag'); if (!was) return;
      if (!was.moved) click(px, py); else if (was.range) { const a = t(Math.min(px, was.px)), b = t(Math.max(px, was.px)); setView(a, b); }
    });
    plot.addEventListener('pointerleave', () => $('tip').style.display = 'none');
    $('scroll').addEventListener('wheel', e => {
      const [px] = local(e);
      if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) { e.preventDefault(); const d = (e.deltaX || e.deltaY) / W * (view.b - view.a); setView(view.a + d, view.b + d); }
      else { e.preventDefault(); zoom(Math.exp(e.deltaY * .0016), t(Math.max(gutter, px))); }
    }, { passive: false });
    let miniDrag = false;
    const jump = e => { const r = mini.getBoundingClientRect(), c = (e.clientX - r.left - gutter) / (W - gutter - 8) * D.wall, w = view.b - view.a; setView(c - w / 2, c + w / 2); };
    mini.addEventListener('pointerdown', e => { miniDrag = true; mini.setPointerCapture(e.pointerId); jump(e); });
    mini.addEventListener('pointermove', e => { if (miniDrag) jump(e); });
    mini.addEventListener('pointerup', () => miniDrag = false);
    const mid = () => (view.a + view.b) / 2, step = () => (view.b - view.a) * .15;
    $('in').onclick = () => zoom(.5, mid()); $('out').onclick = () => zoom(2, mid()); $('fit').onclick = () => setView(0, D.wall);
    for (const id of ['steals', 'wakes', 'critical']) $(id).onchange = redraw;
    $('find').addEventListener('input', e => search(e.target.value));
    $('find').addEventListener('keydown', e => { if (e.key === 'Enter') next(e.shiftKey ? -1 : 1); if (e.key === 'Escape') { e.target.value = ''; search(''); e.target.blur(); } });
    addEventListener('keydown', e => {
      if (e.target.tagName === 'INPUT' && e.target.type === 'search' || e.ctrlKey || e.metaKey || e.altKey) return;
      const act = { w: () => zoom(.7, mid()), '+': () => zoom(.7, mid()), s: () => zoom(1.4, mid()), '-': () => zoom(1.4, mid()), a: () => setView(view.a - step(), view.b - step()), ArrowLeft: () => setView(view.a - step(), view.b - step()), d: () => setView(view.a + step(), view.b + step()), ArrowRight: () => setView(view.a + step(), view.b + step()), 0: () => setView(0, D.wall), '/': () => $('find').focus(), Escape: help }[e.key];
      if (act) { e.preventDefault(); act(); }
    });
    $('card').addEventListener('click', e => { const id = e.target.dataset && e.target.dataset.task; if (id && index.has(id)) reveal(index.get(id)); });
    addEventListener('resize', () => { layout(); redraw(); });
    matchMedia('(prefers-color-scheme:dark)').addEventListener('change', () => { theme(); redraw(); });

    $('name').textContent = D.name; $('sub').textContent = 'poolscope timeline' + (D.part ? ' of a part of the run' : '');
    $('stats').innerHTML = D.stats.map(([k, v, bad]) => `<div class="${bad ? 'bad' : ''}"><b>${escape(v)}</b><span>${escape(k)}</span></div>`).join('');
    $('legend').innerHTML = D.labels.map((l, i) => [l, i]).filter(([l]) => l.t > 0).sort((a, b) => b[0].t - a[0].t).slice(0, 40).map(([l, i]) => `<button class="chip" data-l="${i}"><i style="background:${l.c}"></i>${escape(l.n)} <em>${(l.t * 100).toFixed(1)} %</em></button>`).join('') + D.states.map((s, i) => D.stateShare[i] > 0 && !BUSY.has(i) && s !== 'outside' ? `<span class="chip state"><i style="background:${D.colors[i]}"></i>${s} <em>${(D.stateShare[i] * 100).toFixed(1)} %</em></span>` : '').join('');
    $('legend').addEventListener('click', e => { const c = e.target.closest('[data-l]'); if (!c) return; const n = D.labels[+c.dataset.l].n, again = query === n; $('find').value = again ? '' : n; search(again ? '' : n); });
    if (!D.critical.length) $('criticalBox').style.display = 'none';
    theme(); layout(); help();
    // #t=A-B&q=LABEL&task=ID restores a view; so a link can point at what was found.
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (wanted.get('q')) { $('find').value = wanted.get('q'); search(wanted.get('q')); }
    if (wanted.get('arrows')) for (const id of wanted.get('arrows').split(',')) if ($(id)) $(id).checked = true;
    if (wanted.get('t')) { const [a, b] = wanted.get('t').split('-').map(Number); if (b > a) { view.a = Math.max(0, a); view.b = Math.min(D.wall, b); } }
    if (wanted.get('task') && index.has(wanted.get('task'))) select(index.get(wanted.get('task')));
    if (wanted.get('click')) { draw(); const [cx, cy] = wanted.get('click').split(',').map(Number); click(cx, cy); }
    draw();
    })();
    """#
}
