#!/usr/bin/env python3
"""Tools/bench page [TRACE] [--require]: the HTML page of a long run: its size, and how fast a browser shows it.

Without TRACE a log of 30 million events is made. The page is opened in a headless Chromium, driven through pipes: `ready` is
from the navigation to the first drawing, `frame` the time of one drawing, the slowest of a zoom from the whole run to 1 us.
"""
import json, os, subprocess, sys, tempfile
from programs import BENCHMARKS, call, swift

LIMITS = {"bytes": 5_000_000, "ready_ms": 1000, "frame_ms": 100}
TOOLS = os.path.join(os.path.dirname(BENCHMARKS), "Tools")
POOLSCOPE = os.path.join(TOOLS, ".build/release/poolscope")


class Browser:
    def __init__(self, profile):
        (r1, self.commands), (answers, w2) = os.pipe(), os.pipe()
        line = 'exec chromium --headless --no-sandbox --disable-gpu --remote-debugging-pipe --no-first-run ' \
            f'--user-data-dir={profile} --window-size=1400,900 about:blank 3<&{r1} 4>&{w2} >/dev/null 2>&1'
        self.process = subprocess.Popen(["bash", "-c", line], pass_fds=(r1, w2))
        os.close(r1), os.close(w2)
        self.answers, self.number, self.session = os.fdopen(answers, "rb"), 0, {}
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = {"sessionId": self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]}
        self.call("Page.enable")

    def message(self):
        text = b""
        while not text.endswith(b"\0"):
            byte = self.answers.read(1)
            if not byte:
                sys.exit("page: the browser ended")
            text += byte
        return json.loads(text[:-1])

    def call(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters} | self.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while (answer := self.message()).get("id") != self.number:
            pass
        return answer["result"]

    def open(self, path):
        self.call("Page.navigate", url=f"file://{path}")
        while self.message().get("method") != "Page.loadEventFired":
            pass

    def state(self):
        script = "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r({...document.body.dataset}))))"
        return self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"]["value"]


def measure(trace, folder):
    page = folder + "/page.html"
    call(POOLSCOPE, "export", "--to", "html", "-o", page, trace)
    browser = Browser(folder + "/profile")
    browser.open(page)
    state = browser.state()
    ready, frames = int(state["ready"]), [float(state["frame"])]
    begin, end = map(int, state["view"].split("-"))
    width, middle = end - begin, (begin + end) // 2
    while (width := width // 2) > 1000:
        script = f"location.hash = 't={middle - width // 2}-{middle + width // 2}'"
        browser.call("Runtime.evaluate", expression=script)
        frames.append(float(browser.state()["frame"]))
    browser.call("Browser.close")
    browser.process.wait()
    return {"bytes": os.path.getsize(page), "ready_ms": ready, "frame_ms": max(frames)}


def main():
    arguments = [a for a in sys.argv[1:] if a != "--require"]
    call("swift", "build", "-c", "release", "--package-path", TOOLS, "--product", "poolscope")
    with tempfile.TemporaryDirectory(prefix="cf-page-") as folder:
        trace = os.path.abspath(arguments[0]) if arguments else folder + "/log"
        if not arguments:
            call(swift(BENCHMARKS, "traces"), trace, "930", "8")
        info = call(POOLSCOPE, "info", "--json", trace)
        print(f"{json.loads(info)['events']:,} events")
        result = measure(trace, folder)
    for name, limit in LIMITS.items():
        print(f"{name:9} {result[name]:>12,}   at most {limit:,}{'' if result[name] <= limit else '   MISSED'}")
    if "--require" in sys.argv and any(result[name] > limit for name, limit in LIMITS.items()):
        sys.exit(1)


main()
