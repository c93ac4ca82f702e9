// The page of the HTML view: structure and style. Its script is HTMLScript.swift, its data ExportHTML.swift.

enum HTMLPage {
  /// `%TITLE%`, `%DATA%` and `%SCRIPT%` are replaced.
  static let text = #"""
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title>%TITLE%</title>
    <style>
    :root{--bg:#fbfbfc;--panel:#fff;--ink:#1b1f24;--soft:#5b6470;--line:#e3e6ea;--lane:#f1f3f5;--accent:#2f6db3;--chip:#f3f5f7;--shadow:0 1px 2px rgba(20,30,40,.06)}
    @media (prefers-color-scheme:dark){:root{--bg:#14171b;--panel:#1b1f24;--ink:#e6e9ed;--soft:#99a3ae;--line:#2b3138;--lane:#20252b;--accent:#6aa6e6;--chip:#242a31;--shadow:none}}
    *{box-sizing:border-box}
    html,body{height:100%}
    body{margin:0;background:var(--bg);color:var(--ink);font:13px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;display:flex;flex-direction:column}
    header{padding:14px 20px 10px;background:var(--panel);border-bottom:1px solid var(--line)}
    h1{margin:0 0 8px;font-size:17px;font-weight:650;letter-spacing:-.01em;display:flex;gap:10px;align-items:baseline}
    h1 small{font-size:12px;font-weight:500;color:var(--soft)}
    .stats{display:flex;flex-wrap:wrap;gap:6px 26px}
    .stats div{display:flex;flex-direction:column}
    .stats b{font-size:15px;font-weight:600;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
    .stats span{color:var(--soft);font-size:11px}
    .stats .bad b{color:#c4452f}
    .bar{display:flex;flex-wrap:wrap;align-items:center;gap:8px 14px;padding:8px 20px;background:var(--panel);border-bottom:1px solid var(--line);position:relative;z-index:2}
    .bar input[type=search]{width:220px;padding:5px 10px;border:1px solid var(--line);border-radius:7px;background:var(--bg);color:var(--ink);font:inherit}
    .bar input[type=search]:focus{outline:2px solid var(--accent);outline-offset:-1px}
    .bar button{padding:4px 10px;border:1px solid var(--line);border-radius:7px;background:var(--bg);color:var(--ink);font:inherit;cursor:pointer}
    .bar button:hover{border-color:var(--accent)}
    .bar label{color:var(--soft);display:inline-flex;gap:5px;align-items:center;cursor:pointer;user-select:none}
    .bar .view{margin-left:auto;color:var(--soft);font-variant-numeric:tabular-nums}
    main{flex:1;min-height:0;display:flex}
    #stage{flex:1;min-width:0;display:flex;flex-direction:column;position:relative}
    #mini{height:46px;width:100%;display:block;border-bottom:1px solid var(--line);cursor:col-resize;background:var(--panel);flex:none}
    #scroll{flex:1;min-height:0;overflow-y:auto;overflow-x:hidden;position:relative}
    #plot{display:block;width:100%;cursor:grab}
    #plot.drag{cursor:grabbing}
    #legend{display:flex;flex-wrap:wrap;gap:5px 8px;padding:9px 20px;border-top:1px solid var(--line);background:var(--panel);flex:none;max-height:96px;overflow:auto}
    .chip{display:inline-flex;align-items:center;gap:6px;padding:2px 9px 2px 7px;border-radius:99px;background:var(--chip);border:1px solid transparent;cursor:pointer;font:inherit;color:inherit;font-size:12px;white-space:nowrap}
    .chip i{width:10px;height:10px;border-radius:3px;display:inline-block}
    .chip em{font-style:normal;color:var(--soft)}
    .chip.on{border-color:var(--accent)}
    .chip.state{cursor:default;background:none}
    #card{width:320px;flex:none;border-left:1px solid var(--line);background:var(--panel);padding:16px 18px;overflow:auto}
    #card h2{margin:0 0 2px;font-size:15px;font-weight:650;display:flex;gap:8px;align-items:center;overflow-wrap:anywhere}
    #card h2 i{width:12px;height:12px;border-radius:3px;flex:none}
    #card .sub{color:var(--soft);margin-bottom:12px;overflow-wrap:anywhere}
    #card table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
    #card td{padding:3px 0;vertical-align:top;border-bottom:1px solid var(--line)}
    #card td:first-child{color:var(--soft);padding-right:12px;white-space:nowrap}
    #card td:last-child{text-align:right;overflow-wrap:anywhere}
    #card .life{display:flex;height:14px;border-radius:4px;overflow:hidden;margin:4px 0 12px;background:var(--lane)}
    #card .life span{display:block;height:100%}
    #card a{color:var(--accent);cursor:pointer;text-decoration:none}
    #card a:hover{text-decoration:underline}
    #card code{display:block;margin-top:10px;padding:8px 10px;background:var(--chip);border-radius:7px;font:11.5px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere;user-select:all}
    #card h3{margin:16px 0 6px;font-size:12px;font-weight:600;color:var(--soft)}
    #card ul{margin:0;padding:0;list-style:none}
    #card li{display:flex;justify-content:space-between;gap:10px;padding:2px 0}
    kbd{font:11px ui-monospace,Menlo,monospace;border:1px solid var(--line);border-bottom-width:2px;border-radius:4px;padding:0 5px;background:var(--bg)}
    #tip{position:fixed;pointer-events:none;background:var(--ink);color:var(--bg);padding:6px 9px;border-radius:6px;font-size:12px;max-width:320px;display:none;z-index:9;box-shadow:0 4px 14px rgba(0,0,0,.2);font-variant-numeric:tabular-nums}
    #tip b{font-weight:600}
    @media (max-width:820px){#card{display:none}}
    </style>
    </head>
    <body>
    <header><h1><span id="name"></span><small id="sub"></small></h1><div class="stats" id="stats"></div></header>
    <div class="bar">
    <input type="search" id="find" placeholder="Find a label or task  ( / )" aria-label="Find a label or a task" autocomplete="off">
    <span id="found" style="color:var(--soft)"></span>
    <button id="in" title="Zoom in (w)">+</button><button id="out" title="Zoom out (s)">&minus;</button><button id="fit" title="Whole run (0)">Fit</button>
    <label><input type="checkbox" id="steals">steals</label>
    <label><input type="checkbox" id="wakes">wakes</label>
    <label id="criticalBox"><input type="checkbox" id="critical">critical path</label>
    <span class="view" id="view"></span>
    </div>
    <main>
    <div id="stage"><canvas id="mini"></canvas><div id="scroll"><canvas id="plot"></canvas></div><div id="legend"></div></div>
    <aside id="card"></aside>
    </main>
    <div id="tip"></div>
    <noscript><p style="padding:20px">This page draws the timeline with JavaScript. The same data in text: <code>poolscope timeline</code>.</p></noscript>
    <script type="application/json" id="data">%DATA%</script>
    <script>
    %SCRIPT%
    </script>
    </body>
    </html>

    """#
}
