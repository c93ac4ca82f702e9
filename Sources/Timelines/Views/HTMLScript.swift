// The script of the HTML view, second half: the mouse, the keyboard, cards, search.

enum HTMLScript {
  static let text = #"""
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
      if (index.has(q)) { hits = null; $('found').textContent = 'a task'; document.body.dataset.found = 'task'; return reveal(index.get(q)); }
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
    const percent = part => (part / 2.55).toFixed(0) + ' %';
    /// A link to the stretch of full detail that is nearest.
    function near(a, b) {
      if (!details.length) return '';
      const distance = tile => Math.abs((tile.a + tile.b) / 2 - (a + b) / 2), best = details.reduce((x, y) => distance(y) < distance(x) ? y : x);
      return `<a data-go="${best.a},${best.b}">nearest full detail</a>`;
    }
    function pickSpan(tile, lane, i) {
      const L = tile.lanes[lane], a = L.at[i], b = L.at[i + 1], s = L.k[i] & 15, l = L.k[i] >> 4, n = L.c ? L.c[i] : 1;
      chosen = -1; chosenSpan = { lane, a, b };
      const name = n > 1 ? `${number(n)} intervals` : D.states[s];
      let html = `<h2><i style="background:${n > 1 ? paint(l, S.running) : paint(l, s)}"></i>${name}</h2><div class="sub">${D.lanes[lane].w ? 'worker' : 'thread'} ${D.lanes[lane].n}</div>`;
      if (n > 1) {
        const part = (share, color, title) => share > 0 ? `<span title="${title}" style="width:${share * 100}%;background:${color}"></span>` : '';
        const busy = L.b[i] / 255, other = L.l[i] ? L.m[i] / 255 : 0, wait = L.w[i] / 255;
        html += `<div class="life">${part(busy - other, paint(l, S.running), escape(labelName(l)))}${part(other, paint(L.l[i], S.running), escape(labelName(L.l[i])))}${part(wait, D.colors[S.waiting], 'waiting')}</div>`;
      }
      html += '<table>' + tr('from', clock(a)) + tr('to', clock(b)) + tr('length', time(b - a));
      if (n > 1) html += tr('running', percent(L.b[i])) + tr('mostly', escape(labelName(l))) + (L.l[i] ? tr('then', `${escape(labelName(L.l[i]))}, ${percent(L.m[i])}`) : '') + (L.w[i] ? tr('waiting', percent(L.w[i])) : '') + tr('<a data-zoom="1">zoom there</a>', near(a, b));
      else if (l) html += tr(s === S.waiting ? 'waits for' : 'label', escape(labelName(l)));
      html += `</table><code>${escape(n > 1 ? cmd(a, b, 'timeline') : cmd(a, b, 'events'))}</code>` + (n > 1 ? `<code>${escape(cmd(a, b, 'export --to html -o part.html'))}</code>` : '');
      show(html, `${D.lanes[lane].n}@${Math.round(a)}`); redraw(); remember();
    }
    function help() {
      chosen = -1; chosenSpan = null;
      const kept = D.total > count ? `${number(count)} of ${number(D.total)} tasks have a card: the longest, the failed, a sample of each label, and all in the ${details.length} stretches that the overview marks.` : `All ${number(count)} tasks have a card.`;
      show(`<h2>${escape(D.name)}</h2><div class="sub">Click a bar to see a task.</div><table>` + tr('zoom', 'wheel, <kbd>w</kbd> <kbd>s</kbd>') + tr('pan', 'drag, <kbd>a</kbd> <kbd>d</kbd>') + tr('select a part', 'shift + drag') + tr('whole run', '<kbd>0</kbd>') + tr('find a label or task', '<kbd>/</kbd>, then <kbd>Enter</kbd>') + tr('deselect', '<kbd>Esc</kbd>') + `</table><h3>What is shown</h3><div>${kept}${base.r ? ` Elsewhere stretches shorter than ${time(base.r)} are merged: their height is the time that was busy, in proportion by label.` : ''} Full bars run from the worker's loop, lower ones help beneath a wait.</div>`, '');
      redraw(); remember();
    }

    function hit(px, py) {
      for (const row of rows) {
        if (py < row.y || py >= row.y + row.h || px < gutter) continue;
        if (row.kind === 'lane') {
          const time = t(px), tile = tileAt(time), lane = tile.lanes[row.i]; if (!lane || !lane.d.length) return null;
          return { tile, lane: row.i, i: first(lane.at, time) };
        }
        if (row.kind === 'tasks') { const n = Math.floor((py - row.y - 20) / taskH); if (row.shown && row.shown[n] !== undefined) return { task: row.shown[n] }; }
        if (row.kind === 'busy' || row.kind === 'ready') return { area: row.kind, value: row.kind === 'busy' ? load[Math.floor(px)] : column(D.ready)(px) };
      }
      return null;
    }
    function taskOf(h) { if (h.task !== undefined) return h.task; const L = h.tile.lanes[h.lane], k = L.t ? L.t[h.i] : 0; return k > 0 && BUSY.has(L.k[h.i] & 15) ? k - 1 : -1; }
    function click(px, py) { const h = hit(px, py); if (!h || h.area) return help(); const i = taskOf(h); if (i >= 0) select(i); else pickSpan(h.tile, h.lane, h.i); }
    function tip(e, px, py) {
      const h = hit(px, py), box = $('tip'); if (!h) { box.style.display = 'none'; return; }
      let html;
      if (h.area) html = h.value === undefined ? '' : `${h.area === 'busy' ? 'busy workers' : 'ready tasks'} <b>${(+h.value).toFixed(2)}</b> at ${clock(t(px))}`;
      else if (h.task !== undefined) html = `<b>${escape(labelName(T.l[h.task]))}</b> ${time(len(h.task))}`;
      else { const L = h.tile.lanes[h.lane], s = L.k[h.i] & 15, l = L.k[h.i] >> 4, n = L.c ? L.c[h.i] : 1; html = n > 1 ? `<b>${number(n)}</b> intervals, ${percent(L.b[h.i])} running, mostly <b>${escape(labelName(l))}</b>` : `<b>${BUSY.has(s) ? escape(labelName(l)) : D.states[s]}</b> ${s === S.helping ? '(helping) ' : ''}${s === S.waiting && l ? 'for ' + escape(labelName(l)) + ' ' : ''}${time(L.at[h.i + 1] - L.at[h.i])}`; html += `<br>${D.lanes[h.lane].n}, ${clock(L.at[h.i])}`; }
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
    $('card').addEventListener('click', e => { const { task, zoom, go } = e.target.dataset || {};
      if (task && index.has(task)) reveal(index.get(task));
      if (zoom && chosenSpan) setView(chosenSpan.a, chosenSpan.b);
      if (go) setView(...go.split(',').map(Number));
    });
    addEventListener('resize', () => { layout(); redraw(); });
    matchMedia('(prefers-color-scheme:dark)').addEventListener('change', () => { theme(); redraw(); });

    $('name').textContent = D.name; $('sub').textContent = 'poolscope timeline' + (D.part ? ' of a part of the run' : '');
    $('stats').innerHTML = D.stats.map(([k, v, bad]) => `<div class="${bad ? 'bad' : ''}"><b>${escape(v)}</b><span>${escape(k)}</span></div>`).join('');
    $('legend').innerHTML = D.labels.map((l, i) => [l, i]).filter(([l]) => l.t > 0).sort((a, b) => b[0].t - a[0].t).slice(0, 40).map(([l, i]) => `<button class="chip" data-l="${i}"><i style="background:${l.c}"></i>${escape(l.n)} <em>${(l.t * 100).toFixed(1)} %</em></button>`).join('') + D.states.map((s, i) => D.stateShare[i] > 0 && !BUSY.has(i) && s !== 'outside' ? `<span class="chip state"><i style="background:${D.colors[i]}"></i>${s} <em>${(D.stateShare[i] * 100).toFixed(1)} %</em></span>` : '').join('');
    $('legend').addEventListener('click', e => { const c = e.target.closest('[data-l]'); if (!c) return; const n = D.labels[+c.dataset.l].n, again = query === n; $('find').value = again ? '' : n; search(again ? '' : n); });
    if (!D.critical.length) $('criticalBox').style.display = 'none';
    theme(); layout(); help();
    // #t=A-B&q=LABEL&task=ID restores a view; so a link can point at what was found.
    function restore() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (wanted.get('q')) { $('find').value = wanted.get('q'); search(wanted.get('q')); }
    if (wanted.get('arrows')) for (const id of wanted.get('arrows').split(',')) if ($(id)) $(id).checked = true;
    if (wanted.get('t')) { const [a, b] = wanted.get('t').split('-').map(Number); if (b > a) { view.a = Math.max(0, a); view.b = Math.min(D.wall, b); } }
    if (wanted.get('task') && index.has(wanted.get('task'))) select(index.get(wanted.get('task')));
    draw();
    }
    addEventListener('hashchange', restore); restore();
    })();
    """#
}
