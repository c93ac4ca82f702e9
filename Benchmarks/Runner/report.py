"""The results as text: every number, then the targets."""
import statistics
from programs import OURS
from targets import BEST, DEFAULT, PROBLEMS, SCALING, TARGETS

# Below this a difference is noise on a shared machine.
TIE = 1.3
MISSED = "MISSED"
SHORT = {OURS: "ours", "Java ForkJoinPool": "Java FJP", "Swift Concurrency": "Swift Conc.", "NIOThreadPool": "NIO",
         "Python ThreadPoolExecutor": "Python", DEFAULT: "default exec."}


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def pair_ratio(ours, theirs):
    """The median over repetitions: both halves of a pair met the same noise."""
    ratios = [a / b for a, b in zip(ours["runs"], theirs["runs"]) if b > 0]
    return statistics.median(ratios) if ratios else None


def rows(table):
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = []
    for index, row in enumerate(table):
        lines.append("  ".join(text.ljust(width) if column < 1 else text.rjust(width)
                               for column, (text, width) in enumerate(zip(row, widths))).rstrip())
        if index == 0:
            lines.append("  ".join("-" * width for width in widths))
    return lines


def find(results, problem, workers):
    for cell in results["cells"]:
        if cell["problem"] == problem and cell["workers"] == workers:
            return cell["programs"]
    return {}


def everything(results):
    names = []
    for cell in results["cells"]:
        names += [name for name in cell["programs"] if name not in names]
    if not names:
        return []
    table = [["problem", "workers"] + [SHORT.get(name, name) for name in names]]
    for cell in results["cells"]:
        ours = cell["programs"].get(OURS)
        row = [f"{cell['problem']} ({cell['unit']})", str(cell["workers"])]
        for name in names:
            found = cell["programs"].get(name)
            text = "-" if not found else number(found["median"])
            if found and "p99" in found:
                text += f"/{number(found['p99'])}"
            if found and ours and name != OURS and cell["unit"] not in ("CPU us/s", "bytes"):
                ratio = pair_ratio(ours, found)
                text += f" ({ratio:.2f}x)" if ratio else ""
            row.append(text)
        table.append(row)
    return rows(table)


def judged(results):
    """(row of text, met) for every target that was measured."""
    for target in TARGETS:
        problem = next(problem for problem in PROBLEMS if problem.name == target.problem)
        for workers in target.workers or problem.workers:
            programs = find(results, target.problem, workers)
            ours = programs.get(OURS)
            if not ours:
                continue
            peer = target.peer
            if peer == BEST:
                # The library at another revision is no peer.
                older = results["against"] or OURS
                others = {name: cell for name, cell in programs.items() if name != OURS and not name.startswith(older)}
                if not others:
                    continue
                peer = min(others, key=lambda name: others[name]["median"])
            if peer is None:
                value, unit, measured = ours["median"], " " + problem.unit, ours["median"]
            elif peer in programs:
                value = pair_ratio(ours, programs[peer])
                unit, measured = "x " + peer, ours["median"]
            else:
                continue
            word = "stretch" if target.stretch is not None and value <= target.stretch else (
                "met" if value <= target.target else MISSED)
            stretch = "" if target.stretch is None else f"{target.stretch:g}"
            text = f"{number(value) if target.peer is None else format(value, '.2f')}{unit}"
            yield [problem.title, str(workers), f"<= {target.target:g}", stretch, text,
                   f"{number(measured)} {problem.unit}", word]
    for name, wanted in SCALING.items():
        one, two = find(results, name, 1).get(OURS), find(results, name, 2).get(OURS)
        if one and two:
            value = pair_ratio(one, two)
            yield [f"{name}: scaling", "2", f">= {wanted:g}", "", f"{value:.2f}x", "", "met" if value >= wanted else MISSED]


def text(results):
    machine = results["machine"]
    lines = [f"{machine['date']}, {machine['cpus']} CPUs ({machine['cpu']}), {machine['system']}, Linux {machine['kernel']}",
             f"{machine['swift']}, commit {machine['commit']}, event log {'on' if results['log'] else 'compiled in and off'}",
             f"medians of {results['repetitions']} interleaved processes, {results['samples']} samples each; load average "
             f"{machine['load'][0]} before, {machine['load'][1]} after",
             "per operation, lower is better; in brackets ours divided by theirs, the median of pairs. Within "
             f"{1 / TIE:.2f}-{TIE:.2f} it is a tie.", ""]
    lines += everything(results)
    table = list(judged(results))
    if table:
        header = ["target", "workers", "wanted", "stretch", "measured", "ours", ""]
        lines += [""] + rows([header] + table)
    return "\n".join(lines)


def insert(file, mark, content):
    """Replaces what lies between `<!-- mark -->` and `<!-- /mark -->`."""
    with open(file) as opened:
        old = opened.read()
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    if begin not in old or end not in old:
        raise SystemExit(f"bench: {file} has no {begin} ... {end}")
    head, rest = old.split(begin, 1)
    tail = rest.split(end, 1)[1]
    with open(file, "w") as opened:
        opened.write(f"{head}{begin}\n```text\n{content}\n```\n{end}{tail}")
