"""The results as one SVG: a panel a problem, a row a runtime, on logarithmic axes."""
import html, math
from programs import OURS
from report import number
from targets import DEFAULT, PROBLEMS

WIDTH, COLUMNS = 960, 2
MARGIN, GAP, HEAD, FOOT = 32, 36, 92, 44
ROW, TITLE, AXIS = 19, 28, 22
LABEL = 180
INK, SOFT, GRID, ACCENT, DOT = "#1d2733", "#5d6b7a", "#e3e8ee", "#d9480f", "#8796a5"
SHOWN = ["fib", "nested", "skynet", "nqueens", "submit", "pingpong", "map", "mem"]


def text(x, y, content, size=12, fill=INK, anchor="start", weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" text-anchor="{anchor}" '
            f'font-weight="{weight}">{html.escape(content)}</text>')


def panel(x, y, width, problem, cell):
    """The panel's SVG and its height."""
    entries = sorted(((found["median"], name) for name, found in cell["programs"].items() if name != DEFAULT))
    low, high = entries[0][0], entries[-1][0]
    first, last = math.floor(math.log10(low * 0.8)), math.ceil(math.log10(high * 1.25))
    left, right = x + LABEL, x + width - 58
    def place(value):
        return left + (math.log10(value) - first) / (last - first) * (right - left)
    parts = [text(x, y + 13, problem.title, 13.5, weight="600"),
             text(x + width, y + 13, problem.unit, 11, SOFT, "end")]
    top, bottom = y + TITLE, y + TITLE + ROW * len(entries)
    for power in range(first, last + 1):
        at = place(10 ** power)
        parts.append(f'<line x1="{at:.1f}" y1="{top}" x2="{at:.1f}" y2="{bottom}" stroke="{GRID}"/>')
        label = f"{10 ** power:,}" if power >= 0 else f"{10 ** power:.{-power}f}"
        parts.append(text(at, bottom + 14, label, 10, SOFT, "middle"))
    for index, (value, name) in enumerate(entries):
        middle = top + ROW * index + ROW / 2
        mine = name == OURS
        colour = ACCENT if mine else DOT
        at = place(value)
        parts.append(text(x, middle + 4, "ConcurrentFutures" if mine else name, 12, ACCENT if mine else INK,
                          weight="600" if mine else "normal"))
        parts.append(f'<line x1="{left}" y1="{middle}" x2="{at:.1f}" y2="{middle}" stroke="{colour}" '
                     f'stroke-width="{2 if mine else 1}" stroke-opacity="{0.9 if mine else 0.55}"/>')
        found = cell["programs"][name]
        parts.append(f'<line x1="{place(found["low"]):.1f}" y1="{middle}" x2="{place(found["high"]):.1f}" y2="{middle}" '
                     f'stroke="{colour}" stroke-width="5" stroke-opacity="0.3"/>')
        parts.append(f'<circle cx="{at:.1f}" cy="{middle}" r="{5 if mine else 4}" fill="{colour}"/>')
        parts.append(text(max(at, place(found["high"])) + 9, middle + 4, number(value), 11.5, ACCENT if mine else SOFT,
                          weight="600" if mine else "normal"))
    return "\n".join(parts), TITLE + ROW * len(entries) + AXIS


def draw(results):
    machine = results["machine"]
    cells = []
    for problem in PROBLEMS:
        if problem.name not in SHOWN:
            continue
        found = [cell for cell in results["cells"] if cell["problem"] == problem.name and cell["programs"]]
        if found:
            cells.append((problem, max(found, key=lambda cell: cell["workers"])))
    width = (WIDTH - 2 * MARGIN - GAP * (COLUMNS - 1)) / COLUMNS
    parts, y = [], HEAD
    for start in range(0, len(cells), COLUMNS):
        tallest = 0
        for column, (problem, cell) in enumerate(cells[start:start + COLUMNS]):
            svg, height = panel(MARGIN + column * (width + GAP), y, width, problem, cell)
            parts.append(svg)
            tallest = max(tallest, height)
        y += tallest + 20
    height = y + FOOT
    workers = max((cell["workers"] for _, cell in cells), default=0)
    heading = [
        text(MARGIN, 40, f"Cost of one operation on {workers} workers", 20, weight="600"),
        text(MARGIN, 62, "Lower (further left) is better; logarithmic axes. Dot: median; bar: range of "
             f"{results['repetitions']} interleaved processes.", 12.5, SOFT)]
    foot = text(MARGIN, height - 20, f"{machine['date']} · {machine['cpus']} CPUs ({machine['cpu']}), {machine['system']} · "
                f"{machine['swift'].split(' (')[0]} · commit {machine['commit']} · Tools/bench --peers", 11, SOFT)
    body = "\n".join(heading + parts + [foot])
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'font-family="Inter, \'Helvetica Neue\', \'DejaVu Sans\', Arial, sans-serif">\n'
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n')
