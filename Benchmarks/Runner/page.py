#!/usr/bin/env python3
"""Tools/bench page [TRACE] [--mib N] [--require]: the HTML page of a long run: its size, and how fast a browser shows it.

Without TRACE a log of N MiB is made (930: 30 million events). The page is opened in a headless Chromium, driven through pipes.
`ready` is from the navigation to the first drawing; `answer` from the navigation until a turn of the wheel, sent as soon as
the page has loaded, is drawn; `frame` the slowest drawing of a zoom from the whole run to 1 us.
"""
import json, os, select, shutil, signal, subprocess, sys, tempfile, time
from programs import BENCHMARKS, call, say, swift

LIMITS = {"bytes": 5_000_000, "ready_ms": 1000, "answer_ms": 1000, "frame_ms": 100}
PATIENCE = 120  # seconds for one answer of the browser


class Browser:
    def __init__(self, profile):
        (r1, self.commands), (self.answers, w2) = os.pipe(), os.pipe()
        line = 'exec chromium --headless --no-sandbox --disable-gpu --remote-debugging-pipe --no-first-run ' \
            f'--user-data-dir={profile} --window-size=1400,900 about:blank 3<&{r1} 4>&{w2} >/dev/null 2>&1'
        self.process = subprocess.Popen(["bash", "-c", line], pass_fds=(r1, w2), start_new_session=True)
        os.close(r1), os.close(w2)
        self.number, self.session, self.pending = 0, {}, b""
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = {"sessionId": self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]}
        self.call("Page.enable")

    def message(self):
        end = time.monotonic() + PATIENCE
        while b"\0" not in self.pending:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.monotonic()))
            more = os.read(self.answers, 1 << 16) if ready else b""
            if not more:
                self.kill()
                sys.exit("page: the browser ended" if ready else f"page: the browser said nothing for {PATIENCE} s")
            self.pending += more
        text, _, self.pending = self.pending.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        self.number += 1
        command = {"id": self.number, "method": method, "params": parameters} | self.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while (answer := self.message()).get("id") != self.number:
            pass
        if "error" in answer:
            self.kill()
            sys.exit(f"page: {method}: {answer['error']}")
        return answer["result"]

    def open(self, path):
        self.call("Page.navigate", url=f"file://{path}")
        while self.message().get("method") != "Page.loadEventFired":
            pass

    def value(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            self.kill()
            sys.exit(f"page: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def state(self):
        return self.value(
            "new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r({...document.body.dataset}))))")

    def kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: the browser and its children
        except ProcessLookupError:
            pass
        self.process.wait()


WHEEL = """new Promise(r => {
  const before = document.body.dataset.view;
  const at = {deltaY: -300, clientX: 700, clientY: 300, bubbles: true, cancelable: true};
  document.querySelector('#scroll').dispatchEvent(new WheelEvent('wheel', at));
  requestAnimationFrame(() => requestAnimationFrame(() => r(document.body.dataset.view !== before ? performance.now() : -1)));
})"""


def measure(poolscope, trace, folder):
    """Of the page of a trace: bytes, and milliseconds as the head of this file has them."""
    page = os.path.join(folder, "page.html")
    began = time.monotonic()
    call(poolscope, "export", "--to", "html", "-o", page, trace)
    say(f"bench: the page took {time.monotonic() - began:.1f} s to make")
    browser = Browser(os.path.join(folder, "profile"))
    try:
        browser.open(page)
        answer = browser.value(WHEEL)
        if answer < 0:
            sys.exit("page: a turn of the wheel changed nothing")
        ready = int(browser.state()["ready"])
        browser.value("location.hash = 't=0-1e300'")
        state = browser.state()
        frames = [float(state["frame"])]
        begin, end = map(int, state["view"].split("-"))
        width, middle = end - begin, (begin + end) // 2
        while (width := width // 2) > 1000:
            browser.value(f"location.hash = 't={middle - width // 2}-{middle + width // 2}'")
            frames.append(float(browser.state()["frame"]))
    finally:
        browser.kill()
        shutil.rmtree(os.path.join(folder, "profile"), ignore_errors=True)
    return {"bytes": os.path.getsize(page), "ready_ms": ready, "answer_ms": round(answer), "frame_ms": max(frames)}


def main():
    words = sys.argv[1:]
    require = "--require" in words
    words = [word for word in words if word != "--require"]
    mebibytes = "930"
    if "--mib" in words:
        place = words.index("--mib")
        mebibytes = words[place + 1]
        del words[place:place + 2]
    poolscope = swift(os.path.join(os.path.dirname(BENCHMARKS), "Tools"), "poolscope")
    with tempfile.TemporaryDirectory(prefix="cf-page-") as folder:
        trace = os.path.abspath(words[0]) if words else folder + "/log"
        if not words:
            call(swift(BENCHMARKS, "traces"), trace, mebibytes, "8")
        print(f"{json.loads(call(poolscope, 'info', '--json', trace))['events']:,} events")
        result = measure(poolscope, trace, folder)
    for name, limit in LIMITS.items():
        print(f"{name:9} {result[name]:>12,}   at most {limit:,}{'' if result[name] <= limit else '   MISSED'}")
    if require and any(result[name] > limit for name, limit in LIMITS.items()):
        sys.exit(1)


if __name__ == "__main__":
    main()
